"""kill -9 in the middle of a command, and two commands at once: the end is as if nothing had been.

The same command is given again after the crash, as a person would.
"""

import json
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.job.commands import Commands, command, warm_commands
from movie_pipeline_tests.samples import Film, clean_movies, film_file, without_ratings

OURS = ("quarantine_id", "file_id", "batch_id", "ruleset_sha256", "quarantined_at")


def ingest(home: Path, paths: Sequence[Path], *, crash_at: str = "") -> dict[str, Any]:
    """An ingest as an order."""
    output = home.parent / f"{paths[0].stem}.out"
    return command("ingest", *paths, "--home", home, "--json", output=output, crash_at=crash_at)


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    with warm_commands() as commands:
        yield commands


FILES = {
    "loaded.csv": film_file(Film("a", "Abel"), Film("b", "Bela", year="PG"), Film("c", "Cora")),
    "held.csv": clean_movies(2).replace(b"clean", b"same").replace(b"same2", b"same1"),
    "rejected.csv": without_ratings(),
}


def sources(folder: Path) -> list[Path]:
    """The files as a person has them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in FILES]


def state_of(home: Home) -> dict[str, Any]:
    """All that must be the same however the end was come to, without ids and times."""
    storage = home.deployment.storage
    entries = home.entries()
    rows = home.query("select * exclude (loaded_at, file_id, file_version) from movie_data_table")
    return {
        "table": sorted(map(repr, rows)),
        "views": [
            sorted(map(repr, home.query(f"select * from {view}")))
            for view in ("mv_top_rated_movies", "mv_genre_statistics", "mv_yearly_trends")
        ],
        "quarantine": sorted(
            json.dumps({name: value for name, value in record.items() if name not in OURS})
            for entry in entries.values()
            if entry.quarantine_name
            for record in home.quarantined(entry)
        ),
        "ledger": sorted(
            (
                name,
                str(entry.state),
                entry.rows_in,
                entry.rows_loaded,
                entry.rows_quarantined,
                entry.rows_held,
                entry.archived_at is not None,
                entry.archive_note,
            )
            for name, entry in entries.items()
        ),
        "history": sorted(
            name.partition("__")[2] for name in storage.names(Area.HISTORY, "committed_on=")
        ),
        "rejected": sorted(
            name.partition("__")[2] for name in storage.names(Area.QUARANTINE, "files/")
        ),
        "reports": {
            entry.key: [
                name.partition(".")[2]
                for name in storage.names(Area.QUARANTINE, f"reports/{entry.file_id}")
            ]
            for entry in entries.values()
        },
        "landing": [file.key for file in storage.landed()],
        "work": [path.name for path in (home.settings.home / "work").iterdir()],
        "unfinished": [path.name for path in home.settings.home.rglob(".mp-*")],
        "notices": Counter((str(notice.kind), notice.details["file"]) for notice in home.notices()),
        "unsent": home.count("mp_outbox where sent_at is null"),
    }


@pytest.fixture(scope="module")
def undisturbed(commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert commands.alone(ingest(folder / "home", sources(folder / "sources"))) == 3
    state = state_of(Home(folder / "home"))
    assert [row[1] for row in state["ledger"]] == ["HELD", "LOADED", "REJECTED"]
    assert sorted(map(len, state["reports"].values())) == [2, 3, 3]
    assert len(state["table"]) == 2
    assert state["landing"] == state["work"] == state["unfinished"] == []
    return state


POINTS = {"load.before_commit": 0, "load.committed": 2, "report.before": 2, "report.after": 2}
"""Where to die, and how many rows must then be in the table; the other points are F01's."""


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_the_same_command_comes_to_the_same_end(
    commands: Commands, undisturbed: dict[str, Any], tmp_path: Path, point: str
) -> None:
    paths = sources(tmp_path / "sources")
    assert commands.alone(ingest(tmp_path / "home", paths, crash_at=point)) == -signal.SIGKILL
    home = Home(tmp_path / "home")
    rows = home.count("movie_data_table")
    assert rows == POINTS[point]
    assert home.count("mp_load_ledger") == home.count("mp_outbox") == (3 if rows else 0)
    assert home.notices() == []
    assert commands.alone(ingest(tmp_path / "home", paths)) == 3
    assert state_of(home) == undisturbed
    assert {path.name: path.read_bytes() for path in paths} == FILES


def test_two_commands_at_once_load_each_film_once_and_do_not_mix_their_files(
    commands: Commands, tmp_path: Path
) -> None:
    orders: list[dict[str, Any]] = []
    for name in ("left", "right"):
        own, same = tmp_path / f"{name}.csv", tmp_path / f"same as {name}.csv"
        films = [Film(f"{name}{n}", name, year="PG" if n == 0 else "1999") for n in range(40)]
        own.write_bytes(film_file(*films))
        same.write_bytes(clean_movies(20))
        orders.append(ingest(tmp_path / "home", [same, own]))
    assert commands.together(*orders) == [0, 0]
    home = Home(tmp_path / "home")
    entries = home.entries()
    for name in ("left", "right"):
        entry = entries[f"{name}.csv"]
        assert (entry.rows_loaded, entry.rows_quarantined) == (39, 1)
        rows = home.query(
            f"select distinct movie_title from movie_data_table where file_id = '{entry.file_id}'"
        )
        assert rows == [{"movie_title": name}]
        (record,) = home.quarantined(entry)
        assert record["columns"]["movie_title"] == name
        _, file = json.loads((tmp_path / f"same as {name}.out").read_text())["files"]
        assert (file["file"], file["rows_loaded"]) == (f"{name}.csv", 39)
    states = sorted(str(entries[f"same as {name}.csv"].state) for name in ("left", "right"))
    assert states == ["DUPLICATE", "LOADED"]
    assert home.count("movie_data_table") == 39 + 39 + 20
