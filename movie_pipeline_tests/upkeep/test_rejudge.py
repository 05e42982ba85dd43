"""History judged again: as if the other ruleset had judged from the start."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.ledger.decision_records import decisions, find_decisions
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.upkeep.rejudge import Rejudged, rejudge, to_judge
from movie_pipeline.upkeep.retract import Wish, retract
from movie_pipeline_tests.samples import LENIENT_RULES, Film, film_file
from movie_pipeline_tests.upkeep.world import NOW, Years

STRICT = 'Rules = [RowCount < 6, ColumnValues "imdb_rating" between 7.5 and 10.0]'
WISH = Wish(by="ana", why="stricter now")
MOVIES_AND_FILES = (
    "select t.movie_id, t.movie_title, t.imdb_rating, t.record_number, l.object_key "
    "from movie_data_table as t join mp_load_ledger as l on t.file_id = l.file_id order by 1"
)
ACCOUNTS = (
    "select object_key, state, rows_in, rows_loaded + rows_superseded as good, rows_quarantined, "
    "rows_held, ruleset_sha256 from mp_load_ledger where state <> 'REJUDGED' order by 1"
)


@pytest.fixture
def years(tmp_path: Path) -> Years:
    return Years(tmp_path / "home")


def again(
    years: Years, rules: str = STRICT, *, dry_run: bool = False, **which: str
) -> list[Rejudged]:
    ruleset = parse_ruleset(rules)
    ids = to_judge(years.parts, ruleset, **which)
    told = list(rejudge(years.parts, ids, ruleset, WISH, dry_run=dry_run))
    years.archive()
    return told


def told_of(years: Years) -> tuple[list[Any], list[Any]]:
    return years.query(MOVIES_AND_FILES), years.query(ACCOUNTS)


def histories(seed: int) -> Sequence[tuple[str, bytes]]:
    chance = random.Random(seed)
    return [
        (
            f"{number}.csv",
            film_file(
                *(
                    Film(
                        chance.choice("abcdef"),
                        f"{number}.{place}",
                        chance.choice(["1999", "1999", "PG"]),
                        chance.choice(["5.0", "7.9", "8.8"]),
                    )
                    for place in range(chance.randint(1, 7))
                )
            ),
        )
        for number in range(5)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_after_any_history_it_is_as_if_the_new_rules_had_judged_from_the_start(
    tmp_path: Path, seed: int
) -> None:
    there, wanted = Years(tmp_path / "there"), Years(tmp_path / "wanted")
    for name, content in histories(seed):
        there.ingest({name: content})
        wanted.ingest({name: content}, STRICT)
    before = told_of(there)
    assert [one.problem for one in again(there)] == [""] * 5
    assert told_of(there) == told_of(wanted)
    assert again(there) == []
    kept = find_decisions(there.storage)
    records = {one.file_id: one.entry for one in decisions(there.storage, kept)}
    assert records == {entry.file_id: entry for entry in there.ledger.entries()}
    for entry in there.ledger.entries():
        gone = entry.rows_loaded + entry.rows_quarantined + entry.rows_superseded + entry.rows_held
        assert entry.rows_in == gone
        assert entry.history_name
        assert entry.archived_at
    again(there, LENIENT_RULES)
    assert told_of(there) == before
    assert len(again(there)) == 5
    assert told_of(there) == told_of(wanted)


def test_first_it_is_said_what_would_change(years: Years) -> None:
    years.ingest({"m.csv": film_file(Film("a"), Film("b", rating="5.0"), Film("c", year="PG"))})
    years.ingest({"h.csv": film_file(*(Film(f"h{n}") for n in range(6)))})
    before = years.state(), sorted(p.name for p in years.settings.home.rglob("*.parquet"))
    told = again(years, dry_run=True)
    assert [(one.file, one.state_before, one.state) for one in told] == [
        ("m.csv", "LOADED", "LOADED"),
        ("h.csv", "LOADED", "HELD"),
    ]
    assert [(one.loaded_to_apart, one.apart_to_loaded) for one in told] == [(1, 0), (6, 0)]
    after = years.state(), sorted(p.name for p in years.settings.home.rglob("*.parquet"))
    assert after == before
    done = again(years)
    assert [(one.loaded_to_apart, one.apart_to_loaded) for one in done] == [(1, 0), (6, 0)]
    assert [one.rows_loaded for one in done] == [1, 0]
    assert backlog(years.warehouse, NOW).records == 8
    back = again(years, LENIENT_RULES, dry_run=True)
    assert [(one.loaded_to_apart, one.apart_to_loaded) for one in back] == [(0, 1), (0, 6)]


def test_the_trail_says_who_and_why_and_what_counts_instead(years: Years) -> None:
    old = years.ingest({"m.csv": film_file(Film("a"), Film("b", rating="5.0"))})["m.csv"]
    [told] = again(years)
    entries = years.ledger.known([old.file_id, told.new_file_id])
    closed, new = entries[old.file_id], entries[told.new_file_id]
    assert closed.state is FileState.REJUDGED
    assert closed.reason.startswith("judged again for ana on ")
    assert closed.reason.endswith(f": stricter now; file {new.file_id} counts instead")
    assert (new.state, new.history_name, new.committed_at) == (
        FileState.LOADED,
        old.history_name,
        old.committed_at,
    )
    assert "judged again on " in new.summary.notes[0]
    with years.warehouse.reading() as session:
        kinds = [row["id"] for row in session.fetch("outbox/waiting", limit=9, waiting="batch-%")]
    assert len(kinds) == 1
    duplicate = years.ingest({"again.csv": film_file(Film("a"), Film("b", rating="5.0"))})
    assert duplicate["again.csv"].state is FileState.DUPLICATE


def test_what_people_corrected_stays_corrected(years: Years) -> None:
    rows = film_file(Film("a", year="PG"), Film("b", year="PG"), Film("c", rating="5.0"))
    years.ingest({"m.csv": rows})
    [first, _] = years.open_records()
    years.replay(
        corrections=years.corrections((first["quarantine_id"], "release_year", "1995")), why="seen"
    )
    [told] = again(years)
    assert [row["movie_id"] for row in years.query(MOVIES_AND_FILES)] == ["a"]
    open_now = years.open_records()
    assert [(record["file_id"], record["record_number"]) for record in open_now] == [
        (told.new_file_id, 2),
        (told.new_file_id, 3),
    ]
    [later] = years.correct("release_year", "1996")
    assert later.summary.replay
    assert later.summary.replay.root_file_id == told.new_file_id
    assert [row["movie_id"] for row in years.query(MOVIES_AND_FILES)] == ["a", "b", "c"]
    assert retract(years.parts, "m.csv", WISH).rows_gone == 3
    assert years.query(MOVIES_AND_FILES) == []


def test_a_corrected_record_does_not_load_again_though_it_is_good_now(years: Years) -> None:
    strict_first = film_file(Film("a", rating="5.0"), Film("b"))
    years.ingest({"m.csv": strict_first}, STRICT)
    [record] = years.open_records()
    fixed = years.corrections(
        (record["quarantine_id"], "movie_id", "z"), (record["quarantine_id"], "imdb_rating", "8.0")
    )
    years.replay(STRICT, corrections=fixed, why="seen")
    again(years, LENIENT_RULES)
    assert [row["movie_id"] for row in years.query(MOVIES_AND_FILES)] == ["b", "z"]
    assert years.open_records() == []


def test_only_one_source_or_one_file_is_judged_again(tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text('[vendor]\nfiles = "v*.csv"\n')
    years = Years(tmp_path / "home", sources=sources)
    years.ingest({"v1.csv": film_file(Film("a")), "o.csv": film_file(Film("b"))})
    assert [one.file for one in again(years, source="vendor", dry_run=True)] == ["v1.csv"]
    assert [one.file for one in again(years, name="o.csv")] == ["o.csv"]
    assert [one.file for one in again(years)] == ["v1.csv"]


def test_a_file_that_is_not_there_any_more_is_told_and_left_as_it_is(years: Years) -> None:
    entry = years.ingest({"m.csv": film_file(Film("a", rating="5.0"))})["m.csv"]
    (years.settings.home / "history" / str(entry.history_name)).unlink()
    [told] = again(years)
    assert "Put one of them back" in told.problem
    assert [row["movie_id"] for row in years.query(MOVIES_AND_FILES)] == ["a"]
    assert years.ledger.known([entry.file_id])[entry.file_id].state is FileState.LOADED
