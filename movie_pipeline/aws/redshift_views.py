"""Which materialized views there are and which are to be made: asked, as there is no IF NOT EXISTS.

A view is made anew where the text of its file is another than the one it was made from.
"""

import hashlib
from collections.abc import Sequence

from movie_pipeline.aws.redshift_connection import RedshiftConnection
from movie_pipeline.aws.redshift_sql import bound
from movie_pipeline.sql_files import statement_names, statement_text


def view_files() -> dict[str, str]:
    """Of each view the statement that makes it."""
    return {name.rpartition("/")[2]: name for name in statement_names("views")}


def missing_views(connection: RedshiftConnection) -> list[str]:
    """The views that are not there, or were made from another text."""
    connection.run_file("redshift/create_view_definitions")
    existing, made_from = _existing(connection), _made_from(connection)
    return [
        view
        for view, file in view_files().items()
        if view not in existing or made_from.get(view) != _digest(file)
    ]


def make_views(connection: RedshiftConnection, views: Sequence[str]) -> None:
    """Make these views anew; each statement is a transaction of its own, and safe to repeat."""
    for view in views:
        file = view_files()[view]
        _run(connection, "redshift/forget_view_definition", name=view)
        connection.run_file("redshift/drop_view", view=view)
        connection.execute(statement_text(file), name=f"{file}.sql")
        _run(
            connection, "redshift/keep_view_definition", name=view, definition_sha256=_digest(file)
        )


def _digest(file: str) -> str:
    return hashlib.sha256(statement_text(file).encode()).hexdigest()


def _existing(connection: RedshiftConnection) -> set[str]:
    _, [here] = connection.run_file("redshift/here")
    _, rows = connection.run_file("redshift/existing_views")
    return {name for *place, name in rows if tuple(place) == here}


def _made_from(connection: RedshiftConnection) -> dict[str, str]:
    _, rows = connection.run_file("redshift/view_definitions")
    return dict(rows)


def _run(connection: RedshiftConnection, statement: str, **parameters: object) -> None:
    text = bound(statement_text(statement))
    connection.execute(text.text, text.arguments(statement, parameters), name=f"{statement}.sql")
