"""A guessed declaration as a table of the sources file; what a person must know, as comments."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from movie_pipeline.tabular.column_mapping import printable
from movie_pipeline.tabular.declaration_guess import Guess
from movie_pipeline.tabular.inspection import Inspection
from movie_pipeline.tabular.reading_limits import NOTHING_DECLARED, SourceOptions
from movie_pipeline.tabular.ways_out import toml_text

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ORDER = (
    "members", "encoding", "comment", "footer", "header_line", "header", "columns", "delimiter",
    "quote", "escape", "pad", "nulls", "decimal", "units", "dates", "lenient", "salvage", "unended",
)  # fmt: skip


def declaration_lines(guess: Guess, name: str, found: Inspection) -> Iterator[str]:
    """The lines of the table.

    Args:
        guess: what would be declared.
        name: the file's.
        found: what the whole file becomes by it.
    """
    yield from (f"# {line}" for line in _becomes(guess, found))
    if guess.refusal:
        return
    yield f"[{_key(_source_name(name))}]"
    yield f"files = {toml_text(pattern_of(name))}  # whose files: widen or narrow it"
    values = _declared(guess.options)
    for key in _ORDER:
        if key in values:
            yield from (f"# {remark}" for remark in guess.remarks.get(key, ()))
            yield f"{key} = {_value(values[key])}"


def _becomes(guess: Guess, found: Inspection) -> Iterator[str]:
    """What the file becomes, and what that means for the table."""
    if guess.refusal or found.staged is None:
        why = guess.refusal or found.refusal
        yield f"No declaration that was tried makes this file load: {why}"
        return
    staged = found.staged
    if guess.options == NOTHING_DECLARED and not staged.hold:
        yield "Nothing has to be declared for this file."
    taken = ", ".join(
        f"{printable(column.header.strip())} as {column.ours}"
        for column in staged.mapping
        if column.ours
    )
    yield (
        f"By this table {staged.rows_in:,} records are found, of which {staged.rows_staged:,} can "
        f"be rows ({staged.dialect.describe()})."
    )
    yield f"Columns taken: {taken}."
    if staged.hold:
        yield f"Even so it would be HELD: {staged.hold}"
    yield "Put it into the file that MOVIE_PIPELINE_SOURCES names; docs/sources.md has all keys."


def pattern_of(name: str) -> str:
    """A pattern for files whose names differ from this one in digits alone."""
    escaped = re.sub(r"([*?\[])", r"[\1]", name)
    return re.sub(r"[0-9]+([-_.]?[0-9]+)*", "*", escaped)


def _source_name(name: str) -> str:
    words = re.findall(r"[^\W\d_]+", name.partition(".")[0])
    return words[0].lower() if words else "source"


def _declared(options: SourceOptions) -> dict[str, object]:
    """Key to value, of all that is declared."""
    values: dict[str, object] = {
        key: getattr(options, key)
        for key in _ORDER
        if getattr(options, key) != getattr(NOTHING_DECLARED, key)
    }
    if options.names:
        values["columns"] = list(options.names)
    return values


def _key(text: str) -> str:
    return text if _BARE.fullmatch(text) else toml_text(text)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return toml_text(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return f"{{ {', '.join(f'{_key(key)} = {_value(each)}' for key, each in items)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, cast('Sequence[object]', value)))}]"
    return str(value)
