"""What the reference's parser makes of odd writings, and hints for those that are none."""

import pytest

from movie_pipeline.dqdl import RulesetError, SimpleRule, explain, parse_ruleset
from movie_pipeline.dqdl.language.condition_parser import TODAY
from movie_pipeline.dqdl.language.ruleset import CompositeRule, Text
from movie_pipeline.dqdl.rules.unsupported import unsupported
from movie_pipeline_tests.dqdl.ruleset_samples import one, row_outcomes, table, texts


def parsed(rule: str, header: str = "") -> SimpleRule:
    (found,) = parse_ruleset(f"{header}\nRules = [ {rule} ]")
    assert isinstance(found, SimpleRule)
    return found


# --- backslashes --------------------------------------------------------------------------------


def values_of(rule: SimpleRule) -> list[str]:
    assert rule.condition is not None
    return [o.value for o in rule.condition.operands if isinstance(o, Text)]


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        (r'ColumnValues "v" matches "\\d{4}"', [r"\\d{4}"]),
        (r'ColumnValues "v" matches "\d{4}"', [r"\d{4}"]),
        (r'ColumnValues "v" = "a\"b"', [r"a\"b"]),
        (r'ColumnValues "v" in ["a\b", "c\\d", "e\"f"]', ["ab", r"c\d", 'e"f']),
        (r'ColumnValues "v" = "x\"', ["x\\"]),
    ],
)
def test_only_members_of_lists_lose_their_backslashes(rule: str, values: list[str]) -> None:
    assert values_of(parsed(rule)) == values


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        (r'ColumnValues "v" matches "\\d{4}"', [r"\dddd", "2024"], "PF"),
        (r'ColumnValues "v" matches "\d{4}"', [r"\dddd", "2024"], "FP"),
        (r'ColumnValues "v" in ["a\b"]', ["ab", r"a\b"], "PF"),
        (r'ColumnValues "v" = "a\\b"', [r"a\b", r"a\\b"], "PF"),
        (r'ColumnValues "v" = "a\"b"', ['a"b', r"a\"b"], "PF"),
        (r'ColumnValues "v" = "a\tb"', ["a\tb", "atb"], "PF"),
        (r"""IsComplete "w" where "v rlike '^\\d+$'" """, ["12", "dddd"], "FP"),
        (r"""IsComplete "w" where "v = 'a\'b'" """, ["a'b", "b"], "FP"),
        ('ColumnValues "v" in ["it\'s"]', ["it's"], "P"),
    ],
)
def test_backslashes_mean_what_they_mean_to_spark(
    rule: str, values: list[str], expected: str
) -> None:
    data = table(v=values, w=[None] * len(values))
    assert row_outcomes(rule, data) == expected


def test_a_pattern_with_two_backslashes_is_warned_of() -> None:
    ruleset = parse_ruleset('Rules = [\n  ColumnValues "v" matches "\\\\d"\n]')
    assert ruleset.warnings == (
        (
            "line 2: two backslashes in a pattern are a backslash in the text, to Glue as here: "
            r"digits are \d, and \\d is a backslash and the letter d."
        ),
    )
    assert parse_ruleset('Rules = [ ColumnValues "v" matches "\\d" ]').warnings == ()


def test_a_column_whose_name_holds_a_quote_is_found() -> None:
    assert one(r'IsComplete "a\"b"', table(**{'a"b': [1]})).outcome == "Passed"
    assert one(r'IsComplete "a\\b"', table(**{"a\\b": [1]})).outcome == "Passed"
    assert one(r'IsComplete "a\b"', table(**{"a\\b": [1]})).outcome == "Passed"


# --- the canonical text -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (
            'ColumnValues "a" in [1] labels=["k"="v"] with threshold > 0.5',
            'ColumnValues "a" in [1] with threshold > 0.5 labels=["k"="v"]',
        ),
        (
            'ColumnValues "a" = "x" where "b" labels=["k"="v"] with ignoreCase = "true"',
            'ColumnValues "a" = "x" where "b" with ignoreCase = "true" labels=["k"="v"]',
        ),
        (
            "((RowCount > 1) and (RowCount > 2)) and (RowCount > 3)",
            "(RowCount > 1) AND (RowCount > 2) AND (RowCount > 3)",
        ),
        (
            "(RowCount > 1) or ((RowCount > 2) or ((RowCount > 3) or (RowCount > 4)))",
            "(RowCount > 1) OR (RowCount > 2) OR (RowCount > 3) OR (RowCount > 4)",
        ),
        (
            "((RowCount > 1) and (RowCount > 2)) or (RowCount > 3)",
            "((RowCount > 1) AND (RowCount > 2)) OR (RowCount > 3)",
        ),
        (r'ColumnValues "a" in ["a\b","c\\d"]', r'ColumnValues "a" in ["ab","c\d"]'),
        ("RowCount > - 1", "RowCount > -1"),
    ],
)
def test_the_canonical_text_is_glues(written: str, canonical: str) -> None:
    ruleset = parse_ruleset(f"Rules = [ {written} ]")
    (rule,) = ruleset
    assert str(rule) == canonical
    assert parse_ruleset(str(ruleset)) == ruleset
    if isinstance(rule, CompositeRule):
        assert "AND" in rule.dqdl() or "OR" in rule.dqdl()


