"""The Spark SQL that users write in `where` and CustomSql, read so that DuckDB can run it.

Names are resolved as for any rule, tables are only the data and its sources, and what has no sure
translation is refused. Row data is not touched here.
"""

import datetime as dt
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, cast

import sqlglot
from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import SqlglotError
from sqlglot.parsers.spark import SparkParser

from movie_pipeline.dqdl.language.limits import DEEPEST_SQL, LONGEST_MADE_TEXT, too_much
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.rule_plan import Context, NotEvaluableError, QueryRefused, RowsThen
from movie_pipeline.dqdl.rules.schema import Schema, UnusableColumn
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import ColumnTypes, NoTranslation

PRIMARY = "primary"
DATA = "data"
"""What a part of SQL that is the data or a source is marked by: the name of its columns' table."""
_ANOTHER_EACH_TIME = (exp.Rand, exp.Randn, exp.Randstr, exp.Uuid)
_OF_THE_SESSION = (exp.CurrentUser, exp.CurrentRole, exp.SessionUser)
_NAMED_AS_COLUMNS = (
    *("current_catalog", "current_database", "current_schema", "current_time"),
    *("grouping__id", "localtime", "localtimestamp", "user"),
)
"""What engines take for functions of their own where no column has the name."""

_AS_WRITTEN = frozenset(
    """
    approx_percentile array_compact array_contains array_distinct array_join array_max array_min
    array_position array_sort bit_count cardinality date_from_unix_date element_at factorial
    from_unixtime hex levenshtein negative percentile percentile_approx regexp_count
    regexp_extract_all rint sha2 size slice sort_array to_date to_unix_timestamp try_divide
    unix_date unix_seconds unix_timestamp
    """.split()  # noqa: SIM905 (a line each would be a page)
)
"""Of these sqlglot would make something else."""


class _UserSql(Spark):
    """Spark SQL in which functions keep their arguments that sqlglot would make one of."""

    class Parser(SparkParser):
        """Spark's, without those."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {
            name: build
            for name, build in cast("dict[str, Any]", SparkParser.FUNCTIONS).items()
            if name.lower() not in _AS_WRITTEN
        }
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            name: parse
            for name, parse in cast("dict[str, Any]", SparkParser.FUNCTION_PARSERS).items()
            if name.lower() not in _AS_WRITTEN
        }


def where_clause(text: str, context: Context, *, rows: RowsThen) -> Sql:
    """A where clause as an expression over the relation.

    Raises:
        NotEvaluableError: it is no condition, or it names what is not there.
    """
    about = "The where clause"
    with _told(about, rows):
        try:
            clause = sqlglot.parse_one(text, dialect=_UserSql, into=exp.Condition)
        except SqlglotError as error:
            raise NotEvaluableError("The provided where clause is invalid.", rows) from error
        clause = sql.rewritten(clause, _typed_first)
        _expect_little(clause, about, rows)
        _expect_known(text, clause, context, about, rows)
        if clause.find(exp.Select, exp.Table):
            raise NotEvaluableError("A where clause cannot hold a query of its own.", rows)
        scopes = {"": context.schema}
        _expect_only_data(clause, scopes, about, rows)
        types = partial(_type_of, scopes=scopes)
        return _translated(clause, context, scopes, types, about, rows)


def custom_query(text: str, context: Context) -> exp.Query:
    """A CustomSql statement as a query over the relation and its sources.

    Raises:
        NotEvaluableError: it is no single query, or it reads anything but the data and the sources.
    """
    about = "The SQL statement"
    with _told(about, "fail"):
        try:
            statements = sqlglot.parse(text, dialect=_UserSql)
        except SqlglotError as error:
            raise NotEvaluableError(
                "Error executing SQL statement: it does not parse.", "fail"
            ) from error
        query = statements[0] if len(statements) == 1 else None
        if not isinstance(query, exp.Query):
            raise NotEvaluableError(f"{about} must be one query.", "fail")
        query = cast("exp.Query", sql.rewritten(query, _typed_first))
        _expect_little(query, about, "fail")
        scopes = _tables(query, context, about)
        _expect_known(text, query, context, about, "fail")
        _expect_only_data(query, scopes, about, "fail")
        types = partial(_type_of, scopes=scopes)
        return cast("exp.Query", _translated(query, context, scopes, types, about, "fail"))


# --- limits -------------------------------------------------------------------------------------


@contextmanager
def _told(about: str, rows: RowsThen) -> Generator[None]:
    """Whatever sqlglot makes of a person's text ends in a sentence about that text."""
    try:
        yield
    except (NotEvaluableError, QueryRefused, UnusableColumn):
        raise
    except RecursionError as error:
        raise NotEvaluableError(f"{about} is nested too deeply.", rows) from error
    except Exception as error:
        cause = f"cannot be translated ({type(error).__name__})"
        raise NotEvaluableError(f"{about} {cause}.", rows) from error


