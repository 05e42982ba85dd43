"""Why each record of a file is set apart: its reasons, and the rules it passes and fails.

Which rows they are is found by SQL, and how they are written quarantine_writer.py knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from movie_pipeline.quarantine.quarantine_record import (
    INTAKE_RULE,
    Reason,
    Reasons,
    RuleLists,
    contract_rule,
)
from movie_pipeline.tabular import (
    Record,
    StagedFile,
    TableContract,
    flagged_columns,
    problems,
)

RULES_IN_MASK = 62
"""A bit for each, in an integer of 64 bits that stays positive."""
MOST_REMEMBERED = 10_000
"""Reasons."""
SHORT = 200
"""Letters of the cells whose reasons are remembered."""
_SHOWN = 200
"""Characters of a value shown in a sentence; the record's raw text holds the whole."""

_NONE = RuleLists([], [], [])

Masks = tuple[int, ...]
"""Of one row: the cells unreadable, the cells out of the contract, and the rules it fails."""


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
            return _NONE
        known = self._lists.get(masks[2:])
        if known is None:
            if len(self._lists) > MOST_REMEMBERED:
                self._lists.clear()
            known = self._lists[masks[2:]] = self._lists_of(masks[2:])
        return known

    def _lists_of(self, failed: Masks) -> RuleLists:
        fails = [
            bool(failed[place // RULES_IN_MASK] >> place % RULES_IN_MASK & 1)
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
        names = self.named(masks)
        if names is None or raw.columns is None:
            return self._with_those_of_the_file(self._own_reasons(raw, masks))
        cells = [raw.columns.get(name) for name in names]
        known = self._remembered.get((masks, *cells))
        if known is None:
            known = self._with_those_of_the_file(self._own_reasons(raw, masks))
            if sum(len(cell) for cell in cells if cell) <= SHORT:
                if len(self._remembered) > MOST_REMEMBERED:
                    self._remembered.clear()
                self._remembered[masks, *cells] = known
        return known

    def _with_those_of_the_file(self, own: list[Reason]) -> Reasons:
        """All reasons; one of the file is none of each record, and no rule without an answer is."""
        rules = dict.fromkeys(reason.rule for reason in own if reason.rule not in self.unevaluated)
        return Reasons([*self.of_file, *own], tuple(rules))

    def named(self, masks: Masks) -> list[str] | None:
        """The keys of the cells that tell the reasons of such a row; None where all may."""
        unreadable = masks[0]
        if unreadable & (unreadable - 1):
            return None  # several unreadable cells may be shifted
        keys = self._keys.get(masks)
        if keys is None:
            if len(self._keys) > MOST_REMEMBERED:
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
