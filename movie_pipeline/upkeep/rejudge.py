"""Rejudge: files of history judged again by another ruleset, as if it had judged them then.

A file is changed in one transaction, and then says by which ruleset it was judged: so whatever is
killed, the same request goes on with the files that are left.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from movie_pipeline.crash_points import crash_point
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.errors import (
    DecisionError,
    StorageError,
    StoredFileMissing,
    UnreadableFile,
)
from movie_pipeline.ledger import ledger, outbox, set_apart
from movie_pipeline.ledger.closed_entries import closed
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.earlier_files import FILES_LOOKED_AT, EarlierFiles
from movie_pipeline.ledger.file_summary import Retraction
from movie_pipeline.ledger.ledger import FileState, Ledger, LedgerEntry
from movie_pipeline.ledger.notices import build_notices
from movie_pipeline.quarantine.quarantine_record import quarantine_id, record_number_of
from movie_pipeline.steps.archive import archive
from movie_pipeline.steps.held_again import close_held
from movie_pipeline.steps.read import ReadFile, read_again
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline.storage.part_list import reading_joined
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.stored_values import to_stored_time
from movie_pipeline.upkeep.coming_back import (
    ComingBack,
    Needed,
    clear_leftovers,
    coming_back,
    insert_rows,
    load_rows,
)
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.retract import (
    PrepareAgain,
    Wish,
    change,
    delete_rows,
    family,
    file_to_change,
    lift_counts,
)
from movie_pipeline.upkeep.rows import RowsNotTold, fetch_original, settings_then
from movie_pipeline.warehouse.view_refreshes import mark_stale
from movie_pipeline.warehouse.warehouse_port import WarehouseSession

AT_ONCE = 100
"""Files after which their records are kept, and after which a run of the job ends by default."""
_MOST_TIMES = 5


class _JudgeAgain(Exception):
    """A replay was loaded meanwhile that took records of the file."""


@dataclass(frozen=True)
class Rejudged:
    """What became, or would become, of one file.

    Attributes:
        file: its name, printable.
        file_id: of the entry that was judged again.
        new_file_id: of the entry that counts instead; empty where there is none.
        state_before, state: what was and is decided.
        loaded_to_apart: records that were good, and are set apart or held now.
        apart_to_loaded: records that were set apart or held, and are good now.
        rows_loaded: its rows in the table; None where nothing was loaded, as it was only asked.
        problem: why it was left as it is; empty as a rule.
    """

    file: str
    file_id: str
    new_file_id: str = ""
    state_before: str = ""
    state: str = ""
    loaded_to_apart: int = 0
    apart_to_loaded: int = 0
    rows_loaded: int | None = None
    problem: str = ""


@dataclass(frozen=True)
class _Judged:
    """A file judged again, and published unless it was only asked."""

    decided: DecidedFile
    resolved: frozenset[int]
    loaded_to_apart: int
    apart_to_loaded: int


def to_judge(parts: Parts, ruleset: Ruleset, *, source: str = "", name: str = "") -> list[str]:
    """The file_ids that a request is about and that another ruleset judged, oldest first.

    Args:
        parts: the world.
        ruleset: the one to judge by.
        source: only files of this source.
        name: only this file.

    Raises:
        DecisionError: there is no such file.
    """
    wanted = file_to_change(parts.warehouse, name).file_id if name else ""
    with parts.warehouse.reading() as session:
        rows = session.fetch("rejudge/to_judge", ruleset_sha256=ruleset.sha256)
    ids = [row["file_id"] for row in rows if wanted in {"", row["file_id"]}]
    if not source:
        return ids
    found: list[str] = []
    for start in range(0, len(ids), 500):
        piece = ids[start : start + 500]
        entries = Ledger(parts.warehouse).known(piece)
        found += [each for each in piece if entries[each].summary.source == source]
    return found


def rejudge(  # noqa: PLR0913 - what is judged, by what, and for whom
    parts: Parts,
    file_ids: Sequence[str],
    ruleset: Ruleset,
    wish: Wish,
    *,
    dry_run: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Rejudged]:
    """Judge files again, one after the other; told as it goes.

    A file that cannot be judged again is left as it is, and told.

    Raises:
        WarehouseError: this file was not changed, as far as is known; ask again.
    """
    if not dry_run:
        # what lies in landing cannot be told from its version when that has another name
        archive(parts.storage, parts.warehouse, Ledger(parts.warehouse).unarchived())
        clear_leftovers(parts)
    for file_id in file_ids:
        entry = Ledger(parts.warehouse).known([file_id])[file_id]
        if entry.state.is_closed:
            continue
        try:
            yield _rejudged(parts, entry, ruleset, wish, now, dry_run=dry_run)
        except (RowsNotTold, UnreadableFile, StorageError, DecisionError) as error:
            yield Rejudged(
                entry.shown_name, file_id, state_before=str(entry.state), problem=str(error)
            )


def _rejudged(  # noqa: PLR0913 - what is judged, by what, and for whom
    parts: Parts,
    entry: LedgerEntry,
    ruleset: Ruleset,
    wish: Wish,
    now: Callable[[], datetime],
    *,
    dry_run: bool,
) -> Rejudged:
    if entry.archived_at is None and not dry_run:
        raise DecisionError("it is not out of landing yet: `movie-pipeline reconcile` moves it.")
    for _ in range(_MOST_TIMES):
        with _judged_again(parts, entry, ruleset, publish=not dry_run) as judged:
            crash_point("rejudge.published")
            told = Rejudged(
                entry.shown_name,
                entry.file_id,
                state_before=str(entry.state),
                state=str(judged.decided.state),
                loaded_to_apart=judged.loaded_to_apart,
                apart_to_loaded=judged.apart_to_loaded,
            )
            if dry_run:
                return told
            try:
                loaded = _exchange(parts, entry, judged, wish, now())
            except _JudgeAgain:
                continue
        crash_point("rejudge.committed")
        return replace(told, new_file_id=judged.decided.file_id, rows_loaded=loaded)
    raise DecisionError("its records are replayed faster than it is judged; ask again later.")


# --- judging -------------------------------------------------------------------------------------


@contextmanager
def _judged_again(
    parts: Parts, entry: LedgerEntry, ruleset: Ruleset, *, publish: bool
) -> Generator[_Judged]:
    landed = replace(entry.landed, version=f"{entry.version}#{ruleset.sha256[:12]}")
    work = WorkFolder.at(work_root(parts.settings), f"rejudge-{entry.file_id}")
    try:
        folder = work.of_file(landed.file_id)
        fetch_original(parts.storage, entry, folder.source)
        resolved = _resolved(parts, entry)
        with settings_then(entry, parts.storage, parts.settings) as then:
            declared = read_sources(then.reading.sources, parts.dataset)
            staged = read_again(folder.source, entry, None, then, parts.dataset, declared)
            file = ReadFile(landed=landed, content_sha256=entry.content_sha256, staged=staged)
            [decided] = screen_batch(
                [file],
                work,
                parts.storage if publish else Unpublished.over(parts.storage),
                ruleset,
                then,
                parts.dataset,
                earlier=_earlier(parts, entry),
                now=entry.committed_at,
                leave_out={landed.file_id: resolved},
            )
        before = _apart(parts.storage, entry) - resolved
        after: frozenset[int] = frozenset()
        if decided.quarantine_name:
            # where it was published, a store may have taken it from here
            there = parts.storage.reading(Area.QUARANTINE, decided.quarantine_name)
            here = nullcontext(folder.quarantine) if folder.quarantine.exists() else there
            with here as path, path.open("rb") as lines:
                after = frozenset(map(record_number_of, lines)) - resolved
        yield _Judged(decided, resolved, len(after - before), len(before - after))
    finally:
        work.remove()


def _resolved(parts: Parts, entry: LedgerEntry) -> frozenset[int]:
    """The records of which a replay counts: they do not load again as they were."""
    with parts.warehouse.reading() as session:
        return _resolved_now(session, entry.file_id)


def _resolved_now(session: WarehouseSession, file_id: str) -> frozenset[int]:
    rows = session.fetch("rejudge/resolutions", file_id=file_id)
    return frozenset(int(row["record_number"]) for row in rows)


def _earlier(parts: Parts, entry: LedgerEntry) -> EarlierFiles:
    """What was known when the file was first decided, as it is judged by now."""
    with parts.warehouse.reading() as session:
        rows = session.fetch(
            "rejudge/earlier",
            before=to_stored_time(entry.committed_at),
            limit=FILES_LOOKED_AT,
        )
        entries = ledger.known(session, [row["file_id"] for row in rows])
    return EarlierFiles.of(entries[row["file_id"]] for row in rows)


def _apart(storage: Storage, entry: LedgerEntry) -> frozenset[int]:
    """The records of the file that were set apart or held."""
    if not entry.quarantine_name:
        return frozenset()
    try:
        with (
            reading_joined(storage, Area.QUARANTINE, entry.quarantine_name) as path,
            path.open("rb") as lines,
        ):
            return frozenset(map(record_number_of, lines))
    except StoredFileMissing:
        raise DecisionError(
            f"its records set apart are not at "
            f"{storage.uri(Area.QUARANTINE, entry.quarantine_name)}: put them back, else it cannot "
            "be told what changes."
        ) from None


class Unpublished:
    """A store into which nothing is put, as it is only asked what would be."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @classmethod
    def over(cls, storage: Storage) -> Storage:
        """The same store, but for what would be written."""
        return cast("Storage", cls(storage))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self._storage, name)

    def put(self, *_: object) -> str:
        """Put nothing."""
        return ""

    def put_all(self, *_: object) -> None:
        """Put nothing."""


