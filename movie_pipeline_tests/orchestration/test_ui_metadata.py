"""What the UI shows: a rule's result over a batch, pictures, tables; values in, values out."""

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from xml.etree import ElementTree as ET

import dagster as dg
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.dqdl import Rule, parse_ruleset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.file_summary import FileSummary, RuleAnswer, RuleState
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.orchestration.assets.ui_charts import histogram_chart, reasons_chart
from movie_pipeline.orchestration.assets.ui_metadata import TABLE_ROWS_SHOWN, table
from movie_pipeline.orchestration.assets.view_columns import traced_columns
from movie_pipeline.orchestration.checks.rule_checks import rule_result
from movie_pipeline.storage.storage_port import LandedFile

if TYPE_CHECKING:
    from movie_pipeline.datasets.dataset import Histogram

RATINGS = cast("Histogram", MOVIES.histogram)

ROWS, WHOLE = parse_ruleset('Rules = [ColumnValues "votes" > 1, RowCount > 2]')
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def result_of(rule: Rule, files: list[DecidedFile]) -> dg.AssetCheckResult:
    """What the check of a rule says of files of which it was asked."""
    result = rule_result("name", rule, files)
    assert result is not None
    return result


def judged(  # noqa: PLR0913 - each is one fact of a file
    name: str,
    rule: Rule,
    outcome: str,
    failing: int | None = None,
    *,
    rows: int = 0,
    source: str = "",
) -> DecidedFile:
    """A file of which one rule said this."""
    said = RuleAnswer(
        rule=str(rule),
        outcome=RuleState(outcome),
        failing_rows=failing,
        metrics={"Dataset.*.RowCount": 2.0},
        reason="" if outcome == "Passed" else "Too few.",
    )
    return DecidedFile(
        landed=LandedFile("local", name, "v1", 1, NOON),
        state=FileState.LOADED,
        content_sha256="",
        ruleset_sha256="",
        file_version=NOON,
        rows_in=rows,
        rows_good=rows,
        output_name="a.parquet",
        summary=FileSummary(rules=(said,), source=source),
    )


WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


@pytest.mark.parametrize(
    ("rule", "outcomes", "passed", "severity"),
    [
        (ROWS, ["Passed", "Passed"], True, WARN),
        (ROWS, ["Passed", "Failed"], False, WARN),
        (ROWS, ["Passed", "Error"], False, ERROR),
        (ROWS, ["Failed", "Error"], False, ERROR),
        (WHOLE, ["Passed", "Passed"], True, ERROR),
        (WHOLE, ["Passed", "Failed"], False, ERROR),
        (WHOLE, ["Error"], False, ERROR),
    ],
)
def test_a_rules_result_over_a_batch(
    rule: Rule, outcomes: list[str], *, passed: bool, severity: dg.AssetCheckSeverity
) -> None:
    files = [judged(f"{number}.csv", rule, said) for number, said in enumerate(outcomes)]
    result = result_of(rule, files)
    assert result.passed is passed
    assert result.severity is severity


def test_a_rule_that_passed_everywhere_says_how_often() -> None:
    files = [judged("a.csv", ROWS, "Passed", 0), judged("b.csv", ROWS, "Passed", 0)]
    result = result_of(ROWS, files)
    assert result.description == "2 of 2 files passed."
    assert result.metadata["failing_rows"] == dg.MetadataValue.int(0)
    assert result.metadata["rule"] == dg.MetadataValue.text('ColumnValues "votes" > 1')


def test_a_rule_that_was_asked_of_no_file_passes_nothing_and_counts_nothing() -> None:
    assert rule_result("name", ROWS, []) is None
    assert rule_result("name", ROWS, [judged("a.csv", WHOLE, "Passed")]) is None


