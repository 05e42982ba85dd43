"""What the UI says of files that wait, after other files: nothing turns green by itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import DecisionError
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.orchestration.assets.asset_names import REFRESH_JOB
from movie_pipeline.orchestration.checks.warehouse_checks import CHECK_JOB, age_of
from movie_pipeline.steps import notify
from movie_pipeline.upkeep.dismiss import dismiss
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.retract import Wish
from movie_pipeline_tests.home import QUIET, Home, check_results
from movie_pipeline_tests.samples import clean_movies, low_ratings, without_ratings

RULES = 'Rules = [RowCount <= 3, ColumnValues "imdb_rating" > 0]'


def launched(home: Home, job: str, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """A job of the definitions, once, in this process."""
    found = home.definitions(RULES).resolve_job_def(job)
    with home.kept_open():
        return found.execute_in_process(instance=instance, run_config=QUIET, raise_on_error=False)


def parts_of(home: Home) -> Parts:
    """The world as the commands of upkeep take it."""
    deployment = home.deployment
    return Parts(deployment.storage, deployment.warehouse, home.settings, deployment.dataset)


def test_what_waits_stays_red_through_other_files_until_each_is_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = Home(tmp_path)
    with dg.DagsterInstance.ephemeral() as instance:
        home.drop("clean.csv", clean_movies(2))
        home.drop("first.csv", low_ratings())
        home.drop("second.csv", low_ratings().replace(b"9.5", b"9.4"))
        home.drop("third.csv", without_ratings())
        found = check_results(home.run(RULES, instance=instance))
        assert not found["row_count"].passed
        waits = found["no_file_waits"]
        assert not waits.passed
        assert waits.description is not None
        assert waits.description.startswith("3 files wait: ")
        for name in ("first.csv (HELD, ", "second.csv (HELD, ", "third.csv (REJECTED, "):
            assert name in waits.description
        assert "or dismiss it with a reason" in str(waits.metadata["what_to_do"].value)
        told_of = waits.metadata["files"]
        assert isinstance(told_of, dg.TableMetadataValue)
        assert list(told_of.records[0].data) == ["file", "state", "has waited", "why"]
        assert all(len(str(cell)) <= 300 for row in told_of.records for cell in row.data.values())

        # a run that judges nothing: no pass, no zero, and what waits is still told
        home.drop("again.csv", clean_movies(2))
        result = home.run(RULES, instance=instance)
        assert home.entries()["again.csv"].state is FileState.DUPLICATE
        found = check_results(result)
        assert set(found) == {"unique_movie_id", "freshness", "quarantine_backlog", "no_file_waits"}
        assert not found["no_file_waits"].passed
        # that warning is for a gate that is broken
        assert "emitted no result" not in caplog.text
        told = {
            event.asset_key.to_user_string(): event.metadata
            for event in result.get_asset_materialization_events()
            if event.asset_key is not None
            for event in [event.materialization]
        }
        for asset in ("raw_movies", "validated_movies", "quarantined_movies"):
            assert not {"dagster/row_count", "rows_of_this_run", "ratings"} & set(told[asset])
        assert told["movie_data_table"]["dagster/row_count"].value == 2

        # each is answered, with a reason
        wish = Wish(by="ana", why="a test file")
        for name in ("first.csv", "second.csv", "third.csv"):
            assert not dismiss(parts_of(home), name, wish).before
        assert dismiss(parts_of(home), "third.csv", wish).before
        found = check_results(launched(home, CHECK_JOB, instance))
        assert found["no_file_waits"].passed
        assert found["no_file_waits"].description == "No file waits."
        assert "what_to_do" not in found["no_file_waits"].metadata
        assert found["quarantine_backlog"].metadata["records_waiting"].value == 0
    third = home.entries()["third.csv"]
    assert third.state is FileState.REJECTED
    assert third.summary.dismissal is not None
    assert (third.summary.dismissal.by, third.summary.dismissal.why) == ("ana", "a test file")
    assert home.entries()["first.csv"].state is FileState.RETRACTED


def test_only_what_waits_as_a_whole_is_dismissed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop("clean.csv", clean_movies(2))
    assert home.run(RULES).success
    wish = Wish(by="ana", why="a test file")
    with pytest.raises(DecisionError, match=r"clean\.csv is LOADED: it does not wait as a whole"):
        dismiss(parts_of(home), "clean.csv", wish)
    with pytest.raises(DecisionError, match=r"no file nowhere\.csv is in the ledger"):
        dismiss(parts_of(home), "nowhere.csv", wish)
    with pytest.raises(DecisionError, match="say why"):
        Wish(by="ana", why=" ")


def test_nothing_arriving_is_seen_by_the_hourly_look_and_told_once(tmp_path: Path) -> None:
    home = Home(tmp_path, freshness_hours=0.0)
    home.drop("clean.csv", clean_movies(2))
    with dg.DagsterInstance.ephemeral() as instance:
        assert home.run(RULES, instance=instance).success
        for _ in range(2):
            found = check_results(launched(home, CHECK_JOB, instance))
            assert not found["freshness"].passed
    deployment = home.deployment
    notify.drain(deployment.warehouse, deployment.alerts, deployment.events)
    told = [notice for notice in home.notices() if notice.id.startswith("stale-")]
    assert [notice.subject for notice in told] == ["Movie pipeline: nothing new was loaded"]
    (schedule,) = [
        one
        for one in home.definitions(RULES).schedules or ()
        if isinstance(one, dg.ScheduleDefinition) and one.job_name == CHECK_JOB
    ]
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_a_view_is_not_computed_again_after_a_run_that_changed_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    computed: list[list[bool]] = []
    with dg.DagsterInstance.ephemeral() as instance:
        for name in ("clean.csv", "again.csv"):
            home.drop(name, clean_movies(2))
            assert home.run(RULES, instance=instance).success
            result = launched(home, REFRESH_JOB, instance)
            assert result.success
            computed.append(
                [
                    bool(event.materialization.metadata["recomputed"].value)
                    for event in result.get_asset_materialization_events()
                    if "recomputed" in event.materialization.metadata
                ]
            )
    views = len(MOVIES.views)
    assert computed == [[True] * views, [False] * views]


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=5), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=5), "5 hours"),
        (timedelta(days=3, hours=2), "3 days"),
    ],
)
def test_an_age_is_said_in_the_unit_that_says_it_best(ago: timedelta, said: str) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert age_of(now - ago, now) == said


def test_a_catalog_asset_shows_its_columns_and_calls_only_a_change_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    told: list[str] = []
    with dg.DagsterInstance.ephemeral() as instance:
        for name, first in (("clean.csv", 1), ("more.csv", 10)):
            home.drop(name, clean_movies(2, first=first))
            assert home.run(RULES, instance=instance).success
            result = launched(home, REFRESH_JOB, instance)
            metadata = {
                event.asset_key.to_user_string(): event.materialization.metadata
                for event in result.get_asset_materialization_events()
                if event.asset_key is not None
            }
            raw = metadata["raw_movies_catalog"]
            assert raw["schemas_changed"].value == 0
            tables = raw["tables"]
            assert isinstance(tables, dg.TableMetadataValue)
            told += [str(row.data["schema"]) for row in tables.records]
            schema = raw["dagster/column_schema"].value
            assert isinstance(schema, dg.TableSchema)
            assert "imdb_rating" in [column.name for column in schema.columns]
            view = metadata["mv_genre_statistics"]["dagster/column_schema"].value
            assert isinstance(view, dg.TableSchema)
            assert any(column.description for column in view.columns)
    assert told == ["new", "as before"]
