"""What the commands print: tables for people, JSON for programs, a line that moves meanwhile."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDTH_OF_A_PIPE = 200
_DIGITS = 10
"""Digits of a number in a table for people; CSV and JSON have all of them."""


def _console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; a pipe has no width, and folded tables help nobody."""
    found = Console(stderr=stderr)
    return found if found.is_terminal else Console(stderr=stderr, width=WIDTH_OF_A_PIPE)


console = _console()
errors = _console(stderr=True)


_LINE_ENDS = "\u0085\u2028\u2029"


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Generator[Callable[[str], None]]:
    """A line that moves while something takes long; nothing where no person looks."""
    if quiet or not errors.is_terminal:
        yield lambda _: None
        return
    with errors.status(title) as line:
        yield lambda step: line.update(f"{title}: {step}")


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
