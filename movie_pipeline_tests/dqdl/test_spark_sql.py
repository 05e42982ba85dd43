"""SQL of users: Spark's meaning on DuckDB, the injected clock, and errors that keep values in."""

import datetime as dt
import decimal
import json
from collections.abc import Callable
from typing import Any, cast

import duckdb
import pytest

from movie_pipeline.arrow import pa
from movie_pipeline.dqdl.engines.arrow_tables import ArrowTable
from movie_pipeline.dqdl.engines.duckdb_engine import cause
from movie_pipeline_tests.dqdl.ruleset_samples import evaluation, one, row_outcomes, table
from movie_pipeline_tests.dqdl.test_conformance import FOLDER

DATA = table(v=["2024-05-06", "soon", "12", None], n=[1, 2, 3, None], w=[None] * 4)


@pytest.mark.parametrize(
    ("clause", "kept"),
    [
        ("cast(v as int) = 12", "..F."),
        ("to_date(v) > '2024-01-01'", "F..."),
        ("year(v) = 2024", "F..."),
        ("date_add(v, 1) = date'2024-05-07'", "F..."),
        ("v > 5", "..F."),
        ("v in (12, 13)", "..F."),
        ("v between 10 and 20", "..F."),
        ("-5 < v", "..F."),
        ("n between 1 and 2", "FF.."),
        ("v rlike '^s' or n <=> null", ".F.F"),
        ("`n` = 1 and V is not null", "F..."),
        ("n div 2 = 1 and n % 2 = 0", ".F.."),
        ("concat(v, 'x') is null", "...F"),
        ("n / 0 > 1", "...."),
    ],
)
def test_where_means_what_it_means_in_spark(clause: str, kept: str) -> None:
    # w is always missing, so the rows that the clause keeps are those that fail.
    outcomes = row_outcomes(f'IsComplete "w" where "{clause}"', DATA)
    assert outcomes == kept.replace(".", "P")


def test_the_clock_of_a_clause_is_the_injected_one() -> None:
    clock = dt.datetime(2024, 5, 8, 1, 0, tzinfo=dt.UTC)
    for clause in (
        "datediff(current_date(), to_date(v)) = 2",
        "current_timestamp() < timestamp'2024-05-08 01:00:01'",
        "now() = timestamp'2024-05-08 01:00:00'",
    ):
        assert row_outcomes(f'IsComplete "w" where "{clause}"', DATA, clock=clock)[0] == "F"


def test_custom_sql_casts_leniently_too() -> None:
    assert one('CustomSql "select sum(cast(v as int)) from primary" = 12', DATA).outcome == "Passed"


@pytest.mark.parametrize(
    ("function", "at", "value"),
    [
        ("lead(i)", "is null", -3),
        ("lag(i, 1, 7)", "is null", 7),
        ("lag(i)", "= -3", None),
        ("first_value(i)", "= 10", None),
        ("last_value(i)", "= 2", 2),
        ("ntile(2)", "= 0", 1),
        ("percent_rank()", "= 10", 1),
        ("cume_dist()", "= 1", 4 / 6),
    ],
)
def test_windows_begin_with_what_is_missing(function: str, at: str, value: float | None) -> None:
    windowed = f"select i, {function} over (order by i) x from primary"
    rule = f'CustomSql "select max(coalesce(x, -99)) from ({windowed}) where i {at}" between'
    wanted = -99 if value is None else value
    assert one(f"{rule} {wanted - 0.001} and {wanted + 0.001}", ODD).outcome == "Passed"


@pytest.mark.parametrize(
    "error",
    [
        duckdb.ConversionException("Conversion Error: Could not convert string 'secret' to INT32"),
        duckdb.OutOfRangeException("Out of Range Error: Overflow in addition (secret + 1)"),
        duckdb.InvalidInputException("Invalid Input Error: value secret"),
    ],
)
def test_what_the_engine_says_of_a_value_is_kept_from_the_reason(error: duckdb.Error) -> None:
    assert "secret" not in cause(error)


ODD = table(
    s=["1", "x", None, " 7 ", "2.5", "TRUE"],
    i=[1, 2, None, 0, -3, 10],
    f=[1.5, float("nan"), None, -0.5, 3.7, 0.0],
    d=["2024-01-05", "bad", None, "2024", "2024-06", "2024-1-5"],
    dd=[dt.date(2024, 1, 7), dt.date(2023, 12, 31), None, *[dt.date(2024, 2, 29)] * 3],
    b=[True, False, None, True, False, True],
    w=[None] * 6,
)


