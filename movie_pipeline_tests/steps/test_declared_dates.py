"""A column of declared dates under rules, in quarantine, in other_columns and over time."""

import datetime as dt
import json
from pathlib import Path

import pytest

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.reports.file_check import check_file
from movie_pipeline.stored_values import to_json
from movie_pipeline_tests.samples import LENIENT_RULES, csv_file
from movie_pipeline_tests.steps.bench import Bench, Screened

HEADER = ("movie_id", "title", "rating", "Date Published", "Shot")
DECLARED = """
[vendor]
files = "vendor-*.csv"
dates = { "Date Published" = "%d.%m.%Y" }
"""


@pytest.fixture
def vendor(tmp_path: Path) -> Bench:
    """A home whose sources file declares the form of one column."""
    sources = tmp_path / "sources.toml"
    sources.write_text(DECLARED, encoding="utf-8")
    return Bench(tmp_path / "home", sources=sources)


def premieres(*cells: str, shot: str = "03/04/2015") -> bytes:
    """A film for each date of publication, called by its place: 1, 2, ..."""
    return csv_file(
        [(str(i), f"Film {i}", "8.5", cell, shot) for i, cell in enumerate(cells, 1)],
        header=HEADER,
    )


def passing(screened: Screened) -> list[str]:
    """The films that load."""
    return screened.rows["movie_id"].tolist()


def test_dates_load_as_iso_beside_undeclared_ones_as_written(vendor: Bench) -> None:
    screened = vendor.screen(premieres("31.01.2015", "1.2.2015", ""), key="vendor-1.csv")
    assert screened.decided.state is FileState.LOADED
    assert [json.loads(text) for text in screened.rows["other_columns"]] == [
        {"date_published": "2015-01-31", "shot": "03/04/2015"},
        {"date_published": "2015-02-01", "shot": "03/04/2015"},
        {"date_published": None, "shot": "03/04/2015"},
    ]


def test_a_record_whose_date_is_none_waits_with_the_form_in_its_reason(vendor: Bench) -> None:
    content = premieres("31.02.2015", "2015-01-31", "1/2/2015", "01.02.2015")
    screened = vendor.screen(content, key="vendor-1.csv")
    assert passing(screened) == ["4"]
    assert [record["reasons"][0] for record in screened.records] == [
        {
            "rule": "movie_contract",
            "message": f'date_published: "{cell}" is not a date of the declared form %d.%m.%Y, '
            "such as 31.01.2015",
        }
        for cell in ("31.02.2015", "2015-01-31", "1/2/2015")
    ]
    assert "31.02.2015" not in to_json(screened.decided)


def test_the_same_column_of_another_source_stays_text(vendor: Bench) -> None:
    screened = vendor.screen(premieres("31.01.2015"), key="other.csv")
    (other,) = screened.rows["other_columns"].tolist()
    assert json.loads(other) == {"date_published": "31.01.2015", "shot": "03/04/2015"}
    assert screened.rows["release_year"].tolist() == [2015]  # the file brings no other year


@pytest.mark.parametrize(
    ("rule", "films"),
    [
        ('ColumnValues "date_published" > "2015-01-01"', ["2", "3"]),
        ('ColumnValues "Date Published" >= "2015-01-01"', ["1", "2", "3"]),
        ('ColumnValues "date_published" between "2015-01-01" and "2016-02-29"', ["2"]),
        ('ColumnValues "date_published" in ["2015-01-02", "2016-02-29"]', ["2", "3"]),
        ('ColumnValues "date_published" < (now() - 1 days)', ["1", "2", "3", "4"]),
        ('ColumnDataType "date_published" = "Date"', ["1", "2", "3", "4"]),
        ('IsComplete "date_published"', ["1", "2", "3", "4"]),
        ('IsUnique "date_published"', ["1", "2", "3", "4"]),
        ('ColumnValues "imdb_rating" > 9 where "date_published > DATE \'2015-06-01\'"',
         ["1", "2", "4"]),
        ('CustomSql "select * from primary where date_published <= DATE \'2015-01-02\'"',
         ["1", "2", "4"]),
    ],
)  # fmt: skip
def test_a_row_rule_judges_declared_dates_as_dates(
    rule: str, films: list[str], vendor: Bench
) -> None:
    content = premieres("01.01.2015", "02.01.2015", "29.02.2016", "31.12.2014")
    screened = vendor.screen(content, f"Rules = [{rule}]", key="vendor-1.csv")
    assert screened.decided.state is FileState.LOADED, screened.decided.reason
    assert passing(screened) == films


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ('DataFreshness "date_published" <= 3 days', "Passed"),
        ('DataFreshness "date_published" <= 1 days', "Failed"),
        ('Completeness "date_published" = 1.0', "Passed"),
        ('DistinctValuesCount "date_published" = 2', "Passed"),
        ('DistinctValuesCount "date_published" = 3', "Failed"),
        ('ColumnDataType "shot" = "Date"', "Failed"),
    ],
)
def test_a_rule_answers_for_declared_dates(rule: str, outcome: str, vendor: Bench) -> None:
    days = [dt.datetime.now(dt.UTC) - dt.timedelta(days=age) for age in (0, 2)]
    content = premieres(*(f"{day:%d.%m.%Y}" for day in days), shot="31/04/2015")
    screened = vendor.screen(content, f"Rules = [{rule}]", key="vendor-1.csv")
    assert screened.rules()[rule].outcome == outcome


def test_a_row_that_fails_a_rule_shows_its_date_as_the_file_writes_it(vendor: Bench) -> None:
    rule = 'ColumnValues "date_published" > "2015-01-01"'
    screened = vendor.screen(premieres("31.12.2014"), f"Rules = [{rule}]", key="vendor-1.csv")
    assert screened.messages() == [f'date_published is "31.12.2014": fails {rule}']


def test_check_judges_a_file_by_what_its_source_declares(vendor: Bench, tmp_path: Path) -> None:
    path = tmp_path / "vendor-7.csv"
    path.write_bytes(premieres("31.01.2015", "soon"))
    checked = check_file(
        path,
        parse_ruleset(LENIENT_RULES),
        vendor.deployment.settings,
        vendor.deployment.storage,
        vendor.deployment.dataset,
    )
    assert (checked.rows_good, checked.rows_apart) == (1, 1)
