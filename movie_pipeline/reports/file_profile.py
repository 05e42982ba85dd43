"""The columns of a file or table as they are, and a ruleset that would hold what they are.

What is suggested is what this one keeps, as a start for people: each rule with why, and with
how many of the file's rows it sets apart. Values of the file are told, to whoever has the file.
"""

import math
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.screening.screening_engine import Connection, identifier, screening_engine
from movie_pipeline.settings import Settings
from movie_pipeline.settings.groups import EngineSettings
from movie_pipeline.steps.read import read_one
from movie_pipeline.tabular import MappedRows

_PROFILED = "profiled"
_NUMBERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL"}
)
_FEW_VALUES = 12
"""Distinct texts of which a list may be meant."""
_MOSTLY = 0.9
"""Share of rows with a value from which a column counts as filled as a rule."""
_BARS = "▁▂▃▄▅▆▇█"
_BINS = 12
_OFTEN = 5
_LONGEST = 40


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """What the values of one column are.

    Attributes:
        name: as rules name it.
        type: as the engine has it.
        rows: of the file, as far as they are rows.
        missing: rows without a value.
        distinct: different values.
        low, high: the least and the greatest; of texts the shortest and longest length.
        typical: the commonest values.
        counts: how many fall into each of some equal bins, or are each of the commonest values.
    """

    name: str
    type: str
    rows: int
    missing: int
    distinct: int
    low: float | None
    high: float | None
    typical: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def picture(self) -> str:
        """How the values spread, as a row of bars."""
        return bars(self.counts)

    @property
    def share(self) -> float:
        """Of rows with a value."""
        return (self.rows - self.missing) / self.rows if self.rows else 0.0

    @property
    def filled(self) -> str:
        """The same for people: neither all nor none where that is not so."""
        share = self.share if self.share in {0.0, 1.0} else min(max(self.share, 0.001), 0.999)
        return f"{share:.1%}"

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.type.partition("(")[0].removeprefix("U") in _NUMBERS


@dataclass(frozen=True)
class Suggestion:
    """A rule, and why it is suggested."""

    rule: str
    why: str


