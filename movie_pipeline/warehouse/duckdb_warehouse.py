"""The warehouse as a DuckDB file: the statements of `sql/`, translated, in short-lived connections.

Only one process at a time can have the file open for writing, so it is opened late, closed fast and
waited for. DuckDB's errors become WarehouseErrors here and nowhere else.
"""

import difflib
import random
import re
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
from typing_extensions import override

from movie_pipeline.atomic_files import make_folder
from movie_pipeline.crash_points import crash_point
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.errors import QueryMistake, WarehouseBusy, WarehouseError
from movie_pipeline.memory_limit import memory_bytes, memory_limit
from movie_pipeline.no_room import what_is_full
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import EngineSettings
from movie_pipeline.stop_signals import ended_by_stops
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.time_limit import TimeIsUp, time_limit
from movie_pipeline.warehouse import staged_rows
from movie_pipeline.warehouse.duckdb_files import copy_checked, finish_swap, is_swapping, swap_in
from movie_pipeline.warehouse.duckdb_sql import (
    MaterializedView,
    compressed,
    insert_of_many,
    materialized_view,
    parameters_of,
    reading_from,
    to_duckdb,
)
from movie_pipeline.warehouse.home_marker import HomeMarker, NoMarker
from movie_pipeline.warehouse.kept_open import KeptOpen
from movie_pipeline.warehouse.output_files import OutputFiles
from movie_pipeline.warehouse.parquet_rows import IncomingRows
from movie_pipeline.warehouse.query_answers import (
    PAGE_ROWS,
    QueryAnswer,
    QueryLimits,
    WrittenAnswer,
    distinct,
    written_aside,
)
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline.warehouse.staged_rows import StagedRows
from movie_pipeline.warehouse.statement_chunks import chunks
from movie_pipeline.warehouse.table_shape import expect_contract, staging_columns
from movie_pipeline.warehouse.upgrading import (
    MAKE_ALL,
    WarehouseIdentity,
    advance,
    look,
    plan_upgrade,
    upgrade,
)
from movie_pipeline.warehouse.view_refreshes import newest_load, note_refresh, stale_views
from movie_pipeline.warehouse.warehouse_columns import columns_of
from movie_pipeline.warehouse.warehouse_port import (
    UpgradePlan,
    Warehouse,
    WarehouseColumn,
    WarehouseSession,
)

if TYPE_CHECKING:
    import pandas as pd

FILE_NAME = "warehouse.duckdb"
WAYS_OUT = (
    "Put a backup back with `movie-pipeline restore`, or make it anew from history with "
    "`movie-pipeline rebuild`; both keep the present file aside."
)
"""What helps where the file is damaged."""

_LOCK_STATEMENT = "load/lock_writers"
_ROWS = "tables/data_table"
_WITHOUT_ZSTD = re.compile(r"v(0|1\.[01])\.")
"""The forms of files that DuckDB had before it had zstd."""
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_DAMAGED = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException)
_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_FIRST_WAIT, _LONGEST_WAIT = 0.01, 0.25
_PARAMETERS_AT_ONCE = 10_000
"""What one statement binds at most: the memory that its values take stays small."""
_ROWS_WORTH_THREADS = 20_000
"""Rows of a file: of fewer, it is the next file that is waited for."""


