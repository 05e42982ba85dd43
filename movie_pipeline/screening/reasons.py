"""The sentences by which quarantine says why a record was set apart; they may name its values.

Which records are set apart is decided elsewhere, by SQL over staged rows; here are the words.
"""

from movie_pipeline.movies import ColumnType, MovieColumn

_KINDS = {
    ColumnType.INTEGER: "a whole number of 32 bits",
    ColumnType.BIGINT: "a whole number of 64 bits",
    ColumnType.DECIMAL: "a number",
    ColumnType.TEXT: "text",
}
_SHOWN = 200
"""Characters of a value shown in a sentence; the record's raw text holds the whole."""


def unreadable(column: MovieColumn, value: str | None) -> str:
    """The value cannot be read as the column's type."""
    return f"{column.name}: {shown(value)} is not {_KINDS[column.type]}"


def breached(column: MovieColumn, value: str | None) -> str:
    """The value can be read, but the movie contract does not allow it."""
    if value is None or not value.strip():
        return f"{column.name}: a film must have one, but it is missing"
    if column.max_bytes is not None:
        return f"{column.name}: {shown(value)} takes more than {column.max_bytes} bytes as UTF-8"
    low = "" if column.minimum is None else f"at least {column.minimum:g}"
    high = "" if column.maximum is None else f"at most {column.maximum:g}"
    return f"{column.name}: {shown(value)} must be {' and '.join(filter(None, (low, high)))}"


def failed_rule(rule: str, values: dict[str, str | None]) -> str:
    """The row fails a rule of the ruleset; the columns that the rule names are shown."""
    if not values:
        return f"fails {rule}"
    named = ", ".join(f"{column} is {shown(value)}" for column, value in values.items())
    return f"{named}: fails {rule}"


def shown(value: str | None) -> str:
    """A value in a sentence: quoted, trimmed, cut where it is long."""
    if value is None or not value.strip():
        return "missing"
    text = value.strip()
    return f'"{text[:_SHOWN]}…"' if len(text) > _SHOWN else f'"{text}"'
