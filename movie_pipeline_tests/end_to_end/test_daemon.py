"""Dagster's own daemon over deploy/core.yaml: files are put into the bucket, nobody does more.

Then everything it left behind is searched: for row values, for secrets, for what names smuggle in.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline_tests.canaries import (
    CANARY,
    FILES,
    RULES,
    CanaryContract,
    LeftBehind,
    in_folder,
    in_json,
)
from movie_pipeline_tests.end_to_end.running import RunningDaemon, running_daemon
from movie_pipeline_tests.samples import Film, film_file
from movie_pipeline_tests.standins.aws import SECRET
from movie_pipeline_tests.standins.aws_world import AwsServers, AwsWorld
from movie_pipeline_tests.standins.certificates import driver_is_dated
from movie_pipeline_tests.standins.postgres import PASSWORD
from movie_pipeline_tests.standins.queues import Queue
from movie_pipeline_tests.standins.redshift import RedshiftStandIn
from movie_pipeline_tests.standins.stacks import deployed_core

pytestmark = [driver_is_dated, pytest.mark.long]
ESCAPE = "\x1b]0;owned\x07"
"""What a terminal would obey."""
FIRST = "movies of today.csv"
HOSTILE = {
    f"films\r\nSubject: you won{ESCAPE}\u202e.csv": "=cmd|'/C calc'!A0",
    "'; drop table movie_data_table; --.csv": "'; drop table mp_outbox; --",
    "%s%n {0.__class__} ${HOME} $(id).csv": f"{{0}} %s {ESCAPE}",
    "=HYPERLINK(1).csv": "own column\nTopicArn: x",
    "long" * 60 + ".csv": "h" * 500,
}
"""Names of files, and of a column in each."""


def _hostile(number: int, header: str) -> bytes:
    return film_file(
        *(Film(f"hostile{number}-{row}", f"Film {row}", genre="Drama") for row in range(2)),
        more={"Own column": "x", header: CANARY},
    )


@dataclass(frozen=True)
class Ran:
    """After the daemon: how long the first file took, and what is there."""

    archived_seconds: float
    told_seconds: float
    first_notice: Mapping[str, Any]
    titles: list[str]
    landing: list[str]
    wakeups_left: int
    left: LeftBehind


@pytest.fixture(scope="module")
def ran(
    aws_and_redshift: tuple[AwsServers, RedshiftStandIn], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("daemon")
    rules = folder / "rules.dqdl"
    rules.write_text(RULES)
    servers, redshift = aws_and_redshift
    with deployed_core(servers.services, "movies-gds") as core:
        world = AwsWorld(
            servers,
            folder / "home",
            core,
            ruleset=rules,
            digest_files=100,
            listing_seconds=86_400,  # only the queue can tell of a file
            raw_crawler="",  # no crawler of a stand-in makes a table
        )
        (folder / "dagster").mkdir()
        with running_daemon(world, folder / "dagster") as daemon, world.inside():
            yield _story(world, daemon, redshift)
    servers.services.reset()


def _story(world: AwsWorld, daemon: RunningDaemon, redshift: RedshiftStandIn) -> Ran:
    began = time.monotonic()
    world.put(FIRST, _hostile(0, "plain"))
    daemon.wait_for("the first file in history", lambda: world.names("history"))
    archived = time.monotonic() - began
    [first] = daemon.wait_for("the first notice", world.notices)
    told = time.monotonic() - began
    files = FILES | {
        name: _hostile(number, header) for number, (name, header) in enumerate(HOSTILE.items(), 1)
    }
    for name, content in files.items():
        world.put(name, content)
    notices = [first]

    def all_told() -> bool:
        notices.extend(world.notices())
        return len(notices) > len(files)

    daemon.wait_for("all notices", all_told)
    daemon.wait_for("landing to be empty", lambda: not world.names("input"))
    tables = daemon.wait_for("the catalog", lambda: _described(world))
    deployment = world.deployment
    entries = {entry.key: entry for entry in Ledger(deployment.warehouse).entries(limit=99)}
    apart = {name: str(one) for name, one in world.objects("badrecords").items()}
    titles = deployment.warehouse.query("select distinct movie_title from movie_data_table")
    wakeups = Queue.at(world.services, world.settings.discovery.wakeup_queue)
    return Ran(
        archived,
        told,
        first,
        titles=sorted(titles["movie_title"].tolist()),
        landing=world.names("input"),
        wakeups_left=wakeups.count(),
        left=LeftBehind(
            states={key: str(entry.state) for key, entry in entries.items()},
            apart={key: apart.get(str(one.quarantine_name), "") for key, one in entries.items()},
            traces={
                "notices": in_json(notices),
                "events": in_json(world.heard.take()),
                "catalog": in_json(tables),
                "statements": in_json(redshift.statements),
                **{
                    table: in_json(deployment.warehouse.query(f"select * from {table}").to_dict())
                    for table in ("mp_load_ledger", "mp_outbox")
                },
                **dict(in_folder(daemon.folder)),
                **dict(in_folder(world.settings.home)),
            },
        ),
    )


def _described(world: AwsWorld) -> list[Any]:
    """The catalog's tables, once that of the warehouse is among them."""
    glue = world.services.client("glue")
    tables = glue.get_tables(DatabaseName=world.settings.glue.database)["TableList"]
    return tables if "movie_data_table" in {table["Name"] for table in tables} else []


@pytest.fixture(scope="module")
def left(ran: Ran) -> LeftBehind:
    return ran.left


def test_a_file_put_into_the_bucket_is_loaded_archived_and_told_soon(ran: Ran) -> None:
    sys.stdout.write(f"archived after {ran.archived_seconds:.1f} s, ")
    sys.stdout.write(f"told after {ran.told_seconds:.1f} s\n")
    notice = ran.first_notice
    assert [notice["kind"], notice["details"]["file"]] == ["success", FIRST]
    assert notice["details"]["rows_loaded"] == 2
    assert {"Film 0", "Film 1"} <= set(ran.titles)
    assert ran.landing == []


def test_all_wakeups_were_understood_and_forgotten(ran: Ran) -> None:
    assert ran.wakeups_left == 0


class TestCanary(CanaryContract):
    """On AWS, as far as its stand-ins go."""


def test_the_search_is_where_the_traces_are(left: LeftBehind) -> None:
    """What may be told of a file is found in each place."""
    places = {name for name, content in left.traces.items() if FIRST.encode() in content}
    assert {"notices", "events", "mp_load_ledger", "mp_outbox", "dagster/daemon.log"} <= places
    assert [name for name in places if name.endswith(".db")]
    assert b"movie_data_table" in left.traces["catalog"]
    assert b"insert into" in left.traces["statements"]


def test_hostile_names_and_headers_load_as_any_other(left: LeftBehind) -> None:
    assert {name: left.states.get(name) for name in HOSTILE} == dict.fromkeys(HOSTILE, "LOADED")


def test_no_secret_is_left_behind(left: LeftBehind) -> None:
    for secret in (PASSWORD, SECRET):
        found = [name for name, content in left.traces.items() if secret.encode() in content]
        assert found == [], secret


def test_nothing_that_a_terminal_would_obey_is_left_behind(left: LeftBehind) -> None:
    traces = left.traces.items()
    assert [name for name, content in traces if ESCAPE.encode() in content] == []
