# ruff: noqa: RUF001 - signs are meant as they stand
"""The one rule by which cells become numbers, as a table, and its shortcuts held against it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_pipeline.arrow import pa
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import Column, ColumnType
from movie_pipeline.tabular.number_casts import Reading, evidence_in, read_number
from movie_pipeline.tabular.number_cells import NumberCells
from movie_pipeline.tabular.number_forms import Repair
from movie_pipeline.tabular.number_signs import Evidence, Sign, Signs, signs_of
from movie_pipeline.tabular.text_cells import TextCells

COLUMNS = {column.name: column for column in MOVIES.contract.columns}
NUMBERS = [column for column in MOVIES.contract.columns if column.type is not ColumnType.TEXT]


NUMBER_WORDS = ("mil", "mille", "hundred", "dozen", "trillion", "billones", "Billionen", "biljoner")
"""Words for numbers of which people mean more than one, or that nobody writes."""


@pytest.mark.parametrize(
    ("column", "text", "value", "repair"),
    [
        ("release_year", "1994", 1994, None),
        ("release_year", "+1994", 1994, None),
        ("release_year", "01994", 1994, None),
        ("release_year", " 1994", 1994, Repair.SPACES),
        ("release_year", "1994\u00a0", 1994, Repair.SPACES),
        ("release_year", "(1995)", 1995, Repair.PARENTHESES),
        ("release_year", "1994.0", 1994, Repair.POINT_ZERO),
        ("release_year", "-5", -5, None),
        ("release_year", "(2010–2022)", 2010, Repair.SPAN),
        ("release_year", "(2021– )", 2021, Repair.SPAN),
        ("release_year", "2005-2013", 2005, Repair.SPAN),
        ("release_year", "(I) (2005)", 2005, Repair.SPAN),
        ("release_year", "1994-05-01", 1994, Repair.DATE),
        ("release_year", "2014-05-01T00:00:00Z", 2014, Repair.DATE),
        ("release_year", "31.12.1999", 1999, Repair.DATE),
        ("release_year", "May 1, 2014", 2014, Repair.DATE),
        ("release_year", "13 June 1980 (United States)", 1980, Repair.DATE),
        ("release_year", "24 марта 1999", 1999, Repair.DATE),
        ("release_year", "15. Dezember 1995", 1995, Repair.DATE),
        ("release_year", "1er février 1995", 1995, Repair.DATE),
        ("release_year", "15 de diciembre de 1995", 1995, Repair.DATE),
        ("release_year", "1995年", 1995, Repair.DATE),
        ("release_year", "1995年12月15日", 1995, Repair.DATE),
        ("release_year", "12/1995", 1995, Repair.DATE),
        ("release_year", "1993(中国大陆)", 1993, Repair.DATE),
        ("release_year", "1994-09-10(多伦多电影节) / 1994-10-14(美国)", 1994, Repair.DATE),
        ("release_year", "19\u200b94", 1994, Repair.INVISIBLE),
        ("release_year", "\ufeff1994", 1994, Repair.INVISIBLE),
        ("release_year", "\u30001994", 1994, Repair.SPACES),
        # digits of other scripts, and what stands around a number elsewhere
        ("release_year", "١٩٩٤", 1994, Repair.DIGITS),
        ("release_year", "１９９４年", 1994, Repair.DATE),
        ("votes", "１，２３４", 1_234, Repair.GROUPS),
        ("votes", "۱۲", 12, Repair.DIGITS),
        ("votes", "१२,३४,५६७", 1_234_567, Repair.GROUPS),
        ("votes", "12,34,567", 1_234_567, Repair.GROUPS),
        ("gross_usd", "$12,34,567.00", 1_234_567, Repair.CURRENCY),
        ("imdb_rating", "٨٫٥", 8.5, Repair.DIGITS),
        ("imdb_rating", "8.5 \u2605", 8.5, Repair.REMARK),
        ("imdb_rating", "\u2b50\ufe0f 8.5", 8.5, Repair.REMARK),
        ("imdb_rating", "8.5分", 8.5, Repair.REMARK),
        ("imdb_rating", "#NV", None, Repair.NOT_AVAILABLE),
        ("votes", "k. A.", None, Repair.NOT_AVAILABLE),
        ("votes", "Err:502", None, Repair.NOT_AVAILABLE),
        ("votes", "1,5E+05", 150_000, Repair.EXPONENT),
        ("votes", "12천명", 12_000, Repair.MULTIPLE),
        ("gross_usd", "1.000.000 US-Dollar", 1_000_000, Repair.CURRENCY),
        ("gross_usd", "12.5 million dollars", 12_500_000, Repair.MULTIPLE),
        ("release_year", "[1995]", 1995, Repair.PARENTHESES),
        ("release_year", "19951215", 1995, Repair.DATE),
        ("release_year", " 19951215", 1995, Repair.DATE),
        ("release_year", "19951315", 19951315, None),
        ("release_year", "19951200", 19951200, None),
        ("release_year", "199512", 199512, None),
        ("runtime_minutes", "19951215", 19951215, None),
        ("release_year", "1995 г.", 1995, Repair.DATE),
        ("release_year", "15.12.1995 г.", 1995, Repair.DATE),
        ("release_year", "15 grudnia 1995", 1995, Repair.DATE),
        ("release_year", "15 Aralık 1995", 1995, Repair.DATE),
        ("release_year", "15 בדצמבר 1995", 1995, Repair.DATE),
        ("release_year", "1995. 12. 15.", 1995, Repair.DATE),
        ("release_year", "1995. december 15.", 1995, Repair.DATE),
        ("release_year", "1995年12月15日 (金)", 1995, Repair.DATE),
        ("release_year", "Fri, 15 Dec 1995 00:00:00 GMT", 1995, Repair.DATE),
        ("release_year", "12/15/1995 12:00:00 AM", 1995, Repair.DATE),
        ("runtime_minutes", "1h 42m 30s", 102, Repair.UNIT),
        ("runtime_minutes", "0 days 01:42:00.000", 102, Repair.UNIT),
        ("runtime_minutes", "1 שעה 42 דקות", 102, Repair.UNIT),
        ("runtime_minutes", "１０２分", 102, Repair.UNIT),
        ("runtime_minutes", "PT142M", 142, Repair.UNIT),
        ("runtime_minutes", "PT2H22M", 142, Repair.UNIT),
        ("runtime_minutes", "PT2H", 120, Repair.UNIT),
        ("runtime_minutes", "01:36:00", 96, Repair.UNIT),
        ("runtime_minutes", "1 hour, 30 minutes", 90, Repair.UNIT),
        ("runtime_minutes", "1 hr and 5 min", 65, Repair.UNIT),
        ("runtime_minutes", "1,042 min", 1042, Repair.UNIT),
        ("runtime_minutes", "142 min", 142, Repair.UNIT),
        ("runtime_minutes", "142min.", 142, Repair.UNIT),
        ("runtime_minutes", "2h 22min", 142, Repair.UNIT),
        ("runtime_minutes", "2 hrs", 120, Repair.UNIT),
        ("runtime_minutes", "1 h 5 m", 65, Repair.UNIT),
        ("runtime_minutes", "1.5 h", 90, Repair.UNIT),
        ("runtime_minutes", "1,5 Std.", 90, Repair.UNIT),
        ("runtime_minutes", "5400 s", 90, Repair.UNIT),
        ("runtime_minutes", "PT5400S", 90, Repair.UNIT),
        ("runtime_minutes", "1 heure et 35 minutes", 95, Repair.UNIT),
        ("runtime_minutes", "1 godz. 35 min", 95, Repair.UNIT),
        ("runtime_minutes", "1 uur 35 min", 95, Repair.UNIT),
        ("runtime_minutes", "1 час 35 минут", 95, Repair.UNIT),
        ("votes", "28,341,469", 28_341_469, Repair.GROUPS),
        ("votes", "1 234 567", 1_234_567, Repair.GROUPS),
        ("votes", "1\u202f234\u202f567", 1_234_567, Repair.GROUPS),
        ("votes", "927000.0", 927_000, Repair.POINT_ZERO),
        ("votes", "1,000.00", 1_000, Repair.GROUPS),
        ("gross_usd", "$ 1,000", 1_000, Repair.CURRENCY),
        ("gross_usd", "US$1000", 1_000, Repair.CURRENCY),
        ("gross_usd", "1000 USD", 1_000, Repair.CURRENCY),
        ("gross_usd", "$28.34M", 28_340_000, Repair.MULTIPLE),
        ("gross_usd", "$1.2 billion", 1_200_000_000, Repair.MULTIPLE),
        ("gross_usd", "$1M", 1_000_000, Repair.MULTIPLE),
        ("gross_usd", "$28,341,469.50", 28_341_470, Repair.CURRENCY),
        ("gross_usd", "1e+06", 1_000_000, Repair.EXPONENT),
        ("votes", "1.5e+05", 150_000, Repair.EXPONENT),
        ("votes", "1,234 votes", 1_234, Repair.REMARK),
        ("votes", "(1,234)", 1_234, Repair.REMARK),
        ("votes", "3056787人评价", 3_056_787, Repair.REMARK),
        ("votes", "5 голосов", 5, Repair.REMARK),
        ("votes", "2.3万", 23_000, Repair.MULTIPLE),
        ("votes", "12万人评价", 120_000, Repair.MULTIPLE),
        ("votes", "(1.6M)", 1_600_000, Repair.MULTIPLE),
        ("runtime_minutes", "142分钟(美国)", 142, Repair.UNIT),
        ("votes", "2 million", 2_000_000, Repair.MULTIPLE),
        ("votes", "2 million votes", 2_000_000, Repair.MULTIPLE),
        ("votes", "2 Millionen", 2_000_000, Repair.MULTIPLE),
        ("votes", "3 тысячи", 3_000, Repair.MULTIPLE),
        ("gross_usd", "3 Mrd. $", 3_000_000_000, Repair.MULTIPLE),
        ("gross_usd", "$5 crore", 50_000_000, Repair.MULTIPLE),
        ("votes", "1.2K", 1_200, Repair.MULTIPLE),
        ("votes", "tbd", None, Repair.NOT_AVAILABLE),
        ("votes", "?", None, Repair.NOT_AVAILABLE),
        ("votes", "<NA>", None, Repair.NOT_AVAILABLE),
        ("votes", "—", None, Repair.NOT_AVAILABLE),
        ("meta_score", "81%", 81, Repair.OUT_OF),
        ("imdb_rating", "8.1/10", 8.1, Repair.OUT_OF),
        ("imdb_rating", "4/5", 8.0, Repair.OUT_OF),
        ("imdb_rating", "17/20", 8.5, Repair.OUT_OF),
        ("imdb_rating", "8.50/10.00", 8.5, Repair.OUT_OF),
        ("imdb_rating", "87%", 8.7, Repair.OUT_OF),
        ("imdb_rating", "8.1 (1234 votes)", 8.1, Repair.REMARK),
        ("imdb_rating", "8.1/10 (1,234)", 8.1, Repair.OUT_OF),
        ("imdb_rating", "NaN", None, Repair.NOT_AVAILABLE),
        ("imdb_rating", "8.5", 8.5, None),
        ("imdb_rating", "9", 9.0, None),
        ("imdb_rating", ".5", 0.5, None),
        ("imdb_rating", "8,5", 8.5, Repair.DECIMAL_COMMA),
        ("imdb_rating", "1,234.5", 1234.5, Repair.GROUPS),
        ("imdb_rating", "#N/A", None, Repair.NOT_AVAILABLE),
        ("imdb_rating", "None", None, Repair.NOT_AVAILABLE),
        ("imdb_rating", "  ", None, Repair.BLANK),
        ("imdb_rating", "", None, None),
        ("imdb_rating", "\\N", None, None),
    ],
)
def test_a_number_is_read(
    column: str, text: str, value: float | None, repair: Repair | None
) -> None:
    assert read_number(text, COLUMNS[column]) == Reading(value, repair)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("release_year", "PG"),
        ("release_year", "12.5"),
        ("release_year", "1e3"),
        ("release_year", "0x7D0"),
        ("release_year", "1_994"),
        ("release_year", "2147483648"),
        ("release_year", "142 min"),
        ("release_year", "#1994"),
        ("release_year", "12 Monkeys 1995"),
        ("release_year", "Q4 1995"),
        ("votes", "28,34,46"),
        ("votes", "283,44,469"),
        ("votes", "28.34.469"),
        ("votes", "#Alive"),
        ("imdb_rating", "\u2605\u2605\u2605"),
        ("gross_usd", "100 доллар"),
        *(("votes", f"2 {word}") for word in NUMBER_WORDS),
        *(("gross_usd", f"$2 {word}") for word in NUMBER_WORDS),
        ("runtime_minutes", "1.30 h"),
        ("runtime_minutes", "90 min (uncut: 95 min)"),
        ("runtime_minutes", "155分钟(加长版) / 171 分钟"),
        ("runtime_minutes", "PT"),
        ("release_year", "13/1995"),
        ("votes", "1,2345"),
        ("votes", ",123"),
        ("votes", "1,000 000"),
        ("votes", "$1000"),
        ("votes", "1,000.5"),
        ("votes", "9" * 20),
        ("votes", "9" * 100_000),
        ("gross_usd", "€1000"),
        ("gross_usd", "(1000)"),
        ("imdb_rating", "inf"),
        ("imdb_rating", "-Infinity"),
        ("imdb_rating", "1e1"),
        ("imdb_rating", "9" * 400),
        ("votes", "1.000"),
        ("votes", "12."),
        ("gross_usd", "28.34"),
        ("gross_usd", "$ 12.000"),
        ("imdb_rating", "8,500"),
        ("imdb_rating", "."),
    ],
)
def test_what_is_no_number_is_not_read(column: str, text: str) -> None:
    assert read_number(text, COLUMNS[column]) == Reading(None, unreadable=True)


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("votes", "1.000", 1000),
        ("votes", "1.234.567", 1_234_567),
        ("imdb_rating", "8,5", 8.5),
        ("imdb_rating", "8,500", 8.5),
        ("imdb_rating", "1.234,5", 1234.5),
        ("imdb_rating", "7", 7.0),
        ("imdb_rating", "7.25", 7.25),
    ],
)
def test_a_file_with_decimal_commas_is_read_its_own_way(
    column: str, text: str, value: float
) -> None:
    signs = signs_of(COLUMNS[column], decimal=",")
    assert read_number(text, COLUMNS[column], signs).value == value


@pytest.mark.parametrize(
    ("column", "texts", "expected"),
    [
        # one cell that can only be groups says so for all of its column
        ("votes", ["1.000", "1.007.598"], [1_000, 1_007_598]),
        ("votes", ["1.000", "685.856"], [1_000, 685_856]),
        ("votes", ["1.000", "12.0"], [1, 12]),
        ("votes", ["1.000", "1234.000"], [1, 1_234]),
        ("votes", ["1.000", "687.000", "5"], [None, None, 5]),
        ("votes", ["1.000", "685.856", "12.0"], [None, None, 12]),
        ("votes", ["1,000", "12,0"], [1, 12]),
        ("votes", ["1,000", "687,000"], [1_000, 687_000]),
        ("votes", ["1,000", "28,341", "12,0"], [None, None, 12]),
        ("votes", ["1.000", "1,234"], [1, 1_234]),
        ("gross_usd", ["$ 12.000", "$ 1.234.567"], [12_000, 1_234_567]),
        ("gross_usd", ["1.234,50", "12.000"], [None, 12_000]),
        ("imdb_rating", ["8.123", "8.5"], [8.123, 8.5]),
        ("imdb_rating", ["8,500", "8,5"], [8.5, 8.5]),
        ("imdb_rating", ["8,500", "8.5"], [None, 8.5]),
        ("imdb_rating", ["0,500", "8,500"], [0.5, 8.5]),
        ("imdb_rating", ["8.123", "1.234.567"], [8_123.0, 1_234_567.0]),
        ("imdb_rating", ["8.123", "1.234.567", "8.5"], [None, 1_234_567.0, 8.5]),
    ],
)
def test_points_and_commas_have_one_meaning_in_a_column(
    column: str, texts: list[str], expected: list[float | None]
) -> None:
    known = Evidence.NONE
    for text in texts:
        known |= evidence_in(text, COLUMNS[column])
    signs = signs_of(COLUMNS[column], known)
    assert [read_number(text, COLUMNS[column], signs).value for text in texts] == expected


def national_forms() -> st.SearchStrategy[tuple[Signs, list[int], list[str]]]:
    """Whole numbers as a country writes them, with what its signs mean."""
    grouped = st.lists(st.integers(0, 10**9), min_size=1, max_size=8)
    points = Signs(Sign.GROUPS, Sign.DECIMAL)
    commas = Signs(Sign.DECIMAL, Sign.GROUPS)
    return grouped.flatmap(
        lambda numbers: st.sampled_from(
            [
                (points, numbers, [f"{number:,}".replace(",", ".") for number in numbers]),
                (commas, numbers, [f"{number:,}" for number in numbers]),
                (commas, numbers, [f"{number}.00" for number in numbers]),
                (points, numbers, [f"{number},00" for number in numbers]),
                (commas, numbers, [f"{number}.000" for number in numbers]),
                (points, numbers, [f"{number:,}".replace(",", " ") + ",0" for number in numbers]),
            ]
        )
    )


@settings(max_examples=200, deadline=None)
@given(national_forms())
def test_whole_numbers_of_any_country_are_read_rightly_or_not_at_all(
    given_column: tuple[Signs, list[int], list[str]],
) -> None:
    _, numbers, texts = given_column
    column = COLUMNS["votes"]
    known = Evidence.NONE
    for text in texts:
        known |= evidence_in(text, column)
    signs = signs_of(column, known)
    for number, text in zip(numbers, texts, strict=True):
        assert read_number(text, column, signs).value in {number, None}


def number_texts() -> st.SearchStrategy[str]:
    signs = st.sampled_from(["", "-", "+", "$", " "])
    digits = st.integers(0, 10**20).map(str) | st.integers(0, 3000).map(str)
    grouped = st.integers(0, 10**20).map("{:,}".format)
    tails = st.sampled_from(["", ".0", ".5", " min", "%", "e3", ",5", ",500"])
    return st.tuples(signs, digits | grouped, tails).map("".join)


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(number_texts() | st.none(), min_size=1, max_size=30),
    column=st.sampled_from(NUMBERS),
    decimal=st.sampled_from([".", ",", None]),
)
def test_the_shortcuts_for_many_cells_agree_with_the_rule(
    texts: list[str | None], column: Column, decimal: str | None
) -> None:
    many = [*texts, *map(str, range(2_000))]  # so many that the shortcuts are taken
    signs = signs_of(column, decimal=decimal)
    reader = NumberCells(column, signs)
    cells = reader.read(pa.array(many, pa.string()))
    expected = [
        Reading(None) if text is None else read_number(text, column, signs) for text in many
    ]
    assert cells.values.to_pylist() == [reading.value for reading in expected]
    unreadable = [reading.unreadable for reading in expected]
    assert (
        np.zeros(len(many), bool) if cells.unreadable is None else cells.unreadable
    ).tolist() == (unreadable)
    assert reader.repairs.total() == sum(reading.repair is not None for reading in expected)
    assert reader.unreadable == sum(unreadable)


def test_texts_are_trimmed_at_their_ends_and_blanks_are_missing() -> None:
    reader = TextCells()
    texts = [" a b ", "x\u00a0", "\u00a0", " \t", "\\N", "\\Nope", "à", None, "¡Hola!", "“q”"]
    cells = reader.read(pa.array(texts, pa.string()))
    assert cells.values.to_pylist() == [
        "a b", "x", None, None, None, "\\Nope", "à", None, "¡Hola!", "“q”"
    ]  # fmt: skip
    assert +reader.repairs == {Repair.SPACES: 2, Repair.BLANK: 2}
    assert reader.missing == 4


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.none() | st.text(" \u00a0\tab\\Né\u202f", max_size=4), max_size=20))
def test_trimming_whole_columns_is_trimming_each_cell(texts: list[str | None]) -> None:
    given_texts = [text or None for text in texts]
    cells = TextCells().read(pa.array(["first", *given_texts], pa.string()))
    trimmed = [text and text.strip(" \u00a0\t\u202f") for text in given_texts]
    assert cells.values.to_pylist()[1:] == [
        None if text in {None, "", "\\N"} else text for text in trimmed
    ]


def test_a_text_beyond_its_bytes_is_marked_and_kept() -> None:
    certificate = COLUMNS["certificate"]
    cells = TextCells(certificate).read(pa.array(["é" * 32, "é" * 33, None], pa.string()))
    assert cells.breached is not None
    assert cells.breached.tolist() == [False, True, False]
    assert cells.values.to_pylist()[1] == "é" * 33


def test_a_number_beyond_its_bounds_is_marked_and_kept() -> None:
    cells = NumberCells(COLUMNS["imdb_rating"]).read(pa.array(["10", "10.1", "-1", None, "x"]))
    assert cells.breached is not None
    assert cells.breached.tolist() == [False, True, True, False, False]
    assert cells.values.to_pylist() == [10.0, 10.1, -1.0, None, None]
