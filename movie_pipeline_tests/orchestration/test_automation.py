"""When views and catalog are refreshed: after every update, once for many, never starved."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.orchestration.assets.asset_names import Shown
from movie_pipeline.orchestration.assets.catalog_assets import (
    raw_catalog_asset,
    warehouse_catalog_asset,
)
from movie_pipeline.orchestration.assets.refresh_condition import refresh_after_update
from movie_pipeline.orchestration.assets.view_assets import view_assets


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@dg.asset
def loaded() -> None:
    """Stands for the table."""


_during_the_refresh: list[Callable[[], None]] = []
"""What happens while the view is being refreshed."""


@dg.asset(deps=[loaded], automation_condition=refresh_after_update)
def view() -> None:
    """Stands for a view of it."""
    while _during_the_refresh:
        _during_the_refresh.pop()()


DEFINITIONS = dg.Definitions(
    assets=[loaded, view],
    jobs=[
        dg.define_asset_job("ingest", selection=["loaded"], executor_def=dg.in_process_executor),
        dg.define_asset_job("refresh", selection=["view"], executor_def=dg.in_process_executor),
    ],
)
VIEW = dg.AssetKey("view")


class Automation:
    """The daemon's evaluations, one after another, with what happens between them."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._cursor = None
        self.now = datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
        self.requested()

    def requested(self) -> int:
        """How many refreshes one evaluation requests."""
        result = dg.evaluate_automation_conditions(
            DEFINITIONS,
            self._instance,
            asset_selection=dg.AssetSelection.all(),
            cursor=self._cursor,
            evaluation_time=self.now,
        )
        self._cursor = result.cursor
        return result.get_num_requested(VIEW)

    def wait(self, pause: timedelta) -> None:
        """Time passes."""
        self.now += pause

    def update(self) -> None:
        """An ingest run comes to its end."""
        self._run("ingest")

    def refresh(self, *meanwhile: Callable[[], None]) -> None:
        """The requested refresh runs; meanwhile other things happen."""
        _during_the_refresh.extend(meanwhile)
        self._run("refresh")

    def begin_update(self) -> None:
        """An ingest run begins, and goes on."""
        self._instance.create_run_for_job(
            DEFINITIONS.resolve_job_def("ingest"), status=dg.DagsterRunStatus.STARTED
        )

    def _run(self, job: str) -> None:
        result = DEFINITIONS.resolve_job_def(job).execute_in_process(instance=self._instance)
        assert result.success


def test_an_update_requests_one_refresh_and_no_second(instance: dg.DagsterInstance) -> None:
    automation = Automation(instance)
    assert automation.requested() == 0
    automation.update()
    assert automation.requested() == 1
    automation.refresh()
    assert automation.requested() == 0


def test_several_updates_are_one_refresh(instance: dg.DagsterInstance) -> None:
    automation = Automation(instance)
    for _ in range(5):
        automation.update()
    assert automation.requested() == 1
    automation.refresh()
    assert automation.requested() == 0


def test_before_the_table_exists_nothing_is_requested(instance: dg.DagsterInstance) -> None:
    automation = Automation(instance)
    assert [automation.requested() for _ in range(3)] == [0, 0, 0]


def test_an_update_during_a_refresh_is_followed_by_another_refresh(
    instance: dg.DagsterInstance,
) -> None:
    automation = Automation(instance)
    automation.update()
    assert automation.requested() == 1

    def meanwhile() -> None:
        automation.update()
        assert automation.requested() == 0, "a refresh is at work"

    automation.refresh(meanwhile)
    assert automation.requested() == 1
    automation.refresh()
    assert automation.requested() == 0


def test_an_update_right_after_a_request_is_followed_by_another_refresh(
    instance: dg.DagsterInstance,
) -> None:
    automation = Automation(instance)
    automation.update()
    assert automation.requested() == 1
    automation.refresh()
    automation.update()
    assert automation.requested() == 1
    automation.refresh()
    assert automation.requested() == 0


def test_an_update_in_the_middle_of_a_long_refresh_is_followed_by_another(
    instance: dg.DagsterInstance,
) -> None:
    automation = Automation(instance)
    automation.update()
    assert automation.requested() == 1

    def meanwhile() -> None:
        assert automation.requested() == 0
        automation.update()
        assert [automation.requested() for _ in range(3)] == [0, 0, 0], "a refresh is at work"

    automation.refresh(meanwhile)
    assert automation.requested() == 1
    automation.refresh()
    assert automation.requested() == 0


def test_an_update_does_not_wait_for_other_ingest_runs(instance: dg.DagsterInstance) -> None:
    automation = Automation(instance)
    for pause in (timedelta(), timedelta(minutes=5)):
        automation.wait(pause)
        assert automation.requested() == 0
        automation.begin_update()
        automation.update()
        automation.begin_update()
        assert automation.requested() == 1
        automation.refresh()


def test_overlapping_ingest_runs_are_followed_by_a_refresh_every_five_minutes(
    instance: dg.DagsterInstance,
) -> None:
    automation = Automation(instance)
    refreshed: list[datetime] = []
    for _ in range(40):
        automation.begin_update()
        automation.update()
        automation.begin_update()
        if automation.requested():
            refreshed.append(automation.now)
            automation.refresh()
        automation.wait(timedelta(seconds=30))
    assert [f"{moment:%H:%M}" for moment in refreshed] == [
        "12:01",
        "12:05",
        "12:10",
        "12:15",
        "12:20",
    ]


def test_the_last_update_of_many_is_refreshed_at_once(instance: dg.DagsterInstance) -> None:
    automation = Automation(instance)
    automation.update()
    assert automation.requested() == 1
    automation.refresh()
    automation.begin_update()
    automation.update()
    automation.begin_update()
    assert automation.requested() == 0, "more is on its way, and a refresh was just made"
    automation.update()
    assert automation.requested() == 1
    automation.refresh()
    assert automation.requested() == 0


def test_the_views_and_the_catalog_follow_this_condition() -> None:
    shown = Shown(["team:films"], "duckdb")
    follow: list[dg.AssetsDefinition] = [
        *view_assets(MOVIES, shown),
        raw_catalog_asset(MOVIES, shown),
        warehouse_catalog_asset(MOVIES, shown),
    ]
    for asset in follow:
        assert [spec.automation_condition for spec in asset.specs] == [refresh_after_update]
