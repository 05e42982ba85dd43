"""What tests of several packages share: their environment and order, and the stand-ins of AWS.

A stand-in is started by the first test that asks, one for each worker.
"""

import gc
import sys
from collections.abc import Generator, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from movie_pipeline_tests.environment import forget_the_callers
from movie_pipeline_tests.quick import is_quick, nothing_slow, reaches_slow
from movie_pipeline_tests.standins import postgres as postgres_server
from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.aws_world import AwsServers, serving
from movie_pipeline_tests.standins.ministack import Ministack
from movie_pipeline_tests.standins.ministack import ministack as running_ministack
from movie_pipeline_tests.standins.postgres import Postgres
from movie_pipeline_tests.standins.redshift import RedshiftStandIn
from movie_pipeline_tests.standins.seaweed import seaweed as running_seaweed

pytest_plugins = ["movie_pipeline_tests.steps.fixtures"]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long botocore would have waited between its attempts; it does not."""
    waited: list[float] = []
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=waited.append))
    return waited


@pytest.fixture
def times(request: pytest.FixtureRequest) -> int:
    """How many times as much tests generate that read what they generate; 1 where CI runs them."""
    return request.config.option.times


def pytest_addoption(parser: pytest.Parser) -> None:
    """No test may depend on the one before it."""
    parser.addoption("--times", type=int, default=1, help="generate so many times as much")
    parser.addoption("--shuffle", help="draw the order of files and of their tests by this seed")


def pytest_configure() -> None:
    """Before any test is collected, in each worker too."""
    forget_the_callers()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only quick tests are wanted, files without any are not even imported."""
    only_quick = config.option.markexpr == "quick" and collection_path.suffix == ".py"
    return True if only_quick and reaches_slow(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the quick tests; the others come first, at their head what says that it is `long`.

    What takes longest must not begin when the other workers have nothing left to do.
    """
    for item in items:
        if is_quick(item):
            item.add_marker(pytest.mark.quick)
    if config.option.shuffle:
        items.sort(key=lambda item: _drawn(config.option.shuffle, item.nodeid))
        items.sort(key=lambda item: _drawn(config.option.shuffle, item.nodeid.partition("::")[0]))
        return
    items.sort(
        key=lambda item: (
            item.get_closest_marker("long") is None,
            item.get_closest_marker("quick") is not None,
        )
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """All tests on Spark go to one worker: another would start a Java machine of its own."""
    return _ByFileButSparkTogether(config, log) if config.option.dist == "loadfile" else None


class _ByFileButSparkTogether(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "spark" if "spark" in Path(file).name else file


def pytest_collection_finish() -> None:
    """Spare each test what is the same for all.

    What is imported by now stays, so that the garbage collector need not walk through it. And a
    new Dagster instance, also one in memory, would read ninety files to learn the newest revision
    of its tables.
    """
    gc.collect()
    gc.freeze()
    alembic: Any = sys.modules.get("alembic.script")
    if alembic is not None:
        read = cache(alembic.ScriptDirectory.from_config)
        alembic.ScriptDirectory.from_config = staticmethod(read)


def pytest_unconfigure() -> None:
    """Let go of everything as ever."""
    gc.unfreeze()


def _drawn(seed: str, name: str) -> str:
    """What sorts names anew with each seed, in every process the same."""
    return sha256(f"{seed} {name}".encode()).hexdigest()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A quick test may not start anything."""
    if item.get_closest_marker("quick") is None:
        return (yield)
    with nothing_slow(item.nodeid):
        return (yield)


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
