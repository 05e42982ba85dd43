"""What a movie row is: declared once, as a pandera model; everything else is derived from it.

Casts, the table's DDL test, the Columns tab, the catalog and the docs read `MOVIE_COLUMNS`. How
real files name these columns stands in aliases.toml; how a cell is read stands in tabular/.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import pandas as pd
import pandera.pandas as pa
from pandera import extensions
from pandera.typing import Series
from pyarrow import compute as arrow_compute


class ColumnType(StrEnum):
    """The types a movie column may have, each with one meaning in every engine."""

    TEXT = "text"
    """Unicode text, limited by its UTF-8 bytes, as Redshift's VARCHAR is."""
    INTEGER = "integer"
    """A whole number of 32 bits."""
    BIGINT = "bigint"
    """A whole number of 64 bits."""
    DECIMAL = "decimal"
    """A finite double."""


def _fits_varchar(texts: "pd.Series[str]", *, limit: int) -> "pd.Series[bool]":
    """Whether each text fits a VARCHAR of `limit` bytes, as Redshift counts them."""
    compute = cast("Any", arrow_compute)
    as_arrow = cast("Any", texts.astype("string[pyarrow]").array)
    lengths = compute.binary_length(as_arrow.__arrow_array__())
    fits = compute.fill_null(compute.less_equal(lengths, limit), fill_value=True)
    return pd.Series(fits.to_numpy(zero_copy_only=False), index=texts.index)


extensions.register_check_method(_fits_varchar, statistics=["limit"])


def _text(
    description: str, *, max_bytes: int, nullable: bool = True, required: bool = False
) -> Any:  # noqa: ANN401
    return pa.Field(
        nullable=nullable,
        _fits_varchar=max_bytes,
        description=description,
        metadata={"type": ColumnType.TEXT, "max_bytes": max_bytes, "required": required},
    )


def _number(  # noqa: PLR0913 - a column is declared in one call
    column_type: ColumnType,
    description: str,
    *,
    ge: float,
    le: float | None = None,
    unit: str | None = None,
    required: bool = False,
) -> Any:  # noqa: ANN401
    return pa.Field(
        ge=ge,
        le=le,
        nullable=True,
        description=description,
        metadata={"type": column_type, "unit": unit, "required": required},
    )


class Movie(pa.DataFrameModel):
    """One film, as it stands in the warehouse table; a missing value is null."""

    movie_id: Series[str] = _text(
        "Identity of the film; derived from title and year where the file brings none",
        max_bytes=64,
        nullable=False,
    )
    movie_title: Series[str] = _text(
        "Title as the file gives it", max_bytes=1024, nullable=False, required=True
    )
    release_year: Series[pd.Int32Dtype] = _number(
        ColumnType.INTEGER, "Year of the first release", ge=1870, le=2100, unit="year"
    )
    certificate: Series[str] = _text("Age certificate, such as PG-13 or UA", max_bytes=64)
    runtime_minutes: Series[pd.Int32Dtype] = _number(
        ColumnType.INTEGER, "Running time", ge=0, le=100_000, unit="minutes"
    )
    genre: Series[str] = _text("Genres, separated as the file separates them", max_bytes=512)
    imdb_rating: Series[float] = _number(
        ColumnType.DECIMAL, "IMDb rating", ge=0, le=10, unit="points of 10", required=True
    )
    overview: Series[str] = _text("Plot summary", max_bytes=16_384)
    meta_score: Series[pd.Int32Dtype] = _number(
        ColumnType.INTEGER, "Metacritic score", ge=0, le=100, unit="points of 100"
    )
    director: Series[str] = _text("Director or directors", max_bytes=1024)
    star1: Series[str] = _text("First billed actor", max_bytes=512)
    star2: Series[str] = _text("Second billed actor", max_bytes=512)
    star3: Series[str] = _text("Third billed actor", max_bytes=512)
    star4: Series[str] = _text("Fourth billed actor", max_bytes=512)
    votes: Series[pd.Int64Dtype] = _number(ColumnType.BIGINT, "Number of votes", ge=0, unit="votes")
    gross_usd: Series[pd.Int64Dtype] = _number(
        ColumnType.BIGINT, "Gross earnings", ge=0, unit="US dollars"
    )
    poster_link: Series[str] = _text("Address of the poster", max_bytes=2048)

    class Config(pa.DataFrameModel.Config):
        """Columns beside the contract's are allowed: provenance travels with the row."""

        strict = False
        coerce = False


@dataclass(frozen=True)
class MovieColumn:
    """One column of the contract.

    Attributes:
        name: its name in files, tables and rules.
        type: how its cells are read.
        nullable: whether a row may go without a value.
        required: whether a file must bring the column (as itself or under an alias).
        minimum, maximum: inclusive bounds of a number, None where open.
        max_bytes: the most UTF-8 bytes a text may have, None for numbers.
        unit: what the number counts, None for text.
        description: what it means, in a phrase.
    """

    name: str
    type: ColumnType
    nullable: bool
    required: bool
    minimum: float | None
    maximum: float | None
    max_bytes: int | None
    unit: str | None
    description: str

    @property
    def sql_type(self) -> str:
        """The column's type in Redshift's dialect."""
        match self.type:
            case ColumnType.TEXT:
                return f"varchar({self.max_bytes})"
            case ColumnType.INTEGER:
                return "integer"
            case ColumnType.BIGINT:
                return "bigint"
            case ColumnType.DECIMAL:
                return "double precision"


def _bound(schema_column: Any, check_name: str, statistic: str) -> float | None:  # noqa: ANN401
    for check in schema_column.checks:
        if check.name == check_name:
            return cast("float", check.statistics[statistic])
    return None


def _movie_columns() -> tuple[MovieColumn, ...]:
    columns: list[MovieColumn] = []
    for name, column in Movie.to_schema().columns.items():
        declared = cast("dict[str, Any]", column.metadata)
        columns.append(
            MovieColumn(
                name=name,
                type=declared["type"],
                nullable=column.nullable,
                required=declared["required"],
                minimum=_bound(column, "greater_than_or_equal_to", "min_value"),
                maximum=_bound(column, "less_than_or_equal_to", "max_value"),
                max_bytes=declared.get("max_bytes"),
                unit=declared.get("unit"),
                description=cast("str", column.description),
            )
        )
    return tuple(columns)


MOVIE_COLUMNS: tuple[MovieColumn, ...] = _movie_columns()
"""The contract's columns, in the table's order."""

NUMBER_COLUMNS: tuple[str, ...] = tuple(
    column.name for column in MOVIE_COLUMNS if column.type is not ColumnType.TEXT
)
"""Those of them that hold numbers."""

KEY_COLUMN = "movie_id"
"""The column that identifies a film in the warehouse."""

OTHER_COLUMNS = "other_columns"
"""The column that keeps what a file brings beside the contract, as JSON text."""

OTHER_COLUMNS_BYTES = 65_535
"""The most UTF-8 bytes it holds: Redshift has no wider VARCHAR, and COPY cuts no Parquet."""