class DuckDBWarehouse(Warehouse):
    """A DuckDB file under the home folder.

    Args:
        settings: home, memory limit, threads, and how long to wait for the file.
        storage: where COPY finds its Parquet files.
        dataset: whose table and views it holds; those of another lie in a schema of their own.
    """

    def __init__(self, settings: Settings, storage: Storage, dataset: Dataset) -> None:
        self.path = settings.home.absolute() / FILE_NAME
        self._made_of = (settings, storage, dataset)
        self._storage = storage
        self._statements = Statements(dataset)
        self._schema = schema_of(dataset)
        self._wait_seconds = settings.warehouse_wait_seconds
        self._config = _config(settings.engine)
        self._marker = HomeMarker(storage, str(self.path))
        self._own: WarehouseIdentity | None = None
        self._preparing = threading.Lock()
        self._file = KeptOpen(self._connect_once)

    @override
    def kept_open(self, idle_seconds: float | None = None) -> AbstractContextManager[None]:
        return self._file.block(idle_seconds)

    @override
    def prepare(self) -> None:
        try:
            make_folder(self.path.parent)
        except OSError as error:
            raise WarehouseError(
                f"the folder of the warehouse {self.path} cannot be made: {error.strerror}."
            ) from error
        with self._preparing:
            self._own = self._brought_up_to_date(adopting=False)

    @override
    def adopt(self) -> None:
        with self._preparing:
            self._own = self._brought_up_to_date(adopting=True)

    @override
    def upgrade_plan(self, *, adopting: bool = False) -> UpgradePlan:
        marker = None if adopting else self._marker.read()
        plan, found = self._look()
        self._marker.expect(marker, found, is_empty=not plan.found)
        return plan

    def _look(self) -> tuple[UpgradePlan, WarehouseIdentity | None]:
        """What is to be done, and which warehouse it is; nothing is made by looking."""
        if not self.path.exists():
            return UpgradePlan("", str(self._statements.version), (MAKE_ALL,)), None
        with self._looking() as session:
            plan = plan_upgrade(session, self._statements, str(self.path))
            views = session.missing_views() if plan.found else []
            found = look(session)
        steps = (*plan.steps, *(f"make the view {view}" for view in views))
        return replace(plan, steps=steps), found

    def _brought_up_to_date(self, *, adopting: bool) -> WarehouseIdentity:
        # a warehouse of before versions were counted has no marker either
        marker = None if adopting else self._marker.read()
        plan, found = self._look()
        self._marker.expect(marker, found, is_empty=not plan.found)
        if plan.steps or found is None:
            with self._transaction(_MAKING_LOCK) as session:
                crash_point("sql.prepare.before")
                found = upgrade(session, self._statements, str(self.path))
                session.make_missing_views()
            crash_point("sql.prepare.after")
        if marker is None:
            self._marker.keep(found)
        return found

    @override
    @contextmanager
    def writing(self) -> "Generator[_Session]":
        own = self._ensure_prepared()
        with self._transaction(_WITH_LOCK) as session:
            own = advance(session, own, self._statements.version, str(self.path))
            yield session
        self._own = own
        self._marker.keep_if_possible(own)

    @override
    @contextmanager
    def reading(self) -> "Generator[_Session]":
        self._ensure_prepared()
        with self._looking() as session:
            yield session

    @contextmanager
    def _looking(self) -> "Generator[_Session]":
        """A session that changes nothing, in a warehouse as it lies there."""
        with self._connected(read_only=True) as connection:
            session = _Session(connection, self._storage, self._statements)
            session.execute("BEGIN TRANSACTION READ ONLY")
            yield session

    @override
    def refresh(self, view: str) -> None:
        """Make the table that stands in for the materialized view again."""
        self._ensure_prepared()
        views = _views(self._statements)
        if view not in views:
            raise WarehouseError(f"there is no view {view!r}; {_did_you_mean(view, views)}")
        with self._transaction(_WITH_LOCK) as session:
            crash_point(f"refresh.{view}.before")
            session.replace_view(views[view])
        crash_point(f"refresh.{view}.after")

    @override
    def stale_views(self, *, before: datetime | None = None) -> list[str]:
        with self.reading() as session:
            stale = stale_views(session, list(self._statements.views()), before)
            return sorted({*stale, *session.changed_views()})

    @override
    def query(self, text: str) -> "pd.DataFrame":
        """The answer to one SELECT of a person's, in DuckDB's dialect."""
        self._ensure_prepared()
        with self._connected(read_only=True) as connection:
            try:
                _refuse_other_than_one_query(connection, text)
                # a SELECT may hide a DELETE .. RETURNING: the transaction refuses it
                connection.execute("BEGIN TRANSACTION READ ONLY")
                return connection.execute(text).df()
            except duckdb.Error as error:
                raise self._query_failed(error) from error

    @override
    @contextmanager
    def answer(self, text: str, limits: QueryLimits) -> Generator[QueryAnswer]:
        self._ensure_prepared()
        with written_aside() as aside:
            names = self._write_aside(text, limits, aside)
            with duckdb.connect(config={"enable_external_access": False}) as engine:
                pages = (
                    engine.from_arrow(page).df().set_axis(names, axis="columns")
                    for page in aside.pages()
                )
                yield QueryAnswer(pages, aside.rows)

    def _write_aside(self, text: str, limits: QueryLimits, aside: WrittenAnswer) -> list[str]:
        """Write the answer beside the warehouse, which is free then; return the columns' names."""
        with self._connected(read_only=True) as connection:
            try:
                _refuse_other_than_one_query(connection, text)
                connection.execute("BEGIN TRANSACTION READ ONLY")
                most = memory_bytes(str(self._config["memory_limit"])) or 0
                with time_limit(connection, limits.seconds), memory_limit(most):
                    found = connection.sql(text)
                    aside.write(found.to_arrow_reader(PAGE_ROWS), limits)
                    return distinct(found.columns)
            except TimeIsUp:
                raise limits.too_slow() from None
            except (duckdb.Error, MemoryError, OSError) as error:
                raise self._query_failed(error) from error

    def _query_failed(self, error: duckdb.Error | MemoryError | OSError) -> WarehouseError:
        """What is to be said of a query; while rows are fetched the engine's errors are Arrow's."""
        if isinstance(error, OSError) and (full := what_is_full(str(error))):
            return WarehouseError(f"the query failed: {full}.")
        if isinstance(error, _NO_MEMORY) or str(error).startswith("Out of Memory Error"):
            return QueryMistake(
                "the query failed: it needs more memory than MOVIE_PIPELINE_MEMORY_LIMIT, "
                f"{self._config['memory_limit']}, or than there is room to spill."
            )
        kind = QueryMistake if isinstance(error, _MISTAKES) else WarehouseError
        return kind(f"the query failed: {error}")

    @override
    def columns(self, table: str) -> list[WarehouseColumn]:
        with self.reading() as session:
            return session.columns(table)

    @override
    def beside(self) -> Warehouse:
        self.drop_beside()
        settings, storage, dataset = self._made_of
        elsewhere = replace(dataset, namespace=self._statements.rebuilt_schema)
        made = DuckDBWarehouse(settings, storage, elsewhere)
        made._marker = NoMarker(storage, str(self.path))
        return made

    @override
    def drop_beside(self) -> None:
        self._ensure_prepared()
        with self._transaction(_WITH_LOCK) as session:
            crash_point("rebuild.drop.before")
            schema = _quoted(self._statements.rebuilt_schema)
            session.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        crash_point("rebuild.drop.after")

    @property
    @override
    def keeps_snapshots(self) -> bool:
        """False: a file is copied."""
        return False

    @override
    def put_aside(self) -> Path | None:
        """Swap an empty file in; other datasets of the file are put aside with it."""
        make_folder(self.path.parent)
        with TemporaryDirectory(prefix="movie-pipeline-") as folder:
            empty = Path(folder) / FILE_NAME
            duckdb.connect(empty).close()
            return self._swapped_in(empty)

    @override
    def back_up(self, to: Path) -> None:
        """Checkpoint, and copy the file while no other process has it open."""
        self._ensure_prepared()
        if to.exists():
            raise WarehouseError(f"{to} is there already; nothing is replaced by a backup.")
        try:
            make_folder(to.parent)
            with self._connected(read_only=False) as connection:
                self._begin(connection, _WITH_LOCK)
                counts = _row_counts(connection)
                connection.execute("ROLLBACK")
                connection.execute("FORCE CHECKPOINT")
                crash_point("backup.before")
                copy_checked(self.path, to, lambda copy: _expect_counts(copy, counts))
        except duckdb.Error as error:
            raise _translated("the backup", error) from None
        except OSError as error:
            raise WarehouseError(f"{to} cannot be written: {error.strerror}.") from error
        crash_point("backup.after")

    @override
    def put_back(self, copy: Path, *, ours: Callable[[Sequence[str]], bool]) -> Path | None:
        make_folder(self.path.parent)
        _expect_ours(copy, self._schema, ours)
        return self._swapped_in(copy)

    def _swapped_in(self, copy: Path) -> Path | None:
        try:
            return swap_in(copy, self.path, self._wait_for_holders)
        except OSError as error:
            raise WarehouseError(f"{self.path} cannot be replaced: {error.strerror}.") from error
        finally:
            self._own = None

    @contextmanager
    def _wait_for_holders(self) -> Generator[None]:
        """Keep other processes out for the length of the block, where the file can be opened."""
        if not self.path.exists():
            yield  # opening would make one
            return
        try:
            connection = self._connect(read_only=False)
        except WarehouseBusy:
            raise
        except WarehouseError:
            yield  # what cannot be opened is open in no other process
            return
        try:
            connection.execute("FORCE CHECKPOINT")
            yield
        finally:
            connection.close()

    def _ensure_prepared(self) -> WarehouseIdentity:
        if self._own is None or not self.path.exists():
            self.prepare()
        assert self._own is not None  # noqa: S101 - prepare says which it is
        return self._own

    @contextmanager
    def _transaction(self, first: Sequence[str]) -> "Generator[_Session]":
        """Begin, run the first statements, and commit at the end; roll back after any error."""
        with self._connected(read_only=False) as connection:
            self._begin(connection, first)
            session = _Session(connection, self._storage, self._statements)
            try:
                yield session
                session.commit()
            finally:
                session.let_go()

    def _begin(self, connection: duckdb.DuckDBPyConnection, first: Sequence[str]) -> None:
        """Begin a transaction; wait while another thread of this process holds the lock."""
        wait = _Wait(self._wait_seconds)
        while True:
            try:
                connection.execute("BEGIN TRANSACTION")
                for statement in first:
                    connection.execute(to_duckdb(self._statements.text(statement))).fetchall()
            except duckdb.TransactionException as error:
                connection.execute("ROLLBACK")
                if not wait.again():
                    raise WarehouseBusy(
                        f"{self.path} is being written by another part of this process for more "
                        f"than {self._wait_seconds:g} s; try again when it is done."
                    ) from error
            except duckdb.Error as error:
                raise _translated("the writer lock", error) from error
            else:
                return

    @contextmanager
    def _connected(self, *, read_only: bool) -> Generator[duckdb.DuckDBPyConnection]:
        connection = self._connect(read_only=read_only)
        try:
            # the tables hold UTC; a query must not answer in the machine's own zone
            connection.execute("SET TimeZone = 'UTC'")
            self._enter_schema(connection, read_only=read_only)
            with ended_by_stops(connection.interrupt):
                yield connection
        finally:
            # closing rolls back what was not committed
            connection.close()

    def _enter_schema(self, connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        if self._schema == "main":
            return
        if not read_only:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(self._schema)}")
        elif not _has_schema(connection, self._schema):
            return  # of a dataset that is new in this file: whoever looks finds no table
        connection.execute(f"SET schema = '{self._schema}'")

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        wait = _Wait(self._wait_seconds)
        while True:
            if is_swapping(self.path):
                finish_swap(self.path)
            try:
                connection = self._file.connect(read_only=read_only)
            except duckdb.Error as error:
                if not _is_held(error):
                    raise WarehouseError(
                        f"{self.path} cannot be opened as a DuckDB warehouse: {error} {WAYS_OUT}"
                    ) from error
                if not wait.again():
                    raise self._busy(error) from error
            else:
                if not is_swapping(self.path):
                    return connection
                connection.close()  # what was opened is about to be put aside

    def _connect_once(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        try:
            return duckdb.connect(self.path, read_only=read_only, config=self._config)
        except duckdb.ConnectionException:
            if not read_only:
                raise
            # this process has it open for writing already: share that
            return duckdb.connect(self.path, read_only=False, config=self._config)

    def _busy(self, error: duckdb.Error) -> WarehouseBusy:
        holder = _HOLDER.search(str(error))
        who = (
            f"{holder['program']} (process {holder['pid']})"
            if holder
            else "another process, or thread of this one,"
        )
        return WarehouseBusy(
            f"{self.path} is held by {who} for more than {self._wait_seconds:g} s, and DuckDB lets "
            "one process at a time in: close that program, or wait for it and try again "
            "(MOVIE_PIPELINE_WAREHOUSE_WAIT_SECONDS is how long this waits)."
        )


class _Session(WarehouseSession):
    """One open connection; every statement passes here, and so does every error of DuckDB's."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, storage: Storage, statements: Statements
    ) -> None:
        self._schema = schema_of(statements.dataset)
        self._connection = connection
        self._storage = storage
        self._statements = statements
        self._staged: StagedRows | None = None
        self._failed: str | None = None

    @override
    def run(self, statement: str, **parameters: object) -> None:
        crash_point(f"sql.{statement}.before")
        if statement == staged_rows.CREATE:
            self._staged = StagedRows(self._storage, self._statements)
            self.execute(self._staged.create, name=f"{statement}.sql")
        elif statement == _ROWS:
            self._make_rows()
        elif statement in staged_rows.INSERTS and self._staged:
            self._insert_staged(statement, self._staged, parameters)
        else:
            self._execute(statement, parameters)
        crash_point(f"sql.{statement}.after")

    @override
    def run_many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        crash_point(f"sql.{statement}.before")
        text = self._statements.text(statement)
        parameters = len(parameters_of(text) or ())
        for chunk in chunks(rows, parameters=parameters, at_once=_PARAMETERS_AT_ONCE):
            if len(chunk) == 1:
                self._execute(statement, chunk[0])
            else:
                lists = {name: [row[name] for row in chunk] for name in chunk[0]}
                self.execute(insert_of_many(text), lists, name=f"{statement}.sql")
        crash_point(f"sql.{statement}.after")

    @override
    def fetch(self, statement: str, **parameters: object) -> list[dict[str, Any]]:
        names, rows = self._execute(statement, parameters)
        return [dict(zip(names, row, strict=True)) for row in rows]

    @override
    def copy(self, table: str, names: Sequence[str]) -> int:
        crash_point("sql.copy.before")
        rows = self._copied(table, names) if names else 0
        crash_point("sql.copy.after")
        return rows

    def commit(self) -> None:
        """Commit, unless a statement failed: a caller that swallowed the error is told again."""
        if self._failed:
            raise WarehouseError(f"nothing was committed, since before {self._failed}")
        crash_point("sql.commit.before")
        self.execute("COMMIT")
        crash_point("sql.commit.after")

    def execute(
        self, sql: str, parameters: Mapping[str, object] | None = None, *, name: str = ""
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run DuckDB's own SQL; return column names and rows."""
        try:
            # fetching at once, as an open result blocks the connection
            result = self._connection.execute(sql, dict(parameters or {}))
            rows = result.fetchall()
            names = [str(column[0]) for column in result.description or ()]
        except duckdb.Error as error:
            translated = _translated(name or sql.split("\n", 1)[0], error)
            self._failed = str(translated)
            # Dagster keeps causes in its event log, and DuckDB's own words may quote a row
            raise translated from None
        return names, rows

    @override
    def expect_contract(self) -> None:
        expect_contract(self, self._statements)

    def tables(self) -> set[str]:
        """The tables there are, views among them."""
        return set(self._made())

    def columns(self, table: str) -> list[WarehouseColumn]:
        """The columns of a table of this schema, in order."""
        return columns_of(self, self._schema, table)

    def run_text(self, text: str, *, name: str) -> None:
        """Execute one statement in Redshift's dialect."""
        crash_point(f"sql.{name}.before")
        self.execute(to_duckdb(text), name=name)

    def missing_views(self) -> list[str]:
        """The views that are not there; one that only changed is its refresh's matter."""
        made = self._made()
        return [name for name in self._statements.views() if name not in made]

    def make_missing_views(self) -> None:
        """Make the tables that stand in for them."""
        views = _views(self._statements)
        for name in self.missing_views():
            self.replace_view(views[name])

    def changed_views(self) -> list[str]:
        """The views that were made from another query than their file has now."""
        made, views = self._made(), _views(self._statements)
        return [name for name, view in views.items() if made.get(name) != view.query]

    def replace_view(self, view: MaterializedView) -> None:
        """Make the table that stands in for a view; its query is kept, to see when it changes."""
        name = _quoted(view.name)
        self.execute(f"CREATE OR REPLACE TABLE {name} AS {view.query}", name=view.name)
        query = view.query.replace("'", "''")
        self.execute(f"COMMENT ON TABLE {name} IS '{query}'", name=view.name)
        note_refresh(self, view.name, newest_load(self))

    def _made(self) -> dict[str, str | None]:
        """The tables there are, with the query that a view was made from."""
        _, rows = self.execute(
            "SELECT table_name, comment FROM duckdb_tables() "
            f"WHERE schema_name = '{self._schema}' AND NOT temporary"
        )
        return dict(rows)

    def _execute(
        self, statement: str, parameters: Mapping[str, object]
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        return self.execute(
            to_duckdb(self._statements.text(statement)), parameters, name=f"{statement}.sql"
        )

    def _make_rows(self) -> None:
        """Make the table of the rows; in a file of an older form as that can have it."""
        _, [[stored]] = self.execute(
            "SELECT tags['storage_version'] FROM duckdb_databases() "
            "WHERE database_name = current_database()"
        )
        dataset = self._statements.dataset
        methods = {dataset.key: "uncompressed"}
        if not _WITHOUT_ZSTD.match(str(stored)):
            distinct = [each.name for each in dataset.contract.columns if each.mostly_distinct]
            methods = dict.fromkeys(distinct, "zstd") | methods
        create = compressed(to_duckdb(self._statements.text(_ROWS)), methods)
        self.execute(create, name=f"{_ROWS}.sql")

    def _copied(self, table: str, names: Sequence[str]) -> int:
        if table == staged_rows.TABLE and self._staged:
            incoming = self._staged.keys_of(names)
        else:
            columns = staging_columns(self._statements, table)
            incoming = IncomingRows(OutputFiles(self._storage, names), columns)
        more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        statement = f"INSERT INTO {_quoted(table)} SELECT * FROM {staged_rows.INCOMING}"
        with self._reading(incoming):
            _, rows = self.execute(statement, name=f"copy {names[0]}{more}")
        copied = int(rows[0][0])
        if table == staged_rows.TABLE and self._staged:
            self._staged.keys += copied
        return copied

    def _insert_staged(
        self, statement: str, staged: StagedRows, parameters: Mapping[str, object]
    ) -> None:
        """Insert the rows whose keys are staged; as many as there are keys, or nothing holds."""
        text = self._statements.text(statement)
        insert = reading_from(text, staged_rows.TABLE, staged_rows.ROWS)
        _, [[expected]] = self.execute(f"SELECT count(*) FROM {_quoted(staged_rows.TABLE)}")
        inserted = 0
        with self._one_thread(only=expected < staged.count * _ROWS_WORTH_THREADS):
            for incoming in staged.rows():
                with self._reading(incoming):
                    choose = staged.choose(are_all=expected == staged.keys)
                    self.execute(choose, name=f"{statement}.sql")
                    _, rows = self.execute(insert, parameters, name=f"{statement}.sql")
                inserted += int(rows[0][0])
        if inserted != expected:
            self._failed = (
                f"{statement}.sql inserted {inserted:,} rows where {expected:,} are staged"
            )
            raise WarehouseError(f"{self._failed}. Nothing was loaded; start the run again.")

    @contextmanager
    def _one_thread(self, *, only: bool) -> Generator[None]:
        """Have statements of the block use one thread, where others would only wait for rows."""
        if not only:
            yield
            return
        _, [[threads]] = self.execute("SELECT current_setting('threads')")
        self.execute("SET threads = 1")
        try:
            yield
        finally:  # by a connection of its own, as all of this one may have failed
            with suppress(duckdb.Error), self._connection.cursor() as other:
                other.execute(f"SET threads = {threads}")

    @contextmanager
    def _reading(self, incoming: IncomingRows) -> Generator[None]:
        """Have statements of the block read these rows."""
        try:
            self._connection.register(staged_rows.INCOMING, incoming.reader())
            yield
            self._connection.unregister(staged_rows.INCOMING)
        except WarehouseError as error:
            # an error of the files is no error of DuckDB's, which only passes its text on
            failed = incoming.failed or error
            self._failed = str(failed)
            raise failed from None
        finally:
            incoming.close()

    def let_go(self) -> None:
        """Let go of the files that were staged, when the transaction is over."""
        if self._staged:
            self._staged.let_go()


class _Wait:
    """Waits that grow, with jitter, until a deadline."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._next = _FIRST_WAIT

    def again(self) -> bool:
        """Sleep a little; False where the time is up."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, self._next * random.uniform(0.5, 1.5)))  # noqa: S311 - jitter
        self._next = min(self._next * 2, _LONGEST_WAIT)
        return True


_WITH_LOCK = (_LOCK_STATEMENT,)
_MAKING_LOCK = ("tables/mp_writer_lock", "warehouse/insert_lock_row", _LOCK_STATEMENT)


def schema_of(dataset: Dataset) -> str:
    """The schema of a dataset's tables."""
    return dataset.namespace or "main"


def _config(settings: EngineSettings) -> dict[str, str | bool | int | float | list[str]]:
    """The same for every connection: DuckDB refuses to share a file between different ones."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.memory_limit,
        "enable_external_access": False,
        # rows of a table have no order, and to keep one takes as long again
        "preserve_insertion_order": False,
    }
    if settings.threads:
        config["threads"] = settings.threads
    return config


def _has_schema(connection: duckdb.DuckDBPyConnection, schema: str) -> bool:
    found = connection.execute("SELECT 1 FROM duckdb_schemas() WHERE schema_name = ?", [schema])
    return found.fetchone() is not None


def _views(statements: Statements) -> dict[str, MaterializedView]:
    return {
        view: materialized_view(statements.text(name)) for view, name in statements.views().items()
    }


def _refuse_other_than_one_query(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    statements = connection.extract_statements(text)
    if len(statements) != 1:
        raise QueryMistake(f"a query must be one statement, but this is {len(statements)}.")
    kind = statements[0].type
    if kind not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise QueryMistake(
            f"the warehouse is asked read-only here: SELECT, WITH, DESCRIBE, SHOW or EXPLAIN, but "
            f"this is {kind.name}."
        )


_NO_MEMORY = (duckdb.OutOfMemoryException, MemoryError)
_MISTAKES = (duckdb.ProgrammingError, duckdb.DataError, duckdb.PermissionException, OSError)
"""What another query mends: SQL that is none, values that it cannot take, what it must not read."""


def _is_held(error: duckdb.Error) -> bool:
    if isinstance(error, duckdb.ResourceInUseException):
        return True  # another thread of this process opens or closes the file at this moment
    text = str(error)
    return "Could not set lock on file" in text or "different configuration" in text


def _translated(what: str, error: duckdb.Error) -> WarehouseError:
    """DuckDB's message without what it quotes: that may be a value of a row."""
    cause = _QUOTED.sub("'…'", str(error).split("\n", 1)[0])
    way_out = f" The file may be damaged. {WAYS_OUT}" if isinstance(error, _DAMAGED) else ""
    return WarehouseError(f"{what} failed in the warehouse: {cause}{way_out}")


def _row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of every table there is."""
    tables = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL"
    ).fetchall()
    counts: dict[str, int] = {}
    for schema, table in tables:
        [count] = connection.execute(f'SELECT count(*) FROM "{schema}"."{table}"').fetchall()
        counts[f"{schema}.{table}"] = int(count[0])
    return counts


def _expect_counts(copy: Path, counts: Mapping[str, int]) -> None:
    with duckdb.connect(copy, read_only=True) as connection:
        found = _row_counts(connection)
    if found != counts:
        wrong = sorted(name for name in counts if found.get(name) != counts[name])
        raise WarehouseError(
            f"the backup has other rows than the warehouse in {', '.join(wrong[:3])}: it was not "
            "kept. Look at the disk, and back up again."
        )


def _expect_ours(copy: Path, schema: str, ours: Callable[[Sequence[str]], bool]) -> None:
    """Let no copy take the warehouse's place that is damaged, or another home's."""
    if not copy.is_file():
        raise WarehouseError(f"there is no backup {copy}.")
    try:
        with duckdb.connect(copy, read_only=True) as connection:
            _row_counts(connection)
            newest = connection.execute(
                f'SELECT file_id FROM "{schema}".mp_load_ledger ORDER BY committed_at DESC LIMIT 99'
            ).fetchall()
    except duckdb.Error as error:
        raise WarehouseError(
            f"{copy} is no whole backup of a warehouse: {str(error).splitlines()[0]} Nothing was "
            "changed; take another backup."
        ) from None
    if newest and not ours([row[0] for row in newest]):
        raise WarehouseError(
            f"{copy} is the backup of another home: none of the files that it decided last is "
            "known here. Nothing was changed; take a backup of this one."
        )


def _quoted(name: str) -> str:
    if not _IDENTIFIER.fullmatch(name):
        raise WarehouseError(f"{name!r} is not a name of a table.")
    return f'"{name}"'


def _did_you_mean(name: str, names: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(names))}."
