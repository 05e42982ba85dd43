"""The records of a file that are set apart, written as lines of quarantine.

Which rows they are is found by SQL, which leaves them in the work folder as a small Arrow file;
what a line looks like stands in quarantine_record.py, why each one waits in why_set_apart.py.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from movie_pipeline.arrow import pa
from movie_pipeline.crash_points import crash_point
from movie_pipeline.quarantine.keys_apart import KeysApart
from movie_pipeline.quarantine.plain_lines import PlainLines
from movie_pipeline.quarantine.quarantine_record import Provenance, Reasons, record_line
from movie_pipeline.quarantine.why_set_apart import RULES_IN_MASK, RowApart, WhySetApart
from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular import RecordGroup

PIECE = 10_000
"""Records of a file that are written to quarantine at a time."""
Groups = Callable[[Iterable[int]], Iterator[RecordGroup]]
"""From numbers of records to the records, in ascending order, in groups."""


@dataclass(frozen=True)
class _Piece:
    """Records that are set apart.

    Attributes:
        rows: by number, what is known of those that became rows; None for the others.
        numbers: the rows of which the key can be told.
        keys: their keys.
    """

    rows: dict[int, RowApart | None]
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
    with to.open("wb", buffering=1 << 20) as lines:
        for piece in _pieces(_judged(judged, keys), sorted(why.not_rows)):
            raise_if_stopped()
            same: Counter[tuple[str, ...]] = Counter()
            of_keys: list[tuple[str, ...]] = []
            for group in records(piece.rows):
                if many is not None and group.plain is not None:
                    text, told = many.write(group, group.plain, piece.rows)
                else:
                    text, told = _one_by_one(provenance, why, group, piece.rows)
                lines.write(text)
                same.update(reasons.own_rules for reasons in told)
                for number, reasons in zip(group.numbers, told, strict=True):
                    row = piece.rows[number]
                    if row is not None and row[1]:
                        of_keys.append(reasons.rules)
            keys.add(piece.numbers, piece.keys, of_keys)
            for rules, records_alike in same.items():
                counts.update(dict.fromkeys(rules, records_alike))
            written += len(piece.rows)
    if not written:
        to.unlink()
    crash_point("screen.quarantine.after")
    return written, counts


def _one_by_one(
    provenance: Provenance,
    why: WhySetApart,
    group: RecordGroup,
    rows: Mapping[int, RowApart | None],
) -> tuple[bytes, list[Reasons]]:
    """The lines of a group of records, and why each of these waits."""
    lines: list[bytes] = []
    told: list[Reasons] = []
    for raw in group:
        row = rows[raw.record_number]
        masks = None if row is None else row[0]
        told.append(why.reasons(raw, masks))
        lines.append(record_line(provenance, raw, why.lists(masks), told[-1]))
    return b"".join(lines), told


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
        each = zip(*(mask.to_numpy().tolist() for mask in masks), strict=True)
        rows = zip(each, told.tolist(), strict=True)
        alike: dict[RowApart, RowApart] = {}  # few values, for many rows
        flags = pa.array(told)
        yield _Piece(
            {
                number: alike.setdefault(row, row)
                for number, row in zip(numbers.to_numpy().tolist(), rows, strict=True)
            },
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
