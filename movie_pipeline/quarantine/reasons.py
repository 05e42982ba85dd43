"""The sentences by which quarantine says why a record was set apart; they may name its values.

Which records are set apart is decided elsewhere, by SQL over staged rows; here are the words.
"""

_SHOWN = 200
"""Characters of a value shown in a sentence; the record's raw text holds the whole."""


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
