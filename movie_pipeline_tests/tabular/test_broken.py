"""What is broken in a file: which records are set apart, and when the whole file is held."""

from pathlib import Path

import pytest

from movie_pipeline.tabular import Limits, SourceOptions
from movie_pipeline_tests.tabular.staging import ALIEN, HEADER, HEAT, stage


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("Heat,1995", "it has 2 cells, but the header names 3 columns"),
        ("Heat", "it has 1 cell, but the header names 3 columns"),
        (
            "Heat, the film,1995,8.3",
            (
                "it has 4 cells, but the header names 3 columns: perhaps a cell that holds the "
                "delimiter is not quoted"
            ),
        ),
        ('"Heat" the film,1995,8.3', "a quoted cell goes on behind its closing quote"),
        ('"He "said" it",1995,8.3', "a quoted cell goes on behind its closing quote"),
        ("He\0at,1995,8.3", "it holds a NUL byte, which is no text"),
        ("H" * 2_000 + ",1995,8.3", "the record is longer than the limit of 1,000 bytes"),
        (
            '"' + "x,\n" * 1_000_000 + '",1995,8.3',
            "the record is longer than the limit of 1,000 bytes",
        ),
        ("H" * 5_000_000, "the record is longer than the limit of 1,000 bytes"),
    ],
    ids=lambda text: text[:30].encode("unicode_escape").decode(),
)
def test_a_broken_record_is_set_apart_and_the_rest_is_read(
    record: str, reason: str, tmp_path: Path
) -> None:
    content = f"{HEADER}{ALIEN}{record}\n{HEAT}"
    staged = stage(tmp_path, content, limits=Limits(record_bytes=1_000))
    assert staged.titles == ["Alien", "Heat"]
    assert staged.column("_record_number") == [1, 3]
    assert staged.summary.set_apart == ((2, reason),)
    assert staged.summary.hold is None
    raw = staged.raw(2)[0]
    assert (raw.raw.decode(), raw.byte_offset) == (record, len(HEADER) + len(ALIEN))


def test_a_quote_inside_a_bare_cell_is_only_a_quote(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + 'Sixty 5" guns,1995,8.3\n' + HEAT)
    assert staged.titles == ['Sixty 5" guns', "Heat"]
    odd = "odd records were taken one by one: "
    assert f"{odd}a quote stands in the middle of a cell" in staged.summary.notes
    marked = stage(tmp_path, HEADER + HEAT + "\ufeff" + ALIEN).summary.notes
    assert f"{odd}a byte order mark stands in front of it" in marked
    padded = stage(tmp_path, HEADER + "Heat,1995\n", source=SourceOptions(pad=True)).summary.notes
    assert f"{odd}its last cells are missing" in padded


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_unclosed_quote_sets_apart_the_rest_and_holds_the_file(
    newline: str, tmp_path: Path
) -> None:
    content = (HEADER + ALIEN + '"Heat,1995,8.3\n' + HEAT * 3).replace("\n", newline)
    staged = stage(tmp_path, content)
    assert staged.titles == ["Alien"]
    assert staged.summary.set_apart == (
        (2, "a quoted cell is never closed, up to the end of the file"),
    )
    assert staged.summary.hold == (
        "A quote in record 2 is never closed, so everything from there to the end of the file "
        "is one cell of 4 lines. Correct the quote. Or declare salvage = true, or quote = "
        '"none" where quotes are text, for this source in the sources file '
        "(MOVIE_PIPELINE_SOURCES)."
    )
    assert staged.raw(2)[0].raw.decode() == content[content.index('"') :]
    salvaged = stage(tmp_path, content, source=SourceOptions(salvage=True))
    assert salvaged.summary.hold is None
    assert salvaged.titles == ["Alien"]


def test_an_unclosed_quote_over_the_limit_holds_the_file_too(tmp_path: Path) -> None:
    content = HEADER + ALIEN + '"Heat,1995,8.3\n' + HEAT * 300_000
    staged = stage(tmp_path, content, limits=Limits(record_bytes=1_000))
    assert staged.summary.rows_in == 2
    assert staged.summary.hold is not None
    assert staged.summary.hold.startswith("A quote in record 2 is never closed")


def test_records_that_are_mostly_ragged_hold_the_file(tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + ALIEN * 4 + "Heat,1995,8.3,extra\n" * 11)
    assert staged.summary.hold == (
        "11 of 15 records have another number of cells than the header names columns. Check "
        "the delimiter, and the quotes of cells that hold it. Or declare delimiter, quote or "
        "pad for this source in the sources file (MOVIE_PIPELINE_SOURCES)."
    )


