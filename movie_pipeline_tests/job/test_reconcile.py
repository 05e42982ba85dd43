"""The reconciler as Dagster runs it: looked for first, launched once a start, shown in the UI."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import WarehouseBusy
from movie_pipeline.orchestration.sensors import reconcile_job as reconcile_module
from movie_pipeline.orchestration.sensors.reconcile_job import (
    RECONCILE_JOB,
    reconcile_at_start,
    reconcile_schedule,
)
from movie_pipeline_tests.home import QUIET, Home
from movie_pipeline_tests.samples import clean_movies


def resources_of(home: Home) -> dict[str, object]:
    """What the reconciler's schedule and sensor ask for."""
    world = home.deployment
    return {"storage": world.storage, "warehouse": world.warehouse, "settings": home.settings}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A world in which a run died after it had loaded a file."""
    for grace in ("GRACE", "VIEWS_GRACE"):
        monkeypatch.setattr(reconcile_module, grace, timedelta())
    home = Home(tmp_path)
    home.drop("a.csv", clean_movies(3))
    assert home.run(
        asset_selection=["raw_movies", "quarantined_movies", "validated_movies", "movie_data_table"]
    ).success
    return home


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def scheduled(home: Home) -> object:
    resources = resources_of(home)
    return reconcile_schedule(MOVIES)(dg.build_schedule_context(resources=resources))


def test_the_schedule_launches_a_run_that_closes_what_is_open_and_then_none(
    home: Home, instance: dg.DagsterInstance
) -> None:
    assert isinstance(scheduled(home), dg.RunRequest)
    job = home.definitions().resolve_job_def(RECONCILE_JOB)
    result = job.execute_in_process(instance=instance, run_config=QUIET)
    assert result.success
    assert home.entries()["a.csv"].history_name
    assert home.deployment.storage.landed() == []
    assert len(home.notices()) == 1
    told = [
        event.asset_key.to_user_string()
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    ]
    assert sorted(told) == [
        "archived_files",
        "mv_genre_statistics",
        "mv_top_rated_movies",
        "mv_yearly_trends",
    ]
    assert scheduled(home) == dg.SkipReason("Nothing is open.")


def test_after_a_start_it_is_launched_once(home: Home) -> None:
    resources = resources_of(home)
    first = dg.build_sensor_context(resources=resources)
    request = reconcile_at_start(MOVIES)(first)
    assert isinstance(request, dg.RunRequest)
    assert (request.run_key or "").startswith("start-")
    again = dg.build_sensor_context(resources=resources, cursor=first.cursor)
    assert reconcile_at_start(MOVIES)(again) == dg.SkipReason("It was looked at this start.")
    another = dg.build_sensor_context(resources=resources, cursor="an earlier start")
    assert isinstance(reconcile_at_start(MOVIES)(another), dg.RunRequest)


def test_a_start_at_which_the_warehouse_was_away_is_looked_at_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise WarehouseBusy("it is held.")

    resources = resources_of(home)
    context = dg.build_sensor_context(resources=resources)
    with monkeypatch.context() as patch:
        patch.setattr(reconcile_module, "open_work", away)
        assert reconcile_at_start(MOVIES)(context) == dg.SkipReason(
            "Waiting for the warehouse: it is held."
        )
        assert context.cursor is None
        assert scheduled(home) == dg.SkipReason("Waiting for the warehouse: it is held.")
    assert isinstance(reconcile_at_start(MOVIES)(context), dg.RunRequest)
