"""Redshift's SQL as PostgreSQL takes it, one statement at a time, with `$1` in it.

What Redshift does not enforce is taken out; VARCHAR(n) is held to n bytes.
"""

import re
from functools import cache

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from movie_pipeline.warehouse.duckdb_sql import without_redshift_only
from movie_pipeline_tests.standins.redshift_copy import Column

SYSTEM_OBJECTS = """
set allow_system_table_mods = on;
set search_path to pg_catalog;
create function mp_fail(state text, message text, detail text) returns integer language plpgsql as
$$ begin raise exception using errcode = state, message = message, detail = detail; end $$;
create view svv_mv_info as
select cast(current_database() as char(128)) as database_name,
       cast(schemaname as char(128)) as schema_name,
       cast(matviewname as char(128)) as name
from pg_matviews;
create view svv_columns as
select n.nspname as table_schema, c.relname as table_name, a.attname as column_name,
       a.attnum as ordinal_position,
       case when a.attnotnull then 'NO' else 'YES' end as is_nullable,
       format_type(a.atttypid, null) as data_type,
       case when a.atttypid = 1043 and a.atttypmod > 4 then a.atttypmod - 4 end
           as character_maximum_length
from pg_attribute a
join pg_class c on a.attrelid = c.oid join pg_namespace n on n.oid = c.relnamespace
where a.attnum > 0 and not a.attisdropped and relkind in ('r', 'v', 'm') and relpersistence = 'p';
"""
"""What Redshift has and PostgreSQL lacks, made once in each database, found from any schema."""

_PLACE = re.compile(r"\$(\d+)")
_MASKED = re.compile(r"\bstandin_p(\d+)\b")
_READ_BY_SQLGLOT = re.compile(
    r"(?:\s|--[^\n]*\n)*(?:create|select|with|delete|update|insert(?!.*\bvalues\b))\b",
    re.IGNORECASE | re.DOTALL,
)


@cache
def to_postgres(text: str) -> str:
    """Translate one statement; what sqlglot does not know goes as it is."""
    if not _READ_BY_SQLGLOT.match(text):
        return text
    try:
        [statement] = sqlglot.parse(_PLACE.sub(r"standin_p\1", text), read="redshift")
    except (SqlglotError, ValueError):
        return text
    if statement is None:
        return text
    without_redshift_only(statement)
    for column in statement.find_all(exp.ColumnDef):
        _hold_to_bytes(column)
    translated = statement.sql("postgres", comments=False, unsupported_level=ErrorLevel.IGNORE)
    return _MASKED.sub(r"$\1", translated)


@cache
def table_made_by(text: str) -> tuple[str, tuple[Column, ...]] | None:
    """Name and columns of the table that a CREATE TABLE with columns makes."""
    if "create" not in text.lower():
        return None
    try:
        statement = sqlglot.parse_one(text, read="redshift")
    except SqlglotError:
        return None
    if not isinstance(statement, exp.Create) or not isinstance(statement.this, exp.Schema):
        return None
    columns = tuple(_column(column) for column in statement.find_all(exp.ColumnDef))
    return statement.this.this.name, columns


def _column(column: exp.ColumnDef) -> Column:
    kind = column.args["kind"]
    limit = kind.expressions[0].this.this if kind.expressions else None
    return Column(column.name, kind.this.value, int(limit) if limit else None)


def _hold_to_bytes(column: exp.ColumnDef) -> None:
    """PostgreSQL counts the characters of a VARCHAR, Redshift its bytes."""
    limit = _column(column).max_bytes
    if limit is not None:
        check = f"octet_length({column.name}) <= {limit}"
        column.append(
            "constraints",
            exp.ColumnConstraint(
                kind=exp.CheckColumnConstraint(this=sqlglot.parse_one(check, read="postgres"))
            ),
        )
