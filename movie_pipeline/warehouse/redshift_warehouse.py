"""The warehouse on Amazon Redshift, provisioned or serverless: sql/ as it stands, one transaction.

Signing in, errors, binding, manifests and views have modules of their own beside this one. The
driver is met in redshift_connection.py alone.
"""

import difflib
import itertools
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from typing_extensions import override

from movie_pipeline.aws_clients import Clients
from movie_pipeline.crash_points import crash_point
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.errors import QueryMistake, WarehouseBusy, WarehouseConflict, WarehouseError
from movie_pipeline.settings import Settings
from movie_pipeline.storage.part_list import part_names
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.home_marker import HomeMarker, NoMarker
from movie_pipeline.warehouse.query_answers import (
    PAGE_ROWS,
    QueryAnswer,
    QueryLimits,
    distinct,
)
from movie_pipeline.warehouse.redshift_connection import Connector, RedshiftConnection, Rows
from movie_pipeline.warehouse.redshift_copy import in_present_form, manifest_of
from movie_pipeline.warehouse.redshift_errors import StatementWrong, TookTooLong, ValueWrong
from movie_pipeline.warehouse.redshift_queries import expect_one_reading_query, is_select
from movie_pipeline.warehouse.redshift_sql import (
    PARAMETERS_AT_ONCE,
    bound,
    insert_of_many,
    is_insert_of_one,
    values_of,
)
from movie_pipeline.warehouse.redshift_views import (
    changed_views,
    drop_views,
    make_views,
    missing_views,
)
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline.warehouse.statement_chunks import chunks
from movie_pipeline.warehouse.table_shape import expect_contract, staging_columns
from movie_pipeline.warehouse.transactions import TRIES, Tries
from movie_pipeline.warehouse.upgrading import (
    WarehouseIdentity,
    advance,
    look,
    plan_upgrade,
    upgrade,
    views_in_the_way,
)
from movie_pipeline.warehouse.view_refreshes import newest_load, note_refresh, stale_views
from movie_pipeline.warehouse.warehouse_columns import columns_of
from movie_pipeline.warehouse.warehouse_port import (
    UpgradePlan,
    Warehouse,
    WarehouseColumn,
    WarehouseSession,
)

Answer = TypeVar("Answer")

_LOCK_STATEMENT = "load/lock_writers"
_SNAPSHOTS = (
    'Redshift is backed up and restored by its own snapshots: see "On Redshift" in '
    "docs/operations.md. After a restore, `movie-pipeline verify --repair` loads what was decided "
    "since."
)


