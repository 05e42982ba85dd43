"""Row values stay where they belong: warehouse, output and quarantine, and nowhere else.

A canary stands in every column of rows that load, rows that fail every rule, records that cannot be
read and a file that is held; then everything else that a run leaves behind is searched for it.
"""

import json
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._serdes import serialize_value

from movie_pipeline.headless import ingest_files
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import Film, film_file

CANARY = "SSN-CANARY-078051120"
RULES = """Rules = [
    RowCount > 1,
    ColumnValues "imdb_rating" between 5 and 10,
    ColumnValues "genre" matches "[A-Z][a-z]+",
    ColumnLength "movie_title" < 15,
    IsUnique "movie_id",
    ColumnValues "own_column" in ["x", "y"],
    ColumnValues "release_year" > 1900 where "genre <> 'Horror'"
]"""


def everywhere(rating: str = "8.5", *, number: str = "7") -> Film:
    """A film whose every text is the canary."""
    return Film(f"{CANARY}-{number}", CANARY, "1999", rating, CANARY, "1000")


FILES = {
    "apart.csv": film_file(
        everywhere(),
        everywhere("2"),
        Film(CANARY, CANARY, CANARY, CANARY, CANARY, CANARY),
        Film("a", "Good", genre="Drama"),
        more={"Own column": CANARY},
    )
    + f"{CANARY},too,few\n".encode()
    + f'x,{CANARY},1,2,3,4,5,6,7,8,9,"{CANARY}"\n'.encode(),
    "held.csv": film_file(everywhere(), more={"Own column": CANARY}),
    "unclosed.csv": film_file(everywhere(), everywhere(), more={"Own column": "x"})
    + f'"{CANARY},never closed\n'.encode(),
    "latin.csv": film_file(everywhere(), Film("é", CANARY, CANARY), more={"Own column": "x"})
    .decode()
    .encode("latin-1"),
    "columns.csv": film_file(everywhere(), everywhere()),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("canary")
    rules = folder / "rules.dqdl"
    rules.write_text(RULES)
    sources = [folder / name for name in FILES]
    for path in sources:
        path.write_bytes(FILES[path.name])
    home = Home(folder / "home", ruleset=rules, digest_files=2)
    ingest_files(sources[:3], home.settings)
    ingest_files(sources[3:], home.settings)
    return home


def test_the_canary_is_in_the_files_and_in_quarantine(home: Home) -> None:
    states = {name: str(entry.state) for name, entry in home.entries().items()}
    assert states == {
        "apart.csv": "LOADED",
        "held.csv": "HELD",
        "unclosed.csv": "HELD",
        "latin.csv": "LOADED",
        "columns.csv": "HELD",
    }
    for entry in home.entries().values():
        assert CANARY in json.dumps(home.quarantined(entry))


def test_ledger_and_outbox_hold_no_row_value(home: Home) -> None:
    for table in ("mp_load_ledger", "mp_outbox"):
        rows = home.query(f"select * from {table}")
        assert rows
        assert CANARY not in repr(rows)


@pytest.mark.parametrize("name", ["alerts.jsonl", "events.jsonl", "catalog", "work"])
def test_notices_events_catalog_and_work_folder_hold_no_row_value(home: Home, name: str) -> None:
    place = home.settings.home / name
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    assert place.exists()
    for path in files:
        assert CANARY.encode() not in path.read_bytes(), path.name


def test_events_metadata_and_logs_of_a_run_hold_no_row_value(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path)
    for name, content in FILES.items():
        home.drop(name, content)
    with dg.DagsterInstance.ephemeral() as instance:
        result = home.run(RULES, instance=instance)
        assert result.success
        logged = [serialize_value(entry) for entry in instance.all_logs(result.run_id)]
    printed = capfd.readouterr()
    assert len(logged) > 50
    assert "apart.csv" in "".join(logged)
    for text in (*logged, caplog.text, printed.out, printed.err):
        assert CANARY not in text


def test_a_load_that_fails_tells_no_row_value(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop("good.csv", film_file(everywhere()))
    home.deployment.warehouse.prepare()
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("alter table movie_data_table alter genre type integer")
    with dg.DagsterInstance.ephemeral() as instance:
        result = home.run(instance=instance)
        logged = [serialize_value(entry) for entry in instance.all_logs(result.run_id)]
    assert not result.success
    assert "insert_staged" in "".join(logged)
    assert CANARY not in "".join(logged)
