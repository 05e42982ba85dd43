"""The Launchpad's jobs take a file back and judge history again, and the table's asset says so."""

from pathlib import Path

import pytest

from movie_pipeline.orchestration.assets.decision_jobs import REJUDGE_JOB, RETRACT_JOB
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import Film, film_file

STRICT = 'Rules = [ColumnValues "imdb_rating" > 6]'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.drop("a.csv", film_file(Film("a"), Film("b", "Bad", rating="5.0")))
    home.drop("c.csv", film_file(Film("c", "Wrong")))
    assert home.run().success
    return home


STEPS = {"retract_file": "take_back", "rejudge_history": "judge_again"}


def launch(home: Home, job: str, **config: object) -> dict[str, object]:
    """Run a job of one step; what it said on the table."""
    result = (
        home.definitions()
        .resolve_job_def(job)
        .execute_in_process(
            run_config={"ops": {STEPS[job]: {"config": config}}}, raise_on_error=True
        )
    )
    [said] = [
        event.asset_observation_data.asset_observation
        for event in result.all_events
        if event.event_type_value == "ASSET_OBSERVATION"
    ]
    assert said.asset_key.to_user_string() == "movie_data_table"
    return {name: value.value for name, value in said.metadata.items()}


def test_a_file_is_taken_back_and_history_judged_again(home: Home, tmp_path: Path) -> None:
    said = launch(home, RETRACT_JOB, file="c.csv", because="a wrong month", by="ana")
    assert (said["rows_gone"], said["rows_back"], said["dry_run"]) == (1, 0, False)
    assert home.titles() == ["A Film", "Bad"]
    rules = tmp_path / "strict.dqdl"
    rules.write_text(STRICT)
    said = launch(home, REJUDGE_JOB, ruleset=str(rules), dry_run=True)
    assert (said["loaded_to_apart"], said["files_left"]) == (1, 0)
    assert home.titles() == ["A Film", "Bad"]
    launch(home, REJUDGE_JOB, ruleset=str(rules))
    assert home.titles() == ["A Film"]
    assert home.deployment.warehouse.stale_views() == []
