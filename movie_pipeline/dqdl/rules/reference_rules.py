"""Rules that hold the data against another dataset, by the alias under which it was given.

RowCountMatch, SchemaMatch, ReferentialIntegrity, DatasetMatch, AggregateMatch. Each asks a question
of its own, for it reads a second relation; none judges rows.
"""

import math
import re
from collections.abc import Mapping, Sequence

from sqlglot import exp

from movie_pipeline.dqdl.language.rule_syntax import NUMBER, RuleSyntax
from movie_pipeline.dqdl.language.ruleset import SimpleRule
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.rule_kind import RuleKind
from movie_pipeline.dqdl.rules.rule_plan import (
    Answers,
    Context,
    NotEvaluableError,
    Plan,
    Source,
    Verdict,
)
from movie_pipeline.dqdl.rules.schema import Column, Schema
from movie_pipeline.dqdl.rules.spark_sql import PRIMARY
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.verdicts import judged
from movie_pipeline.dqdl.rules.wording import must_be

_BRACED = re.compile(r"(.+)\.\{(.+)\}")
_DOTTED = re.compile(r"(.+)\.([^.]+)")
_AGGREGATE = re.compile(r"(sum|avg|SUM|AVG)\((.*)\)")


def row_count_match(rule: SimpleRule, context: Context) -> Plan:
    """RowCountMatch: the rows here by the rows there; it may exceed 1."""
    alias = rule.columns[0]
    source = _source(context, alias)

    def verdict(answers: Answers) -> Verdict:
        here, there = float(answers.rows), answers["there"]
        ratio = here / there if there else (math.inf if here else math.nan)
        return judged(context, rule, f"Dataset.{alias}.RowCountMatch", ratio)

    return Plan(verdict, questions={"there": _count(sql.table(source.relation))})


def schema_match(rule: SimpleRule, context: Context) -> Plan:
    """SchemaMatch: the columns that are there under the same name with the same type."""
    alias = rule.columns[0]
    source = _source(context, alias).schema
    there = {name: source.type_of(name) for name in source.own_columns}
    here = {name: context.schema.type_of(name) for name in context.schema.own_columns}
    metric = f"Dataset.{alias}.SchemaMatch"
    if not here or len(here) != len(there):
        reason = f"There are {len(here)} columns here and {len(there)} in {alias}."
        return Plan(lambda _: Verdict(passed=False, metrics={metric: 0.0}, reason=reason))
    unlike = [name for name, type_name in here.items() if there.get(name) != type_name]
    ratio = (len(here) - len(unlike)) / len(here)

    def verdict(_: Answers) -> Verdict:
        found = judged(context, rule, metric, ratio)
        if found.passed:
            return found
        reason = f"{ratio:.2%} of the columns are alike; {', '.join(unlike) or 'none'} differ."
        return Verdict(passed=False, metrics=found.metrics, reason=reason)

    return Plan(verdict)


# --- ReferentialIntegrity -----------------------------------------------------------------------


def referential_integrity(rule: SimpleRule, context: Context) -> Plan:
    """ReferentialIntegrity: the rows whose columns are found together in the reference."""
    here, alias, there = _names(rule)
    source = _source(context, alias)
    if len(here) != len(there):
        raise NotEvaluableError(
            f"{len(here)} columns here are held against {len(there)} in {alias}; name as many."
        )
    pairs = list(
        zip(
            _existing(context.schema, here, "primary data frame"),
            _existing(source.schema, there, "reference data frame"),
            strict=True,
        )
    )

    def verdict(answers: Answers) -> Verdict:
        if not answers.rows:
            return Verdict(passed=False, reason="Primary data frame contains no data.")
        ratio = answers["found"] / answers.rows
        return judged(context, rule, f"Column.{alias}.ReferentialIntegrity", ratio)

    joined = _semi_join(context.relation, source.relation, pairs, ())
    return Plan(verdict, questions={"found": joined})


def _names(rule: SimpleRule) -> tuple[list[str], str, list[str]]:
    here, reference = (written.replace('"', "") for written in rule.columns)
    found = _BRACED.fullmatch(reference) or _DOTTED.fullmatch(reference)
    if found is None:
        raise NotEvaluableError(f"{reference} names no column of a source; write alias.column.")
    return _split(here), found[1], _split(found[2])


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")]


