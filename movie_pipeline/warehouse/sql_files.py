"""Where the SQL files are: one statement each, in Redshift's dialect, named by path.

A dataset's names and columns are written into their places here. What runs the statements is a
warehouse, and what they must look like is held by the tests.
"""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.errors import WarehouseError
from movie_pipeline.warehouse.migrations import Migration, Version, migrations_of, newest

_PACKAGE = Path(__file__).parents[1]
_PLACE = re.compile(r"\{([a-z_]+)\}")
REBUILT = "mp_rebuilt"
"""The schema in which the tables are made anew of a dataset that is alone in its warehouse."""
_VIEWS, _ROWS, _MIGRATIONS = "views", "tables/data_table", "migrations"


@dataclass(frozen=True)
class Statements:
    """The statements for one dataset: those of `sql/`, and its own views.

    Attributes:
        dataset: whose table, key and columns stand where a file has `{table}`, `{key}`,
            `{columns}`, `{column_of_key}`, `{columns_of_table}` or `{columns_of_staging}`;
            `{rebuilt}` is the schema in which its tables are made anew.
    """

    dataset: Dataset

    @property
    def rebuilt_schema(self) -> str:
        """The schema beside the dataset's own in which its tables are made anew."""
        return f"{REBUILT}_{self.dataset.namespace}".rstrip("_")

    def text(self, name: str) -> str:
        """The text of one statement, such as `load/delete_stale`.

        Raises:
            WarehouseError: there is no such file, or it has a place that nothing fills.
        """
        text = self._texts.get(name)
        if text is None:
            text = self._texts[name] = self._filled(name)
        return text

    def names(self, folder: str) -> tuple[str, ...]:
        """The statements of one folder, such as `tables`, sorted."""
        return tuple(sorted(f"{folder}/{path.stem}" for path in self._folder(folder).glob("*.sql")))

    def tables(self) -> dict[str, str]:
        """Of each table the statement that makes it."""
        names = self.names("tables")
        return {
            self.dataset.table if name == _ROWS else name.rpartition("/")[2]: name for name in names
        }

    def views(self) -> dict[str, str]:
        """Of each view the statement that makes it, in the dataset's order."""
        return {view.name: f"{_VIEWS}/{view.name}" for view in self.dataset.views}

    @cached_property
    def migrations(self) -> tuple[Migration, ...]:
        """The migrations of the tables that every dataset has.

        Raises:
            WarehouseError: they are not numbered as they must be.
        """
        return self._migrations_in(sql_folder() / _MIGRATIONS)

    @cached_property
    def table_migrations(self) -> tuple[Migration, ...]:
        """The migrations of the dataset's own table; raises likewise."""
        return self._migrations_in(self.dataset.sql / _MIGRATIONS)

    @property
    def version(self) -> Version:
        """The version of a warehouse after all of them: what this program knows."""
        return Version(newest(self.migrations), newest(self.table_migrations))

    def _migrations_in(self, folder: Path) -> tuple[Migration, ...]:
        names = sorted(path.stem for path in folder.glob("*.sql"))
        texts = [(name, self._written(_read(folder, name, name), name)) for name in names]
        return migrations_of(texts, folder)

    def _folder(self, folder: str) -> Path:
        return (self.dataset.sql if folder == _VIEWS else sql_folder()) / folder

    def _filled(self, name: str) -> str:
        folder, _, leaf = name.rpartition("/")
        return self._written(_read(self._folder(folder), leaf, name), name)

    def _written(self, text: str, name: str) -> str:
        """The text with every place filled."""

        def fill(place: re.Match[str]) -> str:
            filled = self._fill(place[1])
            if filled is None:
                raise WarehouseError(
                    f"the SQL file {name}.sql has the place {place[0]}, which nothing fills."
                )
            return filled

        return _PLACE.sub(fill, text)

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {}

    def _fill(self, place: str) -> str | None:
        filled = {
            "table": lambda: self.dataset.table,
            "key": lambda: self.dataset.key,
            "rebuilt": lambda: self.rebuilt_schema,
            "columns": lambda: self._lines("{name}"),
            "column_of_key": lambda: f"{self.dataset.key} {self._type_of_key} not null",
            "columns_of_table": lambda: self._lines("{name} {type}{not_null}"),
            "columns_of_staging": lambda: self._lines("{name} {type}"),
        }
        return filled[place]() if place in filled else None

    @property
    def _type_of_key(self) -> str:
        return self.dataset.contract.column(self.dataset.key).sql_type

    def _lines(self, form: str) -> str:
        """The contract's columns, a line each."""
        return ",\n    ".join(
            form.format(
                name=column.name,
                type=column.sql_type,
                not_null="" if column.nullable else " not null",
            )
            for column in self.dataset.contract.columns
        )


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
    """The text of a statement that is the same for every dataset, such as `redshift/here`.

    Raises:
        WarehouseError: there is no such file.
    """
    folder, _, leaf = name.rpartition("/")
    return _read(sql_folder() / folder, leaf, name)


def _read(folder: Path, leaf: str, name: str) -> str:
    try:
        return (folder / f"{leaf}.sql").read_text(encoding="utf-8")
    except OSError as error:
        raise WarehouseError(
            f"there is no SQL file {name}.sql under {folder}: {error.strerror}."
        ) from error
