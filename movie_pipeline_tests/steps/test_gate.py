"""Every record accounted for: counted again from the published files, no step being trusted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.steps.gate import Account, account_for
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.parquet_files import drop_first_row
from movie_pipeline_tests.samples import clean_movies, low_ratings
from movie_pipeline_tests.steps.bench import Bench, Screened

RULES = 'Rules = [ColumnValues "imdb_rating" > 7.95]'


def account(bench: Bench, screened: Screened) -> Account:
    """Count again."""
    return account_for(screened.decided, bench.deployment.storage)


def published(bench: Bench, area: Area) -> Path:
    """The one published file of an area, the keys of records set apart aside."""
    storage = bench.deployment.storage
    (name,) = [name for name in storage.names(area) if not name.startswith("set_apart/")]
    return Path(storage.uri(area, name))


def test_a_file_of_which_some_rows_are_set_apart_adds_up(bench: Bench) -> None:
    found = account(bench, bench.screen(low_ratings(), RULES))
    assert found.balanced
    assert (found.good, found.set_apart) == (2, 2)


def test_a_held_file_adds_up(bench: Bench) -> None:
    found = account(bench, bench.screen(low_ratings(), "Rules = [RowCount > 9]"))
    assert found.balanced
    assert (found.good, found.set_apart) == (0, 4)


def test_a_rejected_file_adds_up_to_nothing(bench: Bench) -> None:
    found = account(bench, bench.screen(b"\x00\x01\x02"))
    assert found.balanced
    assert (found.good, found.set_apart) == (0, 0)


def test_a_row_lost_from_the_parquet_is_found(bench: Bench) -> None:
    screened = bench.screen(low_ratings(), RULES)
    path = published(bench, Area.OUTPUT)
    drop_first_row(path)
    found = account(bench, screened)
    assert not found.balanced
    assert (found.good, found.set_apart) == (1, 2)


def test_a_record_lost_from_quarantine_is_found(bench: Bench) -> None:
    screened = bench.screen(low_ratings(), RULES)
    path = published(bench, Area.QUARANTINE)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    found = account(bench, screened)
    assert not found.balanced
    assert (found.good, found.set_apart) == (2, 1)


def test_a_record_in_both_places_is_found_though_the_sum_may_seem_right(bench: Bench) -> None:
    screened = bench.screen(low_ratings(), RULES)
    output, quarantine = published(bench, Area.OUTPUT), published(bench, Area.QUARANTINE)
    drop_first_row(output)
    lines = quarantine.read_bytes().splitlines(keepends=True)
    quarantine.write_bytes(b"".join([*lines, lines[0]]))
    found = account(bench, screened)
    assert found.good + found.set_apart == screened.decided.rows_in
    assert not found.balanced


@pytest.mark.parametrize("change", [{"rows_in": 5, "rows_good": 3}, {"rows_in": 3, "rows_good": 1}])
def test_what_the_steps_say_is_not_trusted(bench: Bench, change: dict[str, Any]) -> None:
    screened = bench.screen(low_ratings(), RULES)
    said = replace(screened.decided, **change)
    assert not account_for(said, bench.deployment.storage).balanced


def test_a_file_without_anything_set_apart_needs_no_quarantine_file(bench: Bench) -> None:
    found = account(bench, bench.screen(clean_movies(3), RULES))
    assert found.balanced
    assert bench.deployment.storage.names(Area.QUARANTINE) == []
