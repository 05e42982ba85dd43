"""The language: what is read, how it prints itself, and what is refused with which words."""

import pytest

from movie_pipeline.dqdl import RulesetError, parse_ruleset
from movie_pipeline.dqdl.language.ruleset import CompositeRule, SimpleRule


def rule_text(rule: str, header: str = "") -> str:
    (parsed,) = parse_ruleset(f"{header}\nRules = [ {rule} ]")
    return str(parsed)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ('IsComplete  "a"', 'IsComplete "a"'),
        ("Completeness of a > 0.5", "Completeness of a > 0.5"),
        ('ColumnValues "a" in ["x", "y" , NULL]', 'ColumnValues "a" in ["x","y",NULL]'),
        ('ColumnValues "a" in [ "x\\"y" ]', 'ColumnValues "a" in ["x"y"]'),
        ('ColumnValues "a" = "x\\"y"', 'ColumnValues "a" = "x\\"y"'),
        ('ColumnValues "a" ! = 5', 'ColumnValues "a" != 5'),
        ("RowCount > 10+5", "RowCount > 10 + 5"),
        ("RowCount > (2 + 3) * 2", "RowCount > (2 + 3) * 2"),
        ("RowCount between 5-2 and -1", "RowCount between 5 - 2 and -1"),
        ("FileSize > 2", "FileSize > 2 B"),
        ('ColumnValues "d" > (now() - 3 days)', 'ColumnValues "d" > (now() - 3 days)'),
        ('DataFreshness "d" <= 24 hours', 'DataFreshness "d" <= 24 hours'),
        ('(IsComplete "a") and (IsUnique "b")', '(IsComplete "a") AND (IsUnique "b")'),
        (
            'IsComplete "a" where "b > 1" labels = [ "k" = "v" ]',
            'IsComplete "a" where "b > 1" labels=["k"="v"]',
        ),
        (
            'ColumnValues "a" = "x" with ignoreCase = "true" with threshold  > 0.5',
            'ColumnValues "a" = "x" with threshold > 0.5 with ignoreCase = "true"',
        ),
        (
            'ColumnDataType "a" = "Date" with z = "1" with format = "yyyy"',
            'ColumnDataType "a" = "Date" with format = "yyyy" with z = "1"',
        ),
        ('(ColumnValues "a" > 1) labels=["k"="v"]', 'ColumnValues "a" > 1'),
    ],
)
def test_a_rule_prints_its_canonical_text(written: str, canonical: str) -> None:
    assert rule_text(written) == canonical


def test_and_binds_tighter_than_or_and_both_read_from_the_left() -> None:
    (rule,) = parse_ruleset("Rules = [ RowCount > 1 or RowCount > 2 and RowCount > 3 ]")
    assert str(rule) == "(RowCount > 1) OR ((RowCount > 2) AND (RowCount > 3))"
    assert isinstance(rule, CompositeRule)
    assert [leaf.place.column for leaf in rule.leaves()] == [11, 27, 44]


def test_constants_are_resolved_and_keep_their_name_in_the_text() -> None:
    ruleset = parse_ruleset(
        'codes = ["a", "b"]\ncolumn = "state"\nRules = [ ColumnValues $column in $codes ]'
    )
    (rule,) = ruleset
    assert isinstance(rule, SimpleRule)
    assert str(rule) == "ColumnValues $column in $codes"
    assert rule.columns == ("state",)
    assert rule.condition is not None
    assert [str(operand) for operand in rule.condition.operands] == ['"a"', '"b"']


def test_the_nearest_label_wins() -> None:
    (rule,) = parse_ruleset(
        'DefaultLabels=["k"="far", "team"="dq"]\n'
        'Rules = [ (IsComplete "a" labels=["k"="near"]) labels=["g"="group"] ]'
    )
    assert rule.all_labels == {"k": "near", "team": "dq", "g": "group"}


