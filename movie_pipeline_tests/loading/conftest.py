"""A world per test."""

from pathlib import Path

import pytest

from movie_pipeline_tests.loading.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
