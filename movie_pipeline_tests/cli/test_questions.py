"""`status`, `query` and `quarantine`: what they tell of a world, and what they refuse."""

import json

import pytest

from movie_pipeline_tests.cli.conftest import FILES, CommandLine, Ingested


def test_status_tells_totals_and_files(ingested: Ingested) -> None:
    status = ingested.command.json("status")
    assert list(status) == ["totals", "files", "backlog"]
    assert status["backlog"]["records"] == sum(
        total["rows_quarantined"] + total["rows_held"] for total in status["totals"]
    )
    assert status["backlog"]["superseded"] == 0
    assert {total["state"]: total["files"] for total in status["totals"]} == {
        "DUPLICATE": 1,
        "HELD": 1,
        "LOADED": 2,
        "REJECTED": 1,
    }
    assert {file["file"] for file in status["files"]} == set(FILES)
    (entry,) = [file for file in status["files"] if file["file"] == "apart.csv"]
    for name, value in ingested.file("apart.csv").items():
        assert entry[name] == value
    assert entry["batch_id"] == ingested.report["batch_id"]
    assert entry["attempt"] == 1
    day = entry["committed_at"].partition("T")[0]
    assert entry["history_name"] == f"committed_on={day}/{entry['file_id']}__apart.csv"
    assert entry["archived_at"] is not None


def test_status_may_be_limited(ingested: Ingested) -> None:
    assert len(ingested.command.json("status", "--limit", "2")["files"]) == 2
    assert len(ingested.command.json("status", "--limit", "0")["files"]) == len(FILES)
    for asked in ("status", "quarantine"):
        assert ingested.command.here(asked, "--limit", "-1").exit_code == 2


def test_status_is_a_table_for_people(ingested: Ingested, monkeypatch: pytest.MonkeyPatch) -> None:
    result = ingested.command.here("status")
    assert result.exit_code == 0
    for word in ("Files by state", "Newest files", "apart.csv", "HELD", "RowCount <= 3"):
        assert word in result.stdout
    # narrow enough for a terminal: a line for each file, and reasons below
    monkeypatch.setenv("COLUMNS", "100")
    told = ingested.command.here("status").stdout
    lines = [line for line in told.splitlines() if line.startswith("│")]
    assert len(lines) == 4 + len(FILES)
    assert "held.csv (HELD): the rule RowCount <= 3 about the whole file failed" in told
    none = ingested.command.here("status", "--file", "nowhere.csv")
    assert none.stdout == "PASS: the ledger has no such file. Next: movie-pipeline status\n"


@pytest.mark.parametrize("question", [["status"], ["quarantine"], ["query", "select 1"]])
def test_a_question_to_a_home_that_is_not_there_makes_none(
    command: CommandLine, question: list[str]
) -> None:
    result = command.here(*question)
    assert result.exit_code == 2
    assert f"there is no home {command.folder}; nothing has been ingested there yet." in " ".join(
        result.stderr.split()
    )
    assert not command.folder.exists()


def test_status_of_an_empty_home_says_so(command: CommandLine) -> None:
    command.folder.mkdir()
    assert command.here("status").stdout == (
        "PASS: nothing has been ingested yet. Next: movie-pipeline ingest FILE\n"
    )
    told = command.json("status")
    assert (told["totals"], told["files"], told["backlog"]["records"]) == ([], [], 0)
    landing = command.folder / "input"
    landing.mkdir(exist_ok=True)
    (landing / "link.csv").symlink_to("elsewhere.csv")
    seen = command.here("status")
    assert "link.csv" in seen.stderr
    assert seen.stdout == (
        "WARN: 1 file waits in landing, as told above. Next: movie-pipeline doctor\n"
    )


def test_a_query_is_answered_as_json_rows(ingested: Ingested) -> None:
    answer = ingested.command.json(
        "query", "select movie_id, release_year, gross_usd from movie_data_table order by 1 limit 2"
    )
    assert answer == [
        {"movie_id": "a", "release_year": 1999, "gross_usd": None},
        {"movie_id": "c", "release_year": 1999, "gross_usd": None},
    ]


def test_a_query_is_answered_as_a_table_for_people(ingested: Ingested) -> None:
    result = ingested.command.here("query", "select genre, movies from mv_genre_statistics")
    assert result.exit_code == 0
    assert "Drama" in result.stdout
    assert "1 row\n" in result.stdout


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("delete from movie_data_table", "asked read-only"),
        ("drop table movie_data_table", "asked read-only"),
        ("select 1; drop table movie_data_table", "one statement"),
        ("copy movie_data_table to '/tmp/films.csv'", "asked read-only"),
        ("attach '/tmp/other.duckdb'", "asked read-only"),
        ("create table t as select 1", "asked read-only"),
        ("select * from read_csv('/etc/passwd')", "the query failed"),
        ("select * from no_such_table", "the query failed"),
        ("selekt", "the query failed"),
        ("", "one statement"),
    ],
)
def test_what_is_no_query_is_refused_in_a_sentence(
    ingested: Ingested, sql: str, sentence: str
) -> None:
    result = ingested.command.here("query", sql)
    assert result.exit_code == 2  # another query is needed, and nothing else
    assert sentence in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert ingested.command.home.count("movie_data_table") == 5


def quarantined(ingested: Ingested, *arguments: str) -> list[dict[str, object]]:
    """The records that the command prints, one a line."""
    result = ingested.command.here("quarantine", *arguments, "--json")
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_quarantine_prints_one_record_a_line(ingested: Ingested) -> None:
    records = quarantined(ingested)
    assert len(records) == 1 + 4
    assert {record["file"] for record in records} == {"apart.csv", "held.csv"}


def test_quarantine_of_a_file_that_nobody_knows_is_wrong_usage(ingested: Ingested) -> None:
    told = ingested.command.here("quarantine", "--file", "nowhere.csv")
    assert told.exit_code == 2
    assert told.stderr.startswith("nowhere.csv is neither a file that landed nor a file here: ")
    clean = ingested.command.here("quarantine", "--file", "clean.csv")
    assert clean.stdout == "PASS: no record of clean.csv is in quarantine.\n"


def test_quarantine_of_one_file_by_name_or_id(ingested: Ingested) -> None:
    (by_name,) = quarantined(ingested, "--file", "apart.csv")
    (by_id,) = quarantined(ingested, "--file", ingested.file("apart.csv")["file_id"])
    assert by_name == by_id
    assert by_name["raw"] == "b,The Moon Flight,PG,8.5,Drama,1000"


def test_quarantine_is_a_table_for_people(ingested: Ingested) -> None:
    result = ingested.command.here("quarantine", "--file", "apart.csv")
    assert result.exit_code == 0
    told = " ".join(result.stdout.split())
    assert "The Moon Flight,PG" in told
    assert '"PG" is not a whole number' in told


def test_an_empty_quarantine_says_so(command: CommandLine) -> None:
    command.folder.mkdir()
    assert command.here("quarantine").stdout == "PASS: no record is in quarantine.\n"
    assert command.here("quarantine", "--json").stdout == ""
