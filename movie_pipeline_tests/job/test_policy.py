"""The verdict policy's table through the whole job: ledger, places, checks, notices of each line.

One run takes a file for each line; what screening alone says of them is tested in screening/.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest

from movie_pipeline.alerts.alerts_port import NoticeKind
from movie_pipeline.alerts.event_log import EventLog
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.steps import notify
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.home import Home, check_results, materialized
from movie_pipeline_tests.samples import (
    Film,
    film_file,
    hopeless,
    without_ratings,
)

RATING = 'ColumnValues "imdb_rating" > 5'
BUDGET = 'ColumnValues "budget" in ["1"]'
RULES = f"Rules = [RowCount > 2, {RATING}, {BUDGET}]"


def films(prefix: str, *ratings: str) -> list[Film]:
    """A film for each rating."""
    return [
        Film(f"{prefix}{number}", f"{prefix} {number}", rating=rating)
        for number, rating in enumerate(ratings, 1)
    ]


FILES = {
    "clean.csv": film_file(*films("clean", "8", "8", "8"), more={"Budget": "1"}),
    "apart.csv": film_file(*films("apart", "8", "4", "8", "x"), more={"Budget": "1"}),
    "held.csv": film_file(*films("held", "8", "3"), more={"Budget": "1"}),
    "not_evaluable.csv": film_file(*films("unknown", "8", "8", "8")),
    "rejected.csv": without_ratings(),
    "picture.csv": hopeless(),
}


@dataclass(frozen=True)
class Ran:
    """A world after the run."""

    home: Home
    result: dg.ExecuteInProcessResult


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    home = Home(tmp_path_factory.mktemp("policy"))
    for name, content in FILES.items():
        home.drop(name, content)
    result = home.run(RULES)
    deployment = home.deployment
    notify.drain(deployment.warehouse, deployment.alerts, deployment.events)
    return Ran(home, result)


@pytest.fixture(scope="module")
def checks(ran: Ran) -> Mapping[str, dg.AssetCheckEvaluation]:
    """Check results by the rule's text, or by their own name."""
    found = check_results(ran.result)
    return {
        str(check.metadata["rule"].value) if "rule" in check.metadata else name: check
        for name, check in found.items()
    }


def rows_of(check: dg.AssetCheckEvaluation, name: str = "files") -> dict[str, dict[str, Any]]:
    """The per-file table of a check, by file."""
    value = check.metadata[name]
    assert isinstance(value, dg.TableMetadataValue)
    return {str(row.data["file"]): dict(row.data) for row in value.records}


def test_the_run_succeeds_whatever_its_files_hold(ran: Ran) -> None:
    assert ran.result.success
    assert materialized(ran.result) == [
        "raw_movies",
        "quarantined_movies",
        "validated_movies",
        "movie_data_table",
        "archived_files",
    ]


@pytest.mark.parametrize(
    ("name", "state", "counts"),
    [
        ("clean.csv", FileState.LOADED, (3, 3, 0, 0)),
        ("apart.csv", FileState.LOADED, (4, 2, 2, 0)),
        ("held.csv", FileState.HELD, (2, 0, 0, 2)),
        ("not_evaluable.csv", FileState.HELD, (3, 0, 0, 3)),
        ("rejected.csv", FileState.REJECTED, (0, 0, 0, 0)),
        ("picture.csv", FileState.REJECTED, (0, 0, 0, 0)),
    ],
)
def test_the_ledger_says_what_became_of_each_file(
    ran: Ran, name: str, state: FileState, counts: tuple[int, ...]
) -> None:
    entry = ran.home.entries()[name]
    assert entry.state is state
    found = (entry.rows_in, entry.rows_loaded, entry.rows_quarantined, entry.rows_held)
    assert found == counts
    assert entry.rows_superseded == 0
    assert bool(entry.reason) is (state is not FileState.LOADED)


def test_only_good_rows_of_loaded_files_are_in_the_table(ran: Ran) -> None:
    assert ran.home.titles() == ["apart 1", "apart 3", "clean 1", "clean 2", "clean 3"]


