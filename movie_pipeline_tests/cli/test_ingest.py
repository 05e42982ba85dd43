"""`movie-pipeline ingest`: the report's exact shape, the exit codes, and the files left alone."""

from typing import Any

import pytest

from movie_pipeline.catalog.folder_catalog import FolderCatalog
from movie_pipeline.errors import CatalogError
from movie_pipeline_tests.cli.conftest import FILES, CommandLine, Ingested
from movie_pipeline_tests.samples import clean_movies

pytestmark = pytest.mark.long

FILE_KEYS = {
    "file": str,
    "file_id": str,
    "state": str,
    "reason": str,
    "rows_in": int,
    "rows_loaded": int,
    "rows_quarantined": int,
    "rows_superseded": int,
    "rows_held": int,
    "repairs": dict,
    "lenient": dict,
    "rules": list,
    "notes": list,
}


def test_the_report_is_one_object_of_batch_and_files(ingested: Ingested) -> None:
    assert list(ingested.report) == ["batch_id", "files"]
    assert len(ingested.report["batch_id"]) == 16
    assert ingested.result.stdout.count("\n") == 1


def test_files_are_told_in_the_order_they_were_given(ingested: Ingested) -> None:
    assert [file["file"] for file in ingested.report["files"]] == list(FILES)


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_exactly_these_keys(ingested: Ingested, name: str) -> None:
    file = ingested.file(name)
    assert {key: type(value) for key, value in file.items()} == FILE_KEYS


@pytest.mark.parametrize(
    ("name", "state", "rows"),
    [
        ("clean.csv", {"LOADED", "DUPLICATE"}, {(3, 3, 0, 0, 0), (0, 0, 0, 0, 0)}),
        ("apart.csv", {"LOADED"}, {(3, 2, 1, 0, 0)}),
        ("held.csv", {"HELD"}, {(4, 0, 0, 0, 4)}),
        ("rejected.csv", {"REJECTED"}, {(0, 0, 0, 0, 0)}),
    ],
)
def test_states_and_rows(
    ingested: Ingested, name: str, state: set[str], rows: set[tuple[int, ...]]
) -> None:
    file = ingested.file(name)
    found = tuple(
        file[f"rows_{where}"] for where in ("in", "loaded", "quarantined", "superseded", "held")
    )
    assert file["state"] in state
    assert found in rows
    assert bool(file["reason"]) is (file["state"] != "LOADED")


def test_of_two_copies_one_is_loaded_and_one_a_duplicate(ingested: Ingested) -> None:
    states = {ingested.file("clean.csv")["state"], ingested.file("copy.csv")["state"]}
    assert states == {"LOADED", "DUPLICATE"}
    assert ingested.command.home.count("movie_data_table") == 3 + 2


def test_rules_are_told_with_outcome_failing_rows_and_metrics(ingested: Ingested) -> None:
    assert ingested.file("apart.csv")["rules"] == [
        {
            "rule": "RowCount <= 3",
            "outcome": "Passed",
            "failing_rows": None,
            "metrics": {"Dataset.*.RowCount": 3.0},
        },
        {
            "rule": 'ColumnValues "release_year" > 1900',
            "outcome": "Failed",
            "failing_rows": 1,
            "metrics": {"Column.release_year.Minimum": 1999.0},
        },
    ]


def test_held_and_rejected_files_make_the_exit_code_3(ingested: Ingested) -> None:
    assert ingested.result.exit_code == 3


def test_the_source_files_are_not_changed(ingested: Ingested) -> None:
    found = {path.name: path.read_bytes() for path in ingested.sources.iterdir()}
    assert found == FILES


def test_notices_are_sent_and_landing_is_empty(ingested: Ingested) -> None:
    home = ingested.command.home
    assert {notice.details["file"] for notice in home.notices()} == set(FILES)
    assert home.deployment.storage.landed() == []