@pytest.mark.parametrize("wrong", [9, 10, 11])
def test_a_column_that_mostly_fails_its_type_holds_the_file(wrong: int, tmp_path: Path) -> None:
    rows = "Heat,1995,good\n" * wrong + "Alien,1979,8.5\n,,\n" * 10
    staged = stage(tmp_path, HEADER + rows)
    if wrong > 10:
        assert staged.summary.hold == (
            '11 of 21 values of imdb_rating (the file\'s column "rating") cannot be read as '
            "decimal: the column holds something else. Rename it. Or declare columns = { "
            'imdb_rating = "..." } with the right name for this source in the sources file '
            "(MOVIE_PIPELINE_SOURCES)."
        )
    else:
        assert staged.summary.hold is None
    assert staged.summary.unreadable == {"imdb_rating": wrong}


def test_a_lenient_column_keeps_the_row_and_the_text_beside_it(tmp_path: Path) -> None:
    content = "title,year,rating,release_year_text\nHeat,PG,8.3,own\nAlien,1979,8.5,\n"
    staged = stage(tmp_path, content, lenient_columns=("release_year",))
    assert staged.column("release_year") == [None, 1979]
    assert staged.column("release_year_text") == ["own", None]
    assert staged.column("release_year_text_2") == ["PG", None]
    assert staged.column("_unreadable") == [0, 0]
    assert staged.summary.lenient == {"release_year": 1}
    assert staged.summary.unreadable == {}
    strict = stage(tmp_path, content)
    assert strict.column("_unreadable") == [1 << 2, 0]


def test_what_is_outside_the_contract_is_marked_and_stays(tmp_path: Path) -> None:
    content = HEADER + "Heat,1995,11\n,1995,8\nX,1,\n"
    staged = stage(tmp_path, content)
    assert staged.summary.breached == {
        "movie_id": 1,
        "movie_title": 1,
        "release_year": 1,
        "imdb_rating": 1,
    }
    assert staged.column("_breached") == [1 << 6, 1 << 0 | 1 << 1, 1 << 2]
    assert staged.column("imdb_rating") == [11.0, 8.0, None]
    assert staged.summary.missing == {"movie_title": 1, "imdb_rating": 1, "movie_id": 1}


@pytest.mark.parametrize(
    ("content", "apart", "hold"),
    [
        (
            '[{"title": "Heat", "rating": 8}, 5, {"title": "x", "title": "y"}, {"a": nope}, "s"]',
            [
                (2, "it is no JSON object"),
                (3, "it names a key twice"),
                (4, "it is not well-formed JSON"),
                (5, "it is no JSON object"),
            ],
            None,
        ),
        (
            '[{"title": "Heat", "rating": 8}, {"title": "Al',
            [(2, "the JSON array is never closed: the file seems to be cut off here")],
            (
                "A JSON array is not closed behind record 2: the file seems to be cut off. Send it "
                "again. Or declare salvage = true for this source in the sources file "
                "(MOVIE_PIPELINE_SOURCES)."
            ),
        ),
        (
            '[{"title": "Heat", "rating": 8}] more',
            [(2, "it stands behind the end of the JSON array")],
            None,
        ),
        (
            '{"title": "Heat", "rating": 8}\n{"title": "Al\n{"title": "\\u0000", "rating": 1}\n',
            [(2, "it is not well-formed JSON"), (3, "it holds a NUL character, which is no text")],
            None,
        ),
        (
            '[{"title": "Heat", "rating": 8}, {"title": "\\ud800"}]',
            [(2, "it holds half a character (a lone surrogate), which is no text")],
            None,
        ),
    ],
)
def test_broken_json_sets_its_elements_apart(
    content: str, apart: list[tuple[int, str]], hold: str | None, tmp_path: Path
) -> None:
    staged = stage(tmp_path, content)
    assert staged.titles == ["Heat"]
    assert list(staged.summary.set_apart) == apart
    assert staged.summary.hold == hold


def test_a_json_object_over_the_limit_is_set_apart(tmp_path: Path) -> None:
    long = '{"title": "' + "x" * 4_000_000 + '", "rating": 1}'
    heat = '{"title": "Heat", "rating": 8}'
    for content in (f"[{heat},{long},{heat}]", f"{heat}\n{long}\n{heat}"):
        staged = stage(tmp_path, content, limits=Limits(record_bytes=1_000))
        assert staged.titles == ["Heat", "Heat"]
        assert staged.summary.set_apart == (
            (2, "the record is longer than the limit of 1,000 bytes"),
        )
        assert staged.raw(2)[0].raw.decode() == long
