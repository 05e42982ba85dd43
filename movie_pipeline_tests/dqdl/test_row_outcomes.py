"""Row outcomes as truth tables: values in, a letter per row out. NULL is settled here."""

import datetime as dt

import pytest

from movie_pipeline_tests.dqdl.ruleset_samples import (
    numbers,
    one_of_each,
    row_outcomes,
    table,
    texts,
    whole,
)

NAN = float("nan")
CLOCK = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("rule", "values", "letters"),
    [
        ('ColumnValues "v" > 5', [4, 5, 6, None, NAN], "FFPFF"),
        ('ColumnValues "v" >= 5', [4, 5, 6, None, NAN], "FPPFF"),
        ('ColumnValues "v" < 5', [4, 5, 6, None, NAN], "PFFFF"),
        ('ColumnValues "v" <= 5', [4, 5, 6, None, NAN], "PPFFF"),
        ('ColumnValues "v" = 5', [4, 5, 6, None, NAN], "FPFFF"),
        ('ColumnValues "v" != 5', [4, 5, 6, None, NAN], "PFPPP"),
        ('ColumnValues "v" between 4 and 6', [4, 5, 6, None], "FPFF"),
        ('ColumnValues "v" not between 4 and 6', [4, 5, 6, None], "PFPF"),
        ('ColumnValues "v" in [4, 5]', [4, 5, 6, None], "PPFF"),
        ('ColumnValues "v" in [4, NULL]', [4, 5, 6, None], "PFFP"),
        ('ColumnValues "v" not in [4, 5]', [4, 5, 6, None], "FFPP"),
        ('ColumnValues "v" not in [4, NULL]', [4, 5, 6, None], "FPPF"),
        ('ColumnValues "v" = NULL', [4, None], "FP"),
        ('ColumnValues "v" != NULL', [4, None], "PF"),
        ('ColumnValues "v" > 1 + 2 * 2', [6, 7], "FP"),
        ('IsComplete "v"', [4, None, NAN], "PFP"),
        ('Completeness "v" > 0.1', [4, None, NAN], "PFP"),
        ("RowCount > 0", [4, None], "SS"),
        ('Mean "v" > 0', [4, None], "SS"),
    ],
)
def test_numbers(rule: str, values: list[float | None], letters: str) -> None:
    assert row_outcomes(rule, numbers(*values)) == letters


def test_numbers_are_compared_as_doubles() -> None:
    big = whole(9007199254740992, 9007199254740994)
    assert row_outcomes('ColumnValues "v" not in [9007199254740993]', big) == "FP"


@pytest.mark.parametrize(
    ("rule", "values", "letters"),
    [
        ('ColumnValues "v" = "a"', ["a", "A", "", None], "PFFF"),
        ('ColumnValues "v" != "a"', ["a", "A", "", None], "FPPP"),
        ('ColumnValues "v" in ["a","b"]', ["a", "c", "", None], "PFFF"),
        ('ColumnValues "v" not in ["a","b"]', ["a", "c", "", None], "FPPP"),
        ('ColumnValues "v" in ["a",NULL]', ["a", "c", None], "PFP"),
        ('ColumnValues "v" not in ["a",NULL]', ["a", "c", None], "FPF"),
        ('ColumnValues "v" = EMPTY', ["", " ", None], "PFF"),
        ('ColumnValues "v" != EMPTY', ["", " ", None], "FPP"),
        ('ColumnValues "v" = WHITESPACES_ONLY', ["", " ", "\t", "\u00a0", None], "FPFFF"),
        ('ColumnValues "v" != WHITESPACES_ONLY', ["", " ", "\t", None], "PFPP"),
        ('ColumnValues "v" in [EMPTY,WHITESPACES_ONLY,NULL]', ["", "  ", "x", None], "PPFP"),
        ('ColumnValues "v" = "A" with ignoreCase = "TRUE"', ["a", "A", "b", None], "PPFF"),
        ('ColumnValues "v" not in ["A"] with ignoreCase = "true"', ["a", "b", None], "FPP"),
        ('ColumnValues "v" = "it\'s"', ["it's", "its"], "PF"),
        ('ColumnValues "v" matches "[a-z]+"', ["abc", "ab1", "", None], "PFFF"),
        ('ColumnValues "v" matches ".*"', ["abc", "", None, "a\nb"], "PFFF"),
        ('ColumnValues "v" matches "abc"', ["abc", "abc\n", "abcd"], "PPF"),
        ('ColumnValues "v" matches "a|b"', ["a", "axx", "xxb", "xax"], "PPPF"),
        ('ColumnValues "v" matches "(a|b)"', ["a", "axx", "xxb"], "PFF"),
        ('ColumnValues "v" matches "(?i)ABC"', ["abc", "x"], "PF"),
        ('ColumnValues "v" not matches "Alph"', ["Alpha", "Alph a", "x", "", None], "PFPFF"),
        ('ColumnValues "v" not matches "a"', ["b\nc", "b\n", "a b"], "FPF"),
        ('ColumnLength "v" > 1', ["ab", "a", "", None], "PFFF"),
        ('ColumnLength "v" < 1', ["ab", "a", "", None], "FFPP"),
        ('ColumnLength "v" = 0', ["a", "", None], "FPP"),
        ('ColumnLength "v" != 2', ["ab", "a", None], "FPP"),
        ('ColumnLength "v" between 1 and 3', ["a", "ab", "abc"], "FPF"),
        ('ColumnLength "v" not between 1 and 3', ["a", "ab", "abc", None], "PFPP"),
        ('ColumnLength "v" in [1,2]', ["a", "ab", "abc", None], "PPFF"),
        ('ColumnLength "v" in [0,2]', ["", "ab", "abc", None], "PPFP"),
        ('ColumnLength "v" not in [1,2]', ["a", "abc", None], "FPP"),
        ('ColumnLength "v" not in [0]', ["", "a", None], "PPF"),
        ('ColumnLength "v" = 2', ["é😀"], "P"),
        ('IsComplete "v"', ["", None], "PF"),
        ('ColumnValues "v" in [100]', ["100", "100.0", None], "FPF"),
        ('ColumnValues "v" not between 5 and 11', ["4", "10", "x", None], "PFFF"),
    ],
)
def test_texts(rule: str, values: list[str | None], letters: str) -> None:
    assert row_outcomes(rule, texts(*values)) == letters


