"""The records of a file that are set apart, written as lines of quarantine.

Which rows they are is found by SQL, which leaves them in the work folder as a small Arrow file;
what a line looks like stands in quarantine_record.py, why each one waits in why_set_apart.py.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa
from movie_pipeline.crash_points import crash_point
from movie_pipeline.quarantine.keys_apart import KeysApart
from movie_pipeline.quarantine.plain_lines import PlainLines, WrittenLines, each_once
from movie_pipeline.quarantine.quarantine_record import Provenance, Reasons, record_line
from movie_pipeline.quarantine.why_set_apart import RULES_IN_MASK, Masks, WhySetApart
from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular import RecordGroup

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

PIECE = 10_000
"""Records of a file that are written to quarantine at a time."""
Groups = Callable[[Places], Iterator[RecordGroup]]
"""From numbers of records to the records, in ascending order, in groups."""


@dataclass(frozen=True)
class _Piece:
    """Records that are set apart.

    Attributes:
        numbers: of the records, ascending.
        masks: what is known of rows, each once; None of a record that became none.
        which: of each record the place of its own.
        told: of which the key can be told.
        keys: the keys of these.
    """

    numbers: Places
    masks: Sequence[Masks | None]
    which: Places
    told: Flags
    keys: Any


def judged_columns(row_rules_sql: Mapping[str, str], key: str) -> str:
    """SQL over staged rows: what is to be known of a row that is set apart.

    Args:
        row_rules_sql: of a judgement, by which rules it fails.
        key: the quoted name of the column that is its key.
    """
    predicates = list(row_rules_sql.values())
    columns = ["_record_number", key, "_unreadable", "_breached"]
    for start in range(0, len(predicates), RULES_IN_MASK):
        bits = (
            f"CASE WHEN {predicate} THEN 0 ELSE {1 << bit} END"
            for bit, predicate in enumerate(predicates[start : start + RULES_IN_MASK])
        )
        columns.append(f"CAST({' + '.join(bits)} AS BIGINT) AS failed_{start}")
    return ", ".join(columns)


def write_quarantine(  # noqa: PLR0913 - which records, from where, and what is told of them
    judged: Iterable[Any],
    to: Path,
    *,
    why: WhySetApart,
    provenance: Provenance,
    records: Groups,
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
    many = PlainLines(provenance, why) if provenance.is_text else None
    with to.open("wb") as lines:
        for piece in _pieces(_judged(judged, keys), np.array(sorted(why.not_rows), np.int64)):
            raise_if_stopped()
            same: Counter[tuple[str, ...]] = Counter()
            of_keys: list[Any] = []
            begin = 0
            for group in records(piece.numbers):
                here = slice(begin, begin := begin + len(group))
                if many is not None and group.plain is not None:
                    told = many.write(group, group.plain, piece.masks, piece.which[here])
                else:
                    told = _one_by_one(provenance, why, group, piece.masks, piece.which[here])
                lines.writelines(told.lines)
                for reasons, alike in zip(told.reasons, np.bincount(told.which), strict=True):
                    same[reasons.own_rules] += int(alike)
                rules = [reasons.rules for reasons in told.reasons]
                of_keys.append(keys.rules(rules, told.which[piece.told[here]]))
            keys.add(piece.numbers[piece.told], piece.keys, of_keys)
            for own_rules, alike in same.items():
                counts.update(dict.fromkeys(own_rules, alike))
            written += len(piece.numbers)
    if not written:
        to.unlink()
    crash_point("screen.quarantine.after")
    return written, counts


def _one_by_one(
    provenance: Provenance,
    why: WhySetApart,
    group: RecordGroup,
    masks: Sequence[Masks | None],
    which: Places,
) -> WrittenLines:
    """The lines of a group of records, each written for itself."""
    lines: list[bytes] = []
    told: dict[int, Reasons] = {}
    places: list[int] = []
    kinds: list[int] = which.tolist()
    for raw, place in zip(group, kinds, strict=True):
        reasons = why.reasons(raw, masks[place])
        lines.append(record_line(provenance, raw, why.lists(masks[place]), reasons))
        told.setdefault(id(reasons), reasons)
        places.append(id(reasons))
    once = {each: place for place, each in enumerate(told)}
    return WrittenLines(
        lines, list(told.values()), np.array([once[each] for each in places], np.int64)
    )


def judged_rows(path: Path) -> Iterator[Any]:
    """What was found of the rows set apart, in the file's order and in bounded batches."""
    with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
        for place in range(int(file.num_record_batches)):
            yield file.get_batch(place)


def _judged(batches: Iterable[Any], keys: KeysApart) -> Iterator[_Piece]:
    """The rows set apart, in the file's order and in bounded pieces."""
    for batch in batches:
        numbers, of_rows, *columns = batch.columns
        unreadable, breached = (column.to_numpy() for column in columns[:2])
        told = keys.can_be_told(of_rows, unreadable | breached)
        masks, which = _masks(columns)
        yield _Piece(numbers.to_numpy(), masks, which, told, of_rows.filter(pa.array(told)))


def _masks(columns: Sequence[Any]) -> tuple[list[Masks], Places]:
    """What is known of rows, each once, and of each row which it is: few values, for many rows."""
    once: list[Masks] = [()]
    which = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        values, places = each_once(column)
        both, which = each_once(pa.array(which * len(values) + places))
        once = [(*once[one // len(values)], values[one % len(values)]) for one in both]
    return once, which


def _pieces(judged: Iterator[_Piece], not_rows: Places) -> Iterator[_Piece]:
    """The rows set apart and the records that became no row, together in the file's order."""
    for piece in judged:
        upto = int(np.searchsorted(not_rows, int(piece.numbers[-1])))
        yield _with_no_rows(piece, not_rows[:upto]) if upto else piece
        not_rows = not_rows[upto:]
    for start in range(0, len(not_rows), PIECE):
        yield _of_no_rows(not_rows[start : start + PIECE])


def _of_no_rows(numbers: Places) -> _Piece:
    nothing = np.zeros(len(numbers), np.int64)
    return _Piece(numbers, [None], nothing, nothing > 0, None)


def _with_no_rows(rows: _Piece, numbers: Places) -> _Piece:
    """Rows set apart, and between them records that became none."""
    other = _of_no_rows(numbers)
    together = np.concatenate([rows.numbers, numbers])
    order = np.argsort(together, kind="stable")
    return replace(
        rows,
        numbers=together[order],
        masks=[*rows.masks, None],
        which=np.concatenate([rows.which, other.which + len(rows.masks)])[order],
        told=np.concatenate([rows.told, other.told])[order],
    )
