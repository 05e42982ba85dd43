"""From a request to drafts: which records of which files are replayed, with what in their cells.

Everything that can be refused is refused here, before anything is done.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Self

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.errors import ReplayError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.ledger import FileState, Ledger, LedgerEntry
from movie_pipeline.quarantine.quarantine_record import INTAKE_RULE, quarantine_id_of, read_records
from movie_pipeline.replay.corrected_cells import (
    Change,
    Columns,
    can_be_told_apart,
    cells_of,
    corrected,
)
from movie_pipeline.replay.corrections import Correction, Corrections, read_corrections
from movie_pipeline.replay.record_condition import Condition
from movie_pipeline.replay.replay_draft import Draft, DraftWriter
from movie_pipeline.replay.replay_request import ReplayRequest
from movie_pipeline.replay.replayable_records import (
    KeptRecord,
    pieces_of,
    quarantined_files,
    replayed_records,
    whole_quarantine,
)
from movie_pipeline.storage.part_list import reading_joined
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.stored_values import TEXT_BYTES
from movie_pipeline.tabular import map_header, printable
from movie_pipeline.warehouse.warehouse_port import Warehouse


@dataclass(frozen=True)
class Plan:
    """What a request comes to.

    Attributes:
        drafts: the replays to ask for, those of the oldest file first.
        left_open: records that were asked for, but whose cells cannot be told apart.
        superseded: records that were asked for, but of which a later row stands in the table.
        done: ids of earlier replays that did just what is asked for.
        gone: a sentence for each file whose records are no longer in quarantine as they were.
    """

    drafts: tuple[Draft, ...] = ()
    left_open: int = 0
    superseded: int = 0
    done: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def plan_replays(
    request: ReplayRequest,
    storage: Storage,
    warehouse: Warehouse,
    dataset: Dataset,
    folder: Path,
) -> Plan:
    """Choose the records and write the drafts.

    Args:
        request: what is asked for.
        storage: where the quarantine is.
        warehouse: where the ledger is, and what became of records.
        dataset: what the records are of.
        folder: where the drafts go.

    Raises:
        ReplayError: it cannot be done as asked; nothing was done.
        RulesetError: the ruleset is none.
    """
    with ExitStack() as stack:
        condition = (
            stack.enter_context(Condition(request.where, dataset)) if request.where else None
        )
        corrections = read_corrections(request.corrections) if request.corrections else None
        planner = _Planner(
            request,
            storage,
            warehouse,
            dataset,
            folder,
            condition,
            corrections,
            _ruleset_text(request),
        )
        return planner.plan()


def _ruleset_text(request: ReplayRequest) -> str | None:
    if request.ruleset is None:
        return None
    text = read_ruleset(request.ruleset).text
    if len(text.encode()) > TEXT_BYTES:
        raise ReplayError(
            f"the ruleset {request.ruleset} has {len(text.encode()):,} bytes, more than the "
            f"{TEXT_BYTES:,} that are kept with a replay: take the rules out that it does not need."
        )
    return text


@dataclass
class _Seen:
    """What was met of the corrections so far."""

    ids: set[str] = field(default_factory=set[str])
    resolved: list[tuple[Correction, KeptRecord]] = field(
        default_factory=list[tuple[Correction, KeptRecord]]
    )
    gone: dict[str, None] = field(default_factory=dict[str, None])

    def tell_gone(self, sentence: str) -> None:
        """Note that the records of a file are gone, once."""
        self.gone[sentence] = None


@dataclass(frozen=True)
class _Planner:
    request: ReplayRequest
    storage: Storage
    warehouse: Warehouse
    dataset: Dataset
    folder: Path
    condition: Condition | None
    corrections: Corrections | None
    ruleset: str | None
    when: datetime = field(default_factory=lambda: datetime.now(UTC))
    seen: _Seen = field(default_factory=_Seen)

    def plan(self) -> Plan:
        drafts: list[Draft] = []
        left_open = superseded = 0
        for entry in self._entries():
            with _DraftOf(self, entry) as chosen:
                draft = chosen.draft()
            left_open += chosen.left_open
            superseded += chosen.superseded
            if draft is not None:
                drafts.append(draft)
        done = self._refuse_strangers()
        if self.request.accept and not drafts and not done:
            raise ReplayError(
                "none of the records asked for is held: an acceptance is for held files. "
                "Leave it out to replay quarantined records. Nothing was replayed."
            )
        return Plan(tuple(drafts), left_open, superseded, done, tuple(self.seen.gone))

    # --- which files ---------------------------------------------------------------------------

    def _entries(self) -> Iterator[LedgerEntry]:
        """The files whose quarantine is looked at, the oldest first."""
        name = self.request.file or None
        if name is not None:
            self._refuse_without_records(Ledger(self.warehouse).of_file(name))
        for entry in quarantined_files(self.warehouse, name, oldest_first=True):
            if self.request.accept and entry.state is not FileState.HELD:
                continue
            if self._is_concerned(entry):
                yield entry

    def _is_concerned(self, entry: LedgerEntry) -> bool:
        """Whether a record of the file is corrected, where corrections say what is replayed."""
        named = bool(entry.summary.mapping)
        if self.corrections is None and named:
            return True
        with whole_quarantine(self.storage, entry, self.seen.tell_gone) as path:
            if path is None:
                return False
            if self.corrections is None:
                return True
            wanted = self.corrections.by_record.keys()
            with path.open("rb") as lines:
                return any(quarantine_id_of(line) in wanted for line in lines)

    def _refuse_without_records(self, entries: Sequence[LedgerEntry]) -> None:
        shown = printable_name(self.request.file)
        if not entries:
            raise ReplayError(
                f"no file {shown} is in the ledger: `movie-pipeline status` lists the files. "
                "Nothing was replayed."
            )
        rejected = [entry for entry in entries if entry.state is FileState.REJECTED]
        if rejected and not any(entry.quarantine_name for entry in entries):
            raise ReplayError(
                f"{shown} was rejected: it could not be read as records, so there are none to "
                "replay. It is kept whole in the quarantine area under files/: correct it, and "
                "land it again. Nothing was replayed."
            )

    # --- corrections ---------------------------------------------------------------------------

    def _refuse_strangers(self) -> tuple[str, ...]:
        """Refuse corrections of records that are not there, or resolved; tell repeated ones."""
        if self.corrections is None:
            return ()
        for quarantine_id, lines in self.corrections.by_record.items():
            if quarantine_id not in self.seen.ids:
                raise self.corrections.refusal(
                    lines[0],
                    "no record that is asked for has this quarantine_id. `movie-pipeline "
                    "quarantine` shows the records with their ids.",
                )
        done = self._done_before()
        for correction, record in self.seen.resolved:
            resolution = record.resolution
            assert resolution is not None  # noqa: S101 - that is why it is in the list
            if resolution.replay_id not in done:
                raise self.corrections.refusal(
                    correction,
                    f"the record is resolved already: {resolution.outcome}, by the replay "
                    f"{resolution.replay_id} in run {resolution.run_id}. Take the line out.",
                )
        return done

    def _done_before(self) -> tuple[str, ...]:
        """Replays that made just these corrections: the command was given again."""
        assert self.corrections is not None  # noqa: S101 - asked only where there are some
        replays: dict[str, set[str]] = {}
        for _, record in self.seen.resolved:
            if record.resolution is not None:
                made = replays.setdefault(record.resolution.replay_id, set())
                made.add(record.quarantine_id)
        return tuple(
            replay_id for replay_id, ids in replays.items() if self._is_the_same(replay_id, ids)
        )

    def _is_the_same(self, replay_id: str, ids: set[str]) -> bool:
        assert self.corrections is not None  # noqa: S101 - asked only where there are some
        made = {
            record["quarantine_id"]: sorted(
                change["to"] for change in record["corrections"].values()
            )
            for record in replayed_records(self.storage, replay_id)
            if record["corrections"]
        }
        asked = {
            quarantine_id: sorted(line.value for line in self.corrections.by_record[quarantine_id])
            for quarantine_id in ids
        }
        return made == asked


class _DraftOf:
    """The draft of one file's records."""

    def __init__(self, planner: _Planner, entry: LedgerEntry) -> None:
        self._planner = planner
        self._entry = entry
        self._corrections = planner.corrections
        self._columns = Columns.of(entry) or self._columns_of_records()
        self._writer: DraftWriter | None = None
        self._passed_over = 0
        self.left_open = 0
        self.superseded = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    @property
    def _whole(self) -> bool:
        """Whether all that is open of the file goes together."""
        return self._entry.state is FileState.HELD

    def draft(self) -> Draft | None:
        """Choose the records, and write them."""
        planner = self._planner
        for piece in pieces_of(
            planner.storage, planner.warehouse, self._entry, planner.seen.tell_gone
        ):
            for record, lines in self._chosen(piece):
                self._take(record, lines)
        self._refuse_parts()
        if self._writer is None:
            return None
        return self._writer.finished(planner.ruleset, planner.when)

    # --- which records -------------------------------------------------------------------------

    def _chosen(
        self, piece: Sequence[KeptRecord]
    ) -> Iterator[tuple[KeptRecord, Sequence[Correction]]]:
        taken = self._taken(piece)
        by_record = self._corrections.by_record if self._corrections else {}
        for record in piece:
            lines = by_record.get(record.quarantine_id, ())
            if lines:
                self._planner.seen.ids.add(record.quarantine_id)
            if record.resolution is not None:
                if lines:
                    self._planner.seen.resolved.append((lines[0], record))
                continue
            if taken is not None and record.quarantine_id not in taken:
                self._refuse_outside(lines)
                self._passed_over += 1
            elif record.later is not None and not lines and not self._goes_whole:
                self.superseded += self._corrections is None
            elif lines or self._corrections is None or self._whole:
                yield record, lines

    @cached_property
    def _goes_whole(self) -> bool:
        """Whether records that a later row superseded go too: as a part of a file that waits."""
        planner = self._planner
        return self._whole and any(
            record.is_open
            for piece in pieces_of(planner.storage, planner.warehouse, self._entry)
            for record in piece
        )

    def _taken(self, piece: Sequence[KeptRecord]) -> set[str] | None:
        condition = self._planner.condition
        return None if condition is None else condition.taken(piece, self._entry, self._columns)

    def _refuse_outside(self, lines: Sequence[Correction]) -> None:
        if lines and self._corrections is not None:
            raise self._corrections.refusal(
                lines[0], "the condition (where) does not take this record."
            )

    def _refuse_parts(self) -> None:
        """A held file that nobody accepted is judged as a file, so it cannot go in parts."""
        if self._passed_over and self._writer and self._whole and not self._planner.request.accept:
            raise ReplayError(
                f"{self._entry.shown_name} is held as a whole, and the condition takes only "
                f"{self._writer.count:,} of its {self._writer.count + self._passed_over:,} open "
                "records: a part of it would be judged as if it were the file. Replay all of it "
                f"(file {self._entry.file_id}, no condition), accept it, or leave held files out "
                "(state = 'LOADED'). Nothing was replayed."
            )

    # --- what goes -----------------------------------------------------------------------------

    def _take(self, record: KeptRecord, lines: Sequence[Correction]) -> None:
        values = self._values(record, lines)
        told_apart = can_be_told_apart(record.values, self._columns)
        if not told_apart:
            missing = [key for key in self._columns.keys if key not in values]
            if not lines:
                self.left_open += 1
                return
            if missing:
                assert self._corrections is not None  # noqa: S101 - there are lines of it
                raise self._corrections.refusal(
                    lines[0],
                    "the cells of this record cannot be told apart, so its corrections must give "
                    f"every column; they do not give {_listed(missing)}.",
                )
        cells = cells_of(record.values, self._columns) if told_apart else []
        cells, changes = corrected(cells, self._columns, values)
        self._refuse_idle(lines, changes)
        if not any(cell.strip() for cell in cells) and lines and self._corrections:
            raise self._corrections.refusal(lines[0], "nothing would be left of the record.")
        if self._writer is None:
            planner = self._planner
            self._writer = DraftWriter(planner.folder, self._entry, self._columns, planner.request)
        self._writer.add(record.values, cells, changes, self._planner.when)

    def _values(self, record: KeptRecord, lines: Sequence[Correction]) -> dict[str, str]:
        values: dict[str, str] = {}
        for line in lines:
            assert self._corrections is not None  # noqa: S101 - there are lines of it
            key = self._columns.key(line.column)
            present: Mapping[str, str] = record.values["columns"] or {}
            no_column = key is not None and self._columns.beyond(key) is not None
            if key is None or (no_column and key not in present):
                raise self._corrections.refusal(line, self._unknown(line.column))
            if key in values:
                raise self._corrections.refusal(
                    line, f"the column {printable(line.column)} is corrected twice, by two names."
                )
            values[key] = line.value
        return values

    def _unknown(self, name: str) -> str:
        names = [*self._columns.keys, *self._columns.contract]
        close = difflib.get_close_matches(name, names, n=1)
        guess = f"Did you mean {printable(close[0])}? " if close else ""
        return (
            f"the file has no column {printable(name)}. {guess}It has "
            f"{_listed(self._columns.keys)}."
        )

    def _refuse_idle(self, lines: Sequence[Correction], changes: Mapping[str, Change]) -> None:
        for line, change in zip(lines, changes.values(), strict=True):
            if change.before == change.after and self._corrections:
                raise self._corrections.refusal(
                    line,
                    f"the value of {printable(line.column)} is what stands there already. Change "
                    "it, or take the line out.",
                )

    def _columns_of_records(self) -> Columns:
        """The columns by the records themselves, where the ledger had no room for them."""
        entry = self._entry
        name = str(entry.quarantine_name)
        with reading_joined(self._planner.storage, Area.QUARANTINE, name) as path:
            for record in read_records(path):
                whole = all(reason["rule"] != INTAKE_RULE for reason in record["reasons"])
                if record["columns"] is not None and whole:
                    header = list(record["columns"])
                    mapping = map_header(header, self._planner.dataset.contract)
                    return Columns.named(header, mapping, is_json=False)
        raise ReplayError(
            f"what the columns of {entry.shown_name} are called is no longer known: the ledger had "
            "no room for them. Correct the file in history, and land it again."
        )


def _listed(names: Iterable[str], most: int = 12) -> str:
    shown = [printable(name) for name in names]
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more
