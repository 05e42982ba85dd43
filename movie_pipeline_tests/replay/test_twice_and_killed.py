"""Records asked for twice or at once, and commands that are killed: the end is the same."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.ledger.ledger import FileState
from movie_pipeline_tests.job.commands import Commands, command, warm_commands
from movie_pipeline_tests.replay.world import WHY, ReplayHome
from movie_pipeline_tests.samples import LENIENT_RULES, Film, film_file

pytestmark = pytest.mark.long

FILE = film_file(Film("a", "Abel", year="PG"), Film("b", "Bela", year="R"), Film("c", "Cora"))


def test_of_two_replays_of_a_record_in_one_run_one_resolves_it(home: ReplayHome) -> None:
    home.ingest("movies.csv", FILE)
    found = home.record(release_year="PG")["quarantine_id"]
    landed = [
        one.landed
        for year in ("1999", "2000")
        for one in home.ask(corrections=home.corrections((found, "release_year", year)), why=WHY)
        if one.landed is not None
    ]
    assert len(landed) == 2
    assert home.run(files=landed).success
    entries = home.ledger.known([file.file_id for file in landed])
    states = sorted(str(entry.state) for entry in entries.values())
    assert states == ["DUPLICATE", "LOADED"]
    (late,) = [entry for entry in entries.values() if entry.state is FileState.DUPLICATE]
    assert late.reason.startswith("records of this replay were resolved before, by the replay ")
    assert home.count("mp_resolutions") == 1
    assert home.count("movie_data_table") == 2


def test_a_replay_that_overlaps_an_earlier_one_does_nothing(home: ReplayHome) -> None:
    home.ingest("movies.csv", FILE)
    asked = home.ask(file="movies.csv")
    found = home.record(release_year="PG")["quarantine_id"]
    home.replay(corrections=home.corrections((found, "release_year", "1999")), why=WHY)
    late = [one.landed for one in asked if one.landed is not None]
    assert home.run(files=late).success
    entry = home.ledger.known([late[0].file_id])[late[0].file_id]
    assert (entry.state, entry.rows_in) == (FileState.DUPLICATE, 0)
    assert [r["columns"]["movie_id"] for r in home.records(resolved=False)] == ["b"]
    assert home.waiting() == 1


def test_asking_again_before_it_is_judged_asks_for_the_same_replay(home: ReplayHome) -> None:
    home.ingest("movies.csv", FILE)
    first, second = home.ask(file="movies.csv"), home.ask(file="movies.csv")
    assert first == second
    assert home.count("mp_replays") == 1
    assert len(home.deployment.storage.landed()) == 1


def test_a_foreign_file_under_a_replays_name_resolves_nothing(home: ReplayHome) -> None:
    home.ingest("movies.csv", FILE)
    (one,) = home.ask(file="movies.csv")
    foreign = home.drop(one.replay.key, film_file(Film("x")))
    assert home.run(files=[foreign]).success
    entry = home.ledger.known([foreign.file_id])[foreign.file_id]
    assert entry.state is FileState.REJECTED
    assert "is not the file that the replay wrote" in entry.reason
    assert home.count("mp_resolutions") == 0
    assert home.waiting() == 2


def order(home: ReplayHome, corrections: Path, *, crash_at: str = "") -> dict[str, Any]:
    """A replay with corrections as an order."""
    asked = ["replay", "--corrections", corrections, "--why", WHY, "--by", "ana", "--json"]
    where = home.settings.home
    return command(*asked, "--home", where, output=where.with_suffix(".out"), crash_at=crash_at)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    rules = tmp_path_factory.mktemp("forked") / "rules.dqdl"
    rules.write_text(LENIENT_RULES)
    with warm_commands(MOVIE_PIPELINE_RULESET=str(rules)) as commands:
        yield commands


POINTS = ("replay.requested", "load.committed")
"""Before its file lies in landing, and after it was loaded; the other points are R01's."""


def state_of(home: ReplayHome) -> dict[str, Any]:
    """All that must be the same, however the end was come to."""
    columns = "movie_id, movie_title, release_year, record_number"
    return {
        "table": home.query(f"select {columns} from movie_data_table order by 1"),
        "years": home.query("select release_year, movies from mv_yearly_trends order by 1"),
        "open": [record["columns"]["movie_id"] for record in home.records(resolved=False)],
        "resolutions": [
            (r["resolution"]["outcome"], r["resolution"]["corrections"], r["resolution"]["by"])
            for r in home.records()
            if r["resolution"]
        ],
        "replays": home.count("mp_replays"),
        "resolved": home.count("mp_resolutions"),
        "ledger": sorted(
            (str(entry.state), entry.rows_in, entry.archived_at is not None)
            for entry in home.ledger.entries()
        ),
        "landing": home.deployment.storage.landed(),
        "unsent": home.count("mp_outbox where sent_at is null"),
        "waiting": home.waiting(),
    }


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a file ingested, and a correction of one of its two bad records; to be copied."""
    home = ReplayHome(tmp_path_factory.mktemp("ingested") / "home")
    home.ingest("movies.csv", FILE)
    found = home.record(release_year="PG")["quarantine_id"]
    home.corrections((found, "release_year", "1995"))
    return home.settings.home


def corrected(ingested: Path, folder: Path) -> tuple[ReplayHome, Path]:
    """A copy of that home, and its corrections."""
    shutil.copytree(ingested, folder)
    return ReplayHome(folder), folder / "corrections.csv"


@pytest.fixture(scope="module")
def undisturbed(
    commands: Commands, ingested: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    home, corrections = corrected(ingested, tmp_path_factory.mktemp("undisturbed") / "home")
    assert commands.alone(order(home, corrections)) == 0
    state = state_of(home)
    assert [row["movie_id"] for row in state["table"]] == ["a", "c"]
    assert (state["open"], state["waiting"], state["landing"]) == (["b"], 1, [])
    return state


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_replay_that_is_given_again_comes_to_the_same_end(
    commands: Commands, undisturbed: dict[str, Any], ingested: Path, tmp_path: Path, point: str
) -> None:
    home, corrections = corrected(ingested, tmp_path / "home")
    code = commands.alone(order(home, corrections, crash_at=point))
    assert code == -9, "the point was not passed"
    assert home.count("mp_resolutions") in {0, 1}
    assert commands.alone(order(home, corrections)) == 0
    assert state_of(home) == undisturbed


def test_the_same_replay_from_two_processes_at_once_resolves_once(
    commands: Commands, undisturbed: dict[str, Any], ingested: Path, tmp_path: Path
) -> None:
    home, corrections = corrected(ingested, tmp_path / "home")
    codes = commands.together(order(home, corrections), order(home, corrections))
    state = state_of(home)
    assert 0 in codes
    for name in ("table", "open", "resolutions", "replays", "resolved", "waiting"):
        assert state[name] == undisturbed[name], name