# --- the exchange --------------------------------------------------------------------------------


def _exchange(
    parts: Parts, entry: LedgerEntry, judged: _Judged, wish: Wish, moment: datetime
) -> int:
    """Let the new judgement count instead of the old one; return its rows in the table."""
    loaded: list[int] = []
    new_id = judged.decided.file_id

    def work(session: WarehouseSession, ready: ComingBack) -> None:
        crash_point("rejudge.locked")
        loaded[:] = [_exchanged(session, ready, entry.file_id, judged, wish, moment)]
        crash_point("rejudge.before_commit")

    def is_done() -> bool:
        return new_id in Ledger(parts.warehouse).known([new_id])

    with coming_back(parts, entry.file_id) as ready:
        change(parts, lambda _: [entry.file_id], ready, work, is_done)
    return loaded[0]


def _exchanged(  # noqa: PLR0913, PLR0917 - what goes, what comes, and why
    session: WarehouseSession,
    ready: ComingBack,
    file_id: str,
    judged: _Judged,
    wish: Wish,
    moment: datetime,
) -> int:
    decided = judged.decided
    entries = family(session, file_id)
    old = entries[file_id]
    if old.state.is_closed:
        known = ledger.known(session, [decided.file_id]).get(decided.file_id)
        return known.rows_loaded if known else 0
    if _resolved_now(session, file_id) != judged.resolved:
        raise _JudgeAgain
    needed = Needed.of(session, [file_id])
    if not ready.covers(needed):
        raise PrepareAgain
    delete_rows(session, [file_id])
    names, counts = ready.names(needed), ready.counts(needed)
    if decided.rows_good and decided.output_name:
        names[decided.file_id] = decided.output_name
        counts[decided.file_id] = decided.rows_good
    came, repeated = load_rows(session, names, counts)
    new = _new_entry(old, decided, came.pop(decided.file_id, 0), wish, moment)
    new = replace(
        new,
        summary=msgspec.structs.replace(new.summary, repeated=repeated.get(decided.file_id, 0)),
    )
    ledger.insert(session, [new])
    set_apart.write(session, [decided])
    if names:
        insert_rows(session)
    crash_point("rejudge.rows_exchanged")
    ledger.rewrite(session, [_closed(old, new, wish, moment)])
    lift_counts(session, came, f"{old.shown_name} was judged again on {moment:%Y-%m-%d}")
    _carry_over(session, entries, old, new)
    close_held(session, [new], moment)
    outbox.insert(session, build_notices([new], digest_files=0), moment)
    mark_stale(session)
    return new.rows_loaded


