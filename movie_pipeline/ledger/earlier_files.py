"""What earlier files told, read from the ledger: metrics to compare with, and columns they had.

What a rule makes of the metrics is dqdl/'s affair, what changed in the columns is tabular/'s.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.tabular import ENDED, UNENDED, MappedColumn, drift

FILES_LOOKED_AT = 200
"""Ledger entries that the earlier is made of, the newest; `last(k)` reaches no further."""


@dataclass(frozen=True)
class EarlierFiles:
    """What the files before this batch told.

    Attributes:
        metrics: metric name to its values, newest first, each file once.
        columns: source to the columns of its newest file.
        endings: source to whether its newest file ended with a line end, as staged files say it.
        looks: source to what each of its columns looked like when that was last known.
    """

    metrics: Mapping[str, Sequence[float]] = field(default_factory=dict[str, list[float]])
    columns: Mapping[str, Sequence[MappedColumn]] = field(
        default_factory=dict[str, Sequence[MappedColumn]]
    )
    looks: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, dict[str, str]])
    endings: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, entries: Iterable[LedgerEntry]) -> Self:
        """Read the earlier from ledger entries, newest first.

        Files not judged say nothing, nor do replays, which are parts of files that were told of,
        nor what was taken back.
        """
        metrics: dict[str, list[float]] = defaultdict(list)
        columns: dict[str, Sequence[MappedColumn]] = {}
        looks: dict[str, dict[str, str]] = defaultdict(dict)
        endings: dict[str, str] = {}
        for entry in entries:
            summary = entry.summary
            if summary.replay or summary.retraction:
                continue
            measured: dict[str, float] = {}
            for rule in summary.rules:
                measured.update(rule.metrics)
            for name, value in measured.items():
                metrics[name].append(value)
            if summary.ending:
                endings.setdefault(summary.source, summary.ending)
            if summary.mapping:
                # Newest first, so what stands there already is what was seen last.
                looks[summary.source] = {**summary.looks, **looks[summary.source]}
                mapped = [MappedColumn(*column) for column in summary.mapping]
                columns.setdefault(summary.source, mapped)
        return cls(dict(metrics), columns, dict(looks), endings)

    def changed_ending(self, source: str, now: str) -> tuple[str, ...]:
        """What is to be said where a file has no line end at its end, and the last one had."""
        if now == UNENDED and self.endings.get(source) == ENDED:
            return ("the file before it of its source ended with a line end: it may be cut off",)
        return ()

    def changes(
        self,
        source: str,
        now: Sequence[MappedColumn],
        looks: Mapping[str, str] | None = None,
    ) -> tuple[str, ...]:
        """What changed in the columns since the source's last file, as sentences.

        Args:
            source: whose file it is.
            now: its columns.
            looks: staged name of a column to what its values look like.
        """
        before = self.columns.get(source)
        if not before:
            return ()
        return drift(before, now, shapes_before=self.looks.get(source), shapes_now=looks).notes