def test_a_clean_file_makes_the_exit_code_0_and_a_table_for_people(command: CommandLine) -> None:
    path = command.folder.parent / "it's [red]a film[_].csv"
    path.write_bytes(clean_movies(2).replace(b",1000", b'," 1,0 "').replace(b'" 1,0 "', b" 10 "))
    result = command.here("ingest", path)
    assert result.exit_code == 0, result.output
    for word in ("it's [red]a film[_].csv", "LOADED", "loaded", "RowCount > 0", "Passed"):
        assert word in result.stdout
    again = command.here("ingest", path)
    assert again.exit_code == 0
    assert "DUPLICATE" in again.stdout
    path.write_bytes(b"title,year\nHeat,1995\n")
    refused = command.here("ingest", path)
    assert refused.exit_code == 3
    # why is a sentence of its own, however narrow the terminal is
    assert (
        "it's [red]a film[_].csv (REJECTED): The file has no column imdb_rating" in refused.stdout
    )
    assert command.home.count("movie_data_table") == 2


def test_two_files_of_one_name_are_both_taken(command: CommandLine) -> None:
    for number in (1, 2):
        folder = command.folder.parent / str(number)
        folder.mkdir()
        (folder / "same.csv").write_bytes(clean_movies(2, first=10 * number))
    paths = [command.folder.parent / str(number) / "same.csv" for number in (1, 2)]
    report: dict[str, Any] = command.json("ingest", *paths)
    assert [file["file"] for file in report["files"]] == ["same.csv", "2/same.csv"]
    assert command.home.count("movie_data_table") == 4


def test_a_pipeline_that_fails_makes_the_exit_code_1_and_a_sentence(command: CommandLine) -> None:
    path = command.folder.parent / "a.csv"
    path.write_bytes(clean_movies(2))
    command.folder.mkdir()
    (command.folder / "warehouse.duckdb").write_text("this is no database")
    result = command.here("ingest", path)
    assert result.exit_code == 1
    assert "cannot be opened as a DuckDB warehouse" in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert path.read_bytes() == clean_movies(2)


def test_a_catalog_that_fails_does_not_keep_the_notices_back(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bool:
        raise CatalogError("the crawler c ended as FAILED.")

    monkeypatch.setattr(FolderCatalog, "update", fail)
    path = command.folder.parent / "a.csv"
    path.write_bytes(clean_movies(2))
    result = command.here("ingest", path)
    assert result.exit_code == 1
    said = " ".join(result.stderr.split())
    assert "refresh_marts_and_catalog failed" in said
    assert "the crawler c ended as FAILED. What became of the files is decided and told" in said
    assert [notice.details["state"] for notice in command.home.notices()] == ["LOADED"]
    assert command.home.count("movie_data_table") == 2


def test_an_empty_file_is_rejected_in_a_sentence(command: CommandLine) -> None:
    path = command.folder.parent / "empty.csv"
    path.write_bytes(b"")
    result = command.here("ingest", path, "--json")
    assert result.exit_code == 3
    assert '"state": "REJECTED"' in result.stdout


def test_a_file_of_a_sender_that_waits_is_not_replaced_and_both_are_loaded(
    command: CommandLine,
) -> None:
    waiting = command.home.deployment.storage
    command.home.drop("movies.csv", clean_movies(2, first=50))
    other = command.folder.parent / "movies.csv"
    other.write_bytes(clean_movies(3))
    result = command.here("ingest", other)
    assert result.exit_code == 0, result.output
    assert f"{other} landed as 2/movies.csv, as another file of that" in result.stdout
    assert command.home.count("movie_data_table") == 3
    assert [file.key for file in waiting.landed()] == ["movies.csv"]
    report: dict[str, Any] = command.json("ingest", command.folder / "input" / "movies.csv")
    assert [file["file"] for file in report["files"]] == ["movies.csv"]
    assert command.home.count("movie_data_table") == 5
