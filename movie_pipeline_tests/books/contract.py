"""What a book row is."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from movie_pipeline.datasets.model_fields import number_field, text_field
from movie_pipeline.tabular import ColumnType, NumberForm


class Book(pa.DataFrameModel):
    """One edition of a book, as it stands in the warehouse table."""

    isbn: Series[str] = text_field(
        "International number of the edition", max_bytes=17, nullable=False, required=True
    )
    title: Series[str] = text_field("Title", max_bytes=512, nullable=False, required=True)
    authors: Series[str] = text_field("Authors, as the file separates them", max_bytes=512)
    price: Series[float] = number_field(
        ColumnType.DECIMAL, "Price in the shop", ge=0, le=10_000, unit="euros", required=True
    )
    pages: Series[pd.Int32Dtype] = number_field(
        ColumnType.INTEGER, "Pages", ge=1, le=20_000, unit="pages"
    )
    published_year: Series[pd.Int32Dtype] = number_field(
        ColumnType.INTEGER,
        "Year of this edition",
        ge=1450,
        le=2100,
        unit="year",
        forms=(NumberForm.YEAR_IN_PARENTHESES,),
    )
    copies_sold: Series[pd.Int64Dtype] = number_field(
        ColumnType.BIGINT, "Copies sold", ge=0, unit="copies"
    )

    class Config(pa.DataFrameModel.Config):
        """Columns beside the contract's are allowed: provenance travels with the row."""

        strict = False
        coerce = False