MET = (
    ("cast(f as int) = 3", "....F."),
    ("cast(f as int) = 0", ".F.F.F"),
    ("cast(s as int) = 2", "....F."),
    ("cast(s as int) = 7", "...F.."),
    ("cast(concat(s, '.') as int) = 1", "F....."),
    ("cast('.' as int) = 0", "FFFFFF"),
    ("s = 2", "....F."),
    ("s = 2.5", "....F."),
    ("s in (1, 7)", "F....."),
    ("s + 1 = 2", "F....."),
    ("s = i", "F....."),
    ("s = true", "F....F"),
    ("i like '1%'", "F....F"),
    ("i % 0 is null", "FFFFFF"),
    ("i / 0 is null", "FFFFFF"),
    ("cast(d as date) is not null", "F..FFF"),
    ("to_timestamp(d) is not null", "F..FFF"),
    ("year(d) = 2024", "F..FFF"),
    ("d > date '2024-01-05'", "....F."),
    ("dayofweek(dd) = 1", "FF...."),
    ("weekday(dd) = 6", "FF...."),
    ("substring(s, 0, 1) = 'x'", ".F...."),
    ("ln(i) is null", "..FFF."),
    ("isnull(s)", "..F..."),
    ("isnotnull(s)", "FF.FFF"),
    ("date_part('year', dd) = 2023", ".F...."),
    ("make_date(2024, 1, 7) = dd", "F....."),
    ("trunc(dd, 'MM') = '2024-02-01'", "...FFF"),
    ("substring_index(d, '-', 1) = '2024'", "F..FFF"),
    ("nanvl(f, 1.0) = 1.0", ".F...."),
    ("octet_length(s) = 3", "...FF."),
    ("dd + 1 = date '2024-01-08'", "F....."),
    ("b = 1", "F..F.F"),
    ("s rlike '^[0-9]+$' and not b", "......"),
    # NULL, NaN and values without an end
    ("dayofweek(dd) % -1 = 0", "FF.FFF"),
    ("not isnan(f)", "F.FFFF"),
    ("sign(f) = cast('NaN' as double)", ".F...."),
    ("ceil(f) = 0", ".F.F.F"),
    ("size(split(s, 'x')) = -1", "..F..."),
    # digits as they are printed
    ("round(f / 1.5 * 1.005, 2) = 1.01", "F....."),
    ("round(months_between(dd, '2023-12-30'), 4) = 0.2581", "F....."),
    # decimals, with the digits that Spark gives them
    ("1.0 / 3 = 0.333333 and i / 7.0 = 0.285714", ".F...."),
    ("cast(i as decimal(9, 2)) / -7 = -0.142857 or -2.5 % i = -0.5", "FF...."),
    ("2.50 / i is null and 1.5 % i is null", "..FF.."),
    ("concat(i * 1.5 / 2, '') = '0.750000'", "F....."),
    ("round(f * 10, -1) = 40 and cast(1.005e0 as decimal(9, 2)) = 1.01", "....F."),
    (
        "date '2024-01-05'::string like '2024%' and timestamp '1970-01-01 00:00:01'::int = i",
        "F.....",
    ),
    # what goes together, and what becomes of it
    ("coalesce(i, s) = '1'", "F....."),
    ("nullif(s, i) is null", "F.F..."),
    ("(i > 1) = b", "....FF"),
    ("try_cast(s as int) = 2", "......"),
    ("abs(s) = 2.5", "....F."),
    ("try_cast(f as int) = 3", "....F."),
    ("try_cast(f as int) is null", ".FF..."),
    ("cast(i + 254 as tinyint) = -1", "F....."),
    ("cast(f * 100000 as smallint) = 18928", "F....."),
    ("case s when 1 then true when i then b end", "F....."),
    ("s is distinct from i", ".F.FFF"),
    ("split(d, '-')[0] = 2024", "F..FFF"),
    ("i & 3 = 2 and i ^ 1 = 3", ".F...."),
    ("contains(i, 1)", "F....F"),
    # texts of numbers, and digits that do not fit
    ("cast(f as string) = '1.5'", "F....."),
    ("concat(f * 10000000, '') = '3.7E7'", "....F."),
    ("concat(f / -10000, '') = '5.0E-5'", "...F.."),
    ("hex(i) = 'FFFFFFFFFFFFFFFD' or hex(s) = '78'", ".F..F."),
    ("pmod(i, 3) = 1 and pmod(-1.5e0, 1) = 0.5", "F....F"),
    ("bit_count(i) = 63 or factorial(i) = 2", ".F..F."),
    # of any numbers, and of texts of them
    ("from_unixtime(f) = '1970-01-01 00:00:03' or factorial(s) = 2 or bin(f) = '1'", "F...F."),
    (
        "timestamp_seconds(f) = timestamp_seconds(1.50) and timestamp(33.30)::double = 33.3",
        "F.....",
    ),
    ("date_from_unix_date(s) = date '1970-01-08' or hex(f * 10) = '25'", "...FF."),
    ("from_unixtime(i * 1000000000) = '2001-09-09 01:46:40'", "F....."),
    # texts
    ("substring(d, 2, i) = '' and replace(d, '20') like '24%'", "...FF."),
    ("levenshtein(s, 'é') = 1 and levenshtein('日本é', concat(s, 'é')) = 2", "FF...."),
    ("s like '\\_%' or concat('_', s) like '\\_x'", ".F...."),
    ("substring_index(d, '-', -1) = '06'", "....F."),
    ("regexp_count(d, '0') = 3 and regexp_extract_all(d, '([0-9]+)-', 1)[1] = '01'", "F....."),
    ("sha2(s, 256) like '2d711642b7%' and find_in_set(s, 'a,x') = 2", ".F...."),
    ("initcap(concat('a ', split(d, '-')[0])) = 'A 2024'", "F..FFF"),
    ("regexp_replace(d, '([0-9]{4})-([0-9]+)', '$2/$1') = '01/2024-05'", "F....."),
    # lists
    ("element_at(split(d, '-'), -1) = '05'", "F....."),
    ("array_join(array_distinct(array(s, 'x', s)), '+') = 'x'", ".FF..."),
    ("array_contains(array(i, 1), 7) is null and array_position(array(1), i) = 1", "......"),
    ("array_contains(array(i, 1), 7) is null", "..F..."),
    ("array_max(array(i, 1)) = 2 or size(slice(array(i, 1, 1), 2, 9)) = 3", ".F...."),
    ("sort_array(array(s, 'a'))[0] is null", "..F..."),
    ("b is not false and s is true", "F....F"),
    # days, times and numbers
    ("if(b, dd, timestamp '2024-01-07 00:00:00') like '%-01-07 00:00:00'", "FFF.F."),
    ("coalesce(dd, timestamp '2024-01-07 00:00:00') in (date '2024-01-07')", "F.F..."),
    ("cast(dd as int) is null and cast(dd as boolean) is null", "FFFFFF"),
    ("cast(cast(dd as timestamp) as bigint) = 1704585600", "F....."),
    ("cast(timestamp '1969-12-31 23:59:59.5' as int) = -1 and boolean(timestamp(dd))", "FF.FFF"),
    ("year(timestamp_seconds(-2147483647 - 1)) = 1901", "FFFFFF"),
    ("cast(f as timestamp) < timestamp '1970-01-01 00:00:00'", "...F.."),
    # days, and texts of days
    ("from_unixtime(i) = '1970-01-01 00:00:10'", ".....F"),
    ("unix_timestamp(dd) = 1704585600 and unix_timestamp(d) is null", "F....."),
    ("year(concat('00', d)) = 2024", "F..FFF"),
    ("to_timestamp(concat(d, ' 7')) = timestamp '2024-01-05 07:00:00'", "F....F"),
    ("to_timestamp(concat(d, ' 07:00:00.25')) > timestamp '2024-01-05 07:00:00.2'", "F....F"),
    ("to_timestamp(concat(d, ' 12:30:00 GMT-5')) = timestamp '2024-01-05 17:30:00'", "F....F"),
    ("to_timestamp(concat(d, 'T12:30:00+1:00')) = timestamp '2024-01-05 11:30:00'", "F....F"),
    ("to_timestamp(concat(d, ' 24:00:00')) is not null", "......"),
    ("to_timestamp(concat(d, 'T12:30Z')) is not null", "......"),
    ("to_timestamp(concat(d, ' 12:30:00+18:30')) is not null", "......"),
    ("concat(timestamp '2024-01-05 07:00:00.250', s) = '2024-01-05 07:00:00.25x'", ".F...."),
    ("to_date(d, 'yyyy-MM-dd') is not null", "F....."),
    ("to_date('20240229', 'yyyyMMdd') = dd and to_date(20240229, 'yyyyMMdd') = dd", "...FFF"),
    ("extract(dow from d) = 6 and date_part('second', dd) = 0", "F....F"),
    ("extract(second from concat(d, ' 07:00:01.25')) = 1.25 and hour(d) = 0", "F....F"),
    ("round(months_between(dd, '2023-12-30 12:00:00'), 4) = 0.2419", "F....."),
    ("cast(date_add(dd, 1) as string) = '2024-01-08'", "F....."),
    ("dd + interval 1 month = date '2024-02-07'", "F....."),
    ("cast(dd + interval 1 day as string) = '2024-01-01'", ".F...."),
    ("date_trunc('month', d) = timestamp '2024-01-01'", "F..F.F"),
    ("hour(d) = 0", "F..FFF"),
    ("date_format(dd, 'MM/yyyy') = '01/2024'", "F....."),
    ("unix_date(date(d)) = 19727 and unix_date(date '2024-01-05') = 19727", "F....F"),
    # angles, digests, and what is equal where both are NULL
    ("atan2(s, 1) > 0", "F..FF."),
    ("sinh(s) > 1 and cosh(s) > sinh(s) - 1 and tanh(s) < 2", "F..FF."),
    ("pi() > f", "F..F.F"),
    ("sha1(s) = sha(lower('X')) and sha1('x') like '11f6ad8e%'", ".F...."),
    ("equal_null(i, null)", "..F..."),
    # letters
    ("trim(concat('\u00a0', s)) = '\u00a0x'", ".F...."),
    ("reverse(concat('e\u0301', s)) = 'x\u0301e'", ".F...."),
    ("upper('stra\u00dfe') = 'STRASSE'", "FFFFFF"),
    ("upper(lower(concat(s, '\\u212a'))) = 'XK'", "......"),
    ("chr(i + 319) = '@'", "F....."),
    # patterns are Java's, sought anywhere
    ("s rlike '[[:alpha:]]' or s rlike '(?i)É'", "......"),
    ("d rlike '-5$'", ".....F"),
)
"""Clauses, and which rows of the odd ones each keeps."""


