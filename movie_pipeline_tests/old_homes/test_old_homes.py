"""A home of an earlier version is opened, upgraded, loaded on and replayed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from movie_pipeline.cli import main
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import Deployment, local
from movie_pipeline.errors import WarehouseRefused
from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.ledger.ledger import FileState, Ledger
from movie_pipeline.settings import Settings
from movie_pipeline_tests.books import BOOKS
from movie_pipeline_tests.home import settings_for
from movie_pipeline_tests.old_homes import VERSION_1, VERSION_1_MOVIES, unpack

DATASETS = "movies,movie_pipeline_tests.books:BOOKS"
Forms = dict[str, set[tuple[str, str, str]]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return unpack(VERSION_1, tmp_path / "home")


def movies(home: Path) -> Deployment:
    return local(settings_for(home), MOVIES)


def ratings(world: Deployment) -> dict[str, float]:
    frame = world.warehouse.query("select movie_id, imdb_rating from movie_data_table")
    return dict(zip(frame["movie_id"], frame["imdb_rating"], strict=True))


def told(home: Path, *arguments: str) -> dict[str, Any]:
    environment = {
        "MOVIE_PIPELINE_HOME": str(home),
        "MOVIE_PIPELINE_DATASETS": DATASETS,
        "MOVIE_PIPELINE_SETTLE_SECONDS": "0",
    }
    done = CliRunner().invoke(main, [*arguments, "--json"], env=environment)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def forms(path: Path) -> Forms:
    """Every table with its columns, types and whether they may be null; the order is no matter."""
    found: Forms = {}
    with duckdb.connect(path, read_only=True) as connection:
        for schema, table, *column in connection.execute(
            "select table_schema, table_name, column_name, data_type, is_nullable "
            "from information_schema.columns"
        ).fetchall():
            name, kind, nullable = column
            found.setdefault(f"{schema}.{table}", set()).add((name, kind, nullable))
    return found


def test_an_old_home_upgraded_has_the_tables_of_a_new_one(home: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    for dataset in (MOVIES, BOOKS):
        local(Settings(home=home), dataset).warehouse.prepare()
        local(Settings(home=new), dataset).warehouse.prepare()
    assert forms(home / "warehouse.duckdb") == forms(new / "warehouse.duckdb")


def test_an_old_home_is_read_as_it_was(home: Path) -> None:
    world = movies(home)
    assert ratings(world) == VERSION_1_MOVIES
    states = {entry.key: entry.state for entry in Ledger(world.warehouse).entries()}
    assert sorted(states.values()) == sorted(
        [
            *[FileState.LOADED] * 3,
            FileState.HELD,
            FileState.REJECTED,
            FileState.REJECTED,
            FileState.DUPLICATE,
        ]
    )
    waiting = backlog(world.warehouse, datetime.now(UTC))
    assert (waiting.quarantined, waiting.held, waiting.uncounted) == (2, 10, 0)
    assert sum(waiting.by_reason.values()) >= 2


def test_looking_at_an_upgrade_changes_no_byte(home: Path) -> None:
    before = (home / "warehouse.duckdb").read_bytes()
    report = told(home, "upgrade", "--dry-run")
    assert (report["from_version"], report["dry_run"]) == ("1.1", True)
    assert "make the table mp_warehouse" in report["steps"]
    assert (home / "warehouse.duckdb").read_bytes() == before
    assert not (home / "history" / "warehouse.json").exists()


def test_an_upgrade_is_done_once_and_each_dataset_has_its_own(home: Path) -> None:
    done = told(home, "upgrade")
    again = told(home, "upgrade")
    assert (again["from_version"], again["steps"]) == (done["to_version"], [])
    books = told(home, "upgrade", "--dataset", "books")
    assert books["from_version"] == "1.1"
    assert (home / "books" / "history" / "warehouse.json").exists()


def test_an_old_home_goes_on_loading_and_replaying(home: Path, tmp_path: Path) -> None:
    """What was loaded before and is still so is a duplicate, and a held file is accepted."""
    [original] = home.glob("history/*/*__corrections.csv")
    again = tmp_path / "once more.csv"
    again.write_bytes(original.read_bytes())
    report = told(home, "ingest", str(again))
    assert {file["file"]: file["state"] for file in report["files"]}["once more.csv"] == "DUPLICATE"
    replayed = told(home, "replay", "--file", "poor.csv", "--accept", "--by", "x", "--why", "y")
    assert [each["state"] for each in replayed["replays"]] == ["LOADED"]
    world = movies(home)
    assert ratings(world) == {**VERSION_1_MOVIES, "h9": 8.1}


def test_an_old_home_whose_warehouse_was_removed_is_made_anew_only_before_it_is_known(
    home: Path,
) -> None:
    movies(home).warehouse.prepare()
    (home / "warehouse.duckdb").unlink()
    with pytest.raises(WarehouseRefused, match=r"is gone or empty, but .* tells of one.*--adopt"):
        movies(home).warehouse.prepare()
    assert not (home / "warehouse.duckdb").exists()
    done = CliRunner().invoke(main, ["upgrade", "--adopt", "--home", str(home)])
    assert done.exit_code == 0, done.output
    assert ratings(movies(home)) == {}
