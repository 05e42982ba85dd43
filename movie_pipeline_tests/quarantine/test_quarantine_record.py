"""A quarantined record: its keys, its place in the file, its raw bytes, and all its reasons."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.quarantine.quarantine_record import (
    KeptRecord,
    count_records,
    kept,
    quarantine_id,
    read_records,
)
from movie_pipeline_tests.samples import (
    Film,
    clean_movies,
    csv_file,
    film_file,
    low_ratings,
    one_bad_year,
)
from movie_pipeline_tests.steps.bench import Bench, Screened

KEYS = [
    "quarantine_id",
    "file",
    "file_id",
    "batch_id",
    "record_number",
    "byte_offset",
    "raw",
    "raw_encoding",
    "columns",
    "reasons",
    "DataQualityRulesPass",
    "DataQualityRulesFail",
    "DataQualityRulesSkip",
    "DataQualityEvaluationResult",
    "ruleset_sha256",
    "quarantined_at",
]
RULES = 'Rules = [RowCount > 0, ColumnValues "release_year" > 1900, IsComplete "movie_title"]'


def raw_bytes(record: Mapping[str, Any]) -> bytes:
    """The raw bytes that a record holds."""
    if record["raw_encoding"] == "base64":
        return base64.b64decode(record["raw"], validate=True)
    return record["raw"].encode(record["raw_encoding"])


def assert_found_in_the_file(screened: Screened, content: bytes) -> None:
    """Every record's raw text stands at its offset in the file as it landed."""
    assert screened.records
    for record in screened.records:
        raw = raw_bytes(record)
        assert content[record["byte_offset"] :].startswith(raw)
        before = content[: record["byte_offset"]]
        assert before.endswith((b"\n", b"\r"))


def test_a_record_has_exactly_these_keys_and_values(bench: Bench) -> None:
    before = datetime.now(UTC)
    screened = bench.screen(one_bad_year(), RULES, key="films of today.csv")
    (record,) = screened.records
    landed = screened.decided.landed
    moment = datetime.fromisoformat(record["quarantined_at"])
    assert before <= moment <= datetime.now(UTC)
    assert list(record) == KEYS
    assert dict(record) == {
        "quarantine_id": quarantine_id(landed.file_id, 2),
        "file": "films of today.csv",
        "file_id": landed.file_id,
        "batch_id": bench.batch_id(landed),
        "record_number": 2,
        "byte_offset": one_bad_year().index(b"b,The Moon"),
        "raw": "b,The Moon Flight,PG,8.5,Drama,1000",
        "raw_encoding": "utf-8",
        "columns": {
            "movie_id": "b",
            "movie_title": "The Moon Flight",
            "release_year": "PG",
            "imdb_rating": "8.5",
            "genre": "Drama",
            "votes": "1000",
        },
        "reasons": [
            {
                "rule": "movie_contract",
                "message": 'release_year: "PG" is not a whole number',
            },
            {
                "rule": 'ColumnValues "release_year" > 1900',
                "message": 'release_year is "PG": fails ColumnValues "release_year" > 1900',
            },
        ],
        "DataQualityRulesPass": ['IsComplete "movie_title"'],
        "DataQualityRulesFail": ['ColumnValues "release_year" > 1900'],
        "DataQualityRulesSkip": ["RowCount > 0"],
        "DataQualityEvaluationResult": "Failed",
        "ruleset_sha256": parse_ruleset(RULES).sha256,
        "quarantined_at": record["quarantined_at"],
    }


def test_the_id_of_a_record_is_the_same_in_every_run_and_its_own_in_every_file(
    bench: Bench,
) -> None:
    first = bench.screen(low_ratings(), 'Rules = [ColumnValues "imdb_rating" > 9.9]')
    again = bench.screen(low_ratings(), 'Rules = [ColumnValues "imdb_rating" > 9.8]')
    other = bench.screen(
        low_ratings(), 'Rules = [ColumnValues "imdb_rating" > 9.9]', key="other.csv"
    )
    ids = [[record["quarantine_id"] for record in one.records] for one in (first, again, other)]
    assert ids[0] == ids[1]
    assert len({*ids[0], *ids[2]}) == 8
    assert quarantine_id("ab" * 16, 7) == "41bfacddb86163eb0f19ec0cf44ce1b6"


def test_raw_text_keeps_quotes_and_line_breaks_of_the_file(bench: Bench) -> None:
    content = film_file(Film("a"), Film("b", 'He said "no"\nand left', year="soon"), Film("c"))
    screened = bench.screen(content, RULES)
    (record,) = screened.records
    assert record["raw"] == 'b,"He said ""no""\nand left",soon,8.5,Drama,1000'
    assert record["columns"]["movie_title"] == 'He said "no"\nand left'
    assert_found_in_the_file(screened, content)


def test_offsets_point_at_the_records_of_a_file_with_mark_and_crlf(bench: Bench) -> None:
    content = b"\xef\xbb\xbf" + film_file(
        Film("a", "Ça"), Film("b", "Ünder", year="PG"), Film("c", "日本", year="?")
    ).replace(b"\n", b"\r\n")
    screened = bench.screen(content, RULES)
    assert [record["record_number"] for record in screened.records] == [2, 3]
    assert [record["raw"].split(",")[1] for record in screened.records] == ["Ünder", "日本"]
    assert_found_in_the_file(screened, content)


