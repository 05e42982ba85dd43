"""Hostile headers, cells and file names: they flow through as data and change nothing else."""

import pytest

from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.stored_values import to_json
from movie_pipeline.tabular.column_mapping import printable
from movie_pipeline_tests.samples import Film, csv_file, film_file
from movie_pipeline_tests.steps.bench import Bench

HOSTILE = {
    "quote": "it's",
    "double quote": 'say "no"',
    "sql": "'); DROP TABLE staged; --",
    "identifier": "x\" FROM staged; COPY staged TO '/tmp/x'; --",
    "parameter": "$file_id $1 ? :name {0} %s",
    "line break": "one\ntwo",
    "formula": "=HYPERLINK(1)",
    "unicode": "ﷺ 🎬 \u202e\u0301 İ",
    "path": "../../etc/passwd",
    "markup": "<script>alert(1)</script>[red]",
}
RULES = 'Rules = [RowCount > 0, ColumnValues "release_year" > 1900]'


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_cell_is_stored_as_it_is(bench: Bench, text: str) -> None:
    content = film_file(Film("good", text, genre=text), Film("bad", text, year=text))
    screened = bench.screen(content, RULES)
    assert screened.rows["movie_title"].tolist() == [text]
    assert screened.rows["genre"].tolist() == [text]
    (record,) = screened.records
    assert record["columns"]["movie_title"] == record["columns"]["release_year"] == text
    assert screened.messages()[0] == f'release_year: "{printable(text)}" is not a whole number'


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_header_names_a_column_and_nothing_else(bench: Bench, name: str) -> None:
    content = csv_file(
        [("A", "1999", "8.5", "kept"), ("B", "PG", "8.5", "apart")],
        header=("movie_title", "release_year", "imdb_rating", name),
    )
    screened = bench.screen(content, RULES)
    assert screened.decided.state is FileState.LOADED
    (other,) = screened.rows["other_columns"].tolist()
    assert other.endswith(':"kept"}')
    (record,) = screened.records
    assert record["columns"][name] == "apart"


@pytest.mark.parametrize(
    "name",
    # DQDL has no way to write a name that holds a quote or a line break
    [name for name in HOSTILE.values() if '"' not in name and "\n" not in name],
)
def test_a_rule_may_name_a_hostile_header(bench: Bench, name: str) -> None:
    content = csv_file(
        [("A", "8.5", "kept"), ("B", "8.5", "apart")],
        header=("movie_title", "imdb_rating", name),
    )
    screened = bench.screen(content, f'Rules = [ColumnValues "{name}" in ["kept"]]')
    assert (screened.decided.rows_good, screened.decided.rows_quarantined) == (1, 1)


@pytest.mark.parametrize(
    "key",
    [
        "it's; DROP TABLE staged.csv",
        'a"b.csv',
        "line\nbreak.csv",
        "🎬/*?[x].csv",
        "$file_id.csv",
        b"undecodable-\xff.csv".decode("utf-8", "surrogateescape"),
    ],
)
def test_a_hostile_file_name_stays_out_of_every_name_of_ours(bench: Bench, key: str) -> None:
    screened = bench.screen(film_file(Film("a"), Film("b", year="PG")), RULES, key=key)
    assert (screened.decided.rows_good, screened.decided.rows_quarantined) == (1, 1)
    file_id = screened.decided.file_id
    assert screened.decided.output_name == f"{file_id}.parquet"
    assert screened.decided.quarantine_name == f"{file_id}.jsonl"


def test_the_record_of_a_file_whose_name_is_no_text_shows_the_name_escaped(bench: Bench) -> None:
    key = b"undecodable-\xff.csv".decode("utf-8", "surrogateescape")
    (record,) = bench.screen(film_file(Film("b", year="PG")), RULES, key=key).records
    assert record["file"] == r"undecodable-\udcff.csv"


def test_a_home_with_quotes_in_its_name_works(bench: Bench) -> None:
    home = bench.deployment.settings.home / "o'brien's \"home\""
    screened = Bench(home).screen(film_file(Film("a"), Film("b", year="PG")), RULES)
    assert (screened.decided.rows_good, screened.decided.rows_quarantined) == (1, 1)


def test_outcomes_hold_no_row_value(bench: Bench) -> None:
    canary = "CANARY-4711"
    content = film_file(
        Film("a", canary, genre=canary),
        Film(canary, canary, year=canary, rating=canary, votes=canary),
        Film("c", rating="3"),
        more={"Own column": canary},
    )
    rules = (
        'Rules = [RowCount > 0, ColumnValues "genre" matches "Drama", '
        'ColumnValues "imdb_rating" > 5, IsUnique "own_column"]'
    )
    screened = bench.screen(content, rules)
    assert canary in str(screened.records)
    assert canary not in to_json(screened.decided)
    assert canary not in to_json(screened.read)
