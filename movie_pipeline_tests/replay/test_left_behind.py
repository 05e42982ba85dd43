"""What a replay that was cut short leaves in quarantine is told by the clean-up, and no more."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from movie_pipeline.steps.clean_up import clean_up
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.replay.world import ReplayHome
from movie_pipeline_tests.samples import low_ratings

STRICT = 'Rules = [ColumnValues "imdb_rating" >= 8]'


@pytest.fixture
def home(tmp_path: Path) -> ReplayHome:
    home = ReplayHome(tmp_path)
    home.ingest("movies.csv", low_ratings(), STRICT)
    return home


def orphans(home: ReplayHome) -> tuple[str, ...]:
    """What a clean-up two days from now finds."""
    return clean_up(
        home.deployment.storage,
        home.deployment.warehouse,
        home.settings.home,
        active_batches=(),
        keep_output_days=0,
        keep_notices_days=0,
        now=lambda: datetime.now(UTC) + timedelta(days=2),
    ).orphans


def test_a_replay_that_was_decided_leaves_no_orphan(home: ReplayHome) -> None:
    assert home.replay(file="movies.csv")
    assert orphans(home) == ()


def test_a_replay_that_waits_in_landing_is_no_orphan_and_one_that_never_landed_is(
    home: ReplayHome,
) -> None:
    (asked,) = home.ask(file="movies.csv")
    assert orphans(home) == ()
    (home.settings.home / "input" / asked.replay.key).unlink()
    name = home.deployment.storage.uri(Area.QUARANTINE, asked.replay.records_name)
    assert orphans(home) == (name,)
