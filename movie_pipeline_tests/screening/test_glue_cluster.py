"""Large files judged by a Glue job: a real pipe over S3 to a process that judges by DuckDB."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from msgspec import structs

from movie_pipeline.errors import ClusterError
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.orchestration.sensors.failure_causes import cause_of_failure
from movie_pipeline.orchestration.sensors.past_run import Fault
from movie_pipeline.screening.glue_cluster import GlueCluster
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import REPOSITORY, Film, film_file
from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.buckets import bucket_settings, s3_storage
from movie_pipeline_tests.standins.glue import JOB, RunningGlue
from movie_pipeline_tests.standins.ministack import Ministack

pytestmark = pytest.mark.long

RULES = """Rules = [
    RowCount > 0,
    ColumnValues "IMDB_Rating" between 7.5 and 10.0,
    Completeness "movie_title" > 0.5,
    Uniqueness "movie_id" > 0.5
]"""
FILMS = film_file(
    Film("f1", "One"),
    Film("f2", "Two", rating="3.1"),
    Film("f3", "", rating="2.0"),
    Film("f4", "Four", votes="many"),
    Film("f5", "Five"),
    Film("f5", "Five again"),
    Film("f6", "Six"),
    Film("f7", "Seven"),
)


class ClusterHome(Home):
    """A local world whose rows are judged by a Glue job."""

    def __init__(self, folder: Path, s3: Endpoint, glue: RunningGlue, **settings: object) -> None:
        super().__init__(folder)
        on_s3 = bucket_settings(glue_job=JOB, glue_job_from_bytes=100, **settings)
        self.bucket = s3_storage(s3, on_s3)
        clients: Any = {"s3": s3.client("s3"), "glue": glue}.__getitem__
        cluster = GlueCluster(on_s3, self.bucket, clients, interval=0.05)
        self.deployment = replace(self.deployment, cluster=cluster)

    def only_entry(self) -> LedgerEntry:
        """What became of the one file."""
        [entry] = self.entries().values()
        return entry


@pytest.fixture
def glue(ministack: Ministack, seaweed: Endpoint) -> RunningGlue:
    return RunningGlue(ministack, seaweed)


@pytest.fixture
def home(tmp_path: Path, seaweed: Endpoint, glue: RunningGlue) -> ClusterHome:
    return ClusterHome(tmp_path, seaweed, glue)


def shown(entry: LedgerEntry, home: Home) -> dict[str, Any]:
    """All that a file's verdict is, but who gave it, and when."""
    rules = tuple(structs.replace(rule, reason="") for rule in entry.summary.rules)
    records = [
        {key: value for key, value in record.items() if "_at" not in key and "id" not in key}
        for record in home.quarantined(entry)
    ]
    return {
        "state": entry.state,
        "counts": (entry.rows_in, entry.rows_loaded, entry.rows_quarantined, entry.rows_held),
        # the published file says when its records were set apart, and so has another hash
        "summary": structs.replace(
            entry.summary, notes=(), rules=rules, output=None, quarantine=None
        ),
        "records": records,
        "titles": home.titles(),
    }


def test_the_job_and_this_process_come_to_the_same_end(
    home: ClusterHome, glue: RunningGlue, tmp_path: Path
) -> None:
    here = Home(tmp_path / "here")
    for world in (home, here):
        world.drop("films.csv", FILMS)
        assert world.run(RULES).success
    entry = home.only_entry()
    assert (entry.rows_in, entry.rows_loaded, entry.rows_quarantined) == (8, 3, 5)
    [its] = here.entries().values()
    assert shown(entry, home) == shown(its, here)
    assert f"its rows were judged by the Glue job {JOB}" in entry.summary.notes
    [started] = glue.started
    assert (started["JobName"], started["Timeout"]) == (JOB, 120)
    assert home.bucket.names(Area.OUTPUT) == []