def _new_entry(
    old: LedgerEntry, decided: DecidedFile, rows_loaded: int, wish: Wish, moment: datetime
) -> LedgerEntry:
    """The entry of the new judgement; the file lies where it lay, and was decided when it was."""
    note = (
        f"judged again on {moment:%Y-%m-%d} for {wish.by}: {wish.why}; before, it was {old.state} "
        f"as file {old.file_id}"
    )
    return LedgerEntry(
        file_id=decided.file_id,
        store=decided.landed.store,
        key=decided.landed.key,
        version=decided.landed.version,
        size=decided.landed.size,
        content_sha256=decided.content_sha256,
        file_version=old.file_version,
        batch_id=f"rejudge-{decided.ruleset_sha256[:12]}",
        run_id=f"rejudge-{moment:%Y%m%dT%H%M%S}",
        attempt=1,
        ruleset_sha256=decided.ruleset_sha256,
        state=decided.state,
        rows_in=decided.rows_in,
        rows_loaded=rows_loaded,
        rows_quarantined=decided.rows_quarantined,
        rows_superseded=decided.rows_good - rows_loaded,
        rows_held=decided.rows_held,
        output_name=decided.output_name,
        quarantine_name=decided.quarantine_name,
        reason=decided.reason,
        summary=msgspec.structs.replace(decided.summary, notes=(note, *decided.summary.notes)),
        committed_at=old.committed_at,
        history_name=old.history_name,
        archive_note=old.archive_note,
    )