def _expect_little(tree: Sql, about: str, rows: RowsThen) -> None:
    """Refuse what nests too deeply, and what makes long texts and lists out of nothing."""
    deepest = _depth(tree)
    if deepest > DEEPEST_SQL:
        sentence = too_much(f"parts of {about} that stand in each other", deepest, DEEPEST_SQL)
        raise NotEvaluableError(f"{sentence}.", rows)
    made = 1
    for node in tree.find_all(*_MAKERS):
        parts = _made(node)
        made *= LONGEST_MADE_TEXT + 1 if parts is None else max(1, parts)
    if made > LONGEST_MADE_TEXT:
        raise NotEvaluableError(
            f"{about} may make a text or a list of at most {LONGEST_MADE_TEXT:,} parts out of "
            "nothing, and how many stands there as a number.",
            rows,
        )


def _depth(tree: Sql) -> int:
    """How many parts stand in each other; a chain of AND or of OR counts as two."""
    deepest, level = 0, [(tree, 1)]
    while level:
        deeper: list[tuple[Sql, int]] = []
        for node, depth in level:
            deepest = max(deepest, depth)
            deeper += [(child, depth + 1) for child in sql.members(node)]
        level = deeper
    return deepest


_MAKERS = (exp.GenerateSeries, exp.Pad, exp.Repeat, exp.Space)


def _made(node: Sql) -> int | None:
    """How many characters or values it makes at most; None where that is not known."""
    ends = [node.args.get(key) for key in ("times", "end", "expression", "start", "step")]
    if isinstance(node, exp.Space):
        ends = [node.this]
    if isinstance(node, exp.Pad):
        ends = [node.expression]
    numbers = [end.unnest() if isinstance(end, exp.Expr) else end for end in ends]
    if not all(number is None or _is_number(number) for number in numbers):
        return None
    whole = [abs(float(number.sql())) for number in numbers if number is not None]
    return int(min(sum(whole), 1e12))


# --- tables -------------------------------------------------------------------------------------


def _tables(query: exp.Query, context: Context, about: str) -> dict[str, Schema]:
    """Puts the relation and the sources in the place of their names; returns schemas by alias."""
    own = {str(cte.alias).casefold() for cte in query.find_all(exp.CTE)}
    scopes: dict[str, Schema] = {}
    for table in list(query.find_all(exp.Table)):
        written = table.name
        if not isinstance(table.this, exp.Identifier) or table.db:
            raise NotEvaluableError(
                f"{about} may read only {PRIMARY} and the given sources.", "fail"
            )
        alias = table.alias or written
        if written.casefold() in own:
            continue
        inner, schema = _relation(written, context, about)
        scopes[alias.casefold()] = schema
        data = exp.Subquery(
            this=inner, alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True))
        )
        data.meta[DATA] = f"{DATA} {len(scopes)}"  # an alias may stand for several in one query
        scopes[data.meta[DATA]] = schema
        table.replace(data)
    if any(schema is context.schema for schema in scopes.values()):
        scopes[""] = context.schema
    return scopes


def _relation(written: str, context: Context, about: str) -> tuple[Sql, Schema]:
    relation, schema = context.relation, context.schema
    if written.casefold() != PRIMARY:
        by_name = {alias.casefold(): source for alias, source in context.sources.items()}
        source = by_name.get(written.casefold())
        if source is None:
            known = ", ".join([PRIMARY, *context.sources])
            raise NotEvaluableError(f"{about} reads {written}, which is not among {known}.", "fail")
        relation, schema = source.relation, source.schema
    columns = [sql.name(column) for column in schema.types] or [sql.number(1)]
    return exp.Select(expressions=columns).from_(sql.table(relation)), schema


# --- names, functions, types --------------------------------------------------------------------


