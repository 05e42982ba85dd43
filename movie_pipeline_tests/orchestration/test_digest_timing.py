"""When more batches are on their way, as Dagster's runs tell: then good news waits to be told."""

import time
from collections.abc import Iterator

import dagster as dg
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.orchestration.sensors.digest_timing import digest_timing_now
from movie_pipeline.settings.groups import DigestSettings


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def more_comes(
    instance: dg.DagsterInstance, *, quiet_seconds: float = 60, later: float = 0
) -> bool:
    settings = DigestSettings(quiet_seconds=quiet_seconds)
    return digest_timing_now(instance, MOVIES, settings, now=time.time() + later).more_comes


def run_of(name: str, instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    """A run of a job of that name."""

    @dg.job(name=name)
    def job() -> None:
        pass

    return instance.create_run_for_job(job, status=status)


def test_without_runs_nothing_is_on_its_way(instance: dg.DagsterInstance) -> None:
    assert not more_comes(instance)


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_a_run_that_starts_or_is_at_work_brings_more(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    run_of(MOVIES.ingest_job, instance, status)
    assert more_comes(instance)
    assert not more_comes(instance, quiet_seconds=0), "who wants no patience gets none"


def test_a_run_of_another_job_brings_nothing(instance: dg.DagsterInstance) -> None:
    run_of("reconcile", instance, dg.DagsterRunStatus.STARTED)
    assert not more_comes(instance)


def test_after_the_last_run_it_takes_the_quiet_period(instance: dg.DagsterInstance) -> None:
    run_of(MOVIES.ingest_job, instance, dg.DagsterRunStatus.SUCCESS)
    assert more_comes(instance, later=30)
    assert not more_comes(instance, later=90)
