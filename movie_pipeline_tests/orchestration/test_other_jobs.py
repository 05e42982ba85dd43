"""Failures of jobs that take no files: told, and once where the job repeats itself."""

from pathlib import Path

import dagster as dg
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.ledger import outbox
from movie_pipeline.orchestration.sensors.notice_sensors import failed_jobs_sensor
from movie_pipeline.orchestration.sensors.other_jobs import (
    AUTOMATED,
    is_repeated,
    meaning_of_failure,
)
from movie_pipeline_tests.home import Home


@dg.op
def fails() -> None:
    raise dg.Failure("a view was in the way")


def failed_run(name: str, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    job = dg.GraphDefinition(name=name, node_defs=[fails]).to_job()
    return job.execute_in_process(instance=instance, raise_on_error=False)


def tell(home: Home, result: dg.ExecuteInProcessResult, instance: dg.DagsterInstance) -> None:
    deployment = home.deployment
    (event,) = [each for each in result.all_events if each.is_job_failure]
    context = dg.build_run_status_sensor_context(
        sensor_name="failed_jobs",
        dagster_event=event,
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        resources={
            "dataset": deployment.dataset,
            "warehouse": deployment.warehouse,
            "alerts": deployment.alerts,
            "settings": deployment.settings,
        },
    ).for_run_failure()
    failed_jobs_sensor(MOVIES)(context)


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ("refresh_marts_and_catalog", 1),
        ("reconcile", 1),
        ("clean_up", 1),
        ("check_table", 1),
        ("replay_quarantined", 2),
        ("retract_file", 2),
        ("rejudge_history", 2),
        ("somebody_elses", 0),
    ],
)
def test_every_job_that_fails_is_told_and_what_repeats_itself_once(
    tmp_path: Path, job: str, told: int
) -> None:
    home = Home(tmp_path)
    home.deployment.warehouse.prepare()
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            tell(home, failed_run(job, instance), instance)
    notices = outbox.unsent(home.deployment.warehouse)
    assert len(notices) == told
    for notice in notices:
        assert notice.text.startswith(f"The job {job} failed in run ")
        assert "Cause: " in notice.text


def test_there_is_no_job_whose_failure_means_nothing(tmp_path: Path) -> None:
    repository = Home(tmp_path).definitions().get_repository_def()
    ours = [job.name for job in repository.get_all_jobs() if not job.name.startswith("__")]
    assert len(ours) > 5
    for name in ours:
        run = dg.DagsterRun(job_name=name, run_id="one")
        assert name == MOVIES.ingest_job or meaning_of_failure(run, MOVIES), name


def test_a_failed_refresh_that_an_automation_launched_is_told() -> None:
    chosen = frozenset({dg.AssetKey("mv_yearly_trends")})
    run = dg.DagsterRun(job_name=AUTOMATED, run_id="one", asset_selection=chosen)
    assert "Views or catalog may show less" in meaning_of_failure(run, MOVIES)
    assert is_repeated(run, MOVIES)
