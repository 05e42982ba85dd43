"""Which type a column has where it stands: that of the data, or of a query of the user's own.

Queries inside are visited before what reads them, so that their types are known.
"""

from collections.abc import Iterator

from sqlglot import exp

from movie_pipeline.dqdl.engines.spark_decimals import digits_of
from movie_pipeline.dqdl.engines.spark_types import UNKNOWN, common, known
from movie_pipeline.dqdl.rules.spark_sql import DATA
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import ColumnTypes

_READ_FIRST = ("with_", "from_", "joins", "laterals")


def in_order(node: Sql) -> list[Sql]:
    """The parts of a node, and of a query first what it reads."""
    parts = list(node.iter_expressions())
    if isinstance(node, exp.Query):
        parts.sort(key=lambda part: part.arg_key not in _READ_FIRST)
    return parts


def type_of_column(column: exp.Column, of_data: ColumnTypes) -> str | None:
    """The type of a column; None where it is not known."""
    query = column.find_ancestor(exp.Select)
    if query is None:
        return of_data(column)
    while query is not None:
        if found := _within(query, column, of_data):
            return found if found not in UNKNOWN else None
        query = query.find_ancestor(exp.Select)
    return None


def types_returned(query: Sql) -> list[str] | None:
    """The types of what a query returns; None where they are not known, as of `*`."""
    if isinstance(query, (exp.Subquery, exp.Paren)):
        return types_returned(query.this)
    if isinstance(query, exp.SetOperation):
        left, right = types_returned(query.this), types_returned(query.expression)
        if left is None or right is None or len(left) != len(right):
            return None
        return [common([here, there]) for here, there in zip(left, right, strict=True)]
    if not isinstance(query, exp.Select) or any(part.is_star for part in query.expressions):
        return None
    return [known(part) for part in query.expressions]


def _within(query: exp.Select, column: exp.Column, of_data: ColumnTypes) -> str | None:
    """The type of a column that a query reads, or names so itself."""
    read = {
        kind
        for source in _sources(query)
        if not column.table or source.alias_or_name.casefold() == column.table.casefold()
        if (kind := _given(source, column.name, of_data))
    }
    own = {
        _written(part)
        for part in query.expressions
        if not column.table and isinstance(part, exp.Alias) and "spark" in part.meta
        if part.alias.casefold() == column.name.casefold()
    }
    found = (own or read) if column.find_ancestor(exp.Order, exp.Select) is not query else read
    found = found or own
    return "UNKNOWN" if len(found) > 1 else next(iter(found), None)


def _sources(query: exp.Select) -> Iterator[Sql]:
    """The data and the queries that a query reads."""
    for clause in (query.args.get("from_"), *query.args.get("joins", ())):
        if clause is not None:
            yield clause.this


def _given(source: Sql, name: str, of_data: ColumnTypes) -> str | None:
    """The type of a source's column; None where it has none of the name."""
    if DATA in source.meta:
        return of_data(exp.column(name, table=source.meta[DATA]))
    if isinstance(source, exp.Table):
        query = _defined(source)
        return _returned(query, name, of_data) if query is not None else "UNKNOWN"
    if isinstance(source, exp.Subquery):
        return _returned(source.this, name, of_data)
    return "UNKNOWN"


def _defined(table: exp.Table) -> Sql | None:
    """The query that `with` names so."""
    query = table.find_ancestor(exp.Query)
    while query is not None:
        for cte in query.ctes:
            if cte.alias.casefold() == table.name.casefold():
                return cte.this
        query = query.find_ancestor(exp.Query)
    return None


def _returned(query: Sql, name: str, of_data: ColumnTypes) -> str | None:
    """The type of a column that a query returns; None where it returns none of the name."""
    if isinstance(query, (exp.Subquery, exp.Paren)):
        return _returned(query.this, name, of_data)
    if isinstance(query, exp.SetOperation):
        left = _returned(query.this, name, of_data)
        return left if left == _returned_beside(query, name, of_data) else "UNKNOWN"
    if not isinstance(query, exp.Select):
        return "UNKNOWN"
    for part in query.expressions:
        if part.is_star:
            kinds = {kind for s in _sources(query) if (kind := _given(s, name, of_data))}
            if kinds:
                return kinds.pop() if len(kinds) == 1 else "UNKNOWN"
        elif part.alias_or_name.casefold() == name.casefold():
            return _written(part)
    return None


def _returned_beside(union: exp.SetOperation, name: str, of_data: ColumnTypes) -> str | None:
    """The type of what the other side returns in the place of a column."""
    names = [one.casefold() for one in union.this.named_selects]
    others = union.expression.named_selects
    if name.casefold() in names and len(others) == len(names):
        name = others[names.index(name.casefold())]
    return _returned(union.expression, name, of_data)


def _written(part: Sql) -> str:
    """A type with the digits of a decimal."""
    found, of = known(part), digits_of(part)
    return f"DECIMAL({of[0]}, {of[1]})" if found == "DECIMAL" and of else found
