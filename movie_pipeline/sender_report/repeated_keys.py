"""For rows whose key stands there again: in which lines the others are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from movie_pipeline.quarantine.plain_rules import rule_columns
from movie_pipeline.sender_report.told_file import MOST_LINES
from movie_pipeline.tabular import StagedFile, staged_values

MOST_COMPARED = 100_000
"""Rows of a rule whose partners are looked for; those behind them are told without."""


@dataclass
class RepeatedKeys:
    """The rows that fail rules about keys, and what is known of their partners."""

    _seen: dict[str, set[int]] = field(default_factory=lambda: defaultdict[str, set[int]](set))
    _partners: dict[str, Mapping[int, Sequence[int]]] = field(
        default_factory=dict[str, Mapping[int, Sequence[int]]]
    )
    _lines: dict[int, int] = field(default_factory=dict[int, int])

    def see(self, rules: Iterable[str], number: int, line: int) -> None:
        """A record that fails these rules, and the line in which it begins."""
        for rule in rules:
            if len(self._seen[rule]) < MOST_COMPARED:
                self._seen[rule].add(number)
                self._lines[number] = line

    def compare(self, source: Path, staged: StagedFile) -> None:
        """Find the partners, once all records were seen."""
        for rule, seen in self._seen.items():
            self._partners[rule] = _partners(source, staged, rule, seen)

    def lines(self, rule: str, number: int) -> tuple[int, ...]:
        """The lines of the rows that have the key of this record, the first of them."""
        partners = self._partners.get(rule, {}).get(number, ())
        others = [partner for partner in partners if partner != number][:MOST_LINES]
        return tuple(self._lines[partner] for partner in others)


def _partners(
    source: Path, staged: StagedFile, rule: str, seen: Collection[int]
) -> Mapping[int, Sequence[int]]:
    """Record number to the numbers of the records with its key, itself among them."""
    names = {column.header.lower(): column.name for column in staged.mapping}
    columns = [names.get(name.lower(), name) for name in rule_columns(rule)]
    values = staged_values(source, folder=source.parent, columns=columns, numbers=seen)
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for number, key in values.items():
        groups[key].append(number)
    return {number: groups[key] for number, key in values.items() if None not in key}
