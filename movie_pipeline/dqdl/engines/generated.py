"""The SQL that a ruleset becomes, as text, for DuckDB and for Spark, without running anything.

For reading and reviewing: the snapshot tests hold it, and a cluster could run it. What the judge
runs is put together in `measuring.py` from the same plans.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from movie_pipeline.dqdl.language.ruleset import Ruleset, SimpleRule
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.compilers import compile_rule
from movie_pipeline.dqdl.rules.engine_words import Dialect, Words, words_of
from movie_pipeline.dqdl.rules.rule_plan import (
    IN_ROW_LIST,
    REPEATED,
    Context,
    KeySet,
    Plan,
    RowList,
    Source,
)
from movie_pipeline.dqdl.rules.schema import Schema
from movie_pipeline.dqdl.rules.spark_sql import PRIMARY
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.unsupported import require_honoured

_NO_TIME = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class GeneratedSql:
    """The statements of a ruleset.

    Attributes:
        key_sets: one GROUP BY per key set.
        row_lists: one query per CustomSql that names rows.
        aggregates: the one aggregate SELECT.
        rows: the one SELECT that gives each row its outcome per rule.
        questions: what rules about other datasets ask.
    """

    key_sets: list[str] = field(default_factory=list[str])
    row_lists: list[str] = field(default_factory=list[str])
    aggregates: str = ""
    rows: str = ""
    questions: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        parts = [*self.key_sets, *self.row_lists, self.aggregates, *self.questions, self.rows]
        return ";\n\n".join(part for part in parts if part) + ";"


def generated_sql(
    ruleset: Ruleset,
    types: Mapping[str, str],
    *,
    dialect: Dialect,
    sources: Mapping[str, Mapping[str, str]] | None = None,
    now: dt.datetime = _NO_TIME,
) -> GeneratedSql:
    """Writes out the SQL of a ruleset.

    Args:
        ruleset: the rules.
        types: the columns of the relation with DuckDB's names of their types.
        dialect: duckdb or spark.
        sources: the columns of the reference datasets, by alias.
        now: what `now()` is.

    Raises:
        RulesetError: the ruleset asks for what is not honoured.
        NotEvaluableError: a rule cannot be evaluated on these columns.
    """
    require_honoured(ruleset)
    words = words_of(dialect)
    known = {
        alias: Source(alias, Schema.of(list(columns.items())))
        for alias, columns in (sources or {}).items()
    }
    schema = Schema.of(list(types.items()))
    context = Context(schema, words, PRIMARY, now, None, known)
    leaves = dict.fromkeys(leaf for rule in ruleset for leaf in rule.leaves())
    return _Writer(words, PRIMARY).written({leaf: compile_rule(leaf, context) for leaf in leaves})


class _Writer:
    def __init__(self, words: Words, relation: str) -> None:
        self._words = words
        self._relation = relation
        self._tables: dict[str, str] = {}

    def written(self, plans: Mapping[SimpleRule, Plan]) -> GeneratedSql:
        key_sets = [self._key_set(p.keys) for p in plans.values() if p.keys is not None]
        lists = [self._row_list(p.row_list) for p in plans.values() if p.row_list is not None]
        asked: list[Sql] = [sql.count()]
        for plan in plans.values():
            asked += plan.aggregates.values()
            if plan.kept is not None and plan.kept != sql.TRUE:
                asked.append(sql.count_where(plan.kept))
        rows = [
            exp.alias_(sql.rewritten(plan.rows, self._fill), str(rule), quoted=True)
            for rule, plan in plans.items()
            if plan.rows is not None
        ]
        return GeneratedSql(
            list(dict.fromkeys(key_sets)),
            list(dict.fromkeys(lists)),
            self._text(self._select(list(dict.fromkeys(asked)))),
            self._text(self._select(rows)) if rows else "",
            [self._text(question) for p in plans.values() for question in p.questions.values()],
        )

    def _key_set(self, keys: KeySet) -> str:
        self._table(keys.columns, keys.kept)
        chosen = self._select([*keys.columns, exp.alias_(sql.count(), "n")])
        chosen = chosen if keys.kept == sql.TRUE else chosen.where(keys.kept.copy())
        grouped = chosen.group_by(*(column.copy() for column in keys.columns))
        return self._text(grouped.having(sql.compared(sql.count(), ">", sql.number(1))))

    def _row_list(self, row_list: RowList) -> str:
        self._table(row_list.columns, row_list.query)
        return self._text(row_list.query.this)

    def _table(self, columns: tuple[Sql, ...] | list[Sql], of: Sql) -> str:
        identity = "|".join(self._text(part) for part in (*columns, of))
        return self._tables.setdefault(identity, f"keys_{len(self._tables)}")

    def _fill(self, node: Sql) -> Sql:
        if not isinstance(node, exp.Anonymous) or node.this not in (REPEATED, IN_ROW_LIST):
            return node
        of, *columns = node.expressions
        table = self._table(columns, of)
        if node.this == IN_ROW_LIST:
            return self._words.in_row_list(columns, table)
        return exp.Paren(this=self._words.repeated(columns, of, table, nulls_repeat=False))

    def _select(self, chosen: list[Sql]) -> exp.Select:
        select = exp.Select(expressions=[part.copy() for part in chosen])
        return select.from_(sql.table(self._relation))

    def _text(self, expression: Sql) -> str:
        return expression.sql(dialect=self._words.dialect, pretty=True)