class RedshiftWarehouse(Warehouse):
    """A database on Redshift.

    Args:
        settings: where it is, who signs in, the role that COPY reads with, and the time-outs.
        storage: where COPY finds its Parquet files, and where its manifest is put.
        clients: boto3's, for a secret.
        dataset: whose table and views it holds; those of another lie in a schema of their own.
        connector: opens connections; for tests.
        tries: how often what concerns no load is tried: creating, refreshing.
    """

    def __init__(  # noqa: PLR0913 - what it stands on, and two for tests
        self,
        settings: Settings,
        storage: Storage,
        clients: Clients,
        dataset: Dataset,
        *,
        connector: Connector | None = None,
        tries: Tries = TRIES,
    ) -> None:
        self._made_of = (settings, storage, clients, dataset)
        self._connector = connector or Connector(settings, clients)
        self._storage = storage
        self._statements = Statements(dataset)
        self._schema = dataset.namespace
        self._copy_role = settings.redshift.copy_role_arn
        self._wait_seconds = settings.warehouse_wait_seconds
        self._statement_seconds = settings.redshift.statement_seconds
        self._tries = tries
        self._marker = HomeMarker(storage, self._connector.address)
        self._own: WarehouseIdentity | None = None
        self._preparing = threading.Lock()

    @override
    def kept_open(self, idle_seconds: float | None = None) -> AbstractContextManager[None]:
        """Nothing is kept: a cluster opens nothing anew."""
        return nullcontext()

    @override
    def prepare(self) -> None:
        with self._preparing:
            self._own = self._again_after_conflicts(
                lambda: self._brought_up_to_date(adopting=False)
            )

    @override
    def adopt(self) -> None:
        with self._preparing:
            self._own = self._again_after_conflicts(lambda: self._brought_up_to_date(adopting=True))

    @override
    def upgrade_plan(self, *, adopting: bool = False) -> UpgradePlan:
        marker = None if adopting else self._marker.read()
        plan, found = self._look()
        self._marker.expect(marker, found, is_empty=not plan.found)
        return plan

    def _look(self) -> tuple[UpgradePlan, WarehouseIdentity | None]:
        """What is to be done, and which warehouse it is; nothing is made by looking."""
        with self._connected() as connection:
            session = self._session(connection)
            plan = plan_upgrade(session, self._statements, self._connector.address)
            views = missing_views(connection, self._statements) if plan.found else []
            found = look(session)
        steps = (*plan.steps, *(f"make the view {view}" for view in views))
        return replace(plan, steps=steps), found

    def _brought_up_to_date(self, *, adopting: bool) -> WarehouseIdentity:
        # a warehouse of before versions were counted has no marker either
        marker = None if adopting else self._marker.read()
        plan, found = self._look()
        self._marker.expect(marker, found, is_empty=not plan.found)
        if plan.steps or found is None:
            found = self._upgrade()
        if marker is None:
            self._marker.keep(found)
        return found

    def _upgrade(self) -> WarehouseIdentity:
        self._make_lock()
        crash_point("sql.prepare.before")
        with self._connected() as connection:
            self._lock(connection)
            session = self._session(connection)
            if views_in_the_way(session, self._statements):
                with self._connected() as dropping:
                    dropping.one_by_one()
                    drop_views(dropping, self._statements)
            own = upgrade(session, self._statements, self._connector.address)
            session.commit()
        with self._connected() as connection:
            connection.one_by_one()
            if missing_views(connection, self._statements):
                self._make_views(connection, missing_views)
        crash_point("sql.prepare.after")
        return own

    def _make_lock(self) -> None:
        """Make what is locked before anything else is done; safe to repeat."""
        with self._connected(create_schema=True) as connection:
            connection.one_by_one()
            lock = "tables/mp_writer_lock"
            connection.execute(self._statements.text(lock), name=f"{lock}.sql")

    def _make_views(
        self,
        connection: RedshiftConnection,
        which: Callable[[RedshiftConnection, Statements], Sequence[str]],
    ) -> None:
        # views are dropped and made in several transactions: one process at a time
        with self._connected() as locking:
            self._lock(locking)
            make_views(connection, which(connection, self._statements), self._statements)

    @contextmanager
    def _connected(self, *, create_schema: bool = False) -> Generator[RedshiftConnection]:
        """A new connection, in the dataset's schema where it has one of its own."""
        with self._connector.connected() as connection:
            if self._schema:
                connection.one_by_one()
                if create_schema:
                    connection.run_file("redshift/create_schema", schema=self._schema)
                connection.run_file("redshift/use_schema", schema=self._schema)
                connection.together()
            yield connection

    @override
    @contextmanager
    def writing(self) -> Generator[WarehouseSession]:
        own = self._ensure_prepared()
        with self._connected() as connection:
            self._lock(connection)
            session = self._session(connection)
            own = advance(session, own, self._statements.version, self._connector.address)
            yield session
            session.commit()
        self._own = own
        self._marker.keep_if_possible(own)

    @override
    @contextmanager
    def reading(self) -> Generator[WarehouseSession]:
        self._ensure_prepared()
        with self._connected() as connection:
            yield self._session(connection)

    @override
    def refresh(self, view: str) -> None:
        self._ensure_prepared()
        views = self._statements.views()
        if view not in views:
            close = difflib.get_close_matches(view, views, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(views)}."
            raise WarehouseError(f"there is no view {view!r}; {hint}")
        self._again_after_conflicts(lambda: self._refresh_once(view))

    @override
    def stale_views(self, *, before: datetime | None = None) -> list[str]:
        with self.reading() as session:
            stale = stale_views(session, list(self._statements.views()), before)
        with self._connected() as connection:
            return sorted({*stale, *changed_views(connection, self._statements)})

    def _refresh_once(self, view: str) -> None:
        with self.reading() as session:
            # before the refresh: what is loaded meanwhile may be missing in it
            through = newest_load(session)
        with self._connected() as connection:
            connection.one_by_one()
            crash_point(f"refresh.{view}.before")
            if view in changed_views(connection, self._statements):
                self._make_views(connection, _if_changed(view))
            else:
                connection.run_file("redshift/refresh_view", view=view)
        crash_point(f"refresh.{view}.after")
        with self.writing() as session:
            note_refresh(session, view, through)

    @override
    def query(self, text: str) -> pd.DataFrame:
        """The answer to one SELECT of a person's, in Redshift's dialect."""
        expect_one_reading_query(text)
        self._ensure_prepared()
        with self._connected() as connection:
            connection.one_by_one()
            connection.run_file("redshift/begin_read_only")
            try:
                names, rows = connection.execute(text, name="the query")
            except WarehouseConflict:
                raise
            except WarehouseError as error:
                raise _query_failed(error) from None
        return _frame(names, rows)

    @override
    @contextmanager
    def answer(self, text: str, limits: QueryLimits) -> Generator[QueryAnswer]:
        expect_one_reading_query(text)
        self._ensure_prepared()
        with self._connected() as connection:
            connection.one_by_one()
            connection.limit(min(limits.seconds, self._statement_seconds))
            connection.run_file("redshift/begin_read_only")
            pages = _pages(connection, text, limits)
            # the first page is asked at once, so that a mistake is told before anything is printed
            first = next(pages)
            yield QueryAnswer(itertools.chain([first], pages))

    @override
    def columns(self, table: str) -> list[WarehouseColumn]:
        self._ensure_prepared()
        with self._connected() as connection:
            return self._session(connection).columns(table)

    @override
    def beside(self) -> Warehouse:
        self.drop_beside()
        settings, storage, clients, dataset = self._made_of
        elsewhere = replace(dataset, namespace=self._statements.rebuilt_schema)
        made = RedshiftWarehouse(
            settings, storage, clients, elsewhere, connector=self._connector, tries=self._tries
        )
        made._marker = NoMarker(storage, self._connector.address)
        return made

    @override
    def drop_beside(self) -> None:
        with self._connected() as connection:
            connection.one_by_one()
            crash_point("rebuild.drop.before")
            connection.run_file("redshift/drop_schema", schema=self._statements.rebuilt_schema)
        crash_point("rebuild.drop.after")

    @property
    @override
    def keeps_snapshots(self) -> bool:
        """True: Redshift takes them by itself."""
        return True

    @override
    def put_aside(self) -> Path | None:
        """Refuse: a cluster that does not answer is no file to be put aside."""
        raise WarehouseError(f"the warehouse cannot be read. {_SNAPSHOTS}")

    @override
    def back_up(self, to: Path) -> None:
        """Refuse: Redshift has snapshots, which are whole and cost the cluster nothing."""
        raise WarehouseError(_SNAPSHOTS)

    @override
    def put_back(self, copy: Path, *, ours: Callable[[Sequence[str]], bool]) -> Path | None:
        """Refuse, likewise."""
        raise WarehouseError(_SNAPSHOTS)

    def _again_after_conflicts(self, work: Callable[[], Answer]) -> Answer:
        tried = 1
        while True:
            try:
                return work()
            except WarehouseConflict:
                if tried == self._tries.most:
                    raise
                self._tries.wait(tried)
            tried += 1

    def _ensure_prepared(self) -> WarehouseIdentity:
        if self._own is None:
            self.prepare()
        assert self._own is not None  # noqa: S101 - prepare says which it is
        return self._own

    def _session(self, connection: RedshiftConnection) -> "_Session":
        return _Session(connection, self._storage, self._copy_role, self._statements)

    def _lock(self, connection: RedshiftConnection) -> None:
        """Begin with the lock, alone: it takes no snapshot, so that all after it sees the last."""
        connection.one_by_one()
        connection.limit(self._wait_seconds)
        connection.together()
        try:
            lock = self._statements.text(_LOCK_STATEMENT)
            connection.execute(lock, name=f"{_LOCK_STATEMENT}.sql")
        except TookTooLong as error:
            raise WarehouseBusy(
                f"the writer lock of the warehouse {self._connector.address} was not to be had "
                f"within {self._wait_seconds:g} s ({error}) Another load is at work; "
                "MOVIE_PIPELINE_WAREHOUSE_WAIT_SECONDS is how long this waits."
            ) from None
        connection.limit(self._statement_seconds)