@pytest.mark.parametrize(("clause", "kept"), MET)
def test_types_meet_as_they_meet_in_spark(clause: str, kept: str) -> None:
    assert row_outcomes(f'IsComplete "w" where "{clause}"', ODD) == kept.replace(".", "P")


@pytest.mark.parametrize(
    ("clause", "why"),
    [
        ("i", "it is no condition"),
        ("'x'", "it is no condition"),
        ("s and b", "AND, OR or NOT stands beside a text"),
        ("b > 1", "it compares a yes or no with something else"),
        ("dd > 5", "it compares a date with a number"),
        ("b in (1, 'TRUE')", "IN holds values of one type against values of another"),
        ("b + 1 = 2", "it reckons with a yes or no"),
        ("f div 2 = 1", "it uses div of other than whole numbers"),
        (
            "concat(f * 1e20, s) = '1'",
            "it makes text of a double that is very large or very small, for which",
        ),
        ("cast(i as date) = dd", "it casts a number to a date"),
        ("try_cast(dd as int) = 1", "it casts a date to a number"),
        ("unix_date(d) = 1", "it uses unix_date of a text"),
        ("isnan(b)", "it uses isnan of a yes or no"),
        ("'a' || 1 + 2 = 'x'", "it joins texts beside + or - that stands without parentheses"),
        ("i | 1 & 2 = 1", "it reckons with bits in several ways without parentheses"),
        ("year(i) = 1", "it takes a number for a date"),
        ("soundex(s) = 'X'", "it uses soundex"),
        ("sha1(i) = 'x'", "it uses md5 or sha1 of other than text"),
        ("typeof(i) = 'int'", "it uses typeof"),
        ("bround(f) = 2", "uses bround, for which there is no translation"),
        ("trunc(dd, 'century') = dd", "it uses trunc otherwise than"),
        ("round(1.0, 1) / 3.0 > f", "it divides decimals of unknown digits"),
        # DuckDB knows these names, and gives another value or another type
        ("dayname(dd) = 'Sun'", "it uses dayname, for which there is no translation"),
        ("soundex(s) = 'x'", "it uses soundex, for which"),
        ("first(i) = 1", "it uses first, for which"),
        ("current_user = s", "uses current_user, which is not of the data"),
        ("user = s", "uses user, which is not of the data"),
        ("localtimestamp > dd", "uses localtimestamp, which is not of the data"),
        ("rand() > 0.5", "uses rand, whose value is never the same"),
        ("length(randstr(5)) = 5", "uses randstr, whose value is never the same"),
        ("char_length(s, 'x') = 1", "it uses char_length with other arguments than it takes"),
        ("curdate(s) = dd", "it uses curdate with other arguments than it takes"),
        ("and(s)", "it is no condition"),
        ("coalesce(b, 3) = 3", "it has one value out of several of different types"),
        ("greatest(s, i) = 1", "it has one value out of several of different types"),
        ("s like 'a\\\\b'", "a pattern of LIKE with a backslash"),
        ("any(i)", "it uses any of a number"),
        ("case when i then b end", "it takes a number for a condition"),
        ("i is true", "it asks whether a number is true"),
        ("size(s) = 1", "it uses size of what is not known to be a list"),
        ("array_join(array(i), '-') = '1'", "it uses array_join of other than a list of texts"),
        ("concat(array(i), s) = '1'", "it makes text of a list"),
        ("element_at(array(i), 0) = 1", "otherwise than with a number other than 0"),
        ("array_contains(array(i), s)", "with a text and a list of another type"),
        ("regexp_count(s, 'a?') = 1", "it counts a pattern that may be of no letter"),
        ("sha2(s, 512) = 'x'", "it uses sha2 otherwise than of a text with 256 bits"),
        ("from_unixtime(i, 'D') = '1'", "it uses from_unixtime with another format"),
        ("hex(dd) = 'x'", "it uses hex of other than a text or a number"),
        ("i & f = 1", "the bits of other than whole numbers"),
        ("cast(dd as decimal(9, 2)) = 1", "it casts a date to a number"),
        ("left(s, -1) = ''", "it uses left or right otherwise than"),
        ("locate(s, d, 2) = 1", "it seeks from a place otherwise than"),
        ("split_part(s, s, 1) = 'x'", "it uses split_part otherwise than"),
        ("date_format(dd, 'D') = '7'", "it uses date_format otherwise than"),
        ("to_date(s, 'd/M/y') = dd", "it uses to_date otherwise than"),
        ("months_between(dd, i) = 1", "it takes a number for a time"),
        ("extract(century from dd) = 1", "it uses extract of another part than"),
        ("cast(i * 1e13 as timestamp) = dd", "it makes time of a far year, for which"),
        ("to_timestamp(concat('1', i, ':30')) > dd", "it makes time of a text without a day, for"),
        ("round(f, 11) = 1", "it rounds to more than 10 digits"),
        ("isnan(dd)", "it uses isnan of a date"),
        ("concat(date '9999-12-31' + 1, s) = '1'", "text of a year of more than four digits"),
        ("regexp_extract(s, 'x', 1) = 'x'", "a group that the pattern has not"),
        ("regexp_extract(s, '[[:alpha:]]', 0) = 'x'", "more than plain parts and groups"),
        ("regexp_replace(s, 'x', '$1') = 'x'", "regexp_replace with a group that the pattern has"),
        ("regexp_replace(s, 'x', s) = 'x'", "otherwise than with a plain text and $1"),
        ("s rlike '(?=x)x'", "in its pattern it uses look-ahead"),
        ("s rlike d", "a pattern that does not stand there as a text"),
        ("s like 'x' = b", "it compares a condition that stands without parentheses"),
        ("d + interval 1 day = dd", "it adds an interval otherwise than"),
        (r"s = \"x\"", "The provided where clause is invalid"),
    ],
)
def test_what_differs_is_refused_by_name(clause: str, why: str) -> None:
    outcome = one(f'IsComplete "w" where "{clause}"', ODD)
    assert not outcome.evaluated
    assert why in (outcome.reason or ""), outcome.reason


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("select sum(s) from primary", 10.5),
        ("select mean(i) from primary", 2.0),
        ("select kurtosis(i) from primary", -0.3189),
        ("select skewness(i) from primary", 0.9274),
        ("select percentile(i, 0.25) from primary", 0.0),
        ("select percentile_approx(i, 0.5) from primary", 1.0),
        ("select count_if(i is null and b) from primary", 0.0),
        ("select coalesce(corr(i, 1), 7) from primary", 7.0),
        ("select size(collect_set(nullif(s, s))) + 1 from primary", 1.0),
        ("select size(collect_list(s)) from primary", 5.0),
        ("select count(s, i) from primary", 5.0),
        ("select count(distinct b, levenshtein(dd, d)) from primary", 5.0),
        ("select approx_count_distinct(d) from primary", 5.0),
        ("select coalesce(max_by(w, i), 'none') = 'none' from primary", 1.0),
        ("select count(*) from primary where any_b", None),
        ("select 100.0 * sum(case when b then 1 else 0 end) / count(*) from primary", 50.0),
        ("select avg(case when b then 1.0 else 0.0 end) * 1000000 from primary", 500000.0),
        ("select avg(distinct i / 3.0) * 3 from primary", 2.0),
        ("select 1000000 * avg(i / 7.00) / 3 from primary", 95238.066667),
        ("select (select 1.0 / 3 from primary limit 1) / (select max(i) from primary)", 0.0333333),
        # types go through queries of the user's own
        ("select count(*) from (select i as s from primary) t where s = 1", 1.0),
        ("select count(*) from (select *, s as k from primary) t where K = 7", 1.0),
        (
            "with x as (select s v from primary) select max(v) = 7 from x",
            0.0,
        ),
        (
            "select count(*) from (select s from primary union select i from primary) where s = 7",
            1.0,
        ),
        (
            "select sum(v) from (select i v from primary union all select s from primary)",
            20.5,
        ),
        (
            "select count(*) from primary p where exists (select 1 from primary q where q.s = p.i)",
            2.0,
        ),
        ("select count(*) from (select d, max(s) m from primary group by d having m > 1)", 2.0),
        ("select count(*) from (select s from primary union select now() from primary)", 7.0),
        ("select count(*) from primary where s in (select i from primary)", 1.0),
        (
            "select count(*) from primary where i not in (select s from primary where b)",
            4.0,
        ),
        ("select (select max(s) from primary where s < 9) - (select min(i) from primary)", 5.5),
        ("select count(*) from primary a join primary c on a.s = c.i", 2.0),
    ],
)
def test_queries_count_as_in_spark(query: str, value: float | None) -> None:
    outcome = one(f'CustomSql "{query}" > -1000', ODD)
    assert outcome.evaluated == (value is not None), outcome.reason
    if value is not None:
        assert outcome.metrics["Dataset.*.CustomSQL"] == pytest.approx(value, abs=0.01)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("select count(*) from primary where b in (select i from primary)", "IN holds values"),
        ("select count(*) from (select b from primary union select s from primary)", "one column"),
        ("select count(*) from (select b, i from primary) where b > i", "compares a yes or no"),
    ],
)
def test_what_no_query_of_spark_does_is_refused_by_name(query: str, why: str) -> None:
    outcome = one(f'CustomSql "{query}" > -1000', ODD)
    assert not outcome.evaluated
    assert why in (outcome.reason or ""), outcome.reason


