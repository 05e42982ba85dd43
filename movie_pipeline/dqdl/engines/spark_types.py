"""What is known of a part of Spark SQL: its type, as far as it matters which types meet.

The type stands with the part. What is done about it is in `spark_meaning.py`.
"""

from sqlglot import exp

from movie_pipeline.dqdl.rules.schema import family_of
from movie_pipeline.dqdl.rules.sql import Sql

INTEGERS = {"TINYINT": 127, "SMALLINT": 32767, "INT": 2**31 - 1, "BIGINT": 2**63 - 1}
NUMBERS = frozenset({*INTEGERS, "DECIMAL", "DOUBLE"})
UNKNOWN = frozenset({"UNKNOWN", "NULL"})
COMPARED = (
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
)
_KINDS = {
    "VARCHAR": """
        Upper Lower Trim Substring Left Right Initcap MD5 Concat ConcatWs RegexpExtract
        RegexpReplace Pad TimeToStr SubstringIndex Replace Repeat Space Chr Translate SplitPart
        DPipe Reverse SHA
    """,
    "INT": """
        Length StrPosition Year Month Day Quarter DayOfWeek DayOfYear WeekOfYear Hour Minute
        Second DateDiff BitLength Unicode Ascii ArraySize DayOfMonth Extract BitwiseCount
    """,
    "BIGINT": """
        Count CountIf Ceil Floor IntDiv ApproxDistinct RowNumber Rank DenseRank
    """,
    "BOOLEAN": """
        Is Not Connector In Between Like ILike RegexpLike Exists StartsWith EndsWith Contains
        LogicalAnd LogicalOr EqualNull Any Boolean
    """,
    "DOUBLE": """
        Sign Ln Log Exp Sqrt Pow Stddev StddevPop StddevSamp Variance VariancePop Corr CovarPop
        CovarSamp Cbrt Sin Cos Tan Asin Acos Atan Degrees Radians Median Kurtosis MonthsBetween
        Avg Div Atan2 Sinh Cosh Tanh Pi PercentRank CumeDist Nanvl Skewness
    """,
    "DATE": "CurrentDate TsOrDsToDate LastDay TsOrDsAdd AddMonths",
    "TIMESTAMP": "CurrentTimestamp",
    "NULL": "Null",
    "VARCHAR[]": "RegexpSplit Split",
}
GIVES: dict[type[Sql], str] = {
    **{getattr(exp, kind): found for found, kinds in _KINDS.items() for kind in kinds.split()},
    **dict.fromkeys((*COMPARED, exp.And, exp.Or, exp.Xor), "BOOLEAN"),
}
"""The type of what a kind of part gives, whatever it is given."""


def known(node: Sql) -> str:
    """The type of a part; UNKNOWN where it is not known."""
    return str(node.meta.get("spark", "UNKNOWN"))


def marked(node: Sql, found: str) -> Sql:
    """A part whose type is known."""
    node.meta["spark"] = found
    return node


def is_list(found: str) -> bool:
    """Whether it is a list of any type."""
    return found.endswith("[]")


def of_literal(node: exp.Literal) -> str:
    """The type of what stands there as it is."""
    if node.is_string:
        return "VARCHAR"
    if "e" in node.name.lower():
        return "DOUBLE"
    if "." in node.name:
        return "DECIMAL"
    return "INT" if abs(int(node.name)) <= INTEGERS["INT"] else "BIGINT"


def spark_type(duckdb_type: str) -> str:
    """Spark's name of a type of DuckDB's."""
    if duckdb_type.endswith("[]"):
        return f"{spark_type(duckdb_type.removesuffix('[]'))}[]"
    family = family_of(duckdb_type)
    upper = duckdb_type.upper()
    if family == "integer":
        return {"INTEGER": "INT", "LONG": "BIGINT"}.get(
            upper, upper if upper in INTEGERS else "BIGINT"
        )
    names = {"float": "DOUBLE", "decimal": "DECIMAL", "string": "VARCHAR", "boolean": "BOOLEAN"}
    names |= {"date": "DATE", "timestamp": "TIMESTAMP"}
    return names.get(family, "UNKNOWN")


def common(types: list[str]) -> str:
    """The type of what may be of any of these."""
    found = set(types) - {"NULL"}
    if len(found) == 1:
        return found.pop()
    if found and found <= NUMBERS:
        for widest in ("DOUBLE", "DECIMAL", "BIGINT", "INT"):
            if widest in found:
                return widest
    if found == {"DATE", "TIMESTAMP"}:
        return "TIMESTAMP"
    return "VARCHAR" if "VARCHAR" in found and "UNKNOWN" not in found else "UNKNOWN"


def go_together(types: set[str]) -> bool:
    """Whether values of these types meet as they are."""
    return len(types) <= 1 or types <= NUMBERS or types == {"DATE", "TIMESTAMP"}


def said(found: str) -> str:
    """A type in the words of a reason."""
    if is_list(found):
        return "list"
    words = {"VARCHAR": "text", "DATE": "date", "TIMESTAMP": "time", "BOOLEAN": "yes or no"}
    return words.get(found, "number")
