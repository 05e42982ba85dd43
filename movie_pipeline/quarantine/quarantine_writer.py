"""The records of a file that are set apart: why each one waits, written as lines of quarantine.

Which rows they are is found by SQL, which leaves them in the work folder as a small Arrow file;
what a line looks like stands in quarantine_record.py.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from movie_pipeline.arrow import pa
from movie_pipeline.crash_points import crash_point
from movie_pipeline.quarantine.keys_apart import KeysApart
from movie_pipeline.quarantine.quarantine_record import (
    INTAKE_RULE,
    Provenance,
    Reason,
    Reasons,
    RuleLists,
    contract_rule,
    record_line,
)
from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular import (
    Record,
    StagedFile,
    TableContract,
    flagged_columns,
    problems,
)

PIECE = 10_000
"""Records of a file that are written to quarantine at a time."""
_RULES_IN_MASK = 62
"""A bit for each, in an integer of 64 bits that stays positive."""
_SHORT = 200
"""Characters of the cells whose reasons are remembered."""
_SHOWN = 200
"""Characters of a value shown in a sentence; the record's raw text holds the whole."""

Masks = tuple[int, ...]
"""Of one row: the cells unreadable, the cells out of the contract, and the rules it fails."""
Records = Callable[[Iterable[int]], Iterator[Record]]
"""From numbers of records to the records, in ascending order."""


_RowApart = tuple[Masks, bool]
"""Why a row is set apart, and whether its key can be told."""


@dataclass(frozen=True)
class _Piece:
    """Records that are set apart.

    Attributes:
        rows: by number, what is known of those that became rows; None for the others.
        numbers: the rows of which the key can be told.
        keys: their keys.
    """

    rows: dict[int, _RowApart | None]
    numbers: Any
    keys: Any


def judged_columns(row_rules_sql: Mapping[str, str], key: str) -> str:
    """SQL over staged rows: what is to be known of a row that is set apart.

    Args:
        row_rules_sql: of a judgement, by which rules it fails.
        key: the quoted name of the column that is its key.
    """
    predicates = list(row_rules_sql.values())
    columns = ["_record_number", key, "_unreadable", "_breached"]
    for start in range(0, len(predicates), _RULES_IN_MASK):
        bits = (
            f"CASE WHEN {predicate} THEN 0 ELSE {1 << bit} END"
            for bit, predicate in enumerate(predicates[start : start + _RULES_IN_MASK])
        )
        columns.append(f"CAST({' + '.join(bits)} AS BIGINT) AS failed_{start}")
    return ", ".join(columns)


