"""What people see: the job in the UI, the backlog, and the accounts over originals and replays."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.orchestration.assets.replay_job import REPLAY_JOB
from movie_pipeline_tests.home import QUIET, check_results
from movie_pipeline_tests.replay.world import WHY, ReplayHome
from movie_pipeline_tests.samples import Film, film_file, low_ratings

STRICT = 'Rules = [RowCount > 0, ColumnValues "imdb_rating" >= 8]'
HOLDING = "Rules = [RowCount > 10]"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def launch(home: ReplayHome, **config: object) -> dg.ExecuteInProcessResult:
    """The job as the Launchpad would run it."""
    job = home.definitions().resolve_job_def(REPLAY_JOB)
    return job.execute_in_process(
        run_config={"ops": {"land_replays": {"config": config}}, **QUIET}, raise_on_error=False
    )


def test_the_job_lands_the_replay_and_shows_which(home: ReplayHome) -> None:
    home.ingest("movies.csv", low_ratings(), HOLDING)
    result = launch(home, file="movies.csv", accept=True, by="ana", why="a short month")
    assert result.success
    (landed,) = home.deployment.storage.landed()
    (event,) = [event for event in result.all_events if event.is_asset_observation]
    observation = event.asset_observation_data.asset_observation
    assert observation.asset_key == dg.AssetKey("quarantined_movies")
    assert "4 records landed again" in str(observation.description)
    rows = observation.metadata["replays"]
    assert isinstance(rows, dg.TableMetadataValue)
    assert rows.records[0].data["landed as"] == landed.key
    assert rows.records[0].data["asked for by"] == "ana"
    assert home.run(HOLDING).success, "as the landing sensor would launch it"
    assert home.count("movie_data_table") == 4


def test_the_job_fails_with_the_sentence_where_nothing_can_be_done(home: ReplayHome) -> None:
    home.ingest("movies.csv", low_ratings(), HOLDING)
    result = launch(home, file="movies.csv", accept=True)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "needs a reason: say why" in str(failure.step_failure_data.error)
    assert home.deployment.storage.landed() == []


def test_the_backlog_check_counts_what_is_open_by_reason(home: ReplayHome) -> None:
    home.ingest(
        "movies.csv", film_file(Film("a", year="PG"), Film("b", rating="7"), Film("c")), STRICT
    )
    found = home.record(release_year="PG")["quarantine_id"]
    corrections = home.corrections((found, "release_year", "1999"))
    landed = [one.landed for one in home.ask(corrections=corrections, why=WHY) if one.landed]
    check = check_results(home.run(STRICT, files=landed))["quarantine_backlog"]
    assert check.metadata["records_waiting"].value == 1
    reasons = check.metadata["by_reason"]
    assert isinstance(reasons, dg.TableMetadataValue)
    (row,) = reasons.records
    assert row.data["rule"] == 'ColumnValues "imdb_rating" >= 8'
    ages = check.metadata["by_age"]
    assert isinstance(ages, dg.TableMetadataValue)
    assert [row.data["waiting for"] for row in ages.records] == ["less than a day"]


def test_a_record_replayed_in_vain_is_as_old_as_it_was(home: ReplayHome) -> None:
    entry = home.ingest("movies.csv", low_ratings(), STRICT)
    home.replay(STRICT, file="movies.csv")
    later = entry.committed_at + timedelta(days=1)
    found = backlog(home.deployment.warehouse, later)
    assert found.by_age["less than a week"] == found.records == 2


def test_every_original_record_is_resolved_once_or_open_once_over_many_replays(
    home: ReplayHome,
) -> None:
    bad = [Film(f"x{n}", f"X {n}", rating=str(n)) for n in range(1, 8)]
    original = home.ingest("movies.csv", film_file(Film("a"), *bad), STRICT)
    home.ingest("newer.csv", film_file(Film("x6", "Newer")), STRICT)
    home.replay('Rules = [ColumnValues "imdb_rating" >= 6]', where="imdb_rating > '3'")
    home.replay('Rules = [ColumnValues "imdb_rating" >= 5]', file="movies.csv")
    records = home.records()
    resolved = [r for r in records if r["resolution"]]
    assert home.count("mp_resolutions") == len(resolved)
    per_rating: dict[str, list[str]] = {}
    for record in records:
        superseded = record["superseded_by"] and record["superseded_by"]["file"]
        outcome = record["resolution"]["outcome"] if record["resolution"] else superseded or "open"
        per_rating.setdefault(record["columns"]["imdb_rating"], []).append(outcome)
    ends = {
        rating: [outcome for outcome in outcomes if outcome != "QUARANTINED"]
        for rating, outcomes in per_rating.items()
    }
    assert ends == {
        "1": ["open"],
        "2": ["open"],
        "3": ["open"],
        "4": ["open"],
        "5": ["LOADED"],
        "6": ["newer.csv"],  # a later row stands in the table: no replay need take it
        "7": ["LOADED"],
    }
    assert home.waiting() == len(home.open_ids()) == 4
    assert original.rows_quarantined == 7
    assert sorted(home.titles()) == ["A Film", "Newer", "X 5", "X 7"]
    for entry in home.ledger.entries():
        parts = entry.rows_loaded + entry.rows_quarantined + entry.rows_superseded
        assert entry.rows_in == parts + entry.rows_held