def _translated(  # noqa: PLR0913, PLR0917 (each is a thing of its own)
    expression: Sql,
    context: Context,
    scopes: Mapping[str, Schema],
    types: ColumnTypes,
    about: str,
    rows: RowsThen,
) -> Sql:
    expression = sql.rewritten(expression, partial(_named, scopes=scopes))
    expression = sql.rewritten(expression, partial(_by_the_clock, context=context))
    is_condition = not isinstance(expression, exp.Query)
    try:
        return context.words.from_spark(expression, types, is_condition=is_condition)
    except NoTranslation as error:
        raise NotEvaluableError(f"{about} has no sure translation: {error}.", rows) from error


def _expect_known(text: str, tree: Sql, context: Context, about: str, rows: RowsThen) -> None:
    """Refuse functions whose answer would be another one, here or the next time."""
    if other := tree.find(*_ANOTHER_EACH_TIME):
        name = cast("exp.Func", other).sql_name().lower()
        raise NotEvaluableError(f"{about} uses {name}, whose value is never the same.", rows)
    try:
        context.words.expect_known(text)
    except NoTranslation as error:
        raise NotEvaluableError(f"{about} has no sure translation: {error}.", rows) from error


def _expect_only_data(tree: Sql, scopes: Mapping[str, Schema], about: str, rows: RowsThen) -> None:
    """Refuse what runs a command, or asks who is there: Spark would do both without a function."""
    if tree.find(exp.QueryTransform):
        raise NotEvaluableError(f"{about} runs a command, which no rule may.", rows)
    asked = [
        column.name
        for column in tree.find_all(exp.Column)
        if column.name.casefold() in _NAMED_AS_COLUMNS
        and not (column.table or cast("exp.Identifier", column.this).quoted)
        and not any(schema.real_name(column.name) for schema in scopes.values())
    ]
    asked += [cast("exp.Func", node).sql_name().lower() for node in tree.find_all(*_OF_THE_SESSION)]
    if asked:
        raise NotEvaluableError(f"{about} uses {asked[0]}, which is not of the data.", rows)


def _type_of(column: exp.Column, scopes: Mapping[str, Schema]) -> str | None:
    """The type of a column of the data or of a source."""
    schema = scopes.get(column.table.casefold())
    real = schema.real_name(column.name) if schema else None
    return schema.types[real] if schema and real else None


def _typed_first(node: Sql) -> Sql:
    """`date '2024-01-05'::string` makes text of a date, where sqlglot makes a date of the text."""
    if type(node) is not exp.Cast or type(node.this) is not exp.TryCast:
        return node
    text = node.this
    while type(text) is exp.TryCast:
        text = text.this
    if not isinstance(text, exp.Literal) or not text.is_string:
        return node
    outer = node.this.copy()
    innermost = next(outer.find_all(exp.Literal))
    innermost.replace(exp.Cast(this=innermost.copy(), to=node.to.copy()))
    return outer


def _by_the_clock(node: Sql, context: Context) -> Sql:
    """The injected clock in the place of the engine's, so that a verdict can be had again."""
    moment = context.now.astimezone(dt.UTC)
    if isinstance(node, exp.CurrentDate):
        return sql.cast(sql.string(moment.date().isoformat()), "DATE")
    is_now = isinstance(node, exp.Anonymous) and node.name.casefold() == "now"
    if is_now or isinstance(node, exp.CurrentTimestamp):
        return sql.cast(sql.string(moment.replace(tzinfo=None).isoformat(" ")), "TIMESTAMP")
    return node


def _named(node: Sql, scopes: Mapping[str, Schema]) -> Sql:
    """Gives a column the relation's own spelling of its name; an alias becomes the column."""
    if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
        return node
    schema = scopes.get(node.table.casefold())
    real = schema.real_name(node.name) if schema else None
    if real is None:
        return node
    renamed = node.copy()
    renamed.set("this", exp.to_identifier(real, quoted=True))
    if node.table:
        renamed.set("table", exp.to_identifier(node.table, quoted=True))
    selected = isinstance(node.parent, exp.Select) and node.arg_key == "expressions"
    if selected and real.casefold() != node.name.casefold():
        return exp.Alias(this=renamed, alias=exp.to_identifier(real, quoted=True))
    return renamed


def _is_number(part: object) -> bool:
    if isinstance(part, exp.Neg):
        return _is_number(part.this)
    return isinstance(part, exp.Literal) and not part.is_string
