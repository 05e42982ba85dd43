"""What the tests of the AWS world share."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import botocore.endpoint
import pytest

from movie_pipeline_tests.aws.redshift_world import RedshiftWorld, redshift_world
from movie_pipeline_tests.standins.postgres import Postgres


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long botocore would have waited between its attempts; it does not."""
    waited: list[float] = []
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=waited.append))
    return waited


@pytest.fixture
def redshift(tmp_path: Path, postgres: Postgres) -> Iterator[RedshiftWorld]:
    """The loading tests' world over a Redshift stand-in."""
    with redshift_world(tmp_path, postgres) as world:
        yield world