def test_bytes_that_are_no_utf8_are_kept_as_base64_at_their_place(bench: Bench) -> None:
    films = (Film(f"f{number}", "Les Misérables à Paris, été") for number in range(40))
    lines = film_file(*films).splitlines(keepends=True)
    lines[20] = b"x20,Am\xe9lie \xff\xfe,2001,8.3,Romance,1000\n"
    content = b"".join(lines)
    screened = bench.screen(content, RULES)
    (record,) = screened.records
    assert record["record_number"] == 20
    assert record["raw_encoding"] == "base64"
    assert raw_bytes(record) == lines[20].rstrip(b"\n")
    assert record["columns"] is None
    (reason,) = record["reasons"]
    assert reason["rule"] == "readable_record"
    assert_found_in_the_file(screened, content)


def test_a_latin1_file_keeps_its_own_bytes_and_shows_its_columns(bench: Bench) -> None:
    films = (Film(f"f{number}", "Les Misérables à Paris, été") for number in range(30))
    text = film_file(*films, Film("z", "Café", year="PG")).decode()
    content = text.encode("latin-1")
    screened = bench.screen(content, RULES)
    (record,) = screened.records
    assert record["raw_encoding"] == "base64"
    assert raw_bytes(record) == "z,Café,PG,8.5,Drama,1000".encode("latin-1")
    assert record["columns"]["movie_title"] == "Café"
    assert_found_in_the_file(screened, content)


def test_a_record_with_too_few_cells_is_kept_with_what_it_has(bench: Bench) -> None:
    content = clean_movies(3) + b"short,One\n"
    screened = bench.screen(content, RULES)
    (record,) = screened.records
    assert record["record_number"] == 4
    assert record["raw"] == "short,One"
    assert record["columns"] == {"movie_id": "short", "movie_title": "One"}
    (reason,) = record["reasons"]
    assert reason == {
        "rule": "readable_record",
        "message": "it has 2 cells, but the header names 6 columns",
    }
    assert record["DataQualityRulesPass"] == record["DataQualityRulesFail"] == []


def test_a_record_with_too_many_cells_keeps_every_one(bench: Bench) -> None:
    screened = bench.screen(clean_movies(3) + b"d,A, B,1999,8.5,Drama,1000\n", RULES)
    (record,) = screened.records
    assert record["columns"]["cell 7"] == "1000"
    assert "perhaps a cell that holds the delimiter is not quoted" in screened.messages()[0]


def test_every_reason_is_told_not_only_the_first(bench: Bench) -> None:
    content = film_file(Film("a"), Film("b", "", year="never", rating="11", votes="-5"))
    screened = bench.screen(content, RULES)
    (record,) = screened.records
    assert screened.messages() == [
        "movie_title: missing",
        'release_year: "never" is not a whole number',
        "imdb_rating: 11 is more than 10",
        "votes: -5 is less than 0",
        'release_year is "never": fails ColumnValues "release_year" > 1900',
        'movie_title is missing: fails IsComplete "movie_title"',
    ]
    assert record["DataQualityRulesFail"] == [
        'ColumnValues "release_year" > 1900',
        'IsComplete "movie_title"',
    ]
    assert screened.decided.summary.reasons == {
        "movie_contract": 1,
        'ColumnValues "release_year" > 1900': 1,
        'IsComplete "movie_title"': 1,
    }


def test_the_columns_as_read_have_the_files_own_names_even_where_one_is_repeated(
    bench: Bench,
) -> None:
    content = csv_file(
        [("The Moon Flight", "PG", "8.5", "x", "y")],
        header=("Series_Title", "Released_Year", "IMDB_Rating", "Note", "Note"),
    )
    (record,) = bench.screen(content, "Rules = [RowCount > 0]").records
    assert record["columns"] == {
        "Series_Title": "The Moon Flight",
        "Released_Year": "PG",
        "IMDB_Rating": "8.5",
        "Note": "x",
        "Note (2)": "y",
    }


def test_a_value_too_long_for_its_column_is_set_apart_and_not_cut(bench: Bench) -> None:
    title = "é" * 600
    (record,) = bench.screen(film_file(Film("a", title)), RULES).records
    assert record["columns"]["movie_title"] == title
    assert record["reasons"][0]["message"] == (
        "movie_title: 1,200 bytes are more than the 1,024 that fit"
    )


def test_what_a_sender_is_told_by_is_what_the_record_says(tmp_path: Path) -> None:
    cells = {"reasons": '"reasons":[', 't\u00ef"tle': "\\ \n"}
    reasons = [{"rule": 'IsUnique "a"', "message": "caf\u00e9"}]
    line = {
        "quarantine_id": "0" * 32,
        "record_number": 3,
        "byte_offset": 40,
        "raw": "caf\u00e9",
        "raw_encoding": "utf-8",
        "columns": cells,
        "reasons": reasons,
        "DataQualityRulesPass": ['IsUnique "b"'],
    }
    path = tmp_path / "quarantine.jsonl"
    none = line | {"columns": None, "reasons": []}
    path.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in (line, none, line)))
    first, second, _ = kept(path, KeptRecord)
    assert (first.record_number, first.byte_offset) == (3, 40)
    assert (first.raw, first.raw_encoding) == ("caf\u00e9", "utf-8")
    assert (first.cells, orjson.loads(bytes(first.reasons))) == (cells, reasons)
    assert (second.cells, bytes(second.reasons)) == (None, b"[]")


def test_a_line_without_its_end_is_none(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.jsonl"
    path.write_bytes(b'{"record_number":1}\n' * 4)
    assert len(list(read_records(path))) == 4
    assert count_records(path) == 4
    path.write_bytes(path.read_bytes()[:-1])
    assert count_records(path) == 3
