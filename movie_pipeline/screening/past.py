"""What earlier files told, read from the ledger: metrics to compare with, and columns they had.

What a rule makes of the metrics is quality/'s affair, what changed in the columns is intake/'s.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from movie_pipeline.intake.drift import drift
from movie_pipeline.intake.mapping import MappedColumn
from movie_pipeline.loading.ledger import LedgerEntry

FILES_LOOKED_AT = 200
"""Ledger entries that the past is made of, the newest; `last(k)` reaches no further."""


@dataclass(frozen=True)
class Past:
    """What the files before this batch told.

    Attributes:
        metrics: metric name to its values, newest first, each file once.
        columns: source to the columns of its newest file.
    """

    metrics: Mapping[str, Sequence[float]] = field(default_factory=dict[str, list[float]])
    columns: Mapping[str, Sequence[MappedColumn]] = field(
        default_factory=dict[str, list[MappedColumn]]
    )

    @classmethod
    def of(cls, entries: Iterable[LedgerEntry]) -> Self:
        """Read the past from ledger entries, newest first; files not judged say nothing."""
        metrics: dict[str, list[float]] = defaultdict(list)
        columns: dict[str, list[MappedColumn]] = {}
        for entry in entries:
            measured: dict[str, float] = {}
            for rule in entry.summary.get("rules", []):
                measured.update(rule["metrics"])
            for name, value in measured.items():
                metrics[name].append(value)
            mapping = entry.summary.get("mapping", [])
            if mapping:
                source = str(entry.summary.get("source", ""))
                columns.setdefault(source, [MappedColumn(*column) for column in mapping])
        return cls(dict(metrics), columns)

    def changes(self, source: str, now: Sequence[MappedColumn]) -> tuple[str, ...]:
        """What changed in the columns since the source's last file, as sentences."""
        before = self.columns.get(source)
        return drift(before, now).notes if before else ()