TYPES: dict[str, Any] = {
    "bigint": pa.int64(),
    "string": pa.string(),
    "int": pa.int32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
    "decimal(10,2)": pa.decimal128(10, 2),
}
READ: dict[str, Callable[[Any], object]] = {
    "double": float,
    "date": dt.date.fromisoformat,
    "timestamp": dt.datetime.fromisoformat,
    "decimal(10,2)": decimal.Decimal,
}


def known_answers() -> tuple[dict[str, Any], ArrowTable]:
    """Spark's answers to clauses and queries, and the table that was asked."""
    known: dict[str, Any] = json.loads((FOLDER / "spark_sql.json").read_text(encoding="utf-8"))
    columns: dict[str, object] = {"w": pa.nulls(len(known["rows"]), pa.string())}
    for place, (name, kind) in enumerate(known["columns"]):
        values = [row[place] for row in known["rows"]]
        read = [None if v is None else READ.get(kind, lambda v: v)(v) for v in values]
        columns[name] = pa.array(read, TYPES[kind])
    return known, cast("ArrowTable", pa.table(columns))


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the answers of Spark are not beside the checkout")
def test_every_where_clause_that_is_answered_has_sparks_answer() -> None:
    known, data = known_answers()
    wrong: list[str] = []
    answered = 0
    for case in known["cases"]:
        if case["kind"] != "where":
            continue
        clause = case["sql"]
        found = evaluation(f'IsComplete "w" where "{clause}"', data)
        if not found.rules[0].evaluated:
            continue
        answered += 1
        kept = [row["rid"] for row in found.rows.to_pylist() if row["DataQualityRulesFail"]]
        if case["refused"] or kept != case["rids"]:
            wrong.append(clause)
    assert wrong == []
    assert answered >= 103