def test_a_file_that_fails_a_rule_about_the_whole_is_held_with_a_sentence_of_ours(
    home: ClusterHome,
) -> None:
    home.drop("films.csv", FILMS)
    assert home.run('Rules = [RowCount > 100, ColumnValues "imdb_rating" >= 0]').success
    entry = home.only_entry()
    assert (entry.state, entry.rows_held) == ("HELD", 8)
    assert entry.reason == (
        "the rule RowCount > 100 about the whole file failed: It failed on the cluster; the "
        "metrics say what was found."
    )


def test_a_smaller_file_starts_no_job(tmp_path: Path, seaweed: Endpoint, glue: RunningGlue) -> None:
    home = ClusterHome(tmp_path, seaweed, glue)
    home.drop("films.csv", film_file(Film("f1", "One")))
    assert home.run(RULES).success
    assert glue.started == []
    assert home.only_entry().rows_loaded == 1


FAILING_JOB = f"""
import runpy
def evaluate(rows, ruleset, failing):
    raise ValueError("a cell: SSN-CANARY")
runpy.run_path({str(REPOSITORY / "deploy" / "glue" / "judge_rows.py")!r})["answer"](evaluate)
"""


def test_a_job_that_fails_loads_nothing_and_is_the_fault_of_no_file(
    home: ClusterHome, glue: RunningGlue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once(_: dg.RetryPolicy, __: int) -> float:
        return 0.0

    monkeypatch.setattr(dg.RetryPolicy, "calculate_delay", at_once)
    glue.script = tmp_path / "job.py"
    glue.script.write_text(FAILING_JOB)
    home.drop("films.csv", FILMS)
    with dg.DagsterInstance.ephemeral() as instance:
        result = home.run(RULES, instance=instance)
        told = "".join(entry.to_json() for entry in instance.all_logs(result.run_id))
    [failure] = [event for event in result.all_events if event.is_step_failure]
    cause = cause_of_failure(failure)
    assert (cause.fault, cause.error_class) == (Fault.WORLD, "ClusterError")
    assert re.fullmatch(
        f"the Glue job {JOB} did not succeed: Glue job {JOB} run [0-9a-f-]+ completed with "
        "status FAILED. Its log in CloudWatch says more; the next run starts it again.",
        cause.sentence,
    )
    assert "SSN-CANARY" not in told
    assert home.entries() == {}
    assert home.bucket.names(Area.OUTPUT) == []


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [
        ([], "succeeded and gave 0 answers, where one is expected: see that it runs deploy/glue/"),
        ([{"rows": 1}], "cannot be read: see that it runs deploy/glue/judge_rows.py of this"),
        ([["rows"]], "cannot be read: see that it runs deploy/glue/judge_rows.py of this"),
    ],
)
def test_an_answer_that_cannot_be_read_says_which_script_is_expected(
    home: ClusterHome,
    tmp_path: Path,
    messages: list[Any],
    sentence: str,
) -> None:
    def answered(*_: object) -> list[Any]:
        return messages

    rows = tmp_path / "rows.parquet"
    rows.write_bytes(b"PAR1")
    with pytest.raises(ClusterError, match=re.escape(sentence)):
        home.deployment.cluster.judge(rows, RULES, tmp_path, answered)
    assert home.bucket.names(Area.OUTPUT) == []


def test_a_job_that_is_not_there_is_named_with_what_aws_says(
    home: ClusterHome, glue: RunningGlue, tmp_path: Path
) -> None:
    def refused(*_: object) -> list[Any]:
        glue.services.client("glue").start_job_run(JobName="nobody")
        raise AssertionError

    rows = tmp_path / "rows.parquet"
    rows.write_bytes(b"PAR1")
    with pytest.raises(
        ClusterError, match=f"running the Glue job {JOB} failed: EntityNotFoundException: "
    ):
        home.deployment.cluster.judge(rows, RULES, tmp_path, refused)
