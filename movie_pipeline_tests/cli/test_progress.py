"""The line that moves: true bytes and rows of what is read, and nothing where nobody looks."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from movie_pipeline import work_done
from movie_pipeline.cli import printing
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import inspect_file
from movie_pipeline_tests.cli.conftest import CommandLine
from movie_pipeline_tests.samples import clean_movies


class Heard:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, str]] = []
        self.count = self.rows = 0

    def begin(self, step: str, total: int, unit: str) -> None:
        self.steps.append((step, total, unit))

    def advance(self, count: int, rows: int) -> None:
        self.count += count
        self.rows += rows


def test_every_byte_and_row_that_is_read_is_told_and_none_twice(tmp_path: Path) -> None:
    path, heard = tmp_path / "a.csv", Heard()
    content = clean_movies(20_000)
    path.write_bytes(content)
    header = content.index(b"\n") + 1
    with work_done.told_to(heard):
        inspect_file(path, MOVIES.contract)
    inspect_file(path, MOVIES.contract)  # nobody listens any more
    assert heard.steps == [("reading", len(content) - header, "bytes")]
    assert (heard.count, heard.rows) == (len(content) - header, 20_000)


def test_the_line_has_the_step_how_much_of_it_and_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = io.StringIO()
    terminal = Console(file=seen, force_terminal=True, width=120, color_system=None)
    monkeypatch.setattr(printing, "errors", terminal)
    with printing.progress("Checking"):
        work_done.begin("reading", 427_000_000, "bytes")
        work_done.advance(106_750_000, rows=250_000)
    assert "Checking: reading" in seen.getvalue()
    assert "106.8 of 427.0 MB, 250,000 rows" in seen.getvalue()


def test_an_ingest_says_its_steps_when_asked_and_no_line_moves_in_a_pipe(
    command: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(clean_movies(3))
    loud = command.here("ingest", path, "-v")
    said = [line for line in loud.stderr.splitlines() if line.startswith("Ingesting: ")]
    steps = ("landing", "reading", "judging and splitting 1 files", "loading", "archiving 1 files")
    places = [
        next(place for place, line in enumerate(said) if line.startswith(f"Ingesting: {step}"))
        for step in (*steps, "views and catalog", "notices")
    ]
    assert places == sorted(places)
    assert command.here("ingest", path).stderr == ""
