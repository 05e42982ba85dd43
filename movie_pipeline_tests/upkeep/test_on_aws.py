"""Verify, rebuild, retract and rejudge where the store is S3 and the warehouse Redshift."""

from collections.abc import Generator
from pathlib import Path

import pytest

from movie_pipeline.deployments import deployment_from
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.steps import notify
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.rebuild import rebuild
from movie_pipeline.upkeep.rejudge import rejudge, to_judge
from movie_pipeline.upkeep.retract import Wish, retract
from movie_pipeline.upkeep.verify import Finding, verify
from movie_pipeline.warehouse.transactions import transact
from movie_pipeline.warehouse.warehouse_port import WarehouseSession
from movie_pipeline_tests.standins.aws_world import AwsServers, AwsWorld
from movie_pipeline_tests.standins.certificates import driver_is_dated
from movie_pipeline_tests.upkeep.test_rebuild import parts_of, with_events
from movie_pipeline_tests.upkeep.world import Years

pytestmark = [driver_is_dated, pytest.mark.long]
WISH = Wish(by="ana", why="it was of another country")


@pytest.fixture
def aws(aws_servers: AwsServers, tmp_path: Path) -> Generator[AwsWorld]:
    world = AwsWorld(aws_servers, tmp_path / "home")
    with world.inside():
        yield world


def years_on(aws: AwsWorld) -> Years:
    """As a process that starts has it."""
    return Years(aws.settings.home, deployment_from(aws.settings))


def told(years: Years, *, deep: bool = False, repair: bool = False) -> list[Finding]:
    """What disagrees, when all is brought to rest."""
    for view in years.deployment.dataset.view_names:
        years.warehouse.refresh(view)
    notify.drain(years.warehouse, years.alerts, years.events)
    return verify(parts_of(years), deep=deep, repair=repair).findings


def statement(years: Years, text: str) -> None:
    """Change the warehouse behind the pipeline's back."""

    def work(session: WarehouseSession) -> None:
        session.run_text(text, name="from outside")  # pyright: ignore[reportAttributeAccessIssue]

    transact(years.warehouse, work)


def history(aws: AwsWorld) -> dict[str, bytes]:
    return aws.objects(aws.settings.areas.history)


def test_what_is_kept_for_years_holds_on_s3_and_redshift(aws: AwsWorld) -> None:
    years = with_events(years_on(aws))
    folders = {name.partition("/")[0] for name in history(aws) if "=" not in name}
    assert folders == {
        "decisions",
        "rulesets",
        "replays",
        "resolutions",
        "set_apart",
        "warehouse.json",
    }
    assert told(years, deep=True) == []

    retracted = retract(parts_of(years), "newer.csv", WISH)
    assert (retracted.rows_gone, sum(retracted.rows_back.values())) == (1, 1)
    stricter = parse_ruleset('Rules = [ColumnValues "release_year" > 1951]')
    ids = to_judge(parts_of(years), stricter, name="a.csv")
    [judged] = rejudge(parts_of(years), ids, stricter, WISH)
    assert (judged.problem, judged.state) == ("", str(FileState.LOADED))
    years.archive()
    assert told(years, deep=True) == []
    state = years.state()

    lost = {"movie_data_table", "mp_load_ledger", "mp_resolutions", "mp_replays"}
    for table in sorted(lost):
        statement(years, f"delete from {table}")
    for name in years.storage.names(Area.OUTPUT):
        years.storage.remove(Area.OUTPUT, name)
    later = years_on(aws)
    report = rebuild(parts_of(later))
    assert (report.caught_up.problems, report.swapped, report.kept) == ({}, True, None)
    assert later.state() == state


def test_a_snapshot_that_was_restored_is_noticed_and_caught_up(aws: AwsWorld) -> None:
    years = with_events(years_on(aws))
    state = years.state()
    newest = years.query("select max(committed_at) as t from mp_load_ledger")[0]["t"]
    for table in ("movie_data_table", "mp_resolutions"):
        statement(years, f"delete from {table}")
    statement(years, f"delete from mp_load_ledger where committed_at = '{newest}'")
    statement(years, "update mp_warehouse set generation = 1")
    later = years_on(aws)
    [older] = verify(parts_of(later)).findings
    assert older.kind == "warehouse-older"
    verify(parts_of(later), deep=True, repair=True)
    rebuild(parts_of(later))
    assert years_on(aws).state() == state


def test_a_damaged_record_is_written_again_and_nothing_is_removed_from_history(
    aws: AwsWorld,
) -> None:
    years = with_events(years_on(aws))
    before = history(aws)
    name = next(name for name in sorted(before) if name.startswith("decisions/"))
    damaged = aws.settings.home / "damaged"
    damaged.write_bytes(before[name][:-5])
    years.storage.put(Area.HISTORY, name, damaged)
    removed: list[str] = []

    def no_right_to(area: Area, name: str) -> None:
        removed.append(name)
        assert area is not Area.HISTORY

    years.storage.remove = no_right_to  # type: ignore[method-assign] - as IAM does
    kinds = {one.kind: one.repaired for one in told(years, repair=True)}
    assert kinds["record-damaged"]
    assert told(years) == []
    assert set(history(aws)) >= set(before)
