"""Rebuild: table, ledger, replays and resolutions made anew beside the present ones, and swapped.

Made of what is kept beside history alone. The outbox stays as it is: nothing is told twice.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import (
    WarehouseBusy,
    WarehouseConflict,
    WarehouseError,
    WarehouseLost,
    WarehouseRefused,
)
from movie_pipeline.ledger.decision_records import (
    Kept,
    decisions,
    find_decisions,
    kept_replays,
    write_decisions,
)
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.steps.archive import archive
from movie_pipeline.steps.keep_decisions import keep_decided
from movie_pipeline.upkeep.aside import alone, history_aside
from movie_pipeline.upkeep.catch_up import AT_ONCE, CaughtUp, add_replays, catch_up
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.warehouse.transactions import transact
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession

KINDS = (
    "rows",
    "entries",
    "reason_counts",
    "summary_parts",
    "replays",
    "resolutions",
    "set_apart",
)
"""What is compared and swapped, each by statements of its name."""


@dataclass(frozen=True)
class Difference:
    """Something that stands on one side alone.

    Attributes:
        what: one of KINDS.
        file_id: of which file.
        here: how many stand here alone.
        rebuilt: how many were made anew alone.
    """

    what: str
    file_id: str
    here: int
    rebuilt: int

    def sentence(self) -> str:
        """It in words."""
        what = self.what.replace("_", " ")
        return (
            f"file {self.file_id}: {self.here:,} {what} stand in the warehouse alone, "
            f"{self.rebuilt:,} in what was made anew alone"
        )


@dataclass
class RebuildReport:
    """What a rebuild did.

    Attributes:
        caught_up: what was made anew, and what could not be.
        differences: between what stood there and what was made anew.
        swapped: whether what was made anew took its place.
        kept: where what stood there before is kept, if it is.
    """

    caught_up: CaughtUp
    differences: list[Difference] = field(default_factory=list[Difference])
    swapped: bool = False
    kept: Path | None = None


def rebuild(parts: Parts, *, dry_run: bool = False, anyway: bool = False) -> RebuildReport:
    """Make the warehouse anew; loads may go on meanwhile.

    Args:
        parts: the world.
        dry_run: only make it beside, compare, and drop it again.
        anyway: swap even where files had to be left out; else nothing is swapped then.

    Raises:
        WarehouseError: the warehouse failed; what stands there is as it was.
    """
    with alone(parts):
        kept = _made_readable(parts, dry_run=dry_run)
        if dry_run:
            return RebuildReport(*compared_beside(parts))
        keep_what_is_not_kept(parts)
        report = _made_and_swapped(parts, kept, anyway=anyway)
    if report.swapped:
        for view in parts.dataset.view_names:
            parts.warehouse.refresh(view)
    return report


def _made_and_swapped(parts: Parts, kept: Path | None, *, anyway: bool) -> RebuildReport:
    beside = parts.warehouse.beside()
    try:
        report = _made_beside(parts, beside)
        report.kept = kept
        report.differences = compared(parts.warehouse)
        crash_point("rebuild.compared")
        if anyway or not report.caught_up.problems:
            if report.differences and not parts.warehouse.keeps_snapshots:
                report.kept = report.kept or _copy_aside(parts)
            _swap(parts, beside, report)
    finally:
        parts.warehouse.drop_beside()
    return report


def is_readable(warehouse: Warehouse) -> bool:
    """Whether the ledger and the table answer.

    Raises:
        WarehouseBusy: it could not be asked now.
        WarehouseRefused: it is not one that this program may write.
    """
    try:
        warehouse.prepare()
        Ledger(warehouse).totals()
        with warehouse.reading() as session:
            session.fetch("checks/duplicate_keys")
    except (WarehouseBusy, WarehouseConflict, WarehouseRefused):
        raise
    except WarehouseError:
        return False
    return True


def _made_readable(parts: Parts, *, dry_run: bool) -> Path | None:
    """See to it that there is a warehouse to be compared with.

    One that is gone or older than what was decided is taken as it is, one that is damaged is put
    aside for an empty one.

    Returns:
        Where a damaged one is kept.
    """
    try:
        if is_readable(parts.warehouse):
            return None
    except WarehouseLost:
        if dry_run:
            raise
        parts.warehouse.adopt()
        if is_readable(parts.warehouse):
            return None
    if dry_run:
        raise WarehouseError(
            "the warehouse cannot be read: there is nothing to compare with. Leave --dry-run out "
            "to make it anew; the present file is kept."
        )
    aside = parts.warehouse.put_aside()
    parts.warehouse.adopt()
    return aside


def keep_what_is_not_kept(parts: Parts) -> None:
    """Write the records that are missing, such as those of homes of earlier versions."""
    archive(parts.storage, parts.warehouse, Ledger(parts.warehouse).unarchived())
    keep_records(parts, _not_kept(parts))


def _not_kept(parts: Parts) -> list[str]:
    """The files in the ledger that have no record."""
    kept = find_decisions(parts.storage)
    with parts.warehouse.reading() as session:
        ids = [row["file_id"] for row in session.fetch("rebuild/file_ids")]
    return [file_id for file_id in ids if file_id not in kept.places]


def keep_records(parts: Parts, file_ids: list[str]) -> list[str]:
    """Write the records of these entries from the ledger; return the names of their files."""
    left = iter(file_ids)
    names: list[str] = []
    while some := list(islice(left, AT_ONCE)):
        entries = Ledger(parts.warehouse).known(some)
        records = keep_decided(parts.storage, parts.warehouse, list(entries.values()))
        names.append(write_decisions(parts.storage, records))
        crash_point("repair.records_kept")
    return names


def compared_beside(parts: Parts) -> tuple[CaughtUp, list[Difference]]:
    """What would be made anew, and how it differs; nothing stays of it.

    Files wait where they wait: records that are not kept yet are written aside, and read there.
    The caller is `alone`.
    """
    with history_aside(parts) as aside:
        waiting = {entry.file_id for entry in Ledger(parts.warehouse).unarchived()}
        keep_records(aside, sorted({*_not_kept(aside), *waiting}))
        beside = parts.warehouse.beside()
        try:
            caught_up = _made_beside(aside, beside).caught_up
            return caught_up, compared(parts.warehouse)
        finally:
            parts.warehouse.drop_beside()


def compared(warehouse: Warehouse) -> list[Difference]:
    """What differs between the warehouse and what was made anew beside it."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    with warehouse.reading() as session:
        for kind in KINDS:
            for row in session.fetch(f"rebuild/differing_{kind}"):
                sides = found.setdefault((kind, row["file_id"]), {})
                sides[row["side"]] = int(row["row_count"])
    return [
        Difference(kind, file_id, sides.get("here", 0), sides.get("rebuilt", 0))
        for (kind, file_id), sides in found.items()
    ]


