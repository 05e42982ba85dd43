"""A home for each test."""

from pathlib import Path

import pytest

from movie_pipeline_tests.replay.world import ReplayHome


@pytest.fixture
def home(tmp_path: Path) -> ReplayHome:
    """An empty home."""
    return ReplayHome(tmp_path / "home")
