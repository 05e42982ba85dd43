"""The whole AWS deployment over its stand-ins, in this process and in another."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from movie_pipeline_tests.samples import clean_movies
from movie_pipeline_tests.standins.aws_world import AwsServers, AwsWorld
from movie_pipeline_tests.standins.certificates import driver_is_dated

pytestmark = driver_is_dated


@pytest.fixture
def world(aws_servers: AwsServers, tmp_path: Path) -> Iterator[AwsWorld]:
    world = AwsWorld(aws_servers, tmp_path / "home")
    with world.inside():
        yield world


def test_a_process_with_the_environment_of_the_world_ingests_a_file(
    world: AwsWorld, tmp_path: Path
) -> None:
    file = tmp_path / "movies.csv"
    file.write_bytes(clean_movies(3))
    done = subprocess.run(
        [Path(sys.executable).parent / "movie-pipeline", "ingest", "--json", file],
        env=world.process_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = world.deployment.warehouse.query("select count(*) as n from movie_data_table")
    assert rows["n"].tolist() == [3]
    assert world.objects(world.settings.areas.landing) == {}
    history = world.objects(world.settings.areas.history)
    originals = [name for name in history if name.startswith("committed_on=")]
    assert [history[name] for name in originals] == [clean_movies(3)]
    assert [notice["kind"] for notice in world.notices()] == ["success"]
    assert [event["detail-type"] for event in world.heard.take()] == ["success"]


def test_a_relayed_wakeup_names_the_file(world: AwsWorld) -> None:
    world.put("a b+c%20é.csv", clean_movies())
    world.wake("a b+c%20é.csv")
    heard = world.deployment.wakeups.pending()
    assert heard is not None
    assert heard.keys == ("a b+c%20é.csv",)
    storage = world.deployment.storage
    assert storage.look_at(heard.keys) == storage.landed()
