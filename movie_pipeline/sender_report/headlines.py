"""What a report says first: the answer, the one thing to do, and what hides other faults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.sender_report.row_problems import CELL, ROW, RULE, Demand

ACCEPTED, PARTLY, HELD, NOT_READ = "accepted", "partly accepted", "held", "not read"
_MOST_OF_ALL = 0.9
_A_PATTERN_FROM = 5


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The counts that decide what is said.

    Attributes:
        state: what was decided.
        rows, accepted, apart: its records, those that load, and those set apart or held.
        to_correct: those of them with something wrong.
        whole_file: rules about the whole file that it does not keep.
        without_rows: those of them for which no row is to blame.
        would: whether it was only checked.
    """

    state: FileState
    rows: int
    accepted: int
    to_correct: int
    apart: int
    whole_file: int
    without_rows: int
    would: bool


class Rows(Protocol):
    """A counted problem."""

    @property
    def rows(self) -> int:
        """How many rows have it."""
        ...


def headline(counted: Counted, reason: str) -> tuple[str, str, str]:
    """The answer in a word, in a sentence, and the one thing to do."""
    match counted.state:
        case FileState.LOADED if not counted.apart:
            return ACCEPTED, _accepted(counted), _nothing(counted)
        case FileState.LOADED:
            return PARTLY, _partly(counted), _correct_rows(counted)
        case FileState.HELD:
            return HELD, _held(counted), _correct_file(counted, reason)
        case FileState.REJECTED:
            be = "would not be read" if counted.would else "could not be read"
            return NOT_READ, f"The file {be}.", "Correct what is said here, and send it again."
        case FileState.DUPLICATE:
            return (
                ACCEPTED,
                "The same file came before; nothing was taken twice.",
                _nothing(counted),
            )
        case _:
            return str(counted.state).lower(), f"The file was taken back: {reason}", ""


def _accepted(counted: Counted) -> str:
    be = "would be" if counted.would else ("was" if counted.rows == 1 else "were")
    if counted.rows == 1:
        return f"Its one row {be} accepted."
    return f"All {counted.rows:,} rows {be} accepted."


def _partly(counted: Counted) -> str:
    would = "would be " if counted.would else ""
    taken = (
        f"{counted.accepted:,} of {_rows(counted.rows)} {would or _was(counted.accepted)}accepted"
    )
    waits = "would wait" if counted.would else ("waits" if counted.apart == 1 else "wait")
    return f"{taken}; {counted.apart:,} {waits} to be corrected."


def _was(count: int) -> str:
    return "was " if count == 1 else "were "


def _held(counted: Counted) -> str:
    waits, be = ("would wait", "would be") if counted.would else ("waits", "was")
    return f"The whole file {waits}: none of its {_rows(counted.rows)} {be} accepted."


def _nothing(counted: Counted) -> str:
    return "Send it: nothing is to be corrected." if counted.would else "Nothing is to be done."


def _correct_rows(counted: Counted) -> str:
    if counted.would:
        return f"Correct {_these(counted.apart)} before you send the file."
    return (
        f"Correct {_these(counted.apart)} in the correction file, and send that file; do not send "
        "again what was accepted."
    )


def _these(count: int) -> str:
    return "the one row" if count == 1 else f"the {count:,} rows"


def _correct_file(counted: Counted, reason: str) -> str:
    if not counted.to_correct and not counted.whole_file:
        return reason
    everywhere = counted.to_correct >= max(_A_PATTERN_FROM, _MOST_OF_ALL * counted.rows)
    if everywhere and not counted.whole_file:
        # held for how it was read, such as a column that holds something else
        end = "before you send it" if counted.would else "and send it again whole"
        return f"Correct the file as said above{'' if counted.would else ','} {end}."
    what = f"Correct {_these(counted.to_correct)}" if counted.to_correct else "Correct the file"
    if counted.to_correct and counted.without_rows:
        what += " and what is said below of the whole file"
    if counted.would:
        return f"{what} before you send the file."
    if not counted.to_correct:
        return f"{what} as said below, and send it again whole."
    return f"{what}, and send the whole file again: the correction file holds all of it."


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def fix_first(seen: Mapping[Demand, Rows], counted: Counted) -> Iterator[str]:
    """Sentences on what hides other faults, in the order in which to correct it."""
    kinds = {
        rank: sum(found.rows for demand, found in seen.items() if demand.rank == rank)
        for rank in (ROW, CELL, RULE)
    }
    if kinds[ROW] and kinds[CELL] + kinds[RULE]:
        yield (
            "First the faults of rows as a whole (too few or too many cells, a stray quote): what "
            "such a row holds was not looked at yet, or not in the right columns."
        )
    patterns = {
        ", ".join(demand.columns): None
        for demand, found in seen.items()
        if demand.columns and found.rows >= max(_A_PATTERN_FROM, _MOST_OF_ALL * counted.rows)
    }
    for columns in patterns:
        yield (
            f"Nearly every row has the same fault in {columns}: correct how the column is written, "
            "rather than cell by cell."
        )
    both = _columns(seen, CELL) & _columns(seen, RULE)
    if both:
        yield (
            f"In {', '.join(sorted(both))}, first what cannot be read or is empty: only then can "
            "it be said whether a value keeps the other rules."
        )


def _columns(seen: Mapping[Demand, Rows], rank: int) -> set[str]:
    asked = (demand for demand in seen if demand.rank == rank and not demand.key_rule)
    return {column for demand in asked for column in demand.columns}
