"""Where the SQL files are: one statement each, in Redshift's dialect, named by path.

Only finding and reading stands here; what runs them is a warehouse, and what they must look like is
held by the tests.
"""

from functools import cache
from pathlib import Path

from movie_pipeline.errors import WarehouseError

_PACKAGE = Path(__file__).parents[1]


@cache
def sql_folder() -> Path:
    """The folder of the SQL files: inside an installed wheel, or beside the package in a checkout.

    Raises:
        WarehouseError: neither is there.
    """
    for folder in (_PACKAGE / "sql", _PACKAGE.parent / "sql"):
        if (folder / "tables").is_dir():
            return folder
    raise WarehouseError(
        f"the SQL files are missing: neither {_PACKAGE / 'sql'} nor {_PACKAGE.parent / 'sql'} "
        "holds them; install the package again."
    )


@cache
def statement_text(name: str) -> str:
    """The text of one statement, such as `load/delete_stale`.

    Raises:
        WarehouseError: there is no such file.
    """
    path = sql_folder() / f"{name}.sql"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise WarehouseError(
            f"there is no SQL file {name}.sql under {sql_folder()}: {error.strerror}."
        ) from error


@cache
def statement_names(folder: str) -> tuple[str, ...]:
    """The statements of one folder, such as `views`, sorted."""
    return tuple(sorted(f"{folder}/{path.stem}" for path in (sql_folder() / folder).glob("*.sql")))
