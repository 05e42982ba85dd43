"""Everything that a request may get wrong: one sentence each, and nothing is done."""

from collections.abc import Callable
from pathlib import Path

import pytest

from movie_pipeline.errors import ReplayError, RulesetError
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.replay.world import WHY, ReplayHome, told_of_replay
from movie_pipeline_tests.samples import Film, csv_file, film_file, without_ratings

FILE = film_file(Film("a", "Abel", year="PG"), Film("b", "Bela", rating="99"), Film("c"))
BROKEN = csv_file([(f"c{number}", "C", "1999", "8.5", "Drama", "1") for number in range(3)])


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> ReplayHome:
    """A home with a loaded and a rejected file; no test changes it."""
    home = ReplayHome(tmp_path_factory.mktemp("refusals"))
    home.ingest("movies.csv", FILE)
    home.ingest("rejected.csv", without_ratings())
    home.ingest("undecodable.csv", BROKEN + "x,éééé".encode() + b"\xff\x00\x81,1999,8.5,Drama,1\n")
    return home


def refused(home: ReplayHome, tmp_path: Path, **request: object) -> str:
    """The sentence with which a request is refused; nothing may have been done."""
    with pytest.raises(ReplayError) as error:
        home.plan(tmp_path, **request)
    assert home.count("mp_replays") == 0
    assert home.deployment.storage.landed() == []
    assert home.deployment.storage.names(Area.QUARANTINE, "replays/") == []
    return str(error.value)


def test_a_wish_must_say_which_records(full: ReplayHome, tmp_path: Path) -> None:
    assert refused(full, tmp_path) == (
        "a replay must say which records it takes: give a file, a condition (where) or "
        "corrections. The condition `true` takes all that are open."
    )


@pytest.mark.parametrize("why", ["", "  "])
def test_an_acceptance_needs_a_reason(full: ReplayHome, tmp_path: Path, why: str) -> None:
    assert refused(full, tmp_path, file="movies.csv", accept=True, why=why).startswith(
        "an acceptance overrules what the rules decided, so a replay with them needs a reason"
    )


def test_corrections_need_a_reason(full: ReplayHome, tmp_path: Path) -> None:
    assert refused(full, tmp_path, corrections=full.corrections(("x", "y", "z"))).startswith(
        "corrections change what the rules decided"
    )


def test_somebody_must_ask(full: ReplayHome, tmp_path: Path) -> None:
    assert "must say who asks for it (by)" in refused(full, tmp_path, file="movies.csv", by=" ")


def test_a_reason_has_its_limit(full: ReplayHome, tmp_path: Path) -> None:
    assert "the reason may have 4,000 bytes" in refused(
        full, tmp_path, file="movies.csv", why="x" * 4_001
    )


def test_a_file_must_be_in_the_ledger(full: ReplayHome, tmp_path: Path) -> None:
    assert refused(full, tmp_path, file="nothing.csv") == (
        "no file nothing.csv is in the ledger: `movie-pipeline status` lists the files. Nothing "
        "was replayed."
    )


def test_a_rejected_file_has_no_records(full: ReplayHome, tmp_path: Path) -> None:
    assert refused(full, tmp_path, file="rejected.csv").startswith(
        "rejected.csv was rejected: it could not be read as records, so there are none to replay."
    )


def test_a_ruleset_must_be_one(full: ReplayHome, tmp_path: Path) -> None:
    rules = tmp_path / "bad.dqdl"
    rules.write_text("Rules = [ ColumnValue ]")
    with pytest.raises(RulesetError, match=r"bad\.dqdl: line 1"):
        full.plan(tmp_path, file="movies.csv", ruleset=rules)


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("release_year = ", "is no condition: it must be one SQL expression over"),
        ("true; drop table record", "is no condition"),
        ("1 = 1) or (1 = 1", "is no condition"),
        ("movie_title in (select 1)", "is no condition"),
        ("exists (select * from read_csv('/etc/passwd'))", "is no condition"),
        ("count(*) > 1", "is no condition"),
        ("-- nothing", "is no condition"),
        ("year = 'PG'", "names year, but it may speak of quarantine_id"),
        ('movie_title = "Abel"', 'names "Abel", but it may speak of'),
        ("max(votes) > '1'", "cannot be evaluated"),
        ("unheard_of(votes)", "cannot be evaluated"),
        ("length(repeat(movie_title, 400000000)) > 1", "more memory than a condition may take"),
    ],
)
def test_a_condition_must_be_one(
    full: ReplayHome, tmp_path: Path, condition: str, sentence: str
) -> None:
    assert sentence in refused(full, tmp_path, where=condition)


def test_a_condition_that_fails_on_a_value_does_not_show_the_value(
    full: ReplayHome, tmp_path: Path
) -> None:
    told = refused(full, tmp_path, where="cast(release_year as integer) > 1")
    assert "cannot be evaluated" in told
    assert "try_cast(votes as bigint)" in told
    assert "PG" not in told