def _made_beside(parts: Parts, beside: Warehouse) -> RebuildReport:
    beside.prepare()  # compared with, even where nothing is kept
    kept: Kept = find_decisions(parts.storage)
    add_replays(beside, kept_replays(parts.storage, kept.problems))
    caught_up = catch_up(parts, beside, decisions(parts.storage, kept))
    caught_up.problems.update(
        {
            name: f"{name} in history is damaged: {problem}. `movie-pipeline verify --repair` "
            "writes it again from the ledger, where that is whole."
            for name, problem in kept.problems.items()
        }
    )
    return RebuildReport(caught_up)


def _copy_aside(parts: Parts) -> Path:
    now = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    to = parts.settings.home.absolute() / f"warehouse.before-rebuild-{now}.duckdb"
    parts.warehouse.back_up(to)
    return to


class _DecidedMeanwhile(Exception):
    """Files were decided while the warehouse was made anew."""


def _swap(parts: Parts, beside: Warehouse, report: RebuildReport) -> None:
    """Put what was made anew in the place of what stands there, in one transaction."""

    def work(session: WarehouseSession) -> None:
        if session.fetch("rebuild/not_rebuilt"):
            raise _DecidedMeanwhile
        for kind in KINDS:
            session.run(f"rebuild/clear_{kind}")
            session.run(f"rebuild/fill_{kind}")
        session.run("rebuild/clear_refreshes")

    while True:
        try:
            transact(parts.warehouse, work)
        except _DecidedMeanwhile:
            left_out = _bring_in_what_came(parts, beside, report)
            if left_out:
                return
        else:
            report.swapped = True
            return


def _bring_in_what_came(parts: Parts, beside: Warehouse, report: RebuildReport) -> bool:
    """Whether something that was decided meanwhile could not be made anew as well."""
    with parts.warehouse.reading() as session:
        ids = [row["file_id"] for row in session.fetch("rebuild/not_rebuilt")]
    entries = Ledger(parts.warehouse).known(ids)
    records = keep_decided(parts.storage, parts.warehouse, list(entries.values()))
    came = catch_up(parts, beside, records)
    report.caught_up.files += came.files
    report.caught_up.rows += came.rows
    report.caught_up.problems.update(came.problems)
    return bool(came.problems)
