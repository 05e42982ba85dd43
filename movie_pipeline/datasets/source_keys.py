"""The keys of a source's table in the sources file: what each must be, and what goes not together.

Where a key stands in the file, and whose files a table is about, is sources.py's matter.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from movie_pipeline.tabular import (
    UNITS,
    BadForm,
    DateForm,
    NumberForm,
    TableContract,
    factor_of,
    is_declarable,
    most_dates,
    normalised,
)

COMPLETE: Final = ("done", "manifest")
"""How a source may say that a file is whole."""
_LONGEST_DELIMITER = 8
_MOST_FOOTER_LINES = 50


class WrongKey(Exception):
    """A key that is not as it must be.

    Args:
        key: its name.
        problem: what is wrong, as the end of a sentence that begins with what is declared.
        hint: what to do, a sentence; empty where the problem says it.
    """

    def __init__(self, key: str, problem: str, hint: str = "") -> None:
        self.key, self.problem, self.hint = key, problem, hint
        super().__init__(problem)


@dataclass(frozen=True)
class Key:
    """One key.

    Attributes:
        wanted: what it must be, in words.
        fits: whether a value is that.
        looked_into: finds what is wrong within a value that fits.
    """

    wanted: str
    fits: Callable[[Any], bool]
    looked_into: Callable[[str, Any, TableContract], None] | None = None


def check_key(name: str, value: object, contract: TableContract) -> None:
    """Refuse a key that there is not, or a value that it cannot have.

    Raises:
        WrongKey: with what is wrong.
    """
    key = KEYS.get(name)
    if key is None:
        close = difflib.get_close_matches(name, KEYS, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise WrongKey(
            name,
            f"but only {', '.join(KEYS)} can be declared.",
            f"{hint}docs/sources.md says what each does.",
        )
    if not key.fits(value):
        raise WrongKey(name, f"but it must be {key.wanted}.")
    if key.looked_into is not None:
        key.looked_into(name, value, contract)


def check_together(values: Mapping[str, Any], contract: TableContract) -> None:
    """Refuse keys that cannot stand beside each other.

    Raises:
        WrongKey: with what is wrong.
    """
    columns = values.get("columns", {})
    if values.get("header") == "none":
        _check_without_header(values, columns, contract)
    elif isinstance(columns, list):
        raise WrongKey(
            "columns",
            "but a list names the columns of files without a header.",
            'Declare header = "none" too, or a table such as { some_column = "Its Name" }.',
        )
    quote, delimiter = values.get("quote", '"'), values.get("delimiter", "")
    if quote in delimiter:
        raise WrongKey("delimiter", "but it holds the quote.", "Declare another quote.")
    if quote == "none" and values.get("escape") in {"doubled", "backslash"}:
        raise WrongKey(
            "escape",
            "but that is how a quote is written in a quoted cell, and none is by the quote "
            "declared.",
            'Where a backslash stands before delimiters, declare escape = "anywhere".',
        )
    comment = values.get("comment", "")
    if comment and (comment.startswith(quote) or (delimiter and comment.startswith(delimiter))):
        raise WrongKey(
            "comment",
            "but a row could begin so: with its first cell quoted or empty.",
            "Declare more of what comment lines begin with.",
        )


def _check_without_header(
    values: Mapping[str, Any], columns: Mapping[str, object] | list[str], contract: TableContract
) -> None:
    if "header_line" in values:
        raise WrongKey(
            "header_line", 'but header = "none" says that there is none.', "Leave one of them out."
        )
    hint = (
        "List the columns in the file's order, such as columns = "
        f"[{', '.join(map(repr, contract.required_names))}], or give places, such as "
        f"columns = {{ {contract.required_names[0]} = 2 }}."
    )
    if not columns:
        raise WrongKey("header", "but then columns must be declared, which no header names.", hint)
    if isinstance(columns, Mapping):
        named = [name for name, place in columns.items() if not isinstance(place, int)]
        if named:
            raise WrongKey(
                "columns", f"but {named[0]} has a name, and no header that holds it.", hint
            )
        if lacking := [name for name in contract.required_names if name not in columns]:
            raise WrongKey("columns", f"but {' and '.join(lacking)} must be there too.", hint)


# --- single keys ----------------------------------------------------------------------------------


def _one_of(*allowed: str) -> Key:
    return Key(" or ".join(map(repr, allowed)), lambda value: value in allowed)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, str) and each for each in cast("list[object]", value)
    )


def _is_encoding(value: object) -> bool:
    return isinstance(value, str) and is_declarable(value)


def _is_delimiter(value: object) -> bool:
    if not isinstance(value, str):
        return False
    return 0 < len(value) <= _LONGEST_DELIMITER and not set(value) & set('"\r\n\\')


def _is_comment(value: object) -> bool:
    return isinstance(value, str) and value != "" and value == value.strip() and value.isprintable()


def _is_footer(value: object) -> bool:
    if _is_number(value):
        return 1 <= cast("int", value) <= _MOST_FOOTER_LINES
    return _is_text(value) and not set(cast("str", value)) & set("\r\n")


def _is_place(value: object) -> bool:
    return _is_number(value) and cast("int", value) >= 1


def _are_columns(value: object) -> bool:
    if isinstance(value, list):
        names = cast("list[object]", value)
        return bool(names) and all(isinstance(each, str) for each in names)
    return isinstance(value, Mapping)


def _look_into_columns(
    key: str, columns: Mapping[str, object] | Sequence[str], contract: TableContract
) -> None:
    if not isinstance(columns, Mapping):
        twice = [name for name in columns if name and list(columns).count(name) > 1]
        if twice:
            raise WrongKey(
                key, f"but {twice[0]!r} is there twice.", 'What is left aside may be called "".'
            )
        return
    for ours, written in columns.items():
        if ours not in contract.names:
            raise WrongKey(
                key,
                f"but the {contract.row} contract has no column {ours!r}; it has "
                f"{', '.join(contract.names)}.",
            )
        if not _is_text(written) and not _is_place(written):
            raise WrongKey(
                key,
                f"but {ours} = {written!r} must be the name that the file has for it, or its place "
                "from 1.",
            )
    places = [written for written in columns.values() if _is_place(written)]
    if len(set(places)) < len(places):
        raise WrongKey(key, "but two columns have the same place.")


def _look_into_units(key: str, units: Mapping[str, object], contract: TableContract) -> None:
    for ours, unit in units.items():
        known = isinstance(unit, str) and ours in contract.number_names
        if not known or factor_of(cast("str", unit), contract.column(ours)) is None:
            raise WrongKey(
                key,
                f"but it must be a number column of the {contract.row} contract with one of "
                f"{UNITS} that fits what it counts, and {ours} = {unit!r} is not.",
            )


def _look_into_dates(key: str, dates: Mapping[str, object], contract: TableContract) -> None:
    most = most_dates(contract)
    if len(dates) > most:
        raise WrongKey(
            key,
            f"but {len(dates)} columns are more than the {most} that a row can be judged by.",
            "Leave the others as text.",
        )
    for column, form in dates.items():
        if not isinstance(form, str):
            raise WrongKey(
                key, f"but the form of {column!r} is {form!r}, and must be a text such as "
                "'%d.%m.%Y'.",
            )  # fmt: skip
        if not _may_hold_dates(normalised(column), contract):
            raise WrongKey(
                key,
                f"but {column!r} is a column of the {contract.row} contract, which has no dates.",
                "Only a file's own columns can be declared.",
            )
        try:
            DateForm.of(form)
        except BadForm as problem:
            raise WrongKey(key, f"but of the form {form!r} of {column!r} {problem}.") from None


def _may_hold_dates(name: str, contract: TableContract) -> bool:
    """Whether a name is none of the contract's, or only another name of a year's column."""
    known = next((ours for ours, names in contract.known_as.items() if name in names), None)
    if known is None:
        return True
    return name != known and NumberForm.YEAR_OF_DATE in contract.column(known).forms


def _look_into_lenient(key: str, names: Sequence[str], contract: TableContract) -> None:
    if wrong := sorted(set(names) - set(contract.number_names)):
        raise WrongKey(
            key,
            f"but {', '.join(wrong)} is no number column of the {contract.row} contract, and only "
            f"these can be lenient: {', '.join(contract.number_names)}.",
        )


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


KEYS: Final[Mapping[str, Key]] = {
    "files": Key('a shell pattern of file names, such as "vendor-*.csv"', _is_text),
    "dataset": Key("the name of a dataset, such as 'movies'", _is_text),
    "ruleset": Key("the path of a DQDL file, from where the sources file stands", _is_text),
    "members": Key("a list of shell patterns, such as ['movies-*.csv']", _are_texts),
    "encoding": Key(
        "one that Python decodes, such as utf-8, windows-1252, gb18030 or utf-16-le", _is_encoding
    ),
    "header": _one_of("none"),
    "header_line": Key("a line number from 1", _is_place),
    "columns": Key(
        "a table of columns with the file's names or their places, such as { some_column = 'Its "
        "Name', another = 3 }, or with header = 'none' a list of names",
        _are_columns,
        _look_into_columns,
    ),
    "comment": Key("what comment lines begin with, such as '#'", _is_comment),
    "footer": Key(
        f"a number of lines up to {_MOST_FOOTER_LINES}, or what the first of them begins with",
        _is_footer,
    ),
    "delimiter": Key(
        f"a text of up to {_LONGEST_DELIMITER} characters, none a quote or a backslash",
        _is_delimiter,
    ),
    "quote": _one_of('"', "'", "none"),
    "escape": _one_of("doubled", "backslash", "anywhere"),
    "pad": Key("true or false", _is_flag),
    "mend": Key("true or false", _is_flag),
    "nulls": Key("a list of words, such as ['tbd', '?']", _are_texts),
    "decimal": _one_of(".", ","),
    "units": Key(
        f"a table of columns and what their numbers count: {UNITS}", _is_table, _look_into_units
    ),
    "dates": Key(
        "a table of columns and forms, such as { premiere = '%d.%m.%Y' }",
        _is_table,
        _look_into_dates,
    ),
    "lenient": Key("a list of number columns", _are_texts, _look_into_lenient),
    "salvage": Key("true or false", _is_flag),
    "unended": _one_of("note", "hold", "set_apart"),
    "complete": _one_of(*COMPLETE),
}
"""All keys, in the order in which docs/sources.md tells of them."""
