"""Explaining: one plain sentence per rule, with the oddity where one bites."""

import pytest

from movie_pipeline.dqdl import explain, parse_ruleset


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("RowCount > 100", "The number of rows must be above 100."),
        (
            'ColumnValues "imdb_rating" between 8.5 and 10.3',
            "Every imdb_rating must be between 8.5 and 10.3, both bounds excluded; NULL fails.",
        ),
        (
            'ColumnValues "a" not in ["x","y"]',
            'Every a must be none of "x", "y"; NULL passes.',
        ),
        (
            'Completeness "a" >= 0.9 where "b > 1"',
            (
                "The share of rows that have a value in a must be at least 0.9, "
                "of the rows where b > 1."
            ),
        ),
        (
            'IsUnique "a"',
            "Every a must occur once; every copy of a repeated one fails.",
        ),
        (
            'ColumnLength "a" != 5',
            (
                "The length of every a must be anything but 5 (the rule looks only at the shortest "
                "and the longest value); NULL counts as length 0."
            ),
        ),
        (
            'ColumnValues "a" in ["x"] with threshold > 0.5',
            'Every a must be one of "x"; NULL fails; the share of passing rows must be above 0.5.',
        ),
        (
            'CustomSql "select 1" = 1',
            "The one number of this query must be exactly 1: select 1.",
        ),
        ("FileSize > 5 MB", "FileSize is not judged here."),
        (
            "(RowCount > 1) or (ColumnCount = 2)",
            (
                "At least one of these holds: (the number of rows must be above 1) or "
                "(the number of columns must be exactly 2)."
            ),
        ),
    ],
)
def test_a_rule_is_explained_in_a_sentence(rule: str, sentence: str) -> None:
    (parsed,) = parse_ruleset(f"Rules = [ {rule} ]")
    assert explain(parsed) == sentence
