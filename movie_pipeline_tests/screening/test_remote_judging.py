"""Rows judged by a cluster: what it is asked, and which answers are no verdict."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.cluster_port import ClusterAnswer, ClusterRule, JobRun, RunJob
from movie_pipeline.screening.remote_judging import RemoteJudge
from movie_pipeline_tests.parquet_files import read_frame
from movie_pipeline_tests.samples import Film, film_file
from movie_pipeline_tests.steps.bench import Bench

_pa, _pq = cast("Any", pa), cast("Any", pq)

RATING = 'ColumnValues "IMDB_Rating" > 5'
RULES = f"Rules = [RowCount > 0, {RATING}]"
FILMS = film_file(Film("f1"), Film("f2", rating="2.0"), Film("f3", year="PG"))


class FeignedCluster:
    """A cluster that answers as it is told, and keeps what it was asked."""

    def __init__(
        self, change: Callable[[ClusterAnswer], ClusterAnswer] = lambda answer: answer
    ) -> None:
        self.change = change
        self.columns: list[str] = []
        self.numbers: list[int] = []

    def takes(self, size: int) -> bool:
        """Every file."""
        return size > 0

    def judge(self, rows: Path, ruleset: str, folder: Path, run_job: RunJob) -> ClusterAnswer:
        """Say that the second row fails the rule about ratings."""
        del ruleset, run_job
        frame = read_frame(rows)
        self.columns = list(frame.columns)
        self.numbers = frame["_record_number"].tolist()
        failing = write_failing(folder, {self.numbers[1]: [RATING.replace(" ", "\n ")]})
        return self.change(
            ClusterAnswer(
                rows=len(frame),
                rules=(
                    ClusterRule("RowCount  >  0", passed=True, metrics={}, judges_rows=False),
                    ClusterRule(RATING, passed=False, metrics={"min": 2.0}, judges_rows=True),
                ),
                failing_rows=1,
                failing=(failing,),
                judged_by="the cluster",
            )
        )


def no_job(_: JobRun) -> list[Any]:
    raise AssertionError("nothing is started")


def write_failing(folder: Path, rules: dict[int, list[str]]) -> Path:
    path = folder / "failing.parquet"
    table = _pa.table(
        {
            "record_number": _pa.array(list(rules), _pa.int64()),
            "rules": _pa.array(list(rules.values()), _pa.list_(_pa.string())),
        }
    )
    _pq.write_table(table, path)
    return path


def test_it_is_given_the_named_columns_alone_and_its_rows_are_set_apart(bench: Bench) -> None:
    cluster = FeignedCluster()
    screened = bench.screen(FILMS, RULES, remote=RemoteJudge(cluster, no_job))
    assert cluster.columns == ["_record_number", "IMDB_Rating"]
    assert screened.rows["movie_id"].tolist() == ["f1"]
    assert [record["record_number"] for record in screened.records] == [2, 3]
    assert [reason["rule"] for reason in screened.records[0]["reasons"]] == [RATING]
    assert screened.decided.reason == ""
    assert screened.rules()[RATING].failing_rows == 1
    assert screened.rules()[RATING].metrics == {"min": 2.0}
    assert "its rows were judged by the cluster" in screened.decided.summary.notes


def test_an_answer_that_names_no_row_sets_none_apart(bench: Bench) -> None:
    cluster = FeignedCluster(lambda answer: replace(answer, failing=(), failing_rows=0))
    screened = bench.screen(FILMS, RULES, remote=RemoteJudge(cluster, no_job))
    assert screened.rows["movie_id"].tolist() == ["f1", "f2"]


def fewer_rows(answer: ClusterAnswer) -> ClusterAnswer:
    return replace(answer, rows=2)


def counted_otherwise(answer: ClusterAnswer) -> ClusterAnswer:
    return replace(answer, failing_rows=2)


def silent_on_a_rule(answer: ClusterAnswer) -> ClusterAnswer:
    return replace(answer, rules=answer.rules[1:])


def other_row(answer: ClusterAnswer) -> ClusterAnswer:
    write_failing(answer.failing[0].parent, {77: [RATING]})
    return answer


def other_rule(answer: ClusterAnswer) -> ClusterAnswer:
    write_failing(answer.failing[0].parent, {2: ['IsUnique "movie_id"']})
    return answer


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (fewer_rows, "it saw 2 rows of 3"),
        (counted_otherwise, "it counted 2 failing rows, and names 1"),
        (silent_on_a_rule, "it says nothing of RowCount > 0"),
        (other_row, "1 of the failing rows are none of the file's"),
        (other_rule, 'it names rules that were not asked: IsUnique "movie_id"'),
    ],
)
def test_an_answer_that_does_not_add_up_is_an_error(
    bench: Bench, change: Callable[[ClusterAnswer], ClusterAnswer], sentence: str
) -> None:
    with pytest.raises(ClusterError) as raised:
        bench.screen(FILMS, RULES, remote=RemoteJudge(FeignedCluster(change), no_job))
    assert str(raised.value) == (
        f"the answer of the cluster does not add up: {sentence}. Nothing of the file was loaded; "
        "without MOVIE_PIPELINE_GLUE_JOB it is judged in process."
    )


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("ColumnCount > 3", "ColumnCount > 3 is not about rows and values alone"),
        ("RowCount > avg(last(3))", "RowCount > avg(last(3)) is not about rows and values alone"),
        (
            'IsComplete "votes" where "votes > 1"',
            'IsComplete "votes" where "votes > 1" is not about rows and values alone',
        ),
        (
            '(RowCount > 0) and (IsComplete "movie_id")',
            '(RowCount > 0) AND (IsComplete "movie_id") joins rules',
        ),
        ('IsComplete "budget"', "a rule cannot be evaluated on its columns"),
        ('Mean "movie_title" > 1', "a rule cannot be evaluated on its columns"),
    ],
)
def test_what_a_cluster_would_judge_otherwise_is_judged_in_process(
    bench: Bench, rule: str, why: str
) -> None:
    cluster = FeignedCluster()
    screened = bench.screen(FILMS, f"Rules = [{rule}]", remote=RemoteJudge(cluster, no_job))
    note = f"its rows were judged in process, and not by the cluster: {why}"
    assert note in screened.decided.summary.notes
    assert cluster.columns == []
