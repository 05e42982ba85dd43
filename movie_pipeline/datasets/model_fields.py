"""The fields of a dataset's pandera model, and the columns that are derived from such a model.

Every dataset declares its rows with these, once; which columns those are stands in its own folder.
"""

from typing import Any, cast

import pandas as pd
import pandera.pandas as pa
from pandera import extensions
from pyarrow import compute as arrow_compute

from movie_pipeline.tabular import Column, ColumnType, NumberForm


def _fits_varchar(texts: "pd.Series[str]", *, limit: int) -> "pd.Series[bool]":
    """Whether each text fits a VARCHAR of `limit` bytes, as Redshift counts them."""
    compute = cast("Any", arrow_compute)
    as_arrow = cast("Any", texts.astype("string[pyarrow]").array)
    lengths = compute.binary_length(as_arrow.__arrow_array__())
    fits = compute.fill_null(compute.less_equal(lengths, limit), fill_value=True)
    return pd.Series(fits.to_numpy(zero_copy_only=False), index=texts.index)


extensions.register_check_method(_fits_varchar, statistics=["limit"])


def text_field(  # noqa: PLR0913 - what a column is, declared in one call
    description: str,
    *,
    max_bytes: int,
    nullable: bool = True,
    required: bool = False,
    is_list: bool = False,
    mostly_distinct: bool = False,
) -> Any:  # noqa: ANN401 - it stands where a column of any type is declared
    """A text column; `required` says that a file must bring it, `nullable` that a row need not.

    `is_list` says that it holds a list, which becomes "A, B" however a file writes it;
    `mostly_distinct` that nearly every row has a text of its own.
    """
    return pa.Field(
        nullable=nullable,
        _fits_varchar=max_bytes,
        description=description,
        metadata={
            "type": ColumnType.TEXT,
            "max_bytes": max_bytes,
            "required": required,
            "is_list": is_list,
            "mostly_distinct": mostly_distinct,
        },
    )


def number_field(  # noqa: PLR0913 - a column is declared in one call
    column_type: ColumnType,
    description: str,
    *,
    ge: float | None = None,
    le: float | None = None,
    unit: str | None = None,
    nullable: bool = True,
    required: bool = False,
    forms: tuple[NumberForm, ...] = (),
    usual: tuple[float, float] | None = None,
) -> Any:  # noqa: ANN401 - it stands where a column of any type is declared
    """A number column with inclusive bounds; `forms` says how its number may be written.

    `usual` says between which numbers nearly all values of any real file lie.
    """
    return pa.Field(
        ge=ge,
        le=le,
        nullable=nullable,
        description=description,
        metadata={
            "type": column_type,
            "unit": unit,
            "required": required,
            "forms": forms,
            "usual": usual,
        },
    )


def columns_of(model: type[pa.DataFrameModel]) -> tuple[Column, ...]:
    """The columns that a model declares, in its order."""
    columns: list[Column] = []
    for name, column in model.to_schema().columns.items():
        declared = cast("dict[str, Any]", column.metadata)
        columns.append(
            Column(
                name=name,
                type=ColumnType(declared["type"]),
                nullable=column.nullable,
                required=declared["required"],
                minimum=_bound(column, "greater_than_or_equal_to", "min_value"),
                maximum=_bound(column, "less_than_or_equal_to", "max_value"),
                max_bytes=declared.get("max_bytes"),
                unit=declared.get("unit"),
                description=cast("str", column.description),
                forms=declared.get("forms", ()),
                usual=declared.get("usual"),
                is_list=declared.get("is_list", False),
                mostly_distinct=declared.get("mostly_distinct", False),
            )
        )
    return tuple(columns)


def judged_text_by_text(model: type[pa.DataFrameModel]) -> frozenset[str]:
    """The text columns whose cells are judged by themselves, whatever other cells there are.

    None where the model asks anything of whole rows, or of a column as a whole.
    """
    schema = model.to_schema()
    if schema.checks or schema.unique or schema.parsers:
        return frozenset()
    return frozenset(
        name
        for name, column in schema.columns.items()
        if not column.unique
        and not column.parsers
        and [check.name for check in column.checks] == [_fits_varchar.__name__]
    )


def _bound(schema_column: Any, check_name: str, statistic: str) -> float | None:  # noqa: ANN401 - pandera's, untyped
    for check in schema_column.checks:
        if check.name == check_name:
            return cast("float", check.statistics[statistic])
    return None