def _if_changed(
    view: str,
) -> Callable[[RedshiftConnection, Statements], Sequence[str]]:
    """This view, where it is still to be made anew when it is asked again under the lock."""
    return lambda connection, statements: (
        [view] if view in changed_views(connection, statements) else []
    )


def _pages(
    connection: RedshiftConnection, text: str, limits: QueryLimits
) -> Generator[pd.DataFrame]:
    """The answer by a cursor; SHOW and EXPLAIN, which take none, at once."""
    over = time.monotonic() + limits.seconds
    size = 0
    try:
        whole = not is_select(text)
        fetch = text if whole else f"FETCH FORWARD {PAGE_ROWS} FROM mp_answer"
        if not whole:
            asked = text.rstrip().rstrip(";")
            connection.execute(f"DECLARE mp_answer CURSOR FOR {asked}", name="the query")
        for number in itertools.count():
            names, rows = connection.execute(fetch, name="the query")
            size += sum(len(str(value)) for row in rows for value in row)
            limits.expect(size)
            if rows or number == 0:
                yield _frame(distinct(names), rows)
            if whole or len(rows) < PAGE_ROWS:
                return
            if time.monotonic() > over:
                raise limits.too_slow()
    except TookTooLong:
        raise limits.too_slow() from None
    except WarehouseConflict:
        raise
    except WarehouseError as error:
        if str(error).startswith("the query failed: "):
            raise
        raise _query_failed(error) from None


