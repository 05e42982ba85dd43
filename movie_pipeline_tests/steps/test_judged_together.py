"""Small files of a batch are judged in one pass, and nobody can tell it from what is published."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.file_summary import RuleState
from movie_pipeline.ledger.ledger import FileState, Ledger
from movie_pipeline.steps import judge_together, screen
from movie_pipeline.steps.discover import Batch
from movie_pipeline.steps.fetch import fetch_batch
from movie_pipeline.steps.read import read_batch
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.stored_values import to_json
from movie_pipeline_tests.samples import (
    Film,
    clean_movies,
    film_file,
    hopeless,
    low_ratings,
    one_bad_year,
)
from movie_pipeline_tests.steps.bench import Bench
from movie_pipeline_tests.stores import drop

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RULES = """Rules = [
    RowCount > 1, IsComplete "movie_title", IsUnique "movie_id",
    IsPrimaryKey "movie_title" "release_year", DistinctValuesCount "genre" > 0,
    ColumnValues "imdb_rating" between 7.95 and 10.05, Mean "imdb_rating" > 7,
    ColumnValues "votes" > 10 where "release_year > 1950", ColumnLength "movie_title" < 40,
    (ColumnExists "note") OR (Completeness "genre" > 0.5)
]"""


def alike(number: int) -> bytes:
    """Films of which some repeat keys, within their file and beyond it."""
    films = [
        Film(f"m{n % 7}", f"Film {n % 5}" if n % 6 else "", str(1948 + n), f"{7 + n % 4}.5")
        for n in range(number, number + 3 + number % 9)
    ]
    return film_file(*films)


BATCH: Mapping[str, bytes] = {
    **{f"alike-{n}.csv": alike(n) for n in range(12)},
    "again.csv": alike(3),
    "one-row.csv": film_file(Film("solo")),
    "own-1.csv": film_file(Film("o1"), Film("o2", rating="x"), more={"note": "a"}),
    "own-2.csv": film_file(Film("o1"), Film("o2", rating="3"), more={"note": "b"}),
    "low.csv": low_ratings(),
    "year.csv": one_bad_year(),
    "broken.csv": hopeless(),
    "ragged.csv": alike(5) + b"too,few\n",
    "clean.csv": clean_movies(40),
}


def screened(
    bench: Bench, contents: Mapping[str, bytes], rules: str
) -> tuple[list[DecidedFile], dict[str, bytes]]:
    """What is decided on a batch, and every file that is published."""
    settings, storage = bench.deployment.settings, bench.deployment.storage
    batch = Batch.of([drop(storage, key, content) for key, content in contents.items()])
    work_folder = WorkFolder.at(settings.home / "work", "work")
    fetched = fetch_batch(batch, work_folder, storage, Ledger(bench.deployment.warehouse))
    files = read_batch(fetched, work_folder, settings, MOVIES)
    ruleset = parse_ruleset(rules)
    decided = screen_batch(files, work_folder, storage, ruleset, settings, MOVIES, now=NOW)
    published = [
        path
        for area in ("output", "quarantine", "history")
        for path in sorted((settings.home / area).rglob("*"))
        if path.is_file()
    ]
    return decided, {str(path): path.read_bytes() for path in published}


def refused(*_: object, **__: object) -> None:
    """In place of judging a file alone."""
    raise AssertionError("a file was judged alone")


def test_every_byte_is_what_it_would_be_were_each_judged_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []
    asked: Any = judge_together.judge_parts

    def counted(*arguments: object, **named: object) -> object:
        passes.append(1)
        return asked(*arguments, **named)

    monkeypatch.setattr(judge_together, "judge_parts", counted)
    with monkeypatch.context() as patched:
        patched.setattr(screen, "judged_file", refused)
        together = screened(bench, BATCH, RULES)
    assert len(passes) == 2, "those with the contract's columns, and those with one of their own"
    monkeypatch.setattr(judge_together, "MOST_ROWS", 0)
    alone = screened(bench, BATCH, RULES)
    assert len(passes) == 2
    assert to_json(together[0]) == to_json(alone[0])
    assert together[1] == alone[1]
    states = {file.landed.key: file.state for file in together[0]}
    assert states["one-row.csv"] is FileState.HELD
    assert states["broken.csv"] is FileState.REJECTED
    assert {states["again.csv"], states["alike-3.csv"]} == {FileState.LOADED, FileState.DUPLICATE}
    assert sum(file.rows_quarantined for file in together[0]) > 20
    assert sum(file.rows_good for file in together[0]) > 40


def test_rules_find_the_reference_datasets_that_they_name(tmp_path: Path) -> None:
    known = tmp_path / "known.csv"
    known.write_text("movie_title\nA Film\n")
    bench = Bench(tmp_path / "home", reference_datasets=(f"known={known}",))
    rules = 'Rules = [ReferentialIntegrity "movie_title" "known.movie_title" >= 0.0]'
    decided, _ = screened(bench, {f"{n}.csv": clean_movies(3, first=10 * n) for n in (0, 1)}, rules)
    assert [file.state for file in decided] == [FileState.LOADED] * 2


def test_passes_are_bounded_by_files_and_by_bytes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{n}.csv": clean_movies(3, first=10 * n) for n in range(9)}
    monkeypatch.setattr(judge_together, "MOST_FILES", 3)
    monkeypatch.setattr(screen, "judged_file", refused)
    decided, _ = screened(bench, files, RULES)
    assert {file.rows_good for file in decided} == {3}
    monkeypatch.setattr(judge_together, "MOST_FILES", 100)
    monkeypatch.setattr(judge_together, "MOST_BYTES_TOGETHER", 2 * len(files["8.csv"]) + 1)
    with pytest.raises(AssertionError, match="judged alone"):
        screened(bench, files, RULES)  # nine by twos: the last one has nobody to be judged with


def test_a_file_that_a_rule_cannot_take_keeps_no_other_from_its_verdict(bench: Bench) -> None:
    files = {f"{n}.csv": clean_movies(3, first=10 * n) for n in range(4)}
    films = [Film("big", votes=str(2**62)), Film("small")]
    decided, _ = screened(
        bench,
        {**files, "poison.csv": film_file(*films)},
        'Rules = [ RowCount > 0, ColumnValues "votes" > 10 where "votes * votes > 1" ]',
    )
    by_name = {file.landed.key: file for file in decided}
    poisoned = by_name.pop("poison.csv")
    assert poisoned.state is FileState.HELD
    assert [rule.outcome for rule in poisoned.summary.rules] == [RuleState.PASSED, RuleState.ERROR]
    assert {file.state for file in by_name.values()} == {FileState.LOADED}
    assert {file.rows_good for file in by_name.values()} == {3}
