"""Who can read the home: its owner alone, whatever the umask; and what was opened stays open."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from movie_pipeline.private_files import keep_files_private, make_private, open_to_others
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.home import settings_for
from movie_pipeline_tests.samples import REPOSITORY, clean_movies

PROGRAM = Path(sys.executable).parent / "movie-pipeline"


def open_ones(folder: Path) -> dict[str, str]:
    """What group or others have a right to, below a folder and the folder itself."""
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in (folder, *folder.rglob("*"))}
    return {
        path.relative_to(folder.parent).as_posix(): f"{mode:o}"
        for path, mode in modes.items()
        if mode & 0o077
    }


def run(home: Path, *arguments: str, umask: int) -> tuple[str, str]:
    """A command as a person gives it: what it printed, and what it said beside that."""
    environment = {**os.environ, "MOVIE_PIPELINE_HOME": str(home), "MOVIE_PIPELINE_THREADS": "1"}
    done = subprocess.run(  # noqa: PLW1510 - what it says stands in the assertion
        [PROGRAM, *arguments], env=environment, umask=umask, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home made under the widest umask."""
    folder = tmp_path_factory.mktemp("umask")
    home = folder / "home"
    (folder / "films.csv").write_bytes(clean_movies())
    run(home, "ingest", str(folder / "films.csv"), umask=0)
    return home


def test_all_that_an_ingest_makes_is_its_owners_alone(home: Path) -> None:
    made = {path.name for path in home.iterdir()}
    assert {"input", "output", "history", "work", "warehouse.duckdb", "alerts.jsonl"} <= made
    assert open_ones(home) == {}
    assert not open_to_others(home)


def test_a_home_that_is_open_stays_so_and_its_status_says_it(home: Path) -> None:
    told = f"Other users of this machine can read what is in {home}; chmod -R go= takes that away."
    assert run(home, "status", umask=0)[1] == ""
    home.chmod(0o755)
    try:
        printed, said = run(home, "status", "--json", umask=0)
        assert json.loads(printed)["files"]
        assert said == f"{told}\n"
        assert open_ones(home) == {"home": "755"}
    finally:
        home.chmod(0o700)


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("from movie_pipeline.definitions import defs; defs()", "the code location"),
        (
            "from movie_pipeline.cli.supervise import main\n"  # noqa: ISC004 - one text
            "try: main(['true'])\n"
            "except SystemExit: pass",
            "what make run starts",
        ),
    ],
)
def test_the_processes_that_people_start_keep_their_files_private(
    code: str, what: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport os; print(oct(os.umask(0)))"],
        env={**os.environ, "MOVIE_PIPELINE_HOME": str(tmp_path / "home")},
        umask=0,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0o77", what


def test_what_a_sender_made_readable_is_not_so_in_a_folder_of_ours(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir(mode=0o700)
    file = tmp_path / "ours" / "films.csv"
    file.touch()
    file.chmod(0o666)
    make_private(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_a_sender_put_into_landing_is_private_in_history(tmp_path: Path) -> None:
    landing = tmp_path / "input"
    landing.mkdir()
    landing.chmod(0o1733)
    (landing / "films.csv").touch()
    (landing / "films.csv").chmod(0o666)
    storage = FolderStorage(settings_for(tmp_path))
    [file] = storage.landed()
    before = os.umask(0o077)
    try:
        moved = Path(storage.settle(file, Area.HISTORY, "day/films.csv"))
    finally:
        os.umask(before)
    assert open_ones(tmp_path / "history") == {}
    assert stat.S_IMODE(moved.stat().st_mode) == 0o600
    assert stat.S_IMODE(landing.stat().st_mode) == 0o1733


def test_a_file_in_a_folder_that_was_opened_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    file = tmp_path / "films.csv"
    file.touch()
    file.chmod(0o640)
    make_private(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    make_private(tmp_path / "gone.csv")


def test_landing_may_be_open_to_senders_without_a_word(tmp_path: Path) -> None:
    landing, other = tmp_path / "input", tmp_path / "other"
    landing.mkdir()
    other.mkdir(mode=0o700)
    landing.chmod(0o1777)
    tmp_path.chmod(0o711)
    assert not open_to_others(tmp_path, [landing])
    other.chmod(0o755)
    assert open_to_others(tmp_path, [landing])
    assert not open_to_others(tmp_path / "none")


def test_new_files_are_private_and_existing_ones_are_left(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        (tmp_path / "old").touch(mode=0o666)
        keep_files_private()
        (tmp_path / "new").touch()
        (tmp_path / "folder").mkdir()
    finally:
        os.umask(before)
    modes = {path.name: f"{stat.S_IMODE(path.stat().st_mode):o}" for path in tmp_path.iterdir()}
    assert modes == {"old": "666", "new": "600", "folder": "700"}
