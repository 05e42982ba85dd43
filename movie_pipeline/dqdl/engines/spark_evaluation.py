"""Evaluating frames of Spark: the judge over them, and their rows with Glue's four columns.

Rows stay with Spark, and are worked out when somebody asks for them. What is asked and how it is
judged is as with any data.
"""

import contextlib
from collections.abc import Mapping
from typing import TypedDict, Unpack

from movie_pipeline.dqdl.engines.judgement import Judgement, RuleOutcome
from movie_pipeline.dqdl.engines.judging import (
    Clock,
    CompositeMethod,
    FilteredRows,
    UnsupportedRules,
    judge,
)
from movie_pipeline.dqdl.engines.spark_session import (
    SparkFrame,
    SparkSession,
    is_spark_frame,
    session_for_rules,
    viewed,
)
from movie_pipeline.dqdl.engines.unusable_columns import nameless_or_alike
from movie_pipeline.dqdl.language.ruleset import Ruleset
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.number_condition import History
from movie_pipeline.errors import TableRefused

_UNUSABLE = "__dq_unusable_"


class Options(TypedDict):
    """What `judge` is given as it came."""

    clock: Clock | None
    history: History | None
    composite_method: CompositeMethod
    rule_seconds: float | None
    filtered_rows: FilteredRows
    unsupported_rules: UnsupportedRules


def evaluated_on_spark(
    ruleset: Ruleset, frame: SparkFrame, sources: Mapping[str, object], **options: Unpack[Options]
) -> tuple[list[RuleOutcome], SparkFrame, int]:
    """The outcomes, the rows of the frame with Glue's four columns, and how many fail.

    Raises:
        RulesetError: the ruleset asks for what is not supported.
        TableRefused: a source is no frame of Spark, or nothing can be judged in its session.
    """
    session = session_for_rules(frame)
    with contextlib.ExitStack() as stack:
        relation, columns, unusable = _registered(stack, session, frame)
        lacking = {relation: unusable}
        aliases: dict[str, str] = {}
        for alias, source in sources.items():
            if not is_spark_frame(source):
                raise TableRefused(
                    f"the source {alias} is no frame of Spark, as the data is; make it one by "
                    "spark.createDataFrame"
                )
            name, _, unread = _registered(stack, session, source)
            aliases[alias], lacking[name] = name, unread
        judgement = stack.enter_context(
            judge(
                ruleset,
                session,
                relation,
                columns=columns,
                sources=aliases,
                unusable=lacking,
                **options,
            )
        )
        rows = _rows(session, relation, frame.columns, judgement)
        return judgement.rules, rows, judgement.failing_rows


def _registered(
    stack: contextlib.ExitStack, session: SparkSession, frame: SparkFrame
) -> tuple[str, list[str], list[tuple[str, str]]]:
    """The name of a relation of the frame, the columns rules may name, and the others with why."""
    names = frame.columns
    unusable = nameless_or_alike(names)
    told_apart = [f"{_UNUSABLE}{n}" if n in unusable else name for n, name in enumerate(names)]
    relation = stack.enter_context(viewed(frame.toDF(*told_apart), session))
    usable = [name for place, name in enumerate(names) if place not in unusable]
    return relation, usable, [(names[place], why) for place, why in sorted(unusable.items())]


def _rows(
    session: SparkSession, relation: str, columns: list[str], judgement: Judgement
) -> SparkFrame:
    lists = [f"{text} AS `{name}`" for name, text in judgement.lists_sql.items()]
    table = sql.table(relation).sql(dialect="spark")
    selected = ["*", *lists] if columns else lists
    found = session.sql(f"SELECT {', '.join(selected)} FROM {table}")
    return found.toDF(*columns, *judgement.lists_sql)
