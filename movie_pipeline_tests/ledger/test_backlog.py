"""The backlog is counted in the warehouse; what a summary has no room for is kept beside it."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from movie_pipeline.ledger import ledger
from movie_pipeline.ledger.backlog import Backlog, backlog
from movie_pipeline.ledger.earlier_files import EarlierFiles
from movie_pipeline.ledger.file_summary import FileColumn, FileSummary
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.tabular import MappedColumn
from movie_pipeline_tests.ledger.test_ledger import entry
from movie_pipeline_tests.steps.world import NOON, World
from movie_pipeline_tests.warehouse.redshift_world import redshift_world

AGES = {"f0": 0, "f1": 1, "f7": 7, "f30": 30}


@pytest.fixture(params=["local", "redshift"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "local":
        yield World(tmp_path / "home")
        return
    with redshift_world(tmp_path, request.getfixturevalue("postgres")) as other:
        yield other


def write(world: World, *entries: LedgerEntry) -> None:
    with world.warehouse.writing() as session:
        ledger.insert(session, entries)


def decided() -> list[LedgerEntry]:
    return [
        entry(
            file_id=name,
            state=FileState.LOADED,
            rows_quarantined=3,
            committed_at=NOON - timedelta(days=days),
            summary=FileSummary(reasons={"a": 3, "b": 1}),
        )
        for name, days in AGES.items()
    ]


def test_what_waits_is_counted_by_age_and_by_reason(world: World) -> None:
    write(world, *decided(), entry(file_id="h", state=FileState.HELD, rows_held=5))
    found = backlog(world.warehouse, NOON)
    assert dict(found.by_age) == {
        "less than a day": 8,
        "less than a week": 3,
        "less than a month": 3,
        "older": 3,
    }
    assert dict(found.by_reason) == {"a": 12, "b": 4}
    assert (found.quarantined, found.held, found.uncounted) == (12, 5, 0)


def test_a_warehouse_of_the_first_version_counts_the_same_after_its_migration(world: World) -> None:
    cut = '{"omitted": ["reasons"]}'
    write(world, *decided(), entry(file_id="cut", rows_quarantined=1), entry(file_id="none"))
    before = backlog(world.warehouse, NOON)
    _execute(world, f"update mp_load_ledger set summary = '{cut}' where file_id = 'cut'")
    _execute(world, "drop table mp_reason_counts")
    _execute(world, "update mp_warehouse set schema_version = 1")
    world.warehouse.prepare()
    after = backlog(world.warehouse, NOON)
    assert (after.by_reason, after.by_age) == (before.by_reason, before.by_age)
    assert (before.uncounted, after.uncounted) == (0, 1)


def _execute(world: World, text: str) -> None:
    with world.warehouse.writing() as session:
        session.run_text(text, name="a change from outside")  # pyright: ignore[reportAttributeAccessIssue]


def test_of_a_file_partly_replayed_what_was_taken_is_not_counted() -> None:
    partly = [
        {"file_id": "f", "rule": "a", "record_count": 3},
        {"file_id": "f", "rule": "b", "record_count": 1},
        {"file_id": "g", "rule": "", "record_count": 0},
    ]
    found = Backlog.of([], [], partly, {"f": Counter({"a": 1, "b": 2})})
    assert dict(found.by_reason) == {"a": 2}
    assert found.uncounted == 1


def test_a_file_of_two_thousand_columns_keeps_its_mapping_and_its_shapes(world: World) -> None:
    """The next file of its source is held against them; they are three times a summary's room."""
    names = [f"a rather long header of a column, as exports have them, {n}" for n in range(2000)]
    columns = [FileColumn(name, name.replace(" ", "_"), is_contract=False) for name in names]
    summary = FileSummary(
        mapping=tuple(columns),
        looks={name.replace(" ", "_"): "whole numbers" for name in names},
        source="wide",
        notes=("a note",),
    )
    assert "mapping" in FileSummary.from_stored(summary.stored()).omitted
    write(world, entry(file_id="wide", summary=summary))
    [found] = world.ledger.entries()
    assert found.summary == summary
    assert world.ledger.known(["wide"])["wide"].summary == summary
    earlier = EarlierFiles.of([found])
    now = [MappedColumn(*column) for column in summary.mapping[:-1]]
    [told] = earlier.changes("wide", now, summary.looks)
    assert "no longer sent" in told


def test_a_file_of_few_columns_has_nothing_beside_its_summary(world: World) -> None:
    write(world, *decided())
    assert world.warehouse.query("select * from mp_summary_parts").empty
