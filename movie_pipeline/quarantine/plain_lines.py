"""Lines of quarantine for many plain records at once, written by a compiled loop.

The same bytes as quarantine_record.py writes for each; a record that is not plain is written there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa
from movie_pipeline.quarantine.quarantine_record import (
    Provenance,
    Reasons,
    id_bytes,
    line_tail,
    record_line,
)
from movie_pipeline.quarantine.why_set_apart import (
    MOST_REMEMBERED,
    SHORT,
    Masks,
    WhySetApart,
)
from movie_pipeline.tabular import LEFT_OUT, PlainRecords, RecordGroup, Room

Places = npt.NDArray[np.int64]
_UNTOLD = -1


@dataclass(frozen=True)
class WrittenLines:
    """Lines of records of one file, and why these wait.

    Attributes:
        lines: the lines, in pieces that stand until the next are written.
        reasons: each value once, in the order in which the records first have it.
        which: of each record, the place of its own.
    """

    lines: Sequence[bytes | memoryview]
    reasons: Sequence[Reasons]
    which: Places


class PlainLines:
    """Writes lines of records of one file.

    Args:
        provenance: what their lines share; its `is_text` holds.
        why: why they wait.
    """

    def __init__(self, provenance: Provenance, why: WhySetApart) -> None:
        self._provenance = provenance
        self._why = why
        self._parts = provenance.line_parts
        self._room = Room()
        self._told: list[tuple[Reasons, bytes]] = []
        """Why a record waits, and how its line ends."""
        self._known: dict[Masks, dict[tuple[bytes, ...], int]] = {}
        """By what is known of a row, its cells that tell why it waits to the place among these."""

    def write(
        self,
        group: RecordGroup,
        plain: PlainRecords,
        masks: Sequence[Masks | None],
        which: Places,
    ) -> WrittenLines:
        """The lines of a group of records.

        Args:
            group: the records.
            plain: the same.
            masks: what is known of rows; None of a record that became none.
            which: of each record the place of its own.
        """
        if len(self._told) > MOST_REMEMBERED:
            self._told.clear()
            self._known.clear()
        told = np.full(len(which), _UNTOLD, np.int64)
        kinds: list[int] = which.tolist()
        for kind in dict.fromkeys(kinds):
            of_row = masks[kind]
            named = None if of_row is None else self._why.named(of_row)
            if of_row is not None and named is not None:
                rows = np.flatnonzero((which == kind) & plain.plain)
                told[rows] = self._told_by_cells(group, of_row, rows, plain.cells_of(rows, named))
        remembered = len(self._told)
        for place in _places_of(told == _UNTOLD):
            told[place] = self._tell(group, place, masks[kinds[place]])
        alone: dict[int, bytes] = {}
        for place in _places_of(~plain.plain):
            lists, (reasons, _) = self._why.lists(masks[kinds[place]]), self._told[int(told[place])]
            alone[place] = record_line(self._provenance, group.record(place), lists, reasons)
        distinct, places = each_once(pa.array(told))
        here = [self._told[one] for one in distinct]
        del self._told[remembered:]
        lines = self._lines(plain, [tail for _, tail in here], places, alone)
        return WrittenLines(lines, [reasons for reasons, _ in here], places)

    def _told_by_cells(
        self, group: RecordGroup, masks: Masks, rows: Places, cells: Sequence[tuple[bytes, ...]]
    ) -> list[int]:
        """Rows alike but for the cells that tell why they wait: each text of these is told once.

        Those of long texts are left untold.
        """
        known = self._known.setdefault(masks, {})
        found: list[int] = []
        for place, key in zip(rows.tolist(), cells, strict=True):
            told = known.get(key, _UNTOLD)
            if told == _UNTOLD and sum(map(len, key)) <= SHORT:
                told = known[key] = self._tell(group, place, masks)
            found.append(told)
        return found

    def _tell(self, group: RecordGroup, place: int, masks: Masks | None) -> int:
        reasons = self._why.reasons(group.record(place), masks)
        tail = line_tail(self._provenance, self._why.lists(masks), reasons)
        self._told.append((reasons, tail))
        return len(self._told) - 1

    def _lines(
        self, plain: PlainRecords, tails: Sequence[bytes], which: Places, alone: Mapping[int, bytes]
    ) -> list[bytes | memoryview]:
        """All lines; those that stand alone were written elsewhere."""
        chosen = which.copy()
        chosen[list(alone)] = LEFT_OUT
        file_id = self._provenance.file_id
        ids = b"".join([id_bytes(file_id, number) for number in plain.numbers.tolist()])
        first, *others = plain.lines(self._parts, ids, tails, chosen, self._room)
        return [first, *chain.from_iterable(zip(alone.values(), others, strict=True))]


def _places_of(flags: npt.NDArray[np.bool_]) -> list[int]:
    return np.flatnonzero(flags).tolist()


def each_once(values: Any) -> tuple[list[int], Places]:  # noqa: ANN401 - an Arrow array, untyped
    """The numbers of an array, each once, as they come first; and of each place which it is."""
    encoded = values.dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)
