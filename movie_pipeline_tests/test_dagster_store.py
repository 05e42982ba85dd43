"""A damaged store of Dagster's is told in a sentence, and nothing of the pipeline depends on it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from movie_pipeline.cli import main
from movie_pipeline.dagster_store import expect_readable_store
from movie_pipeline.errors import MoviePipelineError
from movie_pipeline_tests.samples import clean_movies

Damage = Callable[[Path], object]
SENTENCE = (
    r"^Dagster's own store cannot be read: {what}\. It holds the history of runs, and no data .*"
    r"Stop Dagster, move the damaged file .* aside .*no row, file or ledger entry is touched\.$"
)
GARBAGE = b"no database at all " * 400


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which a run stands; tests copy it."""
    folder = tmp_path_factory.mktemp("dagster") / "home"
    folder.mkdir()
    (folder / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    with dg.DagsterInstance.from_config(str(folder)) as instance:

        @dg.job
        def nothing() -> None: ...

        nothing.execute_in_process(instance=instance)
    return folder


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "dagster"))


def pages_lost(path: Path) -> None:
    """All but the first page is overwritten: its head is whole."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\x07" * (len(content) - 4096))


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def runs_file(store: Path) -> Path:
    return store / "history" / "runs.db"


SEEN: dict[str, tuple[Damage, str]] = {
    "garbage": (lambda path: path.write_bytes(GARBAGE), r"\S+runs\.db is no SQLite database"),
    "a head cut": (lambda path: path.write_bytes(b"SQLite"), r"\S+runs\.db is no SQLite database"),
    "cut short": (half, r"\S+runs\.db was cut short"),
}


def ingest(monkeypatch: pytest.MonkeyPatch, store: Path, file: Path) -> Result:
    monkeypatch.setenv("DAGSTER_HOME", str(store))
    monkeypatch.setenv("MOVIE_PIPELINE_HOME", str(store.parent / "home"))
    monkeypatch.setenv("COLUMNS", "10000")
    return CliRunner().invoke(main, ["ingest", str(file)])


def test_a_whole_store_and_none_are_let_alone(store: Path, tmp_path: Path) -> None:
    expect_readable_store(store)
    expect_readable_store(tmp_path / "none")
    (store / "history" / "new.db").touch()
    expect_readable_store(store)


@pytest.mark.parametrize("case", SEEN)
def test_a_damaged_store_is_told_with_its_way_out(store: Path, case: str) -> None:
    damage, what = SEEN[case]
    damage(runs_file(store))
    with pytest.raises(MoviePipelineError, match=SENTENCE.format(what=what)):
        expect_readable_store(store)


def test_a_program_that_holds_the_store_is_no_damage(store: Path) -> None:
    import sqlite3  # noqa: PLC0415 - for this alone

    with sqlite3.connect(runs_file(store)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        expect_readable_store(store)


@pytest.mark.parametrize("damage", [SEEN["garbage"][0], half, pages_lost])
def test_a_command_says_it_in_a_sentence_and_works_when_it_is_moved_aside(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Damage
) -> None:
    file = tmp_path / "movies.csv"
    file.write_bytes(clean_movies(3))
    damage(runs_file(store))
    told = ingest(monkeypatch, store, file)
    assert told.exit_code == 1
    assert told.exception is None or isinstance(told.exception, SystemExit)
    assert "Dagster's own store cannot be read" in told.output
    assert "Traceback" not in told.output
    for path in (store / "history").glob("runs.db*"):
        path.unlink()
    assert ingest(monkeypatch, store, file).exit_code == 0


def test_what_make_run_asks_first_ends_in_the_sentence(store: Path) -> None:
    runs_file(store).write_bytes(GARBAGE)
    done = subprocess.run(
        [sys.executable, "-m", "movie_pipeline.dagster_store"],
        env={"DAGSTER_HOME": str(store)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Dagster's own store cannot be read: ")
    assert done.stderr.count("\n") == 1
