"""The columns that a rule names: they must be there, and of the type that the rule wants.

How a name is resolved is in `schema.py`.
"""

from movie_pipeline.dqdl.language.cursor import did_you_mean
from movie_pipeline.dqdl.rules.rule_plan import Context, NotEvaluableError, RowsThen
from movie_pipeline.dqdl.rules.schema import Column, Family

NUMERIC: tuple[Family, ...] = ("integer", "float", "decimal")


def column_of(context: Context, written: str, *, rows: RowsThen = "fail") -> Column:
    """The column that a rule names.

    Raises:
        NotEvaluableError: the data has no such column.
    """
    column = context.schema.find(written)
    if column is None:
        hint = did_you_mean(written, context.schema.types)
        raise NotEvaluableError(
            f"Input data does not include column {written}!" + (f" ({hint})" if hint else ""), rows
        )
    return column


def typed_column(
    context: Context, written: str, families: tuple[Family, ...], *, rows: RowsThen = "fail"
) -> Column:
    """The column that a rule names, which must be of one of the families.

    Raises:
        NotEvaluableError: there is no such column, or it is of another type.
    """
    column = column_of(context, written, rows=rows)
    if column.family not in families:
        wanted = "a number" if families == NUMERIC else " or ".join(families)
        raise NotEvaluableError(
            f"Expected type of column {written} to be {wanted}, but it is {column.type_name}.", rows
        )
    return column
