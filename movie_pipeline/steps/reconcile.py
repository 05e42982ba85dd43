"""The reconciler: closes what a crash, a full disk or a silent channel left open after a commit.

Every part goes on where another fails, and all of it may be repeated at any time. Files without an
entry are the queue's matter, not this one's.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from movie_pipeline.alerts.alerts_port import Alerts, Events
from movie_pipeline.datasets.sources import Sources
from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.ledger import outbox
from movie_pipeline.ledger.decision_records import DecisionRecord, newest_decisions
from movie_pipeline.ledger.digests import WAITING_PREFIX, DigestTiming
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.ledger.notices import lost_notice
from movie_pipeline.steps import notify
from movie_pipeline.steps.archive import archive
from movie_pipeline.steps.arrivals import put_leftovers_away
from movie_pipeline.steps.left_in_landing import left_in_landing
from movie_pipeline.steps.tell_sender import Teller
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.stored_values import to_stored_time
from movie_pipeline.warehouse.warehouse_port import Warehouse

GRACE = timedelta(minutes=1)
"""What is younger may still be closed by the run that opened it."""
VIEWS_GRACE = timedelta(minutes=10)
"""Views may lack what was loaded later: while load follows load they are refreshed now and then."""


@dataclass(frozen=True)
class OpenWork:
    """What is still to be done for decided files.

    Attributes:
        unarchived: files whose entry stands, but which the ledger does not know out of landing.
        unsent: notices that wait in the outbox.
        stale_views: views that do not show what was loaded last.
        lost: files that were decided lately and that the ledger does not know, until it was told.
    """

    unarchived: int
    unsent: int
    stale_views: tuple[str, ...]
    lost: int = 0

    def __bool__(self) -> bool:
        return bool(self.unarchived or self.unsent or self.stale_views or self.lost)


@dataclass(frozen=True)
class ReconcileReport:
    """What the reconciler did.

    Attributes:
        archived: entries whose file was moved, or found at its place, and marked.
        not_found: entries whose file was gone or overwritten, and which are marked so.
        notices_sent: notices that were handed over.
        refreshed: views that were brought up to date.
        left_in_landing: files that nothing will ever take, a sentence each.
        untold: reports for senders that could not be made, a sentence each.
        problems: what did not work, a sentence each; the next time tries again.
    """

    archived: tuple[LedgerEntry, ...] = ()
    not_found: tuple[LedgerEntry, ...] = ()
    notices_sent: int = 0
    refreshed: tuple[str, ...] = ()
    left_in_landing: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def open_work(  # noqa: PLR0913 - the same parts
    warehouse: Warehouse,
    *,
    older_than: timedelta = GRACE,
    views_older_than: timedelta = VIEWS_GRACE,
    timing: DigestTiming | None = None,
    now: datetime | None = None,
    storage: Storage | None = None,
) -> OpenWork:
    """A cheap look at what is open for longer than that; the digests of batches may wait longer.

    With a store, the newest decisions that are kept beside history are looked for in the ledger.

    Raises:
        WarehouseError: the warehouse could not be asked.
    """
    warehouse.prepare()  # which warehouse lies there is looked at anew, time and again
    now = now or datetime.now(UTC)
    before = now - older_than
    longest = timedelta(seconds=(timing or DigestTiming()).longest_seconds)
    with warehouse.reading() as session:
        stored = to_stored_time(before)
        files = session.fetch("ledger/unarchived_count", before=stored)[0]["files"]
        notices = session.fetch(
            "outbox/unsent_count",
            before=stored,
            waiting=f"{WAITING_PREFIX}%",
            digests_before=to_stored_time(before - longest),
        )[0]["notices"]
    stale = warehouse.stale_views(before=now - views_older_than)
    lost = lost_files(storage, warehouse, now) if storage else []
    if lost and _is_told(warehouse, lost):
        lost = []
    return OpenWork(int(files), int(notices), tuple(stale), len(lost))


def lost_files(storage: Storage, warehouse: Warehouse, now: datetime) -> list[DecisionRecord]:
    """Of the files that were decided last, as is kept beside history, those without an entry."""
    newest = newest_decisions(storage, now)
    known = Ledger(warehouse).known(record.file_id for record in newest)
    return [record for record in newest if record.file_id not in known]


def _is_told(warehouse: Warehouse, lost: Sequence[DecisionRecord]) -> bool:
    with warehouse.reading() as session:
        return bool(session.fetch("outbox/by_id", id=lost_notice(lost).id))


def reconcile(  # noqa: PLR0913 - the parts of one world
    storage: Storage,
    warehouse: Warehouse,
    alerts: Alerts,
    events: Events,
    *,
    older_than: timedelta = timedelta(),
    views_older_than: timedelta = timedelta(),
    timing: DigestTiming | None = None,
    sources: Sources | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    teller: Teller | None = None,
) -> ReconcileReport:
    """Tell senders, archive what is decided, refresh stale views, send what waits; safe to repeat.

    Args:
        storage: where the files lie.
        warehouse: where ledger, outbox and views are.
        alerts: where notices go.
        events: where events go.
        older_than: what was decided later than so long ago is left alone.
        views_older_than: views that lack only what was loaded later are left alone.
        timing: how long the digests of batches wait for each other; not at all by default.
        sources: what is declared of who sends files; markers of decided ones are put away.
        now: the clock.
        teller: makes the reports that a crash left unmade; without it none are made.
    """
    before = now() - older_than
    problems: list[str] = []
    untold: list[str] = []
    archived: list[LedgerEntry] = []
    not_found: list[LedgerEntry] = []
    with _noting(problems, "files could not be archived"):
        waiting = [
            entry for entry in Ledger(warehouse).unarchived() if entry.committed_at <= before
        ]
        if teller is not None:
            untold += teller.tell(waiting).failed.values()
        report = archive(storage, warehouse, waiting, now=now)
        archived, not_found = report.archived, report.not_found
        problems += [f"file {file_id}: {problem}" for file_id, problem in report.failed.items()]
    with _noting(problems, "markers of decided files could not be put away"):
        put_leftovers_away(storage, sources or Sources(), Ledger(warehouse))
    left: list[str] = []
    with _noting(problems, "landing could not be held against the ledger"):
        left = left_in_landing(storage, Ledger(warehouse))
    refreshed: list[str] = []
    stale: list[str] = []
    with _noting(problems, "stale views could not be looked for"):
        stale = warehouse.stale_views(before=now() - views_older_than)
    for view in stale:
        with _noting(problems, f"{view} could not be refreshed"):
            warehouse.refresh(view)
            refreshed.append(view)
    with _noting(problems, "it could not be seen whether decided files are missing"):
        lost = lost_files(storage, warehouse, now())
        if lost:
            notice = lost_notice(lost)
            outbox.post(warehouse, notice)
            problems.append(notice.text.replace("\n", " "))
    sent = 0
    with _noting(problems, "notices could not be sent"):
        sent = notify.drain(warehouse, alerts, events, timing, now=now)
    return ReconcileReport(
        tuple(archived),
        tuple(not_found),
        sent,
        tuple(refreshed),
        left_in_landing=tuple(left),
        untold=tuple(untold),
        problems=tuple(problems),
    )


@contextmanager
def _noting(problems: list[str], what: str) -> Generator[None]:
    try:
        yield
    except MoviePipelineError as error:
        problems.append(f"{what}: {error}")