def _existing(schema: Schema, names: list[str], where: str) -> list[Column]:
    found = {name: schema.find(name) or schema.find(_unprefixed(name)) for name in names}
    lacking = [name for name, column in found.items() if column is None]
    if lacking:
        what = "Column" if len(lacking) == 1 else "Columns"
        does = "does" if len(lacking) == 1 else "do"
        raise NotEvaluableError(f"{what} {', '.join(lacking)} {does} not exist in {where}.")
    return [column for column in found.values() if column is not None]


def _unprefixed(name: str) -> str:
    return name.removeprefix(f"{PRIMARY}.")


# --- DatasetMatch -------------------------------------------------------------------------------


def dataset_match(rule: SimpleRule, context: Context) -> Plan:
    """DatasetMatch: rows that have their like in the reference, by key and columns."""
    alias = rule.columns[0]
    source = _source(context, alias)
    keys = _mapping(rule.columns[1])
    compared = {pair: to for text in rule.columns[2:] for pair, to in _mapping(text).items()}
    if not rule.columns[2:]:
        own = [n for n in context.schema.every_column() if n not in context.schema.derived]
        compared = {name: name for name in own if name not in keys}
    key_pairs = _pairs(context, source, keys, "key columns")
    if not compared:
        raise NotEvaluableError("There is no column to compare beside the keys.")
    pairs = _pairs(context, source, compared, "columns")

    def verdict(answers: Answers) -> Verdict:
        if not answers.rows:
            return Verdict(passed=False, reason="Cannot evaluate: primary data is empty.")
        if answers["here"] != answers.rows or answers["there"] != answers["all_there"]:
            raise NotEvaluableError(
                f"The keys {', '.join(keys)} are not unique on both sides; no row can be paired."
            )
        return judged(
            context, rule, f"Dataset.{alias}.DatasetMatch", answers["found"] / answers.rows
        )

    return Plan(
        verdict,
        questions={
            "here": _distinct(context.relation, [left for left, _ in key_pairs]),
            "there": _distinct(source.relation, [right for _, right in key_pairs]),
            "all_there": _count(sql.table(source.relation)),
            "found": _semi_join(context.relation, source.relation, key_pairs, pairs),
        },
    )


def _mapping(text: str) -> dict[str, str]:
    pairs = [mapping.strip().split("->") for mapping in text.replace('"', "").split(",")]
    return {pair[0].strip(): pair[-1].strip() for pair in pairs}


def _pairs(
    context: Context, source: Source, names: Mapping[str, str], what: str
) -> list[tuple[Column, Column]]:
    here = {name: context.schema.find(name) for name in names}
    there = {name: source.schema.find(name) for name in names.values()}
    for side, found in (("first", here), ("second", there)):
        lacking = [name for name, column in found.items() if column is None]
        if lacking:
            raise NotEvaluableError(
                f"The following {what} were not found in the {side} dataset: {', '.join(lacking)}."
            )
    pairs = [(here[left], there[right]) for left, right in names.items()]
    return [(left, right) for left, right in pairs if left is not None and right is not None]


# --- AggregateMatch -----------------------------------------------------------------------------


def aggregate_match(rule: SimpleRule, context: Context) -> Plan:
    """AggregateMatch: the ratio of two sums or averages."""
    first, second = (_aggregate(written, context) for written in rule.columns)
    names = ",".join(dict.fromkeys([first[0], second[0]]))

    def verdict(answers: Answers) -> Verdict:
        left, right = answers["first"], answers["second"]
        ratio = left / right if right else (1.0 if left == 0 else 0.0)
        return judged(context, rule, f"Column.{names}.AggregateMatch", ratio)

    return Plan(verdict, questions={"first": first[1], "second": second[1]})


