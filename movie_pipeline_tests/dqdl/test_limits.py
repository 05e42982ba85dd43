"""How much a ruleset may be: each limit has a sentence, and nothing but RulesetError comes out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_pipeline.dqdl import RulesetError, explain, parse_ruleset, unsupported
from movie_pipeline.dqdl.language import limits


def rules(*some: str) -> str:
    return f"Rules = [ {', '.join(some)} ]"


def listed(count: int) -> str:
    return ", ".join(f'"v{number}"' for number in range(count))


TOO_MUCH = {
    rules('IsComplete "t"' + " " * limits.LARGEST_RULESET): "bytes of this ruleset: 1,000,",
    rules(*['IsComplete "t"'] * 3_000): "more than 2,000 rules stand in this ruleset",
    rules("(" * 3_000 + 'IsComplete "t"' + ")" * 3_000): "more than 50 parentheses stand in each",
    rules("RowCount > " + "(" * 3_000 + "1" + ")" * 3_000): "more than 100 terms in one expression",
    rules("RowCount > " + "+".join(["1"] * 3_000)): "more than 100 terms in one expression",
    rules("RowCount > " + "abs(" * 200 + "1" + ")" * 200): "more than 100 terms in one expression",
    rules("RowCount > " + "9" * 5_000): "characters of this number: 5,000, and 100 is the most",
    rules(f'ColumnValues "t" in [{listed(50_000)}]'): "values of this list: 50,000, and 10,000",
    f"many = [{listed(50_000)}] {rules('RowCount > 1')}": "values of this list: 50,000",
    rules(f'ColumnValues "t" matches "{"a" * 2_000}"'): "characters of this pattern: 2,000",
    rules(f'IsComplete "t" where "{" or ".join(["v = 1"] * 5_000)}"'): "characters of this where",
    rules(f'IsComplete "t" where "{"(" * 3_000}v{")" * 3_000}"'): "parentheses that stand in each",
    rules(f'CustomSql "select {"(" * 200}1{")" * 200}" > 0'): "parentheses that stand in each",
}


@pytest.mark.parametrize("text", TOO_MUCH, ids=list(TOO_MUCH.values()))
def test_each_limit_is_said_in_a_sentence(text: str) -> None:
    with pytest.raises(RulesetError) as refused:
        parse_ruleset(text)
    assert TOO_MUCH[text] in refused.value.problem


def test_parentheses_in_quotes_are_no_nesting() -> None:
    quoted = "'" + "(" * 500 + "'"
    parse_ruleset(rules(f'IsComplete "t" where "t = {quoted}"'))


PIECES = st.sampled_from(
    [
        *("Rules = [ ", " ]", "(", ")", "[", "]", ", ", "AND ", "OR ", "not ", "in ", "where "),
        *(
            'IsComplete "t" ',
            'ColumnValues "t" ',
            "RowCount ",
            "> ",
            "= ",
            "1 ",
            "+ ",
            "- ",
            "abs(",
        ),
        *("between ", "now() ", "9999999999999999999 ", "days ", "with threshold ", "matches "),
        *('"a" ', '"(((" ', '"2024-01-01" ', "labels=", "$x ", 'x = "y" ', "last(", 'CustomSql "'),
    ]
)


def _repeated(piece: str, times: int) -> str:
    return piece * times


def _nested(opening: str, inner: str, closing: str, times: int) -> str:
    return rules(opening * times + inner + closing * times)


REPEATED = st.builds(_repeated, PIECES, st.sampled_from([1, 2, 60, 1_000]))
NESTED = st.builds(
    _nested,
    st.sampled_from(["(", "(RowCount > 1 AND ", "RowCount > (", "RowCount > abs(", "not "]),
    st.sampled_from(["RowCount > 1", "1", 'IsComplete "t"', 'IsComplete "t" where "n > 0"', ""]),
    st.sampled_from([")", "", " OR RowCount > 1)"]),
    st.integers(1, 3_000),
)


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.lists(REPEATED, max_size=8).map("".join), NESTED))
def test_nothing_but_a_ruleset_error_comes_of_any_text(text: str) -> None:
    try:
        ruleset = parse_ruleset(text)
    except RulesetError:
        return
    unsupported(ruleset)
    assert str(parse_ruleset(str(ruleset))) == str(ruleset)
    for rule in ruleset:
        assert explain(rule)
        hash(rule)
