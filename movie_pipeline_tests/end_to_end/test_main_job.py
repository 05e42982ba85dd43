"""The main job over whole deployments: the same files give the same everywhere, and what csv says.

The deployment `stack` is deploy/core.yaml on ministack; `aws` has SeaweedFS for S3.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from msgspec import structs

from movie_pipeline_tests.end_to_end.daemon import HandDaemon
from movie_pipeline_tests.end_to_end.places import AwsPlace, LocalPlace, Place
from movie_pipeline_tests.end_to_end.story import Story, tell
from movie_pipeline_tests.faults.oracle import RULES
from movie_pipeline_tests.faults.state import check_end
from movie_pipeline_tests.standins.aws_world import AwsServers, AwsWorld
from movie_pipeline_tests.standins.certificates import driver_is_dated
from movie_pipeline_tests.standins.stacks import deployed_core

pytestmark = [driver_is_dated, pytest.mark.long]
SETTINGS: dict[str, Any] = {"digest_files": 100}  # so that each file has a notice of its own
DEPLOYMENTS = ("local", "aws", "stack")
Stories = Callable[[str], Story]


@pytest.fixture(scope="module")
def stories(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Stories]:
    """The story over each deployment, told when it is first asked for."""
    told: dict[str, Story] = {}

    def story(name: str) -> Story:
        if name not in told:
            with ExitStack() as stack:
                home = tmp_path_factory.mktemp(name) / "home"
                place = _place(name, home, request, stack)
                stack.enter_context(place.inside())
                instance = stack.enter_context(dg.DagsterInstance.ephemeral())
                told[name] = tell(place, HandDaemon(place.deployment, RULES, instance))
        return told[name]

    yield story
    if told.keys() - {"local"}:
        servers: AwsServers = request.getfixturevalue("aws_servers")
        servers.services.reset()


def _place(name: str, home: Path, request: pytest.FixtureRequest, stack: ExitStack) -> Place:
    if name == "local":
        return LocalPlace(home, **SETTINGS)
    servers: AwsServers = request.getfixturevalue("aws_servers")
    if name == "aws":
        return AwsPlace(AwsWorld(servers, home, **SETTINGS))
    core = stack.enter_context(deployed_core(servers.services, "movies-gds"))
    # no crawler of a stand-in makes a table
    return AwsPlace(AwsWorld(servers, home, core, raw_crawler="", **SETTINGS))


@pytest.fixture(params=DEPLOYMENTS)
def story(request: pytest.FixtureRequest, stories: Stories) -> Story:
    return stories(request.param)


class TestMainJob:
    """One deployment against what is worked out by hand."""

    def test_every_run_succeeds(self, story: Story) -> None:
        assert story.succeeded == [True] * 4

    def test_table_ledger_quarantine_views_archives_and_notices_are_what_the_files_say(
        self, story: Story
    ) -> None:
        check_end(story.state, story.batches)

    def test_the_checks_fail_where_a_file_or_a_row_does(self, story: Story) -> None:
        failed = [
            sorted(name for name, check in run.items() if not check[0]) for run in story.checks
        ]
        assert failed == [
            [],
            [],
            [
                "column_values_imdb_rating",
                "every_file_readable",
                "is_complete_movie_title",
                "no_file_waits",
                "row_count",
            ],
            [],  # of the views alone
        ]


_DIFFERENT = (
    re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.:+Z]*"),  # when
    re.compile(r"less than a minute|\b\d+ minutes?\b"),  # for how long
    re.compile(r"(?<=committed_on=)\d{4}-\d\d-\d\d"),  # on which day
    re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),  # which run
    re.compile(r"\b([0-9a-f]{32}|[0-9a-f]{16})\b"),  # ids made from file ids
)
_TYPES = {
    "character varying": "varchar",
    "text": "varchar",
    "double precision": "double",
    "timestamp without time zone": "timestamp",
}
"""Names that Redshift and PostgreSQL have for types."""


def alike(story: Story, value: object) -> list[Any]:
    """JSON values without what differs from place to place, in an order of their own."""
    text = json.dumps(value, default=str, sort_keys=True)
    for file_id, name in story.names.items():
        text = text.replace(file_id, json.dumps(name)[1:-1])
    for area, address in story.addresses.items():
        text = text.replace(address, area)
    for pattern in _DIFFERENT:
        text = pattern.sub("...", text)
    return sorted(json.loads(text), key=lambda one: json.dumps(one, sort_keys=True))


def _ledger(story: Story) -> list[dict[str, Any]]:
    different = {"store", "version", "ruleset_sha256"}
    entries = [
        # the files that were published say when: their hashes differ
        replace(entry, summary=structs.replace(entry.summary, output=None, quarantine=None))
        for entry in story.state.entries.values()
    ]
    return [
        {name: value for name, value in vars(entry).items() if name not in different}
        for entry in entries
    ]


def _catalog(story: Story) -> list[list[str]]:
    return [
        [table, *(f"{name} {_TYPES.get(kind, kind)}" for name, kind in columns)]
        for table, columns in story.catalog.items()
    ]


_PARTS: Mapping[str, Callable[[Story], object]] = {
    "rows": lambda story: story.rows,
    "ledger": _ledger,
    "quarantine": lambda story: story.records,
    "notices": lambda story: story.notices,
    "events": lambda story: story.events,
    "checks": lambda story: story.checks,
    "catalog": _catalog,
    "views": lambda story: list(story.state.views.items()),
}


@pytest.mark.parametrize("part", _PARTS)
@pytest.mark.parametrize("name", DEPLOYMENTS[1:])
def test_everything_is_the_same_as_on_one_machine(stories: Stories, name: str, part: str) -> None:
    here, there = (alike(story, _PARTS[part](story)) for story in (stories("local"), stories(name)))
    assert len(here) > 2
    assert there == here
