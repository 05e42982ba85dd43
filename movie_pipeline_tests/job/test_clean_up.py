"""The clean-up as Dagster runs it, and what it does to Dagster's own runs."""

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from movie_pipeline.orchestration.sensors import clean_up_job as clean_up_module
from movie_pipeline.orchestration.sensors.clean_up_job import (
    CLEAN_UP_JOB,
    active_batches,
    remove_old_runs,
)
from movie_pipeline.settings.groups import RetentionSettings
from movie_pipeline.steps.clean_up import Removed
from movie_pipeline_tests.home import QUIET, Home
from movie_pipeline_tests.samples import clean_movies

DAY = 86_400.0


@dg.job
def anything() -> None:
    """A job without a step."""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def failed_run(instance: dg.DagsterInstance) -> str:
    run = instance.create_run_for_job(anything)
    instance.report_run_failed(run)
    return run.run_id


def test_old_runs_go_failed_ones_later_and_the_newest_never(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean_up_module, "NEWEST_RUNS_KEPT", 1)
    settings = RetentionSettings(keep_runs_days=10.0, keep_failed_runs_days=20.0)
    good = [anything.execute_in_process(instance=instance).run_id for _ in range(3)]
    bad = [failed_run(instance) for _ in range(3)]
    active = instance.create_run_for_job(anything, tags={"movie_pipeline/batch_id": "b1"}).run_id
    assert active_batches(instance) == {"b1", f"run-{active}"}
    now = time.time()
    monkeypatch.setattr(clean_up_module.time, "time", lambda: now + 9 * DAY)
    assert remove_old_runs(instance, settings) == Removed(0)
    monkeypatch.setattr(clean_up_module.time, "time", lambda: now + 11 * DAY)
    assert remove_old_runs(instance, settings, dry_run=True) == Removed(2)
    assert remove_old_runs(instance, settings) == Removed(2)
    assert set(instance.get_run_ids()) == {good[-1], *bad, active}
    monkeypatch.setattr(clean_up_module.time, "time", lambda: now + 21 * DAY)
    assert remove_old_runs(instance, settings) == Removed(2)
    assert set(instance.get_run_ids()) == {good[-1], bad[-1], active}


def test_the_job_removes_and_reports(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    home = Home(tmp_path)
    home.drop("a.csv", clean_movies(3))
    assert home.run().success
    (tmp_path / "output" / f"{'0' * 32}.parquet").write_bytes(b"nobody's")
    job = home.definitions().resolve_job_def(CLEAN_UP_JOB)
    result = job.execute_in_process(instance=instance, run_config=QUIET)
    assert result.success
    (event,) = [one for one in result.all_events if one.is_successful_output]
    orphans = event.step_output_data.metadata["orphans"]
    assert isinstance(orphans, dg.TableMetadataValue)
    assert [str(row.data["orphan"]) for row in orphans.records] == [
        str(tmp_path / "output" / f"{'0' * 32}.parquet")
    ]