@pytest.mark.parametrize(
    ("rule", "letters"),
    [
        ('ColumnValues "v" > "2024-01-05"', "FPFFF"),
        ('ColumnValues "v" = "2024-01-05"', "PFFFF"),
        ('ColumnValues "v" != "2024-01-05"', "FPPFP"),
        ('ColumnValues "v" between "2024-01-01" and "2024-01-06"', "PFFFF"),
        ('ColumnValues "v" not between "2024-01-01" and "2024-01-06"', "FPPFP"),
        ('ColumnValues "v" in ["2024-01-05", NULL]', "PFFFP"),
        ('ColumnValues "v" not in ["2024-01-05"]', "FPPFP"),
        ('ColumnValues "v" = NULL', "FFFFP"),
    ],
)
def test_dates_in_texts(rule: str, letters: str) -> None:
    values = texts("2024-1-5", "2024-02-01T10:00:00", "2024", "soon", None)
    assert row_outcomes(rule, values) == letters


def test_dates_in_dates_times_and_whole_numbers() -> None:
    data = table(
        d=[dt.date(2024, 1, 5), None],
        t=[dt.datetime(2024, 1, 5, 23, 59), None],  # noqa: DTZ001 (a column without a zone)
        y=[2024, 2001],
    )
    assert row_outcomes('ColumnValues "d" = "2024-01-05"', data) == "PF"
    assert row_outcomes('ColumnValues "t" = "2024-01-05"', data) == "PF"
    assert row_outcomes('ColumnValues "y" > "2001-01-01"', data) == "PF"


@pytest.mark.parametrize(
    ("rule", "letters"),
    [
        ('ColumnValues "v" < now()', "PFF"),
        ('ColumnValues "v" >= (now() - 12 hours)', "FPP"),
        ('ColumnValues "v" >= (now() - 13 hours)', "PPP"),
        ('ColumnValues "v" > (now() + 0 days)', "FFP"),
        ('ColumnValues "v" = "9:30 AM"', "FPF"),
    ],
)
def test_now_is_the_clock_and_its_time_of_day_is_lost(rule: str, letters: str) -> None:
    days = texts("2026-11-21", "2026-11-22", "2026-11-23")
    assert row_outcomes(rule, days, clock=CLOCK) == letters
    assert row_outcomes(rule, days, clock=lambda: CLOCK.replace(tzinfo=None)) == letters


def test_every_copy_of_a_repeated_key_fails_and_nulls_repeat_each_other() -> None:
    assert row_outcomes('IsUnique "v"', texts("a", "a", "b", None)) == "FFPP"
    assert row_outcomes('IsUnique "v"', texts("a", None, None)) == "PFF"
    assert row_outcomes('Uniqueness "v" > 0.1', texts("a", "a", "b")) == "FFP"
    assert row_outcomes('UniqueValueRatio "v" > 0.1', texts("a", "a", "b")) == "FFP"
    pairs = table(a=["x", "x", None, None, "x"], b=["1", "1", "1", "1", None])
    assert row_outcomes('IsUnique "a" "b"', pairs) == "FFFFP"
    assert row_outcomes('IsPrimaryKey "a" "b"', pairs) == "FFFFF"
    assert row_outcomes('IsPrimaryKey "v"', texts("a", "b", "b", None)) == "PFFF"