def test_metadata_and_sources_are_read() -> None:
    ruleset = parse_ruleset(
        'Metadata = { "Version": "1.0" }\n'
        'DataSources = { "Primary": "orders", "AdditionalDataSources": [ "ref", "other" ] }\n'
        "Rules = [ RowCount > 0 ]\nAnalyzers = [ Completeness of a ]"
    )
    assert ruleset.metadata == {"Version": "1.0"}
    assert (ruleset.primary, ruleset.additional_sources) == ("orders", ("ref", "other"))
    assert [str(analyzer) for analyzer in ruleset.analyzers] == ["Completeness of a"]
    assert parse_ruleset(str(ruleset)) == ruleset


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Rules = [\r\n  RowCount > 0\r\n]\r\n", "a carriage return stands here"),
        ("Rules = [ RowCount > 0 ] # the end", "the last comment has no newline behind it"),
    ],
)
def test_the_two_extensions_are_read_unless_strict(text: str, words: str) -> None:
    assert [str(rule) for rule in parse_ruleset(text)] == ["RowCount > 0"]
    with pytest.raises(RulesetError, match=words):
        parse_ruleset(text, strict=True)


REFUSED = [
    ("", "line 1, column 1: the text ends before any rule"),
    ("Rules = []", "there is no rule in this ruleset"),
    ("Rules = [ RowCount > 0, ]", "a comma stands before the closing bracket"),
    ("Rules = [ isComplete a ]", "there is no rule isComplete"),
    ("Rules = [ isComplete a ]", "did you mean IsComplete?"),
    ("Rules = [ RowCount a > 0 ]", "RowCount takes no parameter, and here are 1"),
    ('Rules = [ IsComplete "a" and IsUnique "b" ]', "put rules that are joined by AND in paren"),
    ("Rules = [ RowCount ]", "RowCount needs a condition on a number"),
    ('Rules = [ IsComplete "a" > 0 ]', "passes or fails by itself and takes no condition"),
    ('Rules = [ Completeness "a" = "1.0" ]', "a number stands without quotes"),
    ('Rules = [ DataFreshness "a" <= 3 ]', "a duration has a unit"),
    ('Rules = [ IsComplete "2024-01-01" ]', "reads as a date"),
    ('Rules = [ ColumnValues "a" in [1, "2"] ]', "cannot mix number and string operands"),
    ('Rules = [ ColumnValues "a" in [] ]', "this list is empty"),
    ('Rules = [ ColumnValues "a" between "x" and "y" ]', "`between` does not go with strings"),
    ('Rules = [ ColumnValues "a" > now() - 1 days ]', "write (now() - 3 days)"),
    ('Rules = [ ColumnValues "a" > now( ) ]', "`now()` is written without spaces"),
    ('Rules = [ ColumnValues "a" = $v ]', "a constant cannot stand here"),
    ('Rules = [ ColumnValues "a" in $v ]', "there is no constant $v above"),
    ("Rules = [ RowCount > 1e3 ]", "numbers are written 5 or 0.5"),
    ('Rules = [ ColumnValues "d" > "24:00" ]', '"24:00" is no time of day'),
    ('Rules = [ RowCount > 0 where "" ]', "this where clause is empty"),
    ('Rules = [ ColumnCount > 0 where "a" ]', "ColumnCount takes no where clause"),
    ("Rules = [ RowCount > 0 with threshold > 1 ]", "RowCount takes no threshold"),
    (
        'Rules = [ ColumnValues "a" in [1] with threshold > 1 with threshold > 2 ]',
        "a rule has one threshold at most",
    ),
    (
        'Rules = [ ColumnValues "a" in [1] with threshold > 1 labels=["k"="v"] ]',
        "`labels` stands behind `with`",
    ),
    ('Rules = [ FileSize > 1 with t in ["x"] ]', "a tag takes `=` only"),
    ('Rules = [ IsUnique "a" labels=["k"="v", "k"="w"] ]', "the label 'k' is given twice"),
    ('Rules = [ IsUnique "a" labels=["k"=""] ]', "a label's key and value cannot be empty"),
    ('Rules = [ IsUnique "a ]', "this string has no closing quote"),
    ("Rules = [ // no\n RowCount > 0 ]", "`/` stands where a rule is wanted"),
    ("Rules = [ RowCount > 0 ] nonsense", "`nonsense` stands behind the end of the ruleset"),
    ("Rules = [ RowCount > 0 ]\nRules = [ RowCount > 1 ]", "one Rules section"),
    ("Analyzers = [ RowCount ]\nRules = [ RowCount > 1 ]", "before Analyzers; merge the two"),
    ("Analyzers = [ IsComplete a ]", "IsComplete is a rule and no analyzer"),
    ("Analyzers = [ RowCount > 1 ]", "an analyzer has no condition"),
    ("Rule = [ RowCount > 1 ]", "did you mean Rules?"),
    ('v = "a"\nv = "b"\nRules = [ RowCount > 0 ]', "the constant v is defined twice"),
    ('v = "a $w"\nRules = [ RowCount > 0 ]', "a constant cannot use another constant"),
    ('_v = "a"\nRules = [ RowCount > 0 ]', "the name of a constant cannot start with `_`"),
    ('Metadata = { "V": "1" } Rules = [ RowCount > 0 ]', '"V" is no key of Metadata'),
    ("Metadata = {} Rules = [ RowCount > 0 ]", "Metadata is empty"),
    ("\ufeffRules = [ RowCount > 0 ]", "save the file without a byte order mark"),
    ("Rules = [ RowCount > \u201c0\u201d ]", "is no part of DQDL"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_is_not_dqdl_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(RulesetError) as caught:
        parse_ruleset(text)
    assert words in str(caught.value)
    assert caught.value.line is not None
    assert caught.value.column is not None


def test_a_refusal_points_at_the_place() -> None:
    text = 'Rules = [\n    IsComplete "a",\n    IsUniqe "b"\n]\n'
    with pytest.raises(RulesetError) as caught:
        parse_ruleset(text)
    assert str(caught.value) == (
        "line 3, column 5: there is no rule IsUniqe\n"
        '      IsUniqe "b"\n'
        "      ^\n"
        "  hint: did you mean IsUnique?"
    )


def test_one_closing_bracket_too_many_is_only_warned_of() -> None:
    ruleset = parse_ruleset("Rules = [ RowCount > 0 ]]")
    assert len(ruleset) == 1
    assert ruleset.warnings == ("line 1: one closing bracket too many; it changes nothing.",)


def test_the_three_worst_oddities_are_warned_of_with_their_line() -> None:
    ruleset = parse_ruleset(
        "Rules = [\n"
        'ColumnValues "a" not matches "x",\n'
        'ColumnLength "a" != 5,\n'
        '(RowCount > 0) and (DistinctValuesCount "a" = 3),\n'
        'ColumnLength "a" = 5\n'
        "]"
    )
    starts = [warning.split(" ")[0:3] for warning in ruleset.warnings]
    assert starts == [
        ["line", "2:", "ColumnValues"],
        ["line", "3:", "ColumnLength"],
        ["line", "4:", "DistinctValuesCount"],
    ]


def test_the_hash_is_of_the_text() -> None:
    first, second = parse_ruleset("Rules=[RowCount > 0]"), parse_ruleset("Rules=[RowCount  > 0]")
    assert first == second
    assert first.sha256 != second.sha256
    assert len(first.sha256) == 64


@pytest.mark.parametrize(
    ("rule", "routes"),
    [
        ('IsComplete "a"', True),
        ('IsUnique "a"', True),
        ('IsPrimaryKey "a" "b"', True),
        ('ColumnValues "a" > 1', True),
        ('ColumnLength "a" > 1', True),
        ('ColumnDataType "a" = "Date"', True),
        ('CustomSql "select a from primary"', True),
        ('CustomSql "select a from primary" with threshold > 0.5', False),
        ('CustomSql "select 1" = 1', False),
        ('ColumnValues "a" in [1] with threshold > 0.5', False),
        ('Completeness "a" > 0.5', False),
        ('Uniqueness "a" > 0.5', False),
        ("RowCount > 1", False),
        ('Mean "a" > 1', False),
        ('(IsComplete "a") and (IsUnique "b")', True),
        ('(IsComplete "a") or (RowCount > 5)', False),
    ],
)
def test_a_rule_without_a_bound_on_the_file_only_sets_rows_apart(
    rule: str, *, routes: bool
) -> None:
    (parsed,) = parse_ruleset(f"Rules = [ {rule} ]")
    assert parsed.routes is routes


def test_of_a_long_line_a_message_shows_what_is_around_the_place() -> None:
    rules = ", ".join(["RowCount > 1"] * 1000)
    text = f"Rules = [{rules}, RowCounts > 1, {rules}]"
    with pytest.raises(RulesetError) as caught:
        parse_ruleset(text)
    _, shown, caret, *_ = str(caught.value).split("\n")
    assert len(shown) < 120
    assert shown.startswith("  ... ")
    assert shown.endswith(" ...")
    assert shown[caret.index("^") :].startswith("RowCounts > 1")
