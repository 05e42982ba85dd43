"""Staging as DuckDB has it: a table of the keys of a batch's rows, and the rows where they lie.

What the load asks of staging is asked of keys. All else would be written twice, so it is read from
the published files when the rows are inserted, in the same transaction.
"""

from collections.abc import Sequence

from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.warehouse.output_files import HeldFiles
from movie_pipeline.warehouse.parquet_rows import IncomingRows
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline.warehouse.table_shape import staging_columns

TABLE = "mp_staging"
CREATE = "load/create_staging"
INSERTS = ("load/insert_staged", "rebuild/insert_staged")
"""The statements that take all columns of what is staged."""
INCOMING, ROWS = "mp_incoming", "mp_staged_rows"
"""What is read at this moment, and those rows of it that are staged still."""
_OF_A_ROW = ("file_id", "record_number")
_ASKED = (*_OF_A_ROW, "file_version")


class StagedRows:
    """What one transaction has staged.

    Args:
        storage: where the files are.
        statements: of the dataset.

    Attributes:
        keys: how many were copied.
    """

    def __init__(self, storage: Storage, statements: Statements) -> None:
        self._storage = storage
        self._columns = staging_columns(statements, TABLE)
        key = statements.dataset.key
        self._keys = tuple(each for each in self._columns if each.name in {key, *_ASKED})
        self._telling = (key, *_OF_A_ROW)
        self._copied: list[HeldFiles] = []
        self.keys = 0

    @property
    def create(self) -> str:
        """The statement that makes the table of keys."""
        columns = ", ".join(f"{column.name} {column.type}" for column in self._keys)
        return f"CREATE TEMP TABLE {TABLE} ({columns})"

    def choose(self, *, are_all: bool) -> str:
        """The statement that says which of the incoming rows are staged still.

        A row without a number is let through, to be refused by the table; said so, the engine
        looks the rows up among the keys, and does not gather the rows to look the keys up there.

        Args:
            are_all: whether no key left staging since it was copied, so that none is looked up.
        """
        same = " AND ".join(f"staged.{name} = {INCOMING}.{name}" for name in self._telling)
        staged = f"EXISTS (SELECT 1 FROM {TABLE} AS staged WHERE {same})"
        where = "" if are_all else f" WHERE {staged} OR record_number IS NULL"
        return f"CREATE OR REPLACE TEMP VIEW {ROWS} AS SELECT * FROM {INCOMING}{where}"

    def keys_of(self, names: Sequence[str]) -> IncomingRows:
        """The keys in these files, which are held from now on."""
        files = HeldFiles(self._storage, names)
        self._copied.append(files)
        return IncomingRows(files, self._columns, self._keys)

    @property
    def count(self) -> int:
        """How many files were copied."""
        return sum(len(files.names()) for files in self._copied)

    def rows(self) -> list[IncomingRows]:
        """All columns of all that was copied, in its order."""
        return [IncomingRows(files, self._columns) for files in self._copied]

    def let_go(self) -> None:
        """Let go of the files, when the transaction is over."""
        for files in self._copied:
            files.let_go()