def _aggregate(written: str, context: Context) -> tuple[str, Sql]:
    found = _AGGREGATE.fullmatch(written)
    if found is None:
        raise NotEvaluableError(
            f"{written} is no aggregate; write sum(column) or avg(alias.column)."
        )
    alias, _, name = found[2].replace('"', "").rpartition(".")
    relation, schema = context.relation, context.schema
    if alias and alias != PRIMARY:
        source = _source(context, alias)
        relation, schema = source.relation, source.schema
    column = schema.find(name)
    if column is None or not (column.is_numeric or column.family == "string"):
        what = "does not exist" if column is None else "is no number"
        raise NotEvaluableError(f"Column {name} {what} in {alias or PRIMARY}.")
    aggregate = sql.call(found[1].lower(), column.as_double)
    return name, exp.Select(expressions=[aggregate]).from_(sql.table(relation))


# --- shared -------------------------------------------------------------------------------------


def _source(context: Context, alias: str) -> Source:
    source = context.sources.get(alias)
    if source is None:
        known = ", ".join(context.sources) or "none"
        raise NotEvaluableError(f"{alias} not found in additional sources (given: {known}).")
    return source


def _count(relation: Sql) -> Sql:
    return exp.Select(expressions=[sql.count()]).from_(relation)


def _distinct(relation: str, columns: list[Column]) -> Sql:
    inner = exp.Select(expressions=[column.sql.copy() for column in columns]).distinct()
    return _count(_derived(inner.from_(sql.table(relation)), "keys"))


def _semi_join(
    here: str,
    there: str,
    keys: Sequence[tuple[Column, Column]],
    compared: Sequence[tuple[Column, Column]],
) -> Sql:
    """The number of rows here with a like there: keys equal and not NULL, the rest null-safely."""
    left = _numbered(here, [pair[0] for pair in (*keys, *compared)], keys, compared)
    right = _numbered(there, [pair[1] for pair in (*keys, *compared)], keys, compared)
    names = [f"c{i}" for i in range(len(keys) + len(compared))]
    sides = [
        (exp.column(n, table="l", quoted=True), exp.column(n, table="r", quoted=True))
        for n in names
    ]
    equal: list[Sql] = [exp.EQ(this=a, expression=b) for a, b in sides[: len(keys)]]
    equal += [exp.NullSafeEQ(this=a, expression=b) for a, b in sides[len(keys) :]]
    joined = exp.Select(expressions=[sql.count()]).from_(_derived(left, "l"))
    return joined.join(_derived(right, "r"), on=sql.every(equal), join_type="semi")


def _numbered(
    relation: str,
    columns: list[Column],
    keys: Sequence[tuple[Column, Column]],
    compared: Sequence[tuple[Column, Column]],
) -> exp.Select:
    """The columns as c0, c1, ...; as text where the two sides are of different families."""
    read: list[Sql] = []
    for i, (column, pair) in enumerate(zip(columns, (*keys, *compared), strict=True)):
        alike = pair[0].family == pair[1].family or (pair[0].is_numeric and pair[1].is_numeric)
        value = column.sql.copy() if alike else column.as_text
        read.append(exp.Alias(this=value, alias=exp.to_identifier(f"c{i}", quoted=True)))
    return exp.Select(expressions=read).from_(sql.table(relation))


def _derived(query: exp.Query, alias: str) -> exp.Subquery:
    return exp.Subquery(
        this=query, alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True))
    )


KINDS = (
    RuleKind(
        RuleSyntax("RowCountMatch", 1, 1, NUMBER),
        plan=row_count_match,
        meaning=must_be("the number of rows by that of {columns}"),
    ),
    RuleKind(
        RuleSyntax("SchemaMatch", 1, 1, NUMBER),
        plan=schema_match,
        meaning=must_be("the share of columns that {columns} has too, with the same type"),
    ),
    RuleKind(
        RuleSyntax("ReferentialIntegrity", 2, 2, NUMBER),
        plan=referential_integrity,
        meaning=must_be(
            "the share of rows whose {first} is found in {second}", "; NULL is never found"
        ),
        outcome_by_column=True,
    ),
    RuleKind(
        RuleSyntax("DatasetMatch", 2, 3, NUMBER),
        plan=dataset_match,
        meaning=must_be("the share of rows that are alike in {first}"),
        outcome_by_column=True,
    ),
    RuleKind(
        RuleSyntax("AggregateMatch", 2, 2, NUMBER),
        plan=aggregate_match,
        meaning=must_be("the ratio of {first} to {second}"),
    ),
)
