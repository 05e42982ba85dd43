"""Lines of quarantine for many plain records at once, written by a compiled loop.

The same bytes as quarantine_record.py writes for each; a record that is not plain is written there.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from movie_pipeline.quarantine.quarantine_record import (
    Provenance,
    Reasons,
    id_bytes,
    line_parts,
    line_tail,
    record_line,
)
from movie_pipeline.quarantine.why_set_apart import (
    MOST_REMEMBERED,
    SHORT,
    Masks,
    RowApart,
    WhySetApart,
)
from movie_pipeline.tabular import PlainRecords, Record, RecordGroup

_Told = tuple[Reasons, bytes]
"""Why a record waits, and how its line ends."""


class PlainLines:
    """Writes lines of records of one file.

    Args:
        provenance: what their lines share; its `is_text` holds.
        why: why they wait.
    """

    def __init__(self, provenance: Provenance, why: WhySetApart) -> None:
        self._provenance = provenance
        self._why = why
        self._parts = line_parts(provenance)
        self._known: dict[tuple[Any, ...], _Told] = {}

    def write(
        self, group: RecordGroup, plain: PlainRecords, rows: Mapping[int, RowApart | None]
    ) -> tuple[bytes, list[Reasons]]:
        """The lines of a group of records, and why each of these waits.

        Args:
            group: the records.
            plain: the same.
            rows: what is known of each, by its number.
        """
        told: list[_Told] = []
        alone: dict[int, bytes] = {}
        cells = _CellsThatTell(plain, self._why)
        is_plain = plain.plain.tolist()
        for place, number in enumerate(plain.numbers.tolist()):
            row = rows[number]
            masks = None if row is None else row[0]
            named = cells[masks] if is_plain[place] and masks is not None else None
            if named is None:
                raw = group.record(place)
                known = self._told(raw, masks)
                if not is_plain[place]:
                    lists, reasons = self._why.lists(masks), known[0]
                    alone[place] = record_line(self._provenance, raw, lists, reasons)
            else:
                key = (masks, *[plain.text[begin[place] : end[place]] for begin, end in named])
                known = self._known.get(key)
                if known is None:
                    known = self._told(group.record(place), masks)
                    self._remember(key, known)
            told.append(known)
        return self._lines(plain, told, alone), [reasons for reasons, _ in told]

    def _told(self, raw: Record, masks: Masks | None) -> _Told:
        reasons = self._why.reasons(raw, masks)
        return reasons, line_tail(self._provenance, self._why.lists(masks), reasons)

    def _remember(self, key: tuple[Any, ...], told: _Told) -> None:
        if sum(map(len, key[1:])) > SHORT:
            return
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = told

    def _lines(
        self, plain: PlainRecords, told: Sequence[_Told], alone: Mapping[int, bytes]
    ) -> bytes:
        """All lines; those that stand alone were written elsewhere."""
        tails = list({id(tail): tail for _, tail in told}.values())
        place_of = {id(tail): place for place, tail in enumerate(tails)}
        chosen = [
            None if place in alone else place_of[id(tail)] for place, (_, tail) in enumerate(told)
        ]
        ids = [id_bytes(self._provenance.file_id, number) for number in plain.numbers.tolist()]
        first, *others = plain.lines(self._parts, ids, tails, chosen)
        between = zip(alone.values(), others, strict=True)
        return b"".join([first, *chain.from_iterable(between)])


class _CellsThatTell(dict[Masks, "list[tuple[list[int], list[int]]] | None"]):
    """By masks, where the cells stand that tell why; None where that is to be asked of each."""

    def __init__(self, plain: PlainRecords, why: WhySetApart) -> None:
        super().__init__()
        self._plain = plain
        self._why = why

    def __missing__(self, masks: Masks) -> "list[tuple[list[int], list[int]]] | None":
        names = self._why.named(masks)
        cells = None
        if names is not None:
            there = map(self._plain.sides, names)
            cells = [sides for sides in there if sides is not None]
        self[masks] = cells
        return cells