def _query_failed(error: WarehouseError) -> WarehouseError:
    kind = QueryMistake if isinstance(error, StatementWrong | ValueWrong) else WarehouseError
    return kind(f"the query failed: {error}")


def _frame(names: Sequence[str], rows: Rows) -> pd.DataFrame:
    """Rows as pandas keeps them; whole numbers stay whole where one is missing."""
    frame = pd.DataFrame([list(row) for row in rows], columns=pd.Index(range(len(names))))
    for column in range(len(names)):
        values = [row[column] for row in rows]
        if {type(value) for value in values} == {int, type(None)}:
            frame[column] = pd.array(values, dtype="Int64")
    return frame.set_axis(pd.Index(names), axis="columns")


class _Session(WarehouseSession):
    """The statements of one transaction; after one failed, there is no commit."""

    def __init__(
        self,
        connection: RedshiftConnection,
        storage: Storage,
        copy_role: str,
        statements: Statements,
    ) -> None:
        self._connection = connection
        self._storage = storage
        self._copy_role = copy_role
        self._statements = statements
        self._failed: WarehouseError | None = None

    @override
    def run(self, statement: str, **parameters: object) -> None:
        crash_point(f"sql.{statement}.before")
        self._execute(statement, parameters)
        crash_point(f"sql.{statement}.after")

    @override
    def run_many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        crash_point(f"sql.{statement}.before")
        text = self._statements.text(statement)
        parameters = len(bound(text).names) if is_insert_of_one(text) else 0
        for chunk in chunks(rows, parameters=parameters, at_once=PARAMETERS_AT_ONCE):
            if len(chunk) == 1:
                self._execute(statement, chunk[0])
            else:
                many = insert_of_many(text, len(chunk))
                self._send(many.text, values_of(many, chunk), statement)
        crash_point(f"sql.{statement}.after")

    @override
    def fetch(self, statement: str, **parameters: object) -> list[dict[str, Any]]:
        names, rows = self._execute(statement, parameters)
        return [dict(zip(names, row, strict=True)) for row in rows]

    @override
    def copy(self, table: str, names: Sequence[str]) -> int:
        if not names:
            return 0
        crash_point("sql.copy.before")
        columns = staging_columns(self._statements, table)
        with (
            self._noting_failure(),
            in_present_form(
                self._storage, part_names(self._storage, Area.OUTPUT, names), columns
            ) as fitting,
            manifest_of(self._storage, fitting) as manifest_url,
        ):
            self._connection.run_file(
                "redshift/copy",
                table=table,
                manifest_url=manifest_url,
                role_arn=self._copy_role,
            )
            _, [[count]] = self._connection.run_file("redshift/last_copy_count")
        crash_point("sql.copy.after")
        return int(count)

    def commit(self) -> None:
        """Commit, unless a statement failed: a caller that swallowed the error is told again.

        A server that is asked to commit a failed transaction rolls it back and reports no error.
        """
        if self._failed is not None:
            raise type(self._failed)(f"nothing was committed, since before {self._failed}")
        crash_point("sql.commit.before")
        self._connection.commit()
        crash_point("sql.commit.after")

    @override
    def expect_contract(self) -> None:
        with self._noting_failure():
            expect_contract(self, self._statements)

    def tables(self) -> set[str]:
        """The tables and views there are."""
        return {
            row["table_name"] for row in self.fetch("describe/tables", schema_name=self._here())
        }

    def columns(self, table: str) -> list[WarehouseColumn]:
        """The columns of a table or view of this schema, in order."""
        return columns_of(self, self._here(), table)

    def run_text(self, text: str, *, name: str) -> None:
        """Execute one statement as it stands."""
        crash_point(f"sql.{name}.before")
        with self._noting_failure():
            self._connection.execute(text, name=name)

    def _here(self) -> str:
        """The schema that unqualified names are of; there may be none yet."""
        return str(self.fetch("redshift/here")[0]["schema_name"])

    def _execute(self, statement: str, parameters: Mapping[str, object]) -> tuple[list[str], Rows]:
        text = bound(self._statements.text(statement))
        return self._send(text.text, text.arguments(statement, parameters), statement)

    def _send(
        self, text: str, arguments: Sequence[object] | None, statement: str
    ) -> tuple[list[str], Rows]:
        with self._noting_failure():
            return self._connection.execute(text, arguments, name=f"{statement}.sql")

    @contextmanager
    def _noting_failure(self) -> Generator[None]:
        try:
            yield
        except WarehouseError as error:
            self._failed = error
            raise
