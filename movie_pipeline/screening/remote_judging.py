"""Rows of a large file judged by a cluster: what it is asked, and its answer as a judgement.

The cluster says which rows fail which rule, and no more: reading, splitting and publishing stay
here. Whatever does not add up in its answer is an error, never a verdict.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from movie_pipeline.crash_points import crash_point
from movie_pipeline.dqdl import (
    Judgement,
    Rule,
    RuleOutcome,
    Ruleset,
    SimpleRule,
    evaluable_on_spark,
)
from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.cluster_port import Cluster, ClusterAnswer, ClusterRule, RunJob
from movie_pipeline.screening.screening_engine import Connection, identifier, literal

NUMBER = '"_record_number"'
ASKED_KINDS = frozenset(
    {
        "ColumnCorrelation",
        "ColumnLength",
        "ColumnValues",
        "Completeness",
        "DistinctValuesCount",
        "Entropy",
        "IsComplete",
        "IsPrimaryKey",
        "IsUnique",
        "Mean",
        "RowCount",
        "StandardDeviation",
        "Sum",
        "UniqueValueRatio",
        "Uniqueness",
    }
)
"""Rules about rows and values. The others speak of the file's columns, of other datasets or of
Spark's own types, which are not what the cluster is given."""


@dataclass(frozen=True)
class Question:
    """Rows to be judged.

    Attributes:
        relation: what they are called in the engine.
        types: the columns that a rule may name, and DuckDB's names of their types.
        aliases: other names of these columns.
        ruleset: the rules.
        rows: how many rows there are.
        folder: a folder to work in.
    """

    relation: str
    types: Mapping[str, str]
    aliases: Mapping[str, str]
    ruleset: Ruleset
    rows: int
    folder: Path

    def columns(self) -> dict[str, str]:
        """The columns as the rules spell them, and as they are called here.

        Raises:
            LookupError: a rule names a column that is not there.
        """
        by_name = {name.lower(): column for name, column in self.aliases.items()}
        by_name |= {name.lower(): name for name in self.types}
        spelled = {name.lower(): name for rule in self._leaves() for name in rule.columns}
        return {name: by_name[lower] for lower, name in spelled.items()}

    def why_in_process(self) -> str:
        """Why the cluster is not asked; empty where it can be."""
        try:
            types = {name: self.types[column] for name, column in self.columns().items()}
            evaluable = evaluable_on_spark(self.ruleset, types)
        except LookupError:
            evaluable = False
        if not evaluable:
            return "a rule cannot be evaluated on its columns"
        for rule in self.ruleset:
            if not isinstance(rule, SimpleRule):
                return f"{rule} joins rules"
            if rule.kind not in ASKED_KINDS or rule.where is not None or "last(" in str(rule):
                return f"{rule} is not about rows and values alone"
        return ""

    def _leaves(self) -> Iterator[SimpleRule]:
        return (leaf for rule in self.ruleset for leaf in rule.leaves())


@dataclass(frozen=True)
class RemoteJudge:
    """A cluster, and the step that asks it.

    Attributes:
        cluster: who judges.
        run_job: starts what the cluster needs, for the step.
    """

    cluster: Cluster
    run_job: RunJob

    def judgement(self, connection: Connection, question: Question) -> tuple[Judgement, str]:
        """The cluster's judgement, and who gave it.

        Raises:
            ClusterError: there is none, or it does not add up.
        """
        rows = question.folder / "cluster.parquet"
        _write(connection, question, rows)
        try:
            crash_point("cluster.before")
            answer = self.cluster.judge(rows, str(question.ruleset), question.folder, self.run_job)
            crash_point("cluster.after")
        finally:
            rows.unlink(missing_ok=True)
        return _judgement(connection, question, answer), answer.judged_by


def _write(connection: Connection, question: Question, to: Path) -> None:
    named = [
        f"{identifier(column)} AS {identifier(name)}" for name, column in question.columns().items()
    ]
    connection.execute(
        f"COPY (SELECT {', '.join([NUMBER, *named])} FROM {question.relation}) "
        f"TO {literal(to)} (FORMAT parquet)"
    )


def _judgement(connection: Connection, question: Question, answer: ClusterAnswer) -> Judgement:
    if answer.rows != question.rows:
        raise _wrong(answer, f"it saw {answer.rows:,} rows of {question.rows:,}")
    said = _by_rule(question.ruleset, answer)
    failing = _Failing(connection)
    try:
        failing.read(answer, list(said))
        failing.expect(question, answer)
        judging = [text for text, rule in said.items() if rule.judges_rows]
        return Judgement(
            [
                _outcome(rule, said[str(rule)], failing.of(text=str(rule)))
                for rule in dict.fromkeys(question.ruleset)
            ],
            answer.rows,
            answer.failing_rows,
            f"{NUMBER} IN (SELECT record_number FROM {failing.table})",
            {text: failing.passes(text) for text in judging},
            _no_lists,
            failing,
        )
    except BaseException:
        failing.close()
        raise


