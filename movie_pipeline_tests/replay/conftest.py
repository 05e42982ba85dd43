"""A home for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from movie_pipeline_tests.replay.world import ReplayHome


@pytest.fixture
def home(tmp_path: Path) -> Iterator[ReplayHome]:
    """An empty home."""
    home = ReplayHome(tmp_path / "home")
    with home.kept_open():
        yield home
