"""Which materialized views there are and which are to be made: asked, as there is no IF NOT EXISTS.

A view whose file has another text than it was made from is made anew by its refresh.
"""

import hashlib
from collections.abc import Sequence

from movie_pipeline.warehouse.redshift_connection import RedshiftConnection
from movie_pipeline.warehouse.redshift_sql import bound
from movie_pipeline.warehouse.sql_files import Statements, statement_text


def missing_views(connection: RedshiftConnection, statements: Statements) -> list[str]:
    """The views that are not there."""
    existing = _existing(connection)
    return [view for view in statements.views() if view not in existing]


def drop_views(connection: RedshiftConnection, statements: Statements) -> None:
    """Drop all of them, so that columns they read may go; prepare makes them again."""
    for view in statements.views():
        connection.run_file("redshift/drop_view", view=view)


def changed_views(connection: RedshiftConnection, statements: Statements) -> list[str]:
    """The views that were made from another text than their file has now."""
    made_from = _made_from(connection)
    return [
        view
        for view, file in statements.views().items()
        if made_from.get(view) != _digest(statements.text(file))
    ]


def make_views(
    connection: RedshiftConnection, views: Sequence[str], statements: Statements
) -> None:
    """Make these views anew; each statement is a transaction of its own, and safe to repeat."""
    connection.run_file("redshift/create_view_definitions")
    for view in views:
        file = statements.views()[view]
        text = statements.text(file)
        _run(connection, "redshift/forget_view_definition", name=view)
        connection.run_file("redshift/drop_view", view=view)
        connection.execute(text, name=f"{file}.sql")
        _run(
            connection, "redshift/keep_view_definition", name=view, definition_sha256=_digest(text)
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


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