# --- taken as the reference takes it ------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ('ColumnValues "a" in [ - 1, 2]', 'ColumnValues "a" in [-1,2]'),
        ('ColumnValues "a" between - 5 and - 1', 'ColumnValues "a" between -5 and -1'),
        ("RowCount > (- 1 + 2)", "RowCount > (-1 + 2)"),
        ("RowCount > 5 - 1", "RowCount > 5 - 1"),
        ("RowCount > 5 - - 1", "RowCount > 5 - -1"),
        ('ColumnValues "a" in $c', 'ColumnValues "a" in $c'),
        ('ColumnValues "a" not in $c', 'ColumnValues "a" not in $c'),
        (
            'ColumnValues "a" in ["x"] with Threshold > - 0.5',
            'ColumnValues "a" in ["x"] with threshold > -0.5',
        ),
        (
            'ColumnValues "a" in ["x"] with THRESHOLD > 0.5',
            'ColumnValues "a" in ["x"] with threshold > 0.5',
        ),
        ('ColumnValues "a" = "9:30"', 'ColumnValues "a" = "9:30"'),
        ('ColumnValues "a" in ["9:30", "x"]', 'ColumnValues "a" in ["9:30","x"]'),
    ],
)
def test_odd_writings_are_taken(written: str, canonical: str) -> None:
    assert str(parsed(written, 'c = "one"\nprice = "$5"')) == canonical


def test_a_string_constant_is_a_list_of_one() -> None:
    for rule, expected in (('ColumnValues "v" in $c', "PF"), ('ColumnValues "v" not in $c', "FP")):
        (found,) = parse_ruleset(f'c = "one"\nRules = [ {rule} ]')
        assert isinstance(found, SimpleRule)
        assert values_of(found) == ["one"]
        assert row_outcomes(rule.replace("$c", '["one"]'), texts("one", "two")) == expected


@pytest.mark.parametrize("time", ["24:00", "99:99", "10:60", "13:00 PM", "0:30 AM", "00:30 AM"])
def test_impossible_times_are_refused(time: str) -> None:
    for rule in (f'ColumnValues "d" > "{time}"', f'ColumnValues "d" in ["{time}"]'):
        with pytest.raises(RulesetError, match=f'"{time}" is no time of day'):
            parse_ruleset(f"Rules = [ {rule} ]")


@pytest.mark.parametrize("time", ["00:00", "23:59", "9:30 AM", "09:30 AM", "12:05 PM"])
def test_possible_times_are_taken(time: str) -> None:
    assert str(parsed(f'ColumnValues "d" > "{time}"')) == f'ColumnValues "d" > "{time}"'


# --- types --------------------------------------------------------------------------------------

FLAGS = table(flag=[True, False, None], b=[b"a", b"b", None], t=["100", "x", None])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ColumnValues "t" != 100', "FFP"),
        ('ColumnValues "t" != 5', "PFP"),
        ('ColumnValues "t" in [100]', "FFF"),
        ('ColumnValues "t" not in [100]', "PPP"),
        ('ColumnValues "flag" != 1', "FPP"),
        ('ColumnValues "flag" != 5', "PPP"),
        ('ColumnValues "flag" = "true"', "FFF"),
        ('ColumnValues "flag" != "true"', "FFF"),
        ('ColumnValues "flag" in ["true"]', "FFF"),
        ('ColumnValues "flag" not in ["true", NULL]', "FFF"),
        ('ColumnValues "b" in ["a"]', "FFF"),
        ('ColumnValues "b" != "a"', "FFF"),
        ('ColumnValues "flag" = NULL', "FFP"),
        ('ColumnValues "flag" = EMPTY', "FFF"),
        ('ColumnValues "flag" != EMPTY', "FFP"),
    ],
)
def test_values_of_other_types_are_held_as_spark_holds_them(rule: str, expected: str) -> None:
    assert row_outcomes(rule, FLAGS) == expected


# --- hints --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ('ColumnValues "a" is not null', 'ColumnValues "..." != NULL'),
        ('ColumnValues "a" is null', "= NULL that none is"),
        ('"IsComplete a"', "a rule stands without quotes round it"),
        ('"RowCount > 5"', "a rule stands without quotes round it"),
        ('Freshness "d" <= 3 days', "did you mean DataFreshness?"),
        ('ColumnValues "d" > current_date - 2', "(now() - 2 days)"),
        ('ColumnValues "d" > (today - 2 days)', "(now() - 2 days)"),
        ('ColumnValues "a" == 5', "equal is written ="),
        ('ColumnValues "a" LIKE "x%"', '"..." matches "..."'),
    ],
)
def test_a_hint_leads_on(rule: str, hint: str) -> None:
    with pytest.raises(RulesetError) as refused:
        parse_ruleset(f"Rules = [ {rule} ]")
    assert hint in (refused.value.hint or ""), str(refused.value)


def test_a_function_for_today_leads_to_now() -> None:
    refused = unsupported(parse_ruleset('Rules = [ ColumnValues "d" > current_date() ]'))
    assert [(error.problem, error.hint) for error in refused] == [
        ("there is no function current_date", TODAY)
    ]


def test_an_unknown_format_is_named() -> None:
    found = one('ColumnDataType "v" = "Date" with format = "yyyy.MM"', texts("2024.01"))
    assert found.outcome == "Failed"
    assert "No value is of the format yyyy.MM; known: dd-MM-yyyy" in (found.reason or "")


def test_a_rule_is_explained_whatever_letter_its_column_begins_with() -> None:
    assert explain(parsed('IsComplete "amount"')).startswith(
        "Every row must have a value in amount"
    )
