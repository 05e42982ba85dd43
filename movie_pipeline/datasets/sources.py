"""Who sends files, told by their names: what is declared about each source, in a TOML file.

A source that declares nothing is still a source: its files are compared with the ones before.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

from movie_pipeline.errors import SettingsError
from movie_pipeline.file_names import without_number
from movie_pipeline.tabular import (
    NOTHING_DECLARED,
    UNITS,
    BadForm,
    DateForm,
    NumberForm,
    SourceOptions,
    TableContract,
    factor_of,
    is_declarable,
    most_dates,
    normalised,
)

_KINDS: Mapping[str, type] = {
    "encoding": str,
    "delimiter": str,
    "escape": str,
    "header_line": int,
    "decimal": str,
    "salvage": bool,
    "unended": str,
    "dates": dict,
    "columns": dict,
    "units": dict,
    "quote": str,
    "pad": bool,
    "mend": bool,
    "nulls": list,
}
_LONGEST_DELIMITER = 8
COMPLETE = ("done", "manifest")
"""How a source may say that a file is whole."""
_ONE_OF = {
    "quote": ('"', "none"),
    "escape": ("doubled", "backslash", "anywhere"),
    "decimal": (".", ","),
    "unended": ("note", "hold", "set_apart"),
}


@dataclass(frozen=True)
class Source:
    """One sender of files.

    Attributes:
        name: what it is called in summaries.
        pattern: which file names are its own, as a shell pattern.
        options: what is declared about its files.
        complete: how it says that a file is whole: `done`, by a file `<name>.done` beside it that
            comes later; `manifest`, by a file `<name>.manifest` that says what is in it; empty
            where it does not.
    """

    name: str
    pattern: str
    options: SourceOptions
    complete: str = ""


@dataclass(frozen=True)
class Sources:
    """The declared sources, in the order of their file; the first whose pattern fits is taken."""

    declared: tuple[Source, ...] = ()

    @property
    def mark_files(self) -> bool:
        """Whether any of them says by a marker that a file is whole."""
        return any(source.complete for source in self.declared)

    def of(self, key: str) -> Source:
        """The source of a file by its name.

        Where none is declared for it, files whose names differ in digits alone are of one source.
        """
        # a file that was told apart by a numbered folder is its sender's all the same
        for name in (key, without_number(key)):
            for source in self.declared:
                if fnmatchcase(name, source.pattern):
                    return source
        return Source(re.sub(r"[0-9]+([-_.]?[0-9]+)*", "#", key), key, NOTHING_DECLARED)


def read_sources(path: Path | None, contract: TableContract) -> Sources:
    """The sources that a TOML file declares, a table each; none where there is no file.

    Args:
        path: the file.
        contract: what the rows of all sources must be.

    Raises:
        SettingsError: the file cannot be read, or declares what there is not.
    """
    if path is None:
        return Sources()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else str(error)
        raise SettingsError(
            f"the sources file {path} cannot be read: {cause}. MOVIE_PIPELINE_SOURCES must be the "
            "path of a TOML file."
        ) from None
    return Sources(tuple(_source(path, name, table, contract) for name, table in tables.items()))


def _source(path: Path, name: str, table: object, contract: TableContract) -> Source:
    if not isinstance(table, Mapping) or not isinstance(
        cast("Mapping[str, Any]", table).get("files"), str
    ):
        raise SettingsError(
            f"{path}: source {name!r} must be a table that says which files are its own, such as "
            'files = "vendor-*.csv".'
        )
    values = dict(cast("Mapping[str, Any]", table))
    pattern = values.pop("files")
    complete = values.pop("complete", "")
    if complete not in ("", *COMPLETE):
        wanted = " or ".join(map(repr, COMPLETE))
        raise SettingsError(
            f"{path}: source {name!r} declares complete = {complete!r}, but it must be {wanted}."
        )
    known = [option.name for option in fields(SourceOptions) if option.name in _KINDS]
    for option, value in values.items():
        if option not in known:
            raise SettingsError(
                f"{path}: source {name!r} declares {option!r}, but only files, {', '.join(known)} "
                "and complete can be declared."
            )
        _check(path, name, option, value)
        if option == "columns":
            _check_columns(f"{path}: source {name!r}", value, contract)
        if option == "units":
            _check_units(f"{path}: source {name!r}", value, contract)
        if option == "dates":
            _check_dates(f"{path}: source {name!r}", value, contract)
    return Source(name, pattern, SourceOptions(**values), complete)


def _check(path: Path, name: str, option: str, value: object) -> None:
    allowed = _ONE_OF.get(option)
    right = type(value) is _KINDS[option] and (allowed is None or value in allowed)
    if right and option == "encoding":
        right = is_declarable(str(value))
    if right and option == "delimiter":
        right = 0 < len(str(value)) <= _LONGEST_DELIMITER and not set(str(value)) & set('"\r\n\\')
    if right and option == "nulls":
        right = all(isinstance(word, str) and word for word in cast("list[object]", value))
    if right and option == "header_line":
        right = cast("int", value) >= 1
    if not right:
        wanted = " or ".join(map(repr, allowed)) if allowed else _WANTED[option]
        raise SettingsError(
            f"{path}: source {name!r} declares {option} = {value!r}, but it must be {wanted}."
        )


def _check_columns(where: str, columns: Mapping[str, object], contract: TableContract) -> None:
    for ours, written in columns.items():
        said = f"{where} declares columns = {{ {ours} = {written!r} }}"
        if ours not in contract.names:
            raise SettingsError(
                f"{said}, but the {contract.row} contract has no column {ours!r}; it has "
                f"{', '.join(contract.names)}."
            )
        if not isinstance(written, str) or not written.strip():
            raise SettingsError(f"{said}, but it must be the name that the file has for it.")


def _may_hold_dates(name: str, contract: TableContract) -> bool:
    """Whether a name is none of the contract's, or only another name of a year's column."""
    known = next((ours for ours, names in contract.known_as.items() if name in names), None)
    if known is None:
        return True
    return name != known and NumberForm.YEAR_OF_DATE in contract.column(known).forms


def _check_units(where: str, units: Mapping[str, object], contract: TableContract) -> None:
    for ours, unit in units.items():
        if ours not in contract.number_names or not isinstance(unit, str):
            known = None
        else:
            known = factor_of(unit, contract.column(ours))
        if known is None:
            raise SettingsError(
                f"{where} declares units = {{ {ours} = {unit!r} }}, but it must be a number column "
                f"of the {contract.row} contract with one of {UNITS} that fits what it counts."
            )


def _check_dates(where: str, dates: Mapping[str, object], contract: TableContract) -> None:
    most = most_dates(contract)
    if len(dates) > most:
        raise SettingsError(
            f"{where} declares dates for {len(dates)} columns, more than the {most} that a row can "
            "be judged by. Leave the others as text."
        )
    for column, form in dates.items():
        said = f"{where} declares dates = {{ {column!r} = {form!r} }}"
        if not isinstance(form, str):
            raise SettingsError(f"{said}, but a form is a text such as '%d.%m.%Y'.")
        if not _may_hold_dates(normalised(column), contract):
            raise SettingsError(
                f"{said}, but {column!r} is a column of the {contract.row} contract, which has no "
                "dates. Only a file's own columns can be declared."
            )
        try:
            DateForm.of(form)
        except BadForm as problem:
            raise SettingsError(f"{said}, but of the form {form!r} {problem}.") from None


_WANTED = {
    "encoding": "one that Python decodes, such as utf-8, windows-1252, gb18030 or utf-16-le",
    "delimiter": f"a text of up to {_LONGEST_DELIMITER} characters, none a quote or a backslash",
    "pad": "true or false",
    "mend": "true or false",
    "nulls": "a list of words, such as ['tbd', '?']",
    "header_line": "a line number from 1",
    "salvage": "true or false",
    "columns": "a table of columns and the file's names, such as { some_column = 'Its Name' }",
    "units": f"a table of columns and what their numbers count: {UNITS}",
    "dates": "a table of columns and forms, such as { premiere = '%d.%m.%Y' }",
}
