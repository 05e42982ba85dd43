"""A bench per test."""

from pathlib import Path

import pytest

from movie_pipeline_tests.screening.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
