"""A bench and a world per test; apart from the stand-ins, so that their tests may be quick."""

from pathlib import Path

import pytest

from movie_pipeline_tests.steps.bench import Bench
from movie_pipeline_tests.steps.world import World


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Screening alone, over an empty home."""
    return Bench(tmp_path)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The steps from the load on, over an empty home."""
    return World(tmp_path)
