"""What a movie row is: declared once, as a pandera model; everything else is derived from it.

Casts, the table's DDL test, the Columns tab, the catalog and the docs read `MOVIES.contract`. How
real files name these columns stands in aliases.toml; how a cell is read stands in tabular/.
"""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from movie_pipeline.datasets.model_fields import number_field, text_field
from movie_pipeline.tabular import ColumnType, NumberForm


class Movie(pa.DataFrameModel):
    """One movie, as it stands in the warehouse table; a missing value is null."""

    movie_id: Series[str] = text_field(
        "Identity of the movie; derived from title and year where the file brings none",
        max_bytes=64,
        nullable=False,
    )
    movie_title: Series[str] = text_field(
        "Title as the file gives it",
        max_bytes=1024,
        nullable=False,
        required=True,
        mostly_distinct=True,
    )
    release_year: Series[pd.Int32Dtype] = number_field(
        ColumnType.INTEGER,
        "Year of the first release",
        ge=1870,
        le=2100,
        unit="year",
        forms=(
            NumberForm.YEAR_IN_PARENTHESES,
            NumberForm.YEAR_OF_SPAN,
            NumberForm.YEAR_OF_DATE,
        ),
    )
    certificate: Series[str] = text_field("Age certificate, such as PG-13 or UA", max_bytes=64)
    runtime_minutes: Series[pd.Int32Dtype] = number_field(
        ColumnType.INTEGER,
        "Running time",
        ge=0,
        le=100_000,
        unit="minutes",
        forms=(NumberForm.DURATION,),
        usual=(10, 600),
    )
    genre: Series[str] = text_field("Genres, a comma between them", max_bytes=512, is_list=True)
    imdb_rating: Series[float] = number_field(
        ColumnType.DECIMAL,
        "IMDb rating",
        ge=0,
        le=10,
        unit="points of 10",
        required=True,
        forms=(NumberForm.OUT_OF,),
        usual=(0, 10),
    )
    overview: Series[str] = text_field("Plot summary", max_bytes=16_384)
    meta_score: Series[pd.Int32Dtype] = number_field(
        ColumnType.INTEGER,
        "Metacritic score",
        ge=0,
        le=100,
        unit="points of 100",
        forms=(NumberForm.OUT_OF,),
    )
    director: Series[str] = text_field("Director or directors", max_bytes=1024)
    star1: Series[str] = text_field("First billed actor", max_bytes=512)
    star2: Series[str] = text_field("Second billed actor", max_bytes=512)
    star3: Series[str] = text_field("Third billed actor", max_bytes=512)
    star4: Series[str] = text_field("Fourth billed actor", max_bytes=512)
    votes: Series[pd.Int64Dtype] = number_field(
        ColumnType.BIGINT,
        "Number of votes",
        ge=0,
        unit="votes",
        forms=(NumberForm.EXPONENT, NumberForm.COUNTED),
    )
    gross_usd: Series[pd.Int64Dtype] = number_field(
        ColumnType.BIGINT,
        "Gross earnings",
        ge=0,
        unit="US dollars",
        forms=(NumberForm.EXPONENT, NumberForm.US_DOLLARS),
        usual=(10_000, 10_000_000_000),
    )
    poster_link: Series[str] = text_field(
        "Address of the poster", max_bytes=2048, mostly_distinct=True
    )

    class Config(pa.DataFrameModel.Config):
        """Columns beside the contract's are allowed: provenance travels with the row."""

        strict = False
        coerce = False