@dataclass(frozen=True)
class FileProfile:
    """What a file is like.

    Attributes:
        rows: how many of its records are rows.
        columns: those that it brings, in its order.
        suggestions: rules that describe them.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]
    suggestions: tuple[Suggestion, ...]

    @property
    def ruleset(self) -> str:
        """The suggested ruleset, as a file of rules."""
        lines = [
            f"    {one.rule}{',' if number < len(self.suggestions) else ''}  # {one.why}"
            for number, one in enumerate(self.suggestions, 1)
        ]
        return "\n".join(["Rules = [", *lines, "]", ""])


def profile_file(path: Path, settings: Settings, dataset: Dataset) -> FileProfile:
    """Read a file into a temporary folder, and say what its columns are like.

    Raises:
        UnreadableFile: it cannot be read as such a table.
    """
    sources = read_sources(settings.reading.sources, dataset)
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-profile-") as root:
        folder = Path(root)
        source = folder / "profiled.csv"
        shutil.copyfile(path, source)
        staged = read_one(source, settings, dataset, sources.of(path.name).options)
        with screening_engine(folder, settings.engine) as connection:
            connection.register(_PROFILED, MappedRows(folder / "profiled.arrow"))
            brought = {column.name for column in staged.mapping} | set(staged.derived)
            columns = tuple(_profiles(connection, brought))
            connection.unregister(_PROFILED)
    return FileProfile(staged.rows_staged, columns, tuple(suggested(columns)))


def profile_rows(rows: Any, engine: EngineSettings) -> FileProfile:  # noqa: ANN401 - an Arrow table, which carries no types
    """Say what the columns of any table are like."""
    with (
        tempfile.TemporaryDirectory(prefix="movie-pipeline-profile-") as root,
        screening_engine(Path(root), engine) as connection,
    ):
        connection.register(_PROFILED, rows)
        columns = tuple(_profiles(connection, set(rows.column_names)))
        connection.unregister(_PROFILED)
    return FileProfile(rows.num_rows, columns, tuple(suggested(columns)))


def _profiles(connection: Connection, brought: Collection[str]) -> Iterator[ColumnProfile]:
    types = connection.execute(f"DESCRIBE SELECT * FROM {_PROFILED}").fetchall()
    for name, kind, *_ in types:
        if name in brought:
            yield _profile(connection, str(name), str(kind))


def _profile(connection: Connection, name: str, kind: str) -> ColumnProfile:
    column = identifier(name)
    is_number = kind.partition("(")[0].removeprefix("U") in _NUMBERS
    measured = column if is_number else f"length(CAST({column} AS VARCHAR))"
    [[rows, filled, distinct, low, high]] = connection.execute(
        f"SELECT count(*), count({column}), count(DISTINCT {column}), "
        f"CAST(min({measured}) AS DOUBLE), CAST(max({measured}) AS DOUBLE) FROM {_PROFILED}"
    ).fetchall()
    common = connection.execute(
        f"SELECT CAST({column} AS VARCHAR), count(*) AS n FROM {_PROFILED} "
        f"WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT {_FEW_VALUES}"
    ).fetchall()
    counts = (
        _spread(connection, column, low, high)
        if is_number and low is not None and high > low
        else tuple(int(count) for _, count in common)
    )
    return ColumnProfile(
        name=name,
        type=kind,
        rows=int(rows),
        missing=int(rows) - int(filled),
        distinct=int(distinct),
        low=low,
        high=high,
        typical=tuple(str(value) for value, _ in common),
        counts=counts,
    )


def _spread(connection: Connection, column: str, low: float, high: float) -> tuple[int, ...]:
    """How the numbers of a column fall into bins of equal width."""
    place = f"least(floor(({column} - {low!r}) / {(high - low) / _BINS!r}), {_BINS - 1})"
    counted = dict(
        connection.execute(
            f"SELECT CAST({place} AS INTEGER), count(*) FROM {_PROFILED} "
            f"WHERE {column} IS NOT NULL GROUP BY 1"
        ).fetchall()
    )
    return tuple(int(counted.get(each, 0)) for each in range(_BINS))


def bars(counts: Sequence[int]) -> str:
    """Counts as a row of bars; none where nothing was counted."""
    most = max(counts, default=0)
    if not most:
        return ""
    return "".join(
        _BARS[min(len(_BARS) - 1, 8 * count // most)] if count else " " for count in counts
    )


def suggested(columns: Sequence[ColumnProfile]) -> Iterator[Suggestion]:
    """Rules that such columns keep, the plainest first."""
    yield Suggestion("RowCount > 0", "a file without rows says nothing")
    for column in columns:
        if column.rows and column.missing < column.rows:
            yield from _of_column(column)


def _of_column(column: ColumnProfile) -> Iterator[Suggestion]:
    name = _quoted(column.name)
    filled = column.rows - column.missing
    if not column.missing:
        yield Suggestion(f"IsComplete {name}", "every row has a value")
    elif column.share >= _MOSTLY:
        least = math.floor((column.share - 0.01) * 100) / 100
        yield Suggestion(f"Completeness {name} > {least:g}", f"{column.filled} of rows have one")
    if column.missing:
        return  # a missing value fails each of the rules below
    if column.is_number and column.low is not None and column.high is not None:
        low, high = _number(column.low), _number(column.high)
        yield Suggestion(f"ColumnValues {name} >= {low}", f"the least is {low}")
        yield Suggestion(f"ColumnValues {name} <= {high}", f"the greatest is {high}")
    elif column.distinct == filled > 1:
        yield Suggestion(f"IsUnique {name}", "no value stands there twice")
    elif column.type == "VARCHAR" and _is_a_list(column, filled):
        listed = ", ".join(_quoted(value) for value in column.typical)
        yield Suggestion(
            f"ColumnValues {name} in [{listed}]", f"there are {column.distinct} values"
        )
    if column.high is not None and column.type == "VARCHAR":
        longest = int(column.high)
        yield Suggestion(f"ColumnLength {name} <= {longest}", f"the longest has {longest}")


def _is_a_list(column: ColumnProfile, filled: int) -> bool:
    """Whether its values may be a list of what is allowed: few, each of them often."""
    few = 1 < column.distinct <= _FEW_VALUES and filled >= _OFTEN * column.distinct
    return few and all(len(value) <= _LONGEST and value.isprintable() for value in column.typical)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number(value: float) -> str:
    return f"{value:.15g}"