def _no_lists(form: str) -> Mapping[str, str]:
    """Nobody asks for Glue's columns here: the quarantine has the rules of each record."""
    del form
    return {}


def _by_rule(ruleset: Ruleset, answer: ClusterAnswer) -> dict[str, ClusterRule]:
    """What the cluster says of each of our rules; it may lay out their texts in its own way."""
    said = {_bare(rule.rule): rule for rule in answer.rules}
    missing = [str(rule) for rule in ruleset if _bare(str(rule)) not in said]
    if missing:
        raise _wrong(answer, f"it says nothing of {', '.join(missing)}")
    return {str(rule): said[_bare(str(rule))] for rule in ruleset}


def _outcome(rule: Rule, said: ClusterRule, failing: int) -> RuleOutcome:
    return RuleOutcome(
        str(rule),
        "Passed" if said.passed else "Failed",
        evaluated=True,
        reason=None if said.passed else "It failed on the cluster; the metrics say what was found.",
        metrics=dict(said.metrics),
        failing_rows=failing if said.judges_rows else None,
        routes=rule.routes,
        labels=rule.all_labels,
    )


class _Failing:
    """The table of the rows that fail, a line for each rule; dropped when it is closed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.table = f'"cluster_{uuid.uuid4().hex[:12]}"'
        self._numbers: dict[str, int] = {}

    def read(self, answer: ClusterAnswer, rules: Sequence[str]) -> None:
        """Fill it from the files of the answer."""
        self._numbers = {text: number for number, text in enumerate(rules)}
        by_text = {_bare(text): number for text, number in self._numbers.items()}
        self._connection.execute(
            f"CREATE TEMP TABLE {self.table} (record_number BIGINT NOT NULL, rule INTEGER NOT NULL)"
        )
        if not answer.failing:
            return
        files = f"read_parquet([{', '.join(map(literal, answer.failing))}])"
        texts = self._connection.execute(f"SELECT DISTINCT unnest(rules) FROM {files}").fetchall()
        foreign = sorted(text for (text,) in texts if _bare(text) not in by_text)
        if foreign:
            raise _wrong(answer, f"it names rules that were not asked: {', '.join(foreign)}")
        number = " ".join(f"WHEN {literal(text)} THEN {by_text[_bare(text)]}" for (text,) in texts)
        if texts:
            self._connection.execute(
                f"INSERT INTO {self.table} SELECT DISTINCT record_number, CASE rule {number} END "
                f"FROM (SELECT record_number, unnest(rules) AS rule FROM {files})"
            )

    def expect(self, question: Question, answer: ClusterAnswer) -> None:
        """Hold it against what the cluster counted, and against the rows.

        Raises:
            ClusterError: they differ.
        """
        found = self._count(f"SELECT count(DISTINCT record_number) FROM {self.table}")
        if found != answer.failing_rows:
            raise _wrong(
                answer, f"it counted {answer.failing_rows:,} failing rows, and names {found:,}"
            )
        ours = self._count(
            f"SELECT count(*) FROM {question.relation} "
            f"WHERE {NUMBER} IN (SELECT record_number FROM {self.table})"
        )
        if ours != found:
            raise _wrong(answer, f"{found - ours:,} of the failing rows are none of the file's")

    def of(self, text: str) -> int:
        """How many rows fail a rule."""
        return self._count(f"SELECT count(*) FROM {self.table} WHERE rule = {self._numbers[text]}")

    def passes(self, text: str) -> str:
        """SQL over the rows: this row passes the rule."""
        return (
            f"{NUMBER} NOT IN "
            f"(SELECT record_number FROM {self.table} WHERE rule = {self._numbers[text]})"
        )

    def close(self) -> None:
        """Drop it."""
        self._connection.execute(f"DROP TABLE IF EXISTS {self.table}")

    def _count(self, query: str) -> int:
        [[count]] = self._connection.execute(query).fetchall()
        return int(count)


def _wrong(answer: ClusterAnswer, what: str) -> ClusterError:
    return ClusterError(
        f"the answer of {answer.judged_by} does not add up: {what}. Nothing of the file was "
        "loaded; without MOVIE_PIPELINE_GLUE_JOB it is judged in process."
    )


def _bare(text: str) -> str:
    return "".join(text.split())
