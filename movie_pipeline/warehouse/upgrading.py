"""From whatever lies there to the present form: what is missing is made, what is older is migrated.

Each warehouse calls this within one transaction under the writer lock; views are its own matter.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from typing import Protocol

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import (
    WarehouseBusy,
    WarehouseConflict,
    WarehouseError,
    WarehouseRefused,
)
from movie_pipeline.stored_values import from_stored_time, to_stored_time
from movie_pipeline.warehouse.fillings import FILLINGS
from movie_pipeline.warehouse.migrations import Migration, Version, added_column, pending
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline.warehouse.warehouse_port import UpgradePlan, WarehouseColumn, WarehouseSession

MAKE_ALL = "make the warehouse"
"""The step where there is none yet."""
IDENTITY_TABLE = "mp_warehouse"
_LEDGER_TABLE = "mp_load_ledger"


@dataclass(frozen=True)
class WarehouseIdentity:
    """Which warehouse it is, and how far it is.

    Attributes:
        warehouse_id: 32 hex digits, made with it and never changed.
        version: of its tables.
        generation: how many transactions wrote in it.
        program_version: the program that made or migrated it last.
        made_at: when it got its identity.
    """

    warehouse_id: str
    version: Version
    generation: int
    program_version: str
    made_at: datetime


class UpgradeSession(WarehouseSession, Protocol):
    """What upgrading asks of a session beside the verbs of all sessions."""

    def tables(self) -> Collection[str]:
        """The tables and views that there are."""
        ...

    def columns(self, table: str) -> list[WarehouseColumn]:
        """The columns of one of them, in order."""
        ...

    def run_text(self, text: str, *, name: str) -> None:
        """Execute a statement that is in no file of its own; it takes no parameters."""
        ...


def program_version() -> str:
    """The version of this program."""
    try:
        return metadata.version("movie-pipeline")
    except metadata.PackageNotFoundError:
        return "unknown"


def found_identity(session: WarehouseSession) -> WarehouseIdentity | None:
    """Which warehouse the session is in; None where it has none yet, but the table for it."""
    rows = session.fetch("warehouse/found")
    if not rows:
        return None
    [row] = rows
    made_at = from_stored_time(row["made_at"])
    assert made_at is not None  # noqa: S101 - the column is not null
    return WarehouseIdentity(
        warehouse_id=row["warehouse_id"],
        version=Version(int(row["schema_version"]), int(row["table_version"])),
        generation=int(row["generation"]),
        program_version=row["program_version"],
        made_at=made_at,
    )


def expect_known(found: WarehouseIdentity, known: Version, where: str) -> None:
    """Refuse a warehouse that a newer program has changed.

    Raises:
        WarehouseRefused: its version is newer than what this program knows.
    """
    if known.is_behind(found.version):
        raise WarehouseRefused(
            f"the warehouse {where} has version {found.version}, made so by movie-pipeline "
            f"{found.program_version}, but this program, movie-pipeline {program_version()}, knows "
            f"versions up to {known} only: start the newer program instead of this one, or put "
            "back a backup that was made before the upgrade. Nothing was changed."
        )


def look(session: UpgradeSession) -> WarehouseIdentity | None:
    """Which warehouse it is; None where nobody has counted its versions yet."""
    return _identity(session, session.tables())


def plan_upgrade(session: UpgradeSession, statements: Statements, where: str) -> UpgradePlan:
    """What `upgrade` would do in this warehouse, views apart."""
    there = session.tables()
    found = _identity(session, there)
    known = statements.version
    if found is not None:
        expect_known(found, known, where)
    if found is None and _is_fresh(there, statements):
        return UpgradePlan("", str(known), (MAKE_ALL,))
    version = found.version if found else Version()
    missing = [table for table in statements.tables() if table not in there]
    steps = [f"make the table {table}" for table in missing]
    steps += [
        f"{migration.name}: {migration.sentence}" for migration in _pending(statements, version)
    ]
    return UpgradePlan(str(version), str(known), tuple(steps))


def views_in_the_way(session: UpgradeSession, statements: Statements) -> bool:
    """Whether a migration that is to be done may change a column that views read."""
    there = session.tables()
    found = _identity(session, there)
    if found is None and _is_fresh(there, statements):
        return False
    version = found.version if found else Version()
    return not all(
        migration.only_adds_columns
        for migration in pending(statements.table_migrations, version.table)
    )


def upgrade(session: UpgradeSession, statements: Statements, where: str) -> WarehouseIdentity:
    """Make what is missing and migrate what is older; within one transaction.

    Returns:
        Which warehouse it is now.

    Raises:
        WarehouseRefused: a newer program has changed it; nothing was done.
        WarehouseError: a statement failed; the caller rolls back.
    """
    there = session.tables()
    found = _identity(session, there)
    if found is not None:
        expect_known(found, statements.version, where)
    fresh = found is None and _is_fresh(there, statements)
    for table, statement in statements.tables().items():
        if table not in there:
            session.run(statement)
    if found is None:
        # what was made before versions were counted has the first one
        found = _made(statements.version if fresh else Version())
        session.run("warehouse/insert", **_row(found))
    if found.version != statements.version:
        found = _migrate(session, statements, found)
    return found


def advance(
    session: WarehouseSession, own: WarehouseIdentity, known: Version, where: str
) -> WarehouseIdentity:
    """Count one more transaction that writes, in the warehouse that was met at the start.

    Raises:
        WarehouseRefused: it was exchanged meanwhile, or a newer program has changed it.
    """
    try:
        found = found_identity(session)
    except (WarehouseBusy, WarehouseConflict):
        raise
    except WarehouseError:
        found = None  # not even the table is there any more
    if found is not None:
        expect_known(found, known, where)
    if (
        found is None
        or found.warehouse_id != own.warehouse_id
        or found.generation < own.generation
        or found.version != known
    ):
        raise WarehouseRefused(
            f"the warehouse {where} was exchanged while this program ran: start it again, so that "
            "it looks at what lies there now. Nothing was changed."
        )
    session.run("warehouse/advance")
    return replace(found, generation=found.generation + 1)


def _migrate(
    session: UpgradeSession, statements: Statements, found: WarehouseIdentity
) -> WarehouseIdentity:
    for migration in _pending(statements, found.version):
        crash_point(f"migration.{migration.name}.before")
        for statement in migration.statements:
            _apply(session, statement, migration.name)
        fill = FILLINGS.get(migration.name)
        if fill:
            fill(session)
        crash_point(f"migration.{migration.name}.after")
    now = replace(found, version=statements.version, program_version=program_version())
    row = _row(now)
    names = ("schema_version", "table_version", "program_version")
    session.run("warehouse/set_version", **{name: row[name] for name in names})
    return now


def _apply(session: UpgradeSession, statement: str, name: str) -> None:
    """Execute one statement; a column that is there already was made with its table just now."""
    added = added_column(statement)
    if added and added.column in {column.name for column in session.columns(added.table)}:
        return
    session.run_text(statement, name=f"migrations/{name}.sql")


def _pending(statements: Statements, version: Version) -> list[Migration]:
    common = pending(statements.migrations, version.schema)
    return [*common, *pending(statements.table_migrations, version.table)]


def _identity(session: WarehouseSession, there: Collection[str]) -> WarehouseIdentity | None:
    return found_identity(session) if IDENTITY_TABLE in there else None


def _is_fresh(there: Collection[str], statements: Statements) -> bool:
    """Whether nothing of it was made before, the lock of whoever makes it apart."""
    return not {_LEDGER_TABLE, statements.dataset.table} & set(there)


def _made(version: Version) -> WarehouseIdentity:
    return WarehouseIdentity(
        warehouse_id=uuid.uuid4().hex,
        version=version,
        generation=0,
        program_version=program_version(),
        made_at=datetime.now(UTC),
    )


def _row(identity: WarehouseIdentity) -> dict[str, object]:
    return {
        "warehouse_id": identity.warehouse_id,
        "schema_version": identity.version.schema,
        "table_version": identity.version.table,
        "generation": identity.generation,
        "program_version": identity.program_version,
        "made_at": to_stored_time(identity.made_at),
    }