Lines = Callable[[str], list[tuple[str, ...]]]
CORRECTIONS: dict[str, tuple[Lines, str]] = {
    "unknown record": (
        lambda found: [(found, "release_year", "1999"), ("0" * 32, "release_year", "1999")],
        "corrections.csv, line 3: no record that is asked for has this quarantine_id.",
    ),
    "unknown column": (
        lambda found: [(found, "relase_year", "1999")],
        (
            "corrections.csv, line 2: the file has no column relase_year. Did you mean "
            "release_year? It has movie_id, movie_title, release_year, imdb_rating, genre, votes. "
            "Nothing was replayed."
        ),
    ),
    "cell that is not there": (
        lambda found: [(found, "cell 7", "")],
        "corrections.csv, line 2: the file has no column cell 7.",
    ),
    "nothing changes": (
        lambda found: [(found, "release_year", "PG")],
        (
            "corrections.csv, line 2: the value of release_year is what stands there already. "
            "Change it, or take the line out. Nothing was replayed."
        ),
    ),
    "twice": (
        lambda found: [(found, "release_year", "1999"), (found, "release_year", "2000")],
        (
            "corrections.csv, line 3: the column release_year of this record is corrected in "
            "line 2 too. Nothing was replayed."
        ),
    ),
    "too few cells": (
        lambda found: [(found, "release_year")],
        "corrections.csv, line 2: it has 2 cells, but quarantine_id, column and value are needed.",
    ),
    "empty": (lambda _: [], "corrections.csv holds no correction. Nothing was replayed."),
    "no CSV": (lambda found: [(found, '"x"y', "1")], "corrections.csv, line 2: this is no CSV:"),
}


@pytest.mark.parametrize("name", CORRECTIONS)
def test_a_wrong_correction_is_refused_with_its_line(
    full: ReplayHome, tmp_path: Path, name: str
) -> None:
    lines, sentence = CORRECTIONS[name]
    corrections = full.corrections(*lines(full.record(release_year="PG")["quarantine_id"]))
    assert refused(full, tmp_path, corrections=corrections, why=WHY).startswith(sentence)


def test_a_corrections_file_must_name_its_columns(full: ReplayHome, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id,column,value\n1,2,3\n")
    assert refused(full, tmp_path, corrections=path, why=WHY).startswith(
        "list.csv, line 1: it must name the columns quarantine_id, column and value."
    )


def test_a_corrections_file_must_be_text(full: ReplayHome, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read: it is not UTF-8 text. Save it as CSV (UTF-8)." in refused(
        full, tmp_path, corrections=path, why=WHY
    )


def test_a_corrected_record_must_be_among_those_asked_for(full: ReplayHome, tmp_path: Path) -> None:
    found = full.record(release_year="PG")["quarantine_id"]
    corrections = full.corrections((found, "release_year", "1999"))
    told = refused(full, tmp_path, corrections=corrections, why=WHY, where="imdb_rating = '99'")
    assert "line 2: the condition (where) does not take this record." in told
    told = refused(full, tmp_path, corrections=corrections, why=WHY, file="rejected.csv")
    assert "was rejected" in told
    told = refused(full, tmp_path, corrections=corrections, why=WHY, file="undecodable.csv")
    assert "line 2: no record that is asked for has this quarantine_id." in told


def test_a_record_whose_cells_cannot_be_told_apart_needs_every_column(
    full: ReplayHome, tmp_path: Path
) -> None:
    (record,) = [record for record in full.records() if record["columns"] is None]
    corrections = full.corrections((record["quarantine_id"], "movie_title", "Abel"))
    told = refused(full, tmp_path, corrections=corrections, why=WHY)
    assert told == (
        "corrections.csv, line 2: the cells of this record cannot be told apart, so its "
        "corrections must give every column; they do not give movie_id, release_year, "
        "imdb_rating, genre, votes. Nothing was replayed."
    )
    plan = full.plan(tmp_path, file="undecodable.csv")
    assert (plan.drafts, plan.left_open) == ((), 1)


def test_a_record_that_is_resolved_is_refused_by_its_replay(
    home: ReplayHome, tmp_path: Path
) -> None:
    home.ingest("movies.csv", FILE)
    found = home.record(release_year="PG")["quarantine_id"]
    corrections = home.corrections((found, "release_year", "1999"))
    (entry,) = home.replay(corrections=corrections, why=WHY)
    assert home.plan(tmp_path, corrections=corrections, why=WHY).done == (
        told_of_replay(entry).replay_id,
    ), "the same request is no mistake"
    other = home.corrections((found, "release_year", "2000"))
    with pytest.raises(ReplayError) as error:
        home.plan(tmp_path, corrections=other, why=WHY)
    assert str(error.value) == (
        "corrections.csv, line 2: the record is resolved already: LOADED, by the replay "
        f"{told_of_replay(entry).replay_id} in run {entry.run_id}. Take the line out. "
        "Nothing was replayed."
    )
