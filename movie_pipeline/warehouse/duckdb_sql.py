"""Redshift's SQL as DuckDB takes it: sqlglot translates, this takes out what DuckDB does not have.

Text in, text out; no connection. What Redshift does not enforce (keys) is not enforced here either,
so that a missing de-duplication shows.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from movie_pipeline.errors import WarehouseError
from movie_pipeline.warehouse.worked_out import worked_out

_DROPPED_PROPERTIES = (
    exp.AutoRefreshProperty,
    exp.BackupProperty,
    exp.DistKeyProperty,
    exp.DistStyleProperty,
    exp.SortKeyProperty,
)
_DROPPED_CONSTRAINTS = (
    exp.EncodeColumnConstraint,
    exp.PrimaryKeyColumnConstraint,
    exp.UniqueColumnConstraint,
)
_DROPPED_TABLE_CONSTRAINTS = (exp.PrimaryKey, exp.ForeignKey, exp.UniqueColumnConstraint)

_SYSTEM_VIEWS = {"svv_columns": "information_schema.columns"}
# DuckDB has no LOCK: two transactions that update the same row conflict instead.
_LOCK = re.compile(r"^\s*lock\s+table\s+(\w+)\s*$", re.IGNORECASE)
_COMMENT_LINE = re.compile(r"^\s*--[^\n]*\n", re.MULTILINE)
_PARAMETER = re.compile(r"\$[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class MaterializedView:
    """What DuckDB needs to stand in for a materialized view: a table made from a query."""

    name: str
    query: str


@worked_out(str)
def to_duckdb(text: str) -> str:
    """Translate one statement.

    Raises:
        WarehouseError: the text is not one statement that sqlglot can read.
    """
    locked = _LOCK.match(_COMMENT_LINE.sub("", text))
    if locked:
        return f"UPDATE {locked.group(1)} SET x = x + 1"
    return _generate(_parse(text))


def compressed(create: str, methods: Mapping[str, str]) -> str:
    """A translated CREATE TABLE in which the texts of these columns are compressed as said.

    What the engine would take of its own accord looks for equal texts first: where there are none,
    that is a quarter of the time of an insert, and less is saved.

    Args:
        create: the statement.
        methods: column to how its texts are compressed.
    """
    for name, method in methods.items():
        column = re.compile(rf"^ +{re.escape(name)} TEXT\b[^,\n]*", re.MULTILINE)
        create = column.sub(rf"\g<0> USING COMPRESSION '{method}'", create)
    return create


@worked_out(str)
def reading_from(text: str, table: str, relation: str) -> str:
    """Translate one statement, which then reads a relation in place of a table of that name."""
    statement = _parse(text)
    for place in list(statement.find_all(exp.Table)):
        if place.name == table:
            place.replace(exp.alias_(exp.to_table(relation), table, table=True))
    return _generate(statement)


@worked_out(tuple[str, ...] | None)
def parameters_of(text: str) -> tuple[str, ...] | None:
    """The parameters of an INSERT of one row of VALUES, in order; None for anything else."""
    statement = _parse(text)
    values = statement.args.get("expression") if isinstance(statement, exp.Insert) else None
    if not isinstance(values, exp.Values) or len(values.expressions) != 1:
        return None
    return tuple(name[1:] for name in _PARAMETER.findall(_generate(values.expressions[0])))


@worked_out(str)
def insert_of_many(text: str) -> str:
    """An INSERT of one row as one of any number: each parameter is bound to the list of its values.

    One text however many rows, and a tenth of the time of as many single parameters.
    """
    one = _generate(_parse(text))
    head, _, row = one.partition("VALUES")
    lists = (f"UNNEST(${name}) AS {name}" for name in parameters_of(text) or ())
    values = _PARAMETER.sub(lambda found: found.group()[1:], row.strip()[1:-1])
    return f"{head}SELECT {values} FROM (SELECT {', '.join(lists)}) AS incoming"


@worked_out(MaterializedView)
def materialized_view(text: str) -> MaterializedView:
    """Take a CREATE MATERIALIZED VIEW apart.

    Raises:
        WarehouseError: the text is something else.
    """
    statement = _parse(text)
    if not isinstance(statement, exp.Create) or statement.kind != "VIEW":
        raise WarehouseError(f"not a CREATE MATERIALIZED VIEW: {_first_line(text)}")
    return MaterializedView(name=statement.this.name, query=_generate(statement.expression))


def _parse(text: str) -> exp.Expr:
    try:
        statements = sqlglot.parse(text, read="redshift")
    except SqlglotError as error:
        raise WarehouseError(
            f"a SQL file cannot be read as Redshift's dialect: {str(error).splitlines()[0]} "
            f"({_first_line(text)})"
        ) from error
    first = statements[0] if statements else None
    if len(statements) != 1 or first is None:
        raise WarehouseError(
            f"a SQL file must hold one statement, but this holds {len(statements)}: "
            f"{_first_line(text)}"
        )
    statement = without_redshift_only(first)
    _drop_properties(statement, exp.MaterializedProperty)
    for table in list(statement.find_all(exp.Table)):
        if table.name in _SYSTEM_VIEWS:
            table.replace(exp.to_table(_SYSTEM_VIEWS[table.name]))
    for select in list(statement.find_all(exp.Select)):
        _unnest_where_selected(select)
    return statement


def _unnest_where_selected(select: exp.Select) -> None:
    """Turn a join with the items of an array into UNNEST among what is selected.

    DuckDB keeps all rows of such a join in memory, and what UNNEST gives it streams.
    """
    for join in list(select.args.get("joins") or []):
        items = join.this
        if not isinstance(items, exp.Unnest):
            continue
        name = items.args["alias"].columns[0].name
        named = [c for c in select.find_all(exp.Column) if c.name == name and not c.table]
        if len(named) == 1 and any(named[0] in list(e.walk()) for e in select.expressions):
            named[0].replace(exp.Explode(this=items.expressions[0].copy()))
            join.pop()


def without_redshift_only(statement: exp.Expr) -> exp.Expr:
    """Take out where rows lie, how they are encoded, and keys that Redshift does not enforce."""
    _drop_properties(statement, *_DROPPED_PROPERTIES)
    _drop(
        constraint
        for constraint in statement.find_all(exp.ColumnConstraint)
        if isinstance(constraint.kind, _DROPPED_CONSTRAINTS)
    )
    _drop(statement.find_all(*_DROPPED_TABLE_CONSTRAINTS))
    return statement


def _drop_properties(statement: exp.Expr, *kinds: type[exp.Expr]) -> None:
    for properties in list(statement.find_all(exp.Properties)):
        kept = [p for p in properties.expressions if not isinstance(p, kinds)]
        properties.set("expressions", kept)
        if not kept:
            properties.pop()


def _drop(nodes: Iterable[exp.Expr]) -> None:
    for node in list(nodes):
        node.pop()


def _generate(statement: exp.Expr) -> str:
    return statement.sql("duckdb", pretty=True, comments=False, unsupported_level=ErrorLevel.IGNORE)


def _first_line(text: str) -> str:
    return _COMMENT_LINE.sub("", text).strip().split("\n", 1)[0]
