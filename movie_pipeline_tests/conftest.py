"""What tests of several packages share: their environment, a world or bench per test, stand-ins.

A stand-in is started by the first test that asks, one for each worker.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import botocore.endpoint
import pytest

from movie_pipeline_tests.environment import forget_the_callers
from movie_pipeline_tests.standins import postgres as postgres_server
from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.aws_world import AwsServers, serving
from movie_pipeline_tests.standins.ministack import Ministack
from movie_pipeline_tests.standins.ministack import ministack as running_ministack
from movie_pipeline_tests.standins.postgres import Postgres
from movie_pipeline_tests.standins.redshift import RedshiftStandIn
from movie_pipeline_tests.standins.seaweed import seaweed as running_seaweed
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


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long botocore would have waited between its attempts; it does not."""
    waited: list[float] = []
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=waited.append))
    return waited


def pytest_configure() -> None:
    """Before any test is collected, in each worker too."""
    forget_the_callers()


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """S3."""
    with running_seaweed(tmp_path_factory.mktemp("seaweed")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def started_ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    """The other services, with what earlier tests left; ask for `ministack` instead."""
    with running_ministack(tmp_path_factory.mktemp("ministack")) as services:
        yield services


@pytest.fixture
def ministack(started_ministack: Ministack) -> Iterator[Ministack]:
    """SQS, SNS, EventBridge and Glue, with nothing in them."""
    yield started_ministack
    started_ministack.reset()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """What lies under the stand-ins for Redshift; each of them has a database of its own."""
    with postgres_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def aws_and_redshift(
    seaweed: Endpoint,
    started_ministack: Ministack,
    postgres: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[AwsServers, RedshiftStandIn]]:
    """All of them together, and what was said to Redshift."""
    folder = tmp_path_factory.mktemp("redshift")
    with serving(folder, seaweed, started_ministack, postgres) as both:
        yield both


@pytest.fixture(scope="session")
def aws_servers(aws_and_redshift: tuple[AwsServers, RedshiftStandIn]) -> AwsServers:
    """All of them together, on which an AwsWorld is made."""
    return aws_and_redshift[0]
