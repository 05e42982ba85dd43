"""Kill the commands backup and rebuild at an effect; the fault matrix kills at all of them."""

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from movie_pipeline.upkeep.backup import back_up
from movie_pipeline_tests.job.commands import Commands, command, warm_commands
from movie_pipeline_tests.samples import Film, clean_movies, film_file
from movie_pipeline_tests.upkeep.test_rebuild import eventful, lose_warehouse, parts_of
from movie_pipeline_tests.upkeep.world import Years

pytestmark = pytest.mark.long
KILLED = -9


@pytest.fixture(scope="module")
def commands() -> Generator[Commands]:
    with warm_commands() as warm:
        yield warm


class Lost:
    """A home of which the warehouse is an older copy, and what it was."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.copy = folder / "copy.duckdb"
        years = eventful(self.home)
        back_up(parts_of(years), self.copy)
        unclear = film_file(Film("z", "Zed", year="PG"))
        years.ingest({"last.csv": clean_movies(2, first=30), "unclear.csv": unclear})
        years.correct("release_year", "1996")
        self.state = years.state()


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Lost:
    return Lost(tmp_path_factory.mktemp("lost"))


@pytest.fixture
def home(lost: Lost, tmp_path: Path) -> Path:
    shutil.copytree(lost.home, tmp_path / "home")
    return tmp_path / "home"


def test_a_rebuild_without_a_warehouse_and_its_output(
    commands: Commands, home: Path, lost: Lost
) -> None:
    lose_warehouse(Years(home))
    shutil.rmtree(home / "output")
    label, output = "sql.rebuild/fill_entries.after", home.parent / "output.txt"
    given = ["rebuild", "--home", home]
    assert commands.alone(command(*given, output=output, crash_at=label)) == KILLED
    assert commands.alone(command(*given, output=output)) == 0, output.read_text()
    assert Years(home).state() == lost.state


@pytest.mark.parametrize("label", ["backup.copied", "backup.after"])
def test_a_backup_is_whole_or_not_there(
    commands: Commands, home: Path, lost: Lost, label: str
) -> None:
    to = home.parent / "backup.duckdb"
    output = home.parent / "output.txt"
    given = ["backup", to, "--home", home]
    assert commands.alone(command(*given, output=output, crash_at=label)) == KILLED
    assert to.exists() == (label == "backup.after")
    if not to.exists():
        assert commands.alone(command(*given, output=output)) == 0
    assert commands.alone(command("restore", to, "--home", home, output=output)) == 0
    assert Years(home).state() == lost.state