def _closed(old: LedgerEntry, new: LedgerEntry, wish: Wish, moment: datetime) -> LedgerEntry:
    retraction = Retraction(
        by=wish.by,
        why=wish.why,
        at=moment.isoformat(timespec="seconds"),
        state="",
        judged_again_as=new.file_id,
    )
    reason = (
        f"judged again for {wish.by} on {moment:%Y-%m-%d}: {wish.why}; file {new.file_id} counts "
        "instead"
    )
    return closed(old, FileState.REJUDGED, retraction, reason)


def _carry_over(
    session: WarehouseSession,
    entries: dict[str, LedgerEntry],
    old: LedgerEntry,
    new: LedgerEntry,
) -> None:
    """What people replayed of the old entry's records holds for the new one's, by their numbers."""
    replays = [entry for each, entry in entries.items() if each != old.file_id]
    if not replays:
        return
    resolved = session.fetch("rejudge/resolutions", file_id=old.file_id)
    session.run("rejudge/delete_resolutions", file_id=old.file_id)
    rows = [
        {
            **row,
            "file_id": new.file_id,
            "quarantine_id": quarantine_id(new.file_id, int(row["record_number"])),
        }
        for row in resolved
    ]
    if rows:
        session.run_many("rejudge/insert_resolution", rows)
    moved = [_of_new(entry, old, new) for entry in replays]
    for told in (entry.summary.replay for entry in moved):
        if told is not None:
            session.run(
                "rejudge/move_replay",
                replay_id=told.replay_id,
                root_file_id=told.root_file_id,
                original_file_id=told.original_file_id,
            )
    ledger.rewrite(session, moved)


def _of_new(replay: LedgerEntry, old: LedgerEntry, new: LedgerEntry) -> LedgerEntry:
    """A replay's entry, which goes back to the new entry; its record is to be written again."""
    told = replay.summary.replay
    if told is None:
        return replay
    is_original = told.original_file_id == old.file_id
    moved = msgspec.structs.replace(
        told,
        root_file_id=new.file_id,
        original_file_id=new.file_id if is_original else told.original_file_id,
    )
    return replace(replay, summary=msgspec.structs.replace(replay.summary, replay=moved))
