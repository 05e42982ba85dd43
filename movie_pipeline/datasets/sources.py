"""Who sends files, told by their names: what is declared about each source, in a TOML file.

A source that declares nothing is still a source: its files are compared with the ones before. What
a key must be stands in source_keys.py.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.source_keys import COMPLETE, KEYS, WrongKey, check_key, check_together
from movie_pipeline.errors import SettingsError
from movie_pipeline.file_names import without_number
from movie_pipeline.tabular import NOTHING_DECLARED, SourceOptions

__all__ = ["COMPLETE", "KEYS", "Source", "Sources", "read_sources", "refuse_unknown_datasets"]

_NOT_OF_READING = ("files", "dataset", "ruleset", "complete", "columns")


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
        ruleset: the DQDL file that its files are judged by; None where that is the dataset's.
        place: where that is declared, for sentences.
    """

    name: str
    pattern: str
    options: SourceOptions
    complete: str = ""
    ruleset: Path | None = None
    place: str = ""


@dataclass(frozen=True)
class Sources:
    """The declared sources, in the order of their file; the first whose pattern fits is taken.

    Attributes:
        declared: those of one dataset.
        datasets: every dataset that the file names, with where.
    """

    declared: tuple[Source, ...] = ()
    datasets: tuple[tuple[str, str], ...] = ()

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


def read_sources(path: Path | None, dataset: Dataset) -> Sources:
    """The sources that a TOML file declares, a table each; none where there is no file.

    Args:
        path: the file.
        dataset: whose files they send; a table about those of another dataset is left out.

    Raises:
        SettingsError: the file cannot be read, or declares what there is not.
    """
    if path is None:
        return Sources()
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else str(error)
        raise SettingsError(
            f"the sources file {path} cannot be read: {cause}. MOVIE_PIPELINE_SOURCES must be the "
            "path of a TOML file, with a table for each source: docs/sources.md says how."
        ) from None
    file = _SourcesFile(path, text, dataset)
    found = [file.source(name, table) for name, table in tables.items()]
    return Sources(tuple(each for each in found if each is not None), tuple(file.datasets))


def refuse_unknown_datasets(sources: Sources, known: Iterable[str]) -> None:
    """Refuse sources of a dataset that the deployment is not for: nobody would look at them.

    Raises:
        SettingsError: there is one.
    """
    names = list(known)
    for name, place in sources.datasets:
        if name not in names:
            raise SettingsError(
                f"{place} declares dataset = {name!r}, but MOVIE_PIPELINE_DATASETS names "
                f"{', '.join(names)}."
            )


class _SourcesFile:
    def __init__(self, path: Path, text: str, dataset: Dataset) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._dataset = dataset
        self._patterns: dict[str, str] = {}
        self.datasets: list[tuple[str, str]] = []

    def source(self, name: str, table: object) -> Source | None:
        """One source; None where it is about files of another dataset."""
        if not isinstance(table, Mapping) or "files" not in table:
            raise SettingsError(
                f"{self._place(name)} must be a table that says which files are its own, such as "
                'files = "vendor-*.csv".'
            )
        values = dict(cast("Mapping[str, Any]", table))
        try:
            return self._checked(name, values)
        except WrongKey as wrong:
            said = self._said(name, wrong.key, values)
            hint = f" {wrong.hint}" if wrong.hint else ""
            raise SettingsError(f"{said}, {wrong.problem}{hint}") from None

    def _checked(self, name: str, values: dict[str, Any]) -> Source | None:
        contract = self._dataset.contract
        for key in ("files", "dataset"):
            if key in values:
                check_key(key, values[key], contract)
        if "dataset" in values:
            self.datasets.append((values["dataset"], self._place(name, "dataset")))
        if values.get("dataset", self._dataset.name) != self._dataset.name:
            return None
        pattern = values["files"]
        if pattern in self._patterns:
            raise WrongKey("files", f"but so does source {self._patterns[pattern]!r} before it.")
        self._patterns[pattern] = name
        for key, value in values.items():
            check_key(key, value, contract)
        check_together(values, contract)
        options = {key: value for key, value in values.items() if key not in _NOT_OF_READING}
        columns = values.get("columns", {})
        options["names" if isinstance(columns, list) else "columns"] = columns
        source = Source(name, pattern, SourceOptions(**options), values.get("complete", ""))
        if "ruleset" not in values:
            return source
        path = self._path.parent / values["ruleset"]
        return replace(source, ruleset=path, place=self._place(name, "ruleset"))

    def _said(self, name: str, key: str, values: Mapping[str, Any]) -> str:
        place = self._place(name, key)
        if key not in KEYS:
            return f"{place} declares {key!r}"
        return f"{place} declares {key} = {_as_written(values.get(key))}"

    def _place(self, name: str, key: str = "") -> str:
        """Where a table or a key stands, in words."""
        line = self._line(name, key) or self._line(name, "")
        where = f", line {line}" if line else ""
        return f"{self._path}{where}: source {name!r}"

    def _line(self, name: str, key: str) -> int | None:
        """The line of a table or a key; None where it is not found."""
        called = rf'(?:{re.escape(name)}|"{re.escape(name)}"|\'{re.escape(name)}\')'
        named = rf'(?:{re.escape(key)}|"{re.escape(key)}"|\'{re.escape(key)}\')'
        heading = re.compile(rf"\s*\[\s*{called}\s*(?:\.\s*(.+?)\s*)?\]")
        own = re.compile(rf"\s*{named}\s*[=.]")
        dotted = re.compile(rf"\s*{called}\s*[=.]")
        within = False
        for number, line in enumerate(self._lines, 1):
            if line.lstrip().startswith("["):
                found = heading.match(line)
                within = found is not None and not found[1]
                if found and (found[1] or "").strip("\"'") == key:
                    return number
            elif (within and key and own.match(line)) or (not key and dotted.match(line)):
                return number
        return None


def _as_written(value: object) -> str:
    """A value as TOML writes it, nearly."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return f"{{ {', '.join(f'{name} = {each!r}' for name, each in items)} }}"
    return repr(value)