def test_every_row_that_does_not_load_is_in_quarantine(ran: Ran) -> None:
    entries = ran.home.entries()
    apart = {
        name: [record["columns"]["movie_title"] for record in ran.home.quarantined(entry)]
        for name, entry in entries.items()
        if entry.quarantine_name
    }
    assert apart == {
        "apart.csv": ["apart 2", "apart 4"],
        "held.csv": ["held 1", "held 2"],
        "not_evaluable.csv": ["unknown 1", "unknown 2", "unknown 3"],
    }


def test_decided_files_leave_landing_and_lie_whole_where_they_belong(ran: Ran) -> None:
    storage = ran.home.deployment.storage
    assert storage.landed() == []
    for name, entry in ran.home.entries().items():
        area = Area.QUARANTINE if entry.state is FileState.REJECTED else Area.HISTORY
        assert entry.history_name is not None
        with storage.reading(area, entry.history_name) as path:
            assert path.read_bytes() == FILES[name]


def test_a_rule_about_rows_warns_and_shows_each_files_part(
    checks: Mapping[str, dg.AssetCheckEvaluation],
) -> None:
    check = checks[RATING]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert check.asset_key == dg.AssetKey("validated_movies")
    assert check.metadata["failing_rows"].value == 3
    files = rows_of(check)
    assert {name: row["outcome"] for name, row in files.items()} == {
        "clean.csv": "Passed",
        "apart.csv": "Failed",
        "held.csv": "Failed",
        "not_evaluable.csv": "Passed",
    }
    assert files["apart.csv"]["failing rows"] == 2


def test_a_rule_about_the_file_fails_as_an_error(
    checks: Mapping[str, dg.AssetCheckEvaluation],
) -> None:
    check = checks["RowCount > 2"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert rows_of(check)["held.csv"] == {
        "file": "held.csv",
        "outcome": "Failed",
        "failing rows": "",
        "reason": "RowCount is 2, which does not meet > 2.",
    }


def test_a_rule_that_cannot_be_evaluated_is_an_error_with_its_cause(
    checks: Mapping[str, dg.AssetCheckEvaluation],
) -> None:
    check = checks[BUDGET]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR
    row = rows_of(check)["not_evaluable.csv"]
    assert row["outcome"] == "Error"
    assert "budget" in row["reason"]
    assert check.description == (
        "3 of 4 files passed, 3 rows fail it, it could not be evaluated for 1."
    )


def test_a_file_that_cannot_be_read_fails_a_check_as_an_error(
    checks: Mapping[str, dg.AssetCheckEvaluation],
) -> None:
    check = checks["every_file_readable"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert check.asset_key == dg.AssetKey("raw_movies")
    assert check.description == "2 of 6 files cannot be read as movies."
    reasons = {name: row["why"] for name, row in rows_of(check).items()}
    assert set(reasons) == {"rejected.csv", "picture.csv"}
    assert reasons["picture.csv"].startswith("The file is no CSV but a PNG picture.")


def test_the_two_gates_pass(checks: Mapping[str, dg.AssetCheckEvaluation]) -> None:
    accounting, contract = checks["every_record_accounted_for"], checks["movie_contract"]
    assert accounting.passed
    assert contract.passed
    assert accounting.description == "12 records in 6 files are accounted for."
    assert contract.description == "5 rows keep the movie contract."
    files = rows_of(accounting)
    assert {name: row["adds up"] for name, row in files.items()} == dict.fromkeys(FILES, "yes")
    assert (files["held.csv"]["held"], files["apart.csv"]["quarantined"]) == (2, 2)


def test_the_checks_of_the_table_pass(checks: Mapping[str, dg.AssetCheckEvaluation]) -> None:
    for name in ("unique_movie_id", "freshness", "quarantine_backlog"):
        assert checks[name].passed
        assert checks[name].asset_key == dg.AssetKey("movie_data_table")
    assert checks["quarantine_backlog"].metadata["records_waiting"].value == 7
    assert checks["unique_movie_id"].metadata["rows"].value == 5
    assert not checks["no_file_waits"].passed
    assert checks["no_file_waits"].metadata["files_waiting"].value == 4


def test_a_run_reports_every_check_there_is(
    checks: Mapping[str, dg.AssetCheckEvaluation],
) -> None:
    assert set(checks) == {
        "RowCount > 2",
        RATING,
        BUDGET,
        "every_file_readable",
        "every_record_accounted_for",
        "movie_contract",
        "unique_movie_id",
        "freshness",
        "quarantine_backlog",
        "no_file_waits",
    }


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("clean.csv", NoticeKind.SUCCESS, "3 in, 3 loaded, 0 quarantined"),
        ("apart.csv", NoticeKind.SUCCESS, f"- 2 rows: {RATING}"),
        ("held.csv", NoticeKind.QUALITY_FAILURE, "Reason: the rule RowCount > 2"),
        ("not_evaluable.csv", NoticeKind.QUALITY_FAILURE, "could not be evaluated"),
        ("rejected.csv", NoticeKind.QUALITY_FAILURE, "no column imdb_rating"),
        ("picture.csv", NoticeKind.QUALITY_FAILURE, "PNG picture"),
    ],
)
def test_people_are_told_once_of_each_file(
    ran: Ran, name: str, kind: NoticeKind, said: str
) -> None:
    (notice,) = [one for one in ran.home.notices() if one.details["file"] == name]
    assert notice.kind is kind
    assert said in notice.text
    assert notice.id == f"file-{ran.home.entries()[name].file_id}"


