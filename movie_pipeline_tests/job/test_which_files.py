"""Which files a run takes: those it was launched for, all that wait, and the same ones again."""

from pathlib import Path

import dagster as dg
import pytest

from movie_pipeline_tests.home import QUIET, Home
from movie_pipeline_tests.job.reconstructed import ingest_job
from movie_pipeline_tests.samples import clean_movies


def test_a_run_with_nothing_configured_takes_what_lies_in_landing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop("a.csv", clean_movies(2))
    home.drop("folder/b.csv", clean_movies(3, first=10))
    assert home.run().success
    entries = home.entries()
    assert {name: entry.rows_loaded for name, entry in entries.items()} == {
        "a.csv": 2,
        "folder/b.csv": 3,
    }
    (batch,) = {entry.batch_id for entry in entries.values()}
    (run_id,) = {entry.run_id for entry in entries.values()}
    assert batch == f"run-{run_id}"


def test_a_run_takes_only_the_files_it_was_launched_for(tmp_path: Path) -> None:
    home = Home(tmp_path)
    wanted = home.drop("wanted.csv", clean_movies(2))
    home.drop("other.csv", clean_movies(3, first=10))
    assert home.run(files=[wanted], batch_id="batch1").success
    assert set(home.entries()) == {"wanted.csv"}
    assert home.entries()["wanted.csv"].batch_id == "batch1"
    assert [file.key for file in home.deployment.storage.landed()] == ["other.csv"]


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """What the run's failed steps say."""
    events = [event for event in result.all_events if event.is_step_failure]
    return " ".join(str(event.step_failure_data.error) for event in events)


def test_by_hand_a_file_is_asked_for_by_its_name_too(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop("wanted.csv", clean_movies(2))
    home.drop("other.csv", clean_movies(3, first=10))
    assert home.run(names=["wanted.csv"]).success
    assert set(home.entries()) == {"wanted.csv"}
    assert home.run(names=["wanted.csv"]).success  # decided: nothing is left to do


def test_by_hand_a_file_that_nobody_knows_fails_the_run(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop("there.csv", clean_movies(2))
    result = home.run(names=["there.csv", "their.csv"])
    assert not result.success
    assert "no file their.csv lies in landing, nor was one decided. `files` takes names" in (
        failure_of(result)
    )
    assert home.entries() == {}


@pytest.mark.parametrize("asset", ["validated_movies", "movie_data_table", "archived_files"])
def test_one_asset_alone_says_at_once_what_to_click(tmp_path: Path, asset: str) -> None:
    home = Home(tmp_path)
    home.drop("there.csv", clean_movies(2))
    chosen = ["quarantined_movies", asset] if asset == "validated_movies" else [asset]
    result = home.run(asset_selection=chosen)
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    assert "Open Jobs, ingest_movies, and press Materialize all" in failure_of(result)


@pytest.mark.parametrize(
    ("asset", "check"),
    [
        ("raw_movies", "every_file_readable"),
        ("validated_movies", "is_complete_movie_title"),
        ("validated_movies", "every_record_accounted_for"),
    ],
)
def test_a_check_of_a_batch_alone_says_at_once_what_to_click(
    tmp_path: Path, asset: str, check: str
) -> None:
    home = Home(tmp_path)
    key = dg.AssetCheckKey(dg.AssetKey(asset), check)
    rules = 'Rules = [IsComplete "movie_title"]'
    alone = home.definitions(rules).resolve_implicit_global_asset_job_def()
    result = alone.get_subset(asset_selection=set(), asset_check_selection={key})
    ended = result.execute_in_process(run_config=QUIET, raise_on_error=False)
    assert not ended.success
    assert not [event for event in ended.all_events if event.is_step_up_for_retry]
    assert "Open Jobs, ingest_movies, and press Materialize all" in failure_of(ended)


@pytest.mark.parametrize("asset", ["raw_movies", "mv_yearly_trends", "warehouse_catalog"])
def test_other_assets_can_be_materialized_alone(tmp_path: Path, asset: str) -> None:
    home = Home(tmp_path)
    home.drop("there.csv", clean_movies(2))
    assert home.run(names=["there.csv"]).success
    job = home.definitions().resolve_implicit_global_asset_job_def()
    alone = job.get_subset(asset_selection={dg.AssetKey(asset)})
    assert alone.execute_in_process(run_config=QUIET, raise_on_error=False).success


def test_a_file_that_is_taken_away_before_the_run_is_no_failure(tmp_path: Path) -> None:
    home = Home(tmp_path)
    gone = home.drop("gone.csv", clean_movies(2))
    stays = home.drop("stays.csv", clean_movies(3, first=10))
    (tmp_path / "input" / "gone.csv").unlink()
    assert home.run(files=[gone, stays], batch_id="batch1").success
    assert set(home.entries()) == {"stays.csv"}


def test_a_reexecution_sees_the_same_files_whatever_landed_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_PIPELINE_HOME", str(tmp_path))
    monkeypatch.setenv("MOVIE_PIPELINE_SETTLE_SECONDS", "0")
    monkeypatch.setenv("MOVIE_PIPELINE_THREADS", "1")
    home = Home(tmp_path)
    home.drop("first.csv", clean_movies(2))
    blockage = tmp_path / "output"
    blockage.write_text("a file where a folder should be")
    job = dg.reconstructable(ingest_job)
    with dg.DagsterInstance.ephemeral() as instance:
        with dg.execute_job(job, instance, run_config=QUIET) as failed:
            assert not failed.success
        # beside Dagster's traces the UI shows what to do in one line
        said = [
            entry.user_message for entry in instance.all_logs(failed.run_id) if entry.level == 40
        ]
        assert [one for one in said if one.startswith("putting ") and "Traceback" not in one], said
        blockage.unlink()
        home.drop("later.csv", clean_movies(3, first=10))
        again = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
        with dg.execute_job(job, instance, run_config=QUIET, reexecution_options=again) as result:
            assert result.success
            assert result.run_id != failed.run_id
            steps = {event.step_key for event in result.all_events if event.is_step_start}
            assert "raw_movies" not in steps
    (entry,) = home.entries().values()
    assert (entry.key, entry.batch_id) == ("first.csv", f"run-{failed.run_id}")
    assert [file.key for file in home.deployment.storage.landed()] == ["later.csv"]