def test_rows_that_where_leaves_out_pass_and_do_not_repeat() -> None:
    data = table(v=["a", "a", None, "b"], g=[1, 2, 2, None])
    assert row_outcomes('IsComplete "v" where "g = 1"', data) == "PPPP"
    assert row_outcomes('IsComplete "v" where "g = 2"', data) == "PPFP"
    assert row_outcomes('IsUnique "v" where "g = 1"', data) == "PPPP"
    assert row_outcomes('IsUnique "v" where "g > 0"', data) == "FFPP"
    assert row_outcomes('ColumnValues "v" = "a" where "g is null"', data) == "PPPF"


@pytest.mark.parametrize(
    ("type_name", "good", "bad"),
    [
        ("Boolean", ["true", "F", " yes ", "0"], ["2", "on", ""]),
        (
            "Integer",
            ["1", " -7 ", "12.5", "+3", "2147483647", ".", "\t1"],
            ["2147483648", "1e3", "", "x"],
        ),
        ("Long", ["9999999999", "-1"], ["1e3", "9223372036854775808"]),
        ("Double", ["1", "1e3", ".5", "5.", "NaN", "-Infinity", "1d"], ["1,5", "x", "", "e3"]),
        ("Float", ["1.5"], ["x"]),
        ("Decimal(4,2)", ["7.5", "56.789", "-99.99"], ["100", "x"]),
        ("Date", ["2024-01-31", "2024", "2024-1", "2024-01-05 x"], ["2024-02-30", "5.1.2024", ""]),
        ("Timestamp", ["2024-01-05 10:11:12", "2024-01-05", "2024-01-05T10:11:12Z"], ["x", "10"]),
    ],
)
def test_texts_are_castable_as_in_spark(type_name: str, good: list[str], bad: list[str]) -> None:
    data = texts(*good, *bad, None)
    expected = "P" * len(good) + "F" * (len(bad) + 1)
    assert row_outcomes(f'ColumnDataType "v" = "{type_name}"', data) == expected
    other = expected.translate(str.maketrans("PF", "FP"))
    assert row_outcomes(f'ColumnDataType "v" != "{type_name}"', data) == other


@pytest.mark.parametrize(
    ("date_format", "good", "bad"),
    [
        ("dd-MM-yyyy", "31-01-2024", "01-31-2024"),
        ("MM/dd/yyyy", "01/31/2024", "31/01/2024"),
        ("yyyy-MM", "2024-12", "2024-13"),
        ("MM/yyyy", "12/2024", "2024/12"),
        ("dd-MM", "29-02", "30-02"),
        ("dd.MM.yyyy", None, "31.01.2024"),
    ],
)
def test_a_date_format_is_followed_to_the_letter(
    date_format: str, good: str | None, bad: str
) -> None:
    rule = f'ColumnDataType "v" = "Date" with format = "{date_format}"'
    assert row_outcomes(rule, texts(bad)) == "F"
    if good is not None:
        assert row_outcomes(rule, texts(good)) == "P"


def test_columns_of_other_types_are_castable_by_type() -> None:
    data = table(i=[1, None], d=[dt.date(2024, 1, 1), None], b=[True, None], f=[1.5, 1e30])
    assert row_outcomes('ColumnDataType "i" = "Double"', data) == "PF"
    assert row_outcomes('ColumnDataType "b" = "Integer"', data) == "PF"
    assert row_outcomes('ColumnDataType "d" = "Timestamp"', data) == "PF"
    assert row_outcomes('ColumnDataType "d" = "Integer"', data) == "FF"
    assert row_outcomes('ColumnDataType "f" = "Decimal(4,2)"', data) == "PF"


def test_custom_sql_passes_the_rows_that_come_back_null_equal_to_null() -> None:
    data = table(id=["1", "2", None], n=["a", None, None])
    assert row_outcomes('CustomSql "select id, n from primary where n is null"', data) == "FPP"
    assert row_outcomes('CustomSql "select id from primary where id is null"', data) == "FFP"
    assert row_outcomes("CustomSql \"select n from primary where id = '2'\"", data) == "FPP"
    assert row_outcomes('CustomSql "select * from primary" with threshold > 0.5', data) == "PPP"


def test_a_rule_has_row_outcomes_where_its_kind_says_so() -> None:
    for rule, outcome in one_of_each():
        assert (outcome.failing_rows is not None) is rule.judges_rows, outcome.rule