def test_the_share_that_passed_is_a_number_of_many_files_and_of_each_source() -> None:
    files = [
        judged("a.csv", ROWS, "Passed", 0, rows=30, source="acme"),
        judged("b.csv", ROWS, "Failed", 5, rows=10, source="acme"),
        judged("c.csv", ROWS, "Failed", 5, rows=10),
    ]
    told = result_of(ROWS, files).metadata
    assert told["share_passed"] == dg.MetadataValue.float(0.8)
    assert told["share_passed: acme"] == dg.MetadataValue.float(0.875)
    whole = [judged("a.csv", WHOLE, "Passed"), judged("b.csv", WHOLE, "Failed")]
    assert result_of(WHOLE, whole).metadata["share_passed"] == dg.MetadataValue.float(0.5)


def test_metrics_are_plottable_where_there_is_one_file() -> None:
    one = result_of(WHOLE, [judged("a.csv", WHOLE, "Passed")])
    assert one.metadata["metric: Dataset.*.RowCount"] == dg.MetadataValue.float(2.0)
    two = [judged("a.csv", WHOLE, "Passed"), judged("b.csv", WHOLE, "Passed")]
    assert not [name for name in result_of(WHOLE, two).metadata if "metric" in name]


def picture(markdown: str) -> ET.Element:
    """The drawing inside the markdown."""
    _, _, data = markdown.partition("base64,")
    return ET.fromstring(base64.b64decode(data.removesuffix(")")))  # noqa: S314 - drawn by us


def texts(markdown: str) -> list[str]:
    """What is written in the drawing."""
    return [element.text or "" for element in picture(markdown).iter() if element.text]


def test_the_histogram_shows_each_half_points_count() -> None:
    counts = [0] * 20
    counts[15], counts[18] = 1234, 5
    written = texts(histogram_chart(counts, RATINGS))
    assert "Movies by IMDb rating (in all 1,239)" in written
    assert "1,234" in written
    assert "5" in written


def test_where_there_is_nothing_to_draw_a_sentence_stands() -> None:
    assert histogram_chart([0] * 20, RATINGS) == "No rated movie was loaded."
    assert reasons_chart({}) == "No record was set apart."


def test_the_reasons_are_drawn_the_commonest_first_and_escaped() -> None:
    written = texts(reasons_chart({"a < b & c": 3, "x" * 200: 7}))
    assert written[1].startswith("7  xxx")
    assert written[1].endswith("…")
    assert written[2] == "3  a < b & c"


def rows(value: object) -> list[dict[str, Any]]:
    """The rows of a table of metadata."""
    assert isinstance(value, dg.TableMetadataValue)
    return [dict(row.data) for row in value.records]


def test_a_long_table_is_cut_and_says_so() -> None:
    shown = rows(table([{"file": f"{n}.csv", "rows": n} for n in range(TABLE_ROWS_SHOWN + 50)]))
    assert len(shown) == TABLE_ROWS_SHOWN + 1
    assert shown[-1] == {"file": "… and 50 more", "rows": ""}


def test_an_empty_table_says_none() -> None:
    assert table([]) == dg.MetadataValue.text("none")


@pytest.mark.parametrize("view", MOVIES.view_names)
def test_every_column_of_a_view_can_be_followed_into_the_table(view: str) -> None:
    for column, deps in traced_columns(view, MOVIES).lineage(MOVIES).deps_by_column.items():
        if column == "movies":  # count(*) is made of no column
            continue
        assert deps, column
        assert {dep.asset_key.to_user_string() for dep in deps} == {MOVIES.table}


def test_every_column_of_a_view_says_what_it_is() -> None:
    traced = [traced_columns(view, MOVIES) for view in MOVIES.view_names]
    assert all(meaning for one in traced for meaning in one.described.values())
    described = traced_columns("mv_genre_statistics", MOVIES).described
    assert described["movies"] == "How many movies"
    assert described["average_rating"] == "Mean of imdb_rating"
    assert described["total_votes"] == "Sum of votes"
    assert described["genre"] == "Made of genre"  # one of several: not what the table's is
    best = traced_columns("mv_top_rated_movies", MOVIES)
    assert best.described["genre"] == "Genres, a comma between them"
    assert list(best.origins["genre"]) == ["genre"]
