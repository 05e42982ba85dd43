"""A world over a Redshift stand-in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from movie_pipeline_tests.standins.postgres import Postgres
from movie_pipeline_tests.warehouse.redshift_world import RedshiftWorld, redshift_world


@pytest.fixture
def redshift(tmp_path: Path, postgres: Postgres) -> Iterator[RedshiftWorld]:
    """The loading tests' world over a Redshift stand-in."""
    with redshift_world(tmp_path, postgres) as world:
        yield world