def test_programs_are_told_on_the_bus_what_people_are_told(ran: Ran) -> None:
    put = EventLog(ran.home.settings.home / "events.jsonl").events()
    assert sorted(detail["notice_id"] for _, detail in put) == sorted(
        notice.id for notice in ran.home.notices()
    )


def test_the_work_folder_is_gone_when_all_is_done(ran: Ran) -> None:
    assert list((ran.home.settings.home / "work").iterdir()) == []


def materialization(ran: Ran, asset: str) -> Mapping[str, Any]:
    """What the run wrote about an asset."""
    (event,) = [
        event
        for event in ran.result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset)
    ]
    return event.step_materialization_data.materialization.metadata


@pytest.mark.parametrize(
    ("asset", "counted", "rows"),
    [
        ("raw_movies", "rows_of_this_run", 12),
        ("quarantined_movies", "rows_of_this_run", 7),
        ("validated_movies", "rows_of_this_run", 5),
        ("movie_data_table", "dagster/row_count", 5),
    ],
)
def test_every_asset_counts_its_rows(ran: Ran, asset: str, counted: str, rows: int) -> None:
    assert materialization(ran, asset)[counted].value == rows


@pytest.mark.parametrize(
    ("asset", "column", "origin"),
    [
        ("raw_movies", "movie_title", ("landing_movies", "movie_title")),
        ("validated_movies", "movie_title", ("raw_movies", "movie_title")),
        ("movie_data_table", "movie_title", ("validated_movies", "movie_title")),
    ],
)
def test_columns_can_be_followed_from_the_table_back_to_the_file(
    ran: Ran, asset: str, column: str, origin: tuple[str, str]
) -> None:
    lineage = materialization(ran, asset)["dagster/column_lineage"].value
    (dep,) = lineage.deps_by_column[column]
    assert (dep.asset_key.to_user_string(), dep.column_name) == origin


def test_reasons_and_ratings_are_shown_as_counts(ran: Ran) -> None:
    reasons = materialization(ran, "quarantined_movies")["reasons"]
    shown = {str(row.data["rule"]): row.data["records"] for row in reasons.records}
    assert shown == {RATING: 3, "movie_contract": 1}
    ratings = materialization(ran, "validated_movies")["ratings"]
    assert [(row.data["rating"], row.data["movies"]) for row in ratings.records] == [
        ("8 to 8.5", 5)
    ]


def test_another_run_finds_nothing_to_do(ran: Ran) -> None:
    before = len(ran.home.entries())
    again = ran.home.run(RULES)
    assert again.success
    assert len(ran.home.entries()) == before
    assert set(check_results(again)) == {
        "unique_movie_id",
        "freshness",
        "quarantine_backlog",
        "no_file_waits",
    }
