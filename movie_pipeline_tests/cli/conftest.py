"""A runner, and a world in which something was ingested."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from movie_pipeline.cli import main
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import (
    clean_movies,
    low_ratings,
    one_bad_year,
    without_ratings,
)


@dataclass(frozen=True)
class CommandLine:
    """The commands over one home."""

    folder: Path

    @property
    def home(self) -> Home:
        """What lies there."""
        return Home(self.folder)

    def run(self, *arguments: str | Path) -> Result:
        """One command; an exception that it lets out fails the test."""
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def here(self, *arguments: str | Path) -> Result:
        """One command over this home."""
        return self.run(*arguments, "--home", self.folder)

    def json(self, *arguments: str | Path) -> Any:  # noqa: ANN401 - JSON
        """The JSON that a command over this home prints."""
        return json.loads(self.here(*arguments, "--json").stdout)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine's own, and no waiting."""
    for name in [name for name in os.environ if name.startswith("MOVIE_PIPELINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("MOVIE_PIPELINE_THREADS", "1")


@pytest.fixture
def command(tmp_path: Path) -> CommandLine:
    """The commands over an empty home."""
    return CommandLine(tmp_path / "home")


FILES = {
    "clean.csv": clean_movies(3),
    "apart.csv": one_bad_year(),
    "held.csv": low_ratings(),
    "rejected.csv": without_ratings(),
    "copy.csv": clean_movies(3),
}
RULES = 'Rules = [RowCount <= 3, ColumnValues "release_year" > 1900]'


@dataclass(frozen=True)
class Ingested:
    """A world after one ingest of five files by one command."""

    command: CommandLine
    result: Result
    report: dict[str, Any]
    sources: Path

    def file(self, name: str) -> dict[str, Any]:
        """What was said of one file."""
        (file,) = [file for file in self.report["files"] if file["file"] == name]
        return file


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    folder = tmp_path_factory.mktemp("ingested")
    sources = folder / "sources"
    sources.mkdir()
    for name, content in FILES.items():
        (sources / name).write_bytes(content)
    rules = folder / "rules.dqdl"
    rules.write_text(RULES)
    command = CommandLine(folder / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOVIE_PIPELINE_THREADS", "1")
        patch.delenv("DAGSTER_HOME", raising=False)
        paths = [sources / name for name in FILES]
        result = command.here("ingest", *paths, "--ruleset", rules, "--json")
    return Ingested(command, result, json.loads(result.stdout), sources)
