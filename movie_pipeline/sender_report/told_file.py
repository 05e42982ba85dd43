"""What a report tells of a file, as values: the form of its JSON, and all that its page knows.

No value here is larger than a page can show, however large the file is.
"""

from collections.abc import Iterable

import msgspec

MOST_ROWS = 200
"""Rows that a report shows."""
MOST_OF_A_PROBLEM = 3
"""Rows shown of each problem, even where others came first."""
MOST_LINES = 10
"""Lines named of each problem, and of the partners of a key."""
MOST_PROBLEMS = 200
"""Problems told apart; what more there are is counted together."""
LONGEST_CELL = 2_000
"""Characters of a cell that are shown."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, with how many rows.

    Attributes:
        column: the column as the file writes it; empty where it is about whole rows.
        rule: what must be, in words.
        rows: how many rows are not so.
        lines: the first lines of the file where one of them begins.
        records: the same, counted in records.
    """

    column: str
    rule: str
    rows: int
    lines: tuple[int | None, ...]
    records: tuple[int, ...]


class WholeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A rule about the file as a whole that it does not keep.

    Attributes:
        rule: what must be, in words.
        found: what is instead, in words, with true counts.
        rows: how many rows are to blame; None where none is alone.
    """

    rule: str
    found: str
    rows: int | None


class RowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one row.

    Attributes:
        column: the column as the file writes it; empty where it is about the whole row.
        value: what the cell holds, or what of it can be shown.
        rule: what must be, in words.
        together: all columns that the rule is about, where it is about several at once.
        partner_lines: for a key that stands there again: the lines of the other rows.
    """

    column: str
    value: str
    rule: str
    together: tuple[str, ...] = ()
    partner_lines: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """What is wrong, with the column and the lines of partners."""
        begin = f"{self.column} " if self.column and not self.together else ""
        lines = ", ".join(map(str, self.partner_lines))
        noun = "line" if len(self.partner_lines) == 1 else "lines"
        return f"{begin}{self.rule}" + (f" (the same as in {noun} {lines})" if lines else "")


def sentences_of(problems: Iterable[RowProblem]) -> list[str]:
    """What is wrong, each once."""
    return list(dict.fromkeys(problem.sentence for problem in problems))


class ToldRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was set apart, or waits with its file, and has something wrong with it.

    Attributes:
        line: the line of the file in which it begins; None where the file was not at hand.
        record: the how-manieth record it is.
        cells: column as the file writes it to text; empty where the cells cannot be told apart.
        text: the row as it stands in the file, where its cells cannot be told apart.
        problems: what is wrong, what is to be corrected first in front.
    """

    line: int | None
    record: int
    cells: dict[str, str]
    text: str
    problems: tuple[RowProblem, ...]

    @property
    def sentences(self) -> list[str]:
        """What is wrong, each once."""
        return sentences_of(self.problems)


class SenderReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is told of one file.

    Attributes:
        file, file_id: which file.
        answer: accepted, partly accepted, held, not read, or of a file that was only checked,
            would be.
        checked: whether it was only checked, and not sent yet.
        headline: the same in a sentence, with counts.
        to_do: the one thing to do.
        rows, rows_accepted, rows_to_correct, rows_waiting: of the file; waiting are rows of a held
            file with which nothing is wrong.
        whole_file: rules about the whole file that it does not keep.
        reason: why it is held or was not read, where no rule says it.
        fix_first: what hides other faults, in the order in which to correct it.
        problems: what is wrong, the most rows first.
        problems_left_out: rows of problems that there was no room to tell apart.
        rows_by_column: columns to the rows that have anything wrong there, the most rows first;
            empty text stands for the row as a whole.
        shown: the first rows, with all that is wrong with them.
        columns: the columns as the file writes them.
        layout: how the file is laid out.
        notes: what is worth knowing of it.
        correction_file: its name; empty where there are no rows to correct.
        correction_columns: the columns in it that are ours: the line, and what is to be corrected.
    """

    file: str
    file_id: str
    answer: str
    checked: bool
    headline: str
    to_do: str
    rows: int
    rows_accepted: int
    rows_to_correct: int
    rows_waiting: int
    whole_file: tuple[WholeFile, ...]
    reason: str
    fix_first: tuple[str, ...]
    problems: tuple[Problem, ...]
    problems_left_out: int
    rows_by_column: dict[str, int]
    shown: tuple[ToldRow, ...]
    columns: tuple[str, ...]
    layout: str
    notes: tuple[str, ...]
    correction_file: str
    correction_columns: tuple[str, ...]

    def to_json(self) -> bytes:
        """The report for programs."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"