@dataclass(frozen=True)
class WhySetApart:
    """Why records of a file are set apart.

    Attributes:
        staged: the intake's summary of the file.
        contract: what its rows must be.
        judging: canonical texts of the rules that judge rows, in the order of their masks.
        skipped: canonical texts of the rules that say nothing of rows.
        of_file: why all records of a held file wait; empty where it is not held.
        columns_of: canonical rule to the staged columns it names.
        unevaluated: rules that could not be evaluated: a matter of the file, and of no row.
    """

    staged: StagedFile
    contract: TableContract
    judging: Sequence[str]
    skipped: list[str]
    of_file: list[Reason]
    columns_of: Mapping[str, Sequence[str]]
    unevaluated: frozenset[str] = frozenset()
    _lists: dict[Masks, RuleLists] = field(default_factory=dict[Masks, RuleLists])
    _keys: dict[Masks, list[str]] = field(default_factory=dict[Masks, list[str]])
    _remembered: dict[tuple[Any, ...], Reasons] = field(
        default_factory=dict[tuple[Any, ...], Reasons]
    )

    @cached_property
    def not_rows(self) -> dict[int, str]:
        """Record number to why the record became no row."""
        return dict(self.staged.set_apart)

    @cached_property
    def keys_of(self) -> dict[str, list[tuple[str, str]]]:
        """Canonical rule to the columns it names, each with its key in raw records."""
        keys = self.staged.columns_by_name
        return {
            rule: [(name, keys.get(name, "")) for name in names]
            for rule, names in self.columns_of.items()
        }

    def lists(self, masks: Masks | None) -> RuleLists:
        """The rules that a row passes, fails, and that say nothing of it."""
        if masks is None:
            return RuleLists([], [], [])
        known = self._lists.get(masks[2:])
        if known is None:
            if len(self._lists) > PIECE:
                self._lists.clear()
            known = self._lists[masks[2:]] = self._lists_of(masks[2:])
        return known

    def _lists_of(self, failed: Masks) -> RuleLists:
        fails = [
            bool(failed[place // _RULES_IN_MASK] >> place % _RULES_IN_MASK & 1)
            for place in range(len(self.judging))
        ]
        return RuleLists(
            [rule for rule, fail in zip(self.judging, fails, strict=True) if not fail],
            [rule for rule, fail in zip(self.judging, fails, strict=True) if fail],
            self.skipped,
        )

    def reasons(self, raw: Record, masks: Masks | None) -> Reasons:
        """Every reason why this record waits; they are the same where the named cells are."""
        if masks is None:
            unread = Reason(INTAKE_RULE, self.not_rows[raw.record_number])
            return self._with_those_of_the_file([unread])
        unreadable = masks[0]
        if (raw.written is None and raw.columns is None) or unreadable & (unreadable - 1):
            # Several unreadable cells may be shifted: then the others matter too.
            return self._with_those_of_the_file(self._own_reasons(raw, masks))
        cells = raw.cells(self._named(masks))
        known = self._remembered.get((masks, *cells))
        if known is None:
            known = self._with_those_of_the_file(self._own_reasons(raw, masks))
            if sum(len(cell) for cell in cells if cell) <= _SHORT:
                if len(self._remembered) > PIECE:
                    self._remembered.clear()
                self._remembered[masks, *cells] = known
        return known

    def _with_those_of_the_file(self, own: list[Reason]) -> Reasons:
        """All reasons; one of the file is none of each record, and no rule without an answer is."""
        rules = dict.fromkeys(reason.rule for reason in own if reason.rule not in self.unevaluated)
        return Reasons([*self.of_file, *own], tuple(rules))

    def _named(self, masks: Masks) -> list[str]:
        """The keys of the cells that the reasons of such a row speak of."""
        keys = self._keys.get(masks)
        if keys is None:
            if len(self._keys) > PIECE:
                self._keys.clear()
            at_fault, names = masks[0] | masks[1], self.staged.columns_by_name
            flagged = flagged_columns(at_fault, self.staged.mapping, self.contract)
            named = [names.get(name, "") for name in flagged]
            named += [
                key for rule in self.lists(masks).failed for _, key in self.keys_of.get(rule, ())
            ]
            keys = self._keys[masks] = list(dict.fromkeys(named))
        return keys

    def _own_reasons(self, raw: Record, masks: Masks) -> list[Reason]:
        reasons: list[Reason] = []
        unreadable, breached = masks[:2]
        columns = raw.columns
        if unreadable or breached:
            found = problems(
                self.staged,
                self.contract,
                unreadable=unreadable,
                breached=breached,
                columns=columns,
            )
            reasons += [
                Reason(contract_rule(self.contract.row), problem.message) for problem in found
            ]
        cells = columns or {}
        for rule in self.lists(masks).failed:
            named = {name: cells.get(key) for name, key in self.keys_of.get(rule, ())}
            reasons.append(Reason(rule, _failed_rule(rule, named)))
        return reasons


def write_quarantine(  # noqa: PLR0913 - which records, from where, and what is told of them
    judged: Iterable[Any],
    to: Path,
    *,
    why: WhySetApart,
    provenance: Provenance,
    records: Records,
    keys: KeysApart,
) -> tuple[int, Counter[str]]:
    """Write the records set apart, in the file's order.

    Args:
        judged: Arrow batches of what is known of the rows set apart, in the file's order.
        to: the JSON lines file.
        why: why they wait.
        provenance: what their lines share.
        records: reads the records themselves.
        keys: is told the keys of those that are rows.

    Returns:
        How many there are, and of how many each rule is a reason of their own, in the order in
        which they come. Where there are none, no file is left.
    """
    counts: Counter[str] = Counter()
    written = 0
    with to.open("wb", buffering=1 << 20) as lines:
        for piece in _pieces(_judged(judged, keys), sorted(why.not_rows)):
            raise_if_stopped()
            same: Counter[tuple[str, ...]] = Counter()
            of_keys: list[tuple[str, ...]] = []
            for raw in records(piece.rows):
                masks, has_key = piece.rows[raw.record_number] or (None, False)
                reasons = why.reasons(raw, masks)
                same[reasons.own_rules] += 1
                if has_key:
                    of_keys.append(reasons.rules)
                lines.write(record_line(provenance, raw, why.lists(masks), reasons))
            keys.add(piece.numbers, piece.keys, of_keys)
            for rules, records_alike in same.items():
                counts.update(dict.fromkeys(rules, records_alike))
            written += len(piece.rows)
    if not written:
        to.unlink()
    crash_point("screen.quarantine.after")
    return written, counts


def judged_rows(path: Path) -> Iterator[Any]:
    """What was found of the rows set apart, in the file's order and in bounded batches."""
    with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
        for place in range(int(file.num_record_batches)):
            yield file.get_batch(place)


def _judged(batches: Iterable[Any], keys: KeysApart) -> Iterator[_Piece]:
    """The rows set apart, by record number, in the file's order and in bounded pieces."""
    for batch in batches:
        numbers, of_rows, *masks = batch.columns
        unreadable, breached = (mask.to_numpy() for mask in masks[:2])
        told = keys.can_be_told(of_rows, unreadable | breached)
        each = zip(*(mask.to_pylist() for mask in masks), strict=True)
        rows = zip(each, told.tolist(), strict=True)
        flags = pa.array(told)
        yield _Piece(
            dict(zip(numbers.to_pylist(), rows, strict=True)),
            numbers.filter(flags),
            of_rows.filter(flags),
        )


def _pieces(judged: Iterator[_Piece], not_rows: list[int]) -> Iterator[_Piece]:
    """The rows set apart and the records that became no row, together in the file's order."""
    for piece in judged:
        upto = bisect_right(not_rows, max(piece.rows))
        yield replace(piece, rows={**piece.rows, **dict.fromkeys(not_rows[:upto])})
        not_rows = not_rows[upto:]
    for start in range(0, len(not_rows), PIECE):
        yield _Piece(dict.fromkeys(not_rows[start : start + PIECE]), None, None)


def _failed_rule(rule: str, values: dict[str, str | None]) -> str:
    """The row fails a rule of the ruleset; the columns that the rule names are shown."""
    if not values:
        return f"fails {rule}"
    named = ", ".join(f"{column} is {_shown(value)}" for column, value in values.items())
    return f"{named}: fails {rule}"


def _shown(value: str | None) -> str:
    """A value in a sentence: quoted, trimmed, cut where it is long."""
    if value is None or not value.strip():
        return "missing"
    text = value.strip()
    return f'"{text[:_SHOWN]}…"' if len(text) > _SHOWN else f'"{text}"'
