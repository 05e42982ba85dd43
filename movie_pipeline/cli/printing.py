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
from rich.table import Table
from typing_extensions import override

WIDTH_OF_A_PIPE = 200
"""For tables where nobody says how wide: a pipe has no width, and folded tables help nobody."""
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
        yield lambda step: _say_step(f"{title}: {step}")
        return
    if quiet or loudness.quiet or not errors.is_terminal:
        yield lambda _: None
        return
    with errors.status(title) as line:
        yield lambda step: line.update(f"{title}: {step}")


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


def plain(value: object) -> str:
    """A cell's text: no markup, no control characters of a foreign name or value."""
    if value is None:
        return ""
    if isinstance(value, float):
        value = float(f"{value:.{_DIGITS}g}")
    shown = "".join(
        letter if letter.isprintable() or letter == "\n" else "�" for letter in str(value)
    )
    return escape(shown)
