"""What parses and is not supported is refused by place, before any data is read."""

import pytest

from movie_pipeline.dqdl import RulesetError, parse_ruleset, require_supported, unsupported
from movie_pipeline_tests.dqdl.ruleset_samples import evaluation, numbers

REFUSED = [
    ('DetectAnomalies "RowCount"', "write a bound over earlier runs instead"),
    ("FileSize > 5 MB", "only rows are judged here"),
    ('FileFreshness > "2024-01-01"', "FileFreshness is not judged here"),
    ('FileMatch in ["x"]', "FileMatch is not judged here"),
    ("FileUniqueness > 0.5", "FileUniqueness is not judged here"),
    ('ColumnValues "v" > 5 with threshold > 0.5', "Glue ignores a threshold on a number held by"),
    ('ColumnValues "v" between 1 and 5 with threshold > 0.5', "`between`"),
    ('ColumnValues "v" = 5 with threshold > 0.5', "`=`"),
    ('CustomSql "select 1" = 1 with threshold > 0.5', "leave out the threshold or the condition"),
    ('ColumnValues "v" in [1] with threshold = "0.5"', "a threshold in quotes is only a tag"),
    ('ColumnValues "v" = "a" with ignorecase = "true"', "did you mean ignoreCase?"),
    ('IsComplete "v" with anything = "1"', "the tag anything means nothing here"),
    ('ColumnValues "v" matches "a" with ignoreCase = "true"', "start the pattern with (?i)"),
    ('ColumnValues "v" = "a" with ignoreCase = "yes"', 'ignoreCase is "true" or "false"'),
    ('ColumnValues "v" in [1] with ignoreCase = "true"', "ColumnValues on strings only"),
    ('ColumnDataType "v" = "Integer" with format = "yyyy"', "the type Date only"),
    ("RowCount > average(last(3))", "there is no function average"),
    ("RowCount > avrg(last(3))", "did you mean avg?"),
    ("RowCount > index(last(3))", "index takes 2 arguments"),
    ("RowCount > last(3)", "last(k) is a list"),
    ("RowCount > 0.5 * last(3)", "last(k) is a list"),
    ("RowCount = NULL", "RowCount is never NULL"),
    ('ColumnValues "v" matches "(?=a)b"', "look-ahead"),
    ('ColumnValues "v" not matches "(a)\\1"', "a back-reference"),
    ('ColumnValues "v" matches "[a"', "it is no regular expression"),
    ('ColumnNamesMatchPattern "[a("', "it is no regular expression"),
    ('ColumnValues "v" > "2024-02-30"', "is no day of the calendar"),
]


@pytest.mark.parametrize(("rule", "words"), REFUSED)
def test_what_is_not_supported_is_refused(rule: str, words: str) -> None:
    ruleset = parse_ruleset(f"Rules = [\n  {rule}\n]")
    with pytest.raises(RulesetError) as caught:
        require_supported(ruleset)
    assert words in str(caught.value)
    assert caught.value.line == 2
    assert caught.value.source_line is not None


def test_analyzers_are_refused() -> None:
    with pytest.raises(RulesetError, match="the analyzer Completeness would not be run"):
        require_supported(parse_ruleset("Rules = [ RowCount > 0 ] Analyzers = [ Completeness a ]"))


def test_all_that_is_not_supported_can_be_had_at_once() -> None:
    ruleset = parse_ruleset("Rules = [ FileSize > 5 B, RowCount > 0, RowCount > foo(1) ]")
    assert [refusal.column for refusal in unsupported(ruleset)] == [11, 52]


def test_judging_refuses_too() -> None:
    with pytest.raises(RulesetError, match="Glue ignores a threshold"):
        evaluation('ColumnValues "v" > 5 with threshold > 0.5', numbers(1))


@pytest.mark.parametrize(
    "rule",
    [
        'ColumnValues "v" in [1] with threshold > 0.5',
        'ColumnValues "v" != 5 with threshold > 0.5',
        'ColumnValues "v" = NULL with threshold > 0.5',
        'ColumnValues "v" not between 1 and 5 with threshold > 0.5',
        'ColumnValues "v" > "2024-01-01" with threshold > 0.5',
        'ColumnDataType "v" = "Date" with format = "MM/yyyy" with threshold > 0.5',
        'ColumnValues "v" matches "(?i)a|b{2,3}[^x]\\d+"',
        "RowCount between min(last(10)) - 1 and 2 * max(last(10))",
        "RowCount > last(1)",
        "RowCount > abs(last(1))",
    ],
)
def test_what_is_supported_is_not_refused(rule: str) -> None:
    assert unsupported(parse_ruleset(f"Rules = [ {rule} ]")) == []
