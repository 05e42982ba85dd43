"""What the commands print: tables for people, JSON for programs, a line that moves meanwhile."""

import json
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
from rich.console import Console, ConsoleDimensions
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from movie_pipeline import work_done
from movie_pipeline.file_names import printable_name
from movie_pipeline.visible_text import visible

WIDTH_OF_A_PIPE = 200
"""For tables where nobody says how wide: a pipe has no width, and folded tables help nobody."""
_READABLE = 12
"""Letters of a column below which a table cannot be read, unless its values are shorter."""
_DIGITS = 10
"""Digits of a number in a table for people; CSV and JSON have all of them."""


class _Console(Console):
    """As wide as COLUMNS says when it prints, or else as the terminal is."""

    @Console.size.getter
    @override
    def size(self) -> ConsoleDimensions:  # pyright: ignore[reportIncompatibleMethodOverride] - nobody sets it
        columns = os.environ.get("COLUMNS", "")
        if columns.isdigit() and int(columns):
            return ConsoleDimensions(int(columns), super().size.height)
        return super().size if self.is_terminal else ConsoleDimensions(WIDTH_OF_A_PIPE, 25)


console = _Console()
errors = _Console(stderr=True)


@dataclass
class Loudness:
    """How much is told beside what was asked for.

    Attributes:
        quiet: answers and problems alone.
        verbose: each step too, without a terminal as well, and where an error came from.
    """

    quiet: bool = False
    verbose: bool = False


loudness = Loudness()
"""Of the command that runs; its options -q and -v set it."""


_LINE_ENDS = "\u0085\u2028\u2029"


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Generator[Callable[[str], None]]:
    """A line that moves while something takes long; nothing where no person looks."""
    if loudness.verbose:
        _say_step(title)
        with work_done.told_to(said := _SaidSteps(title)):
            yield said.say
        return
    if quiet or loudness.quiet or not errors.is_terminal:
        yield lambda _: None
        return
    with (
        Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[done]}"),
            TimeRemainingColumn(),
            console=errors,
            transient=True,
        ) as shown,
        work_done.told_to(line := _MovingLine(shown, title)),
    ):
        yield line.say


class _MovingLine:
    """What is done, how much of it, and for how long still; of a step of unknown length no bar."""

    def __init__(self, shown: Progress, title: str) -> None:
        self._shown, self._title = shown, title
        self._task = shown.add_task(title, total=None, done="")
        self._total = self._count = self._rows = 0
        self._unit = ""

    def say(self, step: str) -> None:
        """A step of unknown length begins."""
        self.begin(step, 0, "")

    def begin(self, step: str, total: int, unit: str) -> None:
        """A step begins."""
        self._total, self._unit, self._count, self._rows = total, unit, 0, 0
        description = f"{self._title}: {plain(step)}"
        self._shown.reset(
            self._task, total=total or None, description=description, done=self._done()
        )

    def advance(self, count: int, rows: int) -> None:
        """So much more of it is done."""
        self._count += count
        self._rows += rows
        self._shown.update(self._task, completed=self._count, done=self._done())

    def _done(self) -> str:
        if not self._total:
            return ""
        if self._unit == "bytes":
            return f"{self._count / 1e6:,.1f} of {self._total / 1e6:,.1f} MB, {self._rows:,} rows"
        return f"{self._count:,} of {self._total:,} {self._unit}"


class _SaidSteps:
    """Each step as a line."""

    def __init__(self, title: str) -> None:
        self._title = title

    def say(self, step: str) -> None:
        """A step of unknown length begins."""
        _say_step(f"{self._title}: {step}")

    def begin(self, step: str, total: int, unit: str) -> None:
        """A step begins."""
        self.say(f"{step} {total:,} {unit}" if total else step)

    def advance(self, count: int, rows: int) -> None:
        """Nothing is said of it."""


def _say_step(sentence: str) -> None:
    errors.print(sentence, markup=False, highlight=False, soft_wrap=True)


def print_verdict(line: str, *, aside: bool = False) -> None:
    """The last line of a command; not of a quiet one.

    Args:
        line: what it came to, and the next step.
        aside: whether the standard output is the answer alone.
    """
    if not loudness.quiet:
        to = errors if aside else console
        to.print(line, markup=False, highlight=False, soft_wrap=True)


def print_json(value: Mapping[str, Any]) -> None:
    """One value as JSON."""
    click.echo(_json_line(value))


def _json_line(value: Mapping[str, Any]) -> str:
    """A value as JSON in one line; what some programs take for a line's end is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    for line_end in _LINE_ENDS:
        text = text.replace(line_end, f"\\u{ord(line_end):04x}")
    return text


def print_sentence(sentence: str) -> None:
    """A sentence that may hold foreign names, as one line of a pipe."""
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def print_problem(sentence: str) -> None:
    """A sentence about something that is wrong, beside what was asked for."""
    errors.print(sentence, style="red", markup=False, highlight=False, soft_wrap=True)


def print_table(title: str, rows: Sequence[Mapping[Any, Any]]) -> None:
    """Rows as a table, with the columns of the first."""
    if not rows:
        console.print("No rows.")
        return
    grid = Table(title=title or None, title_justify="left")
    for name, value in rows[0].items():
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        grid.add_column(str(name), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(plain(value) for value in row.values()))
    console.print(grid)


def print_files(title: str, files: Sequence[Mapping[str, Any]]) -> None:
    """Files as a table; why one is as it is, is a sentence below: a narrow column of it is no use.

    Args:
        title: of the table.
        files: with at least the columns `file`, `state` and `reason`.
    """
    print_table(title, [{name: file[name] for name in file if name != "reason"} for file in files])
    for file in files:
        if file["reason"]:
            print_sentence(f"{printable_name(file['file'])} ({file['state']}): {file['reason']}")


def print_rows(rows: Sequence[Mapping[Any, Any]], first: int = 1) -> None:
    """Rows as a table where that can be read, else one below the other, a line for each value.

    Args:
        rows: with the columns of the first.
        first: the number of the first.
    """
    names = [str(name) for name in (rows[0] if rows else ())]
    wide = {
        name: min(_READABLE, max(len(name), *(len(plain(row[name])) for row in rows)))
        for name in names
    }
    if sum(wide.values()) + 3 * len(wide) + 1 <= console.width:
        print_table("", rows)
        return
    longest = max(map(len, names))
    for number, row in enumerate(rows, first):
        console.rule(f"row {number:,}", align="left", characters="─", style="")
        for name, value in row.items():
            line = Text.from_markup(f"{escape(str(name)):<{longest}}  {plain(value)}")
            console.print(line, overflow="fold", highlight=False)


def plain(value: object) -> str:
    """A cell's text: no markup, and what is not seen of a foreign name or value is named."""
    if value is None:
        return ""
    if isinstance(value, float):
        value = float(f"{value:.{_DIGITS}g}")
    return escape("\n".join(map(visible, str(value).split("\n"))))
