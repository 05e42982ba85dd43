"""Adding a kind of rule takes one value: this one goes from text to the outcome of each row."""

import pytest

from movie_pipeline.dqdl import RulesetError, explain, parse_ruleset, unsupported
from movie_pipeline.dqdl.language.rule_syntax import RuleSyntax
from movie_pipeline.dqdl.language.ruleset import SimpleRule
from movie_pipeline.dqdl.rules import registry, sql
from movie_pipeline.dqdl.rules.columns import typed_column
from movie_pipeline.dqdl.rules.row_predicates import kept_rows, row_outcome
from movie_pipeline.dqdl.rules.rule_kind import Oddity, RuleKind
from movie_pipeline.dqdl.rules.rule_plan import Answers, Context, Plan, Verdict
from movie_pipeline.dqdl.rules.verdicts import rows_reason
from movie_pipeline.dqdl.rules.wording import holds
from movie_pipeline_tests.dqdl.ruleset_samples import one, row_outcomes, table

RULE = 'IsUppercase "v" where "n > 1"'


def is_uppercase(rule: SimpleRule, context: Context) -> Plan:
    column = typed_column(context, rule.columns[0], ("string",))
    kept = kept_rows(context, rule)

    def verdict(answers: Answers) -> Verdict:
        metrics = {f"Column.{rule.columns[0]}.Uppercase": answers.passing_ratio}
        reason = rows_reason(rule, answers.failing, answers.kept)
        return Verdict(not answers.failing, metrics, reason if answers.failing else None)

    passes = sql.compared(sql.call("upper", column.sql), "=", column.sql)
    return Plan(verdict, rows=row_outcome(kept, passes), kept=kept, has_user_sql=True)


@pytest.fixture(autouse=True)
def known_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = RuleKind(
        RuleSyntax("IsUppercase", 1, 1, bare=True, where=True, judges_rows=True, routes=True),
        plan=is_uppercase,
        meaning=holds("every {columns} must be written in capitals"),
        oddity=Oddity("takes digits for capitals."),
    )
    monkeypatch.setitem(registry.KINDS, "IsUppercase", kind)


def test_it_is_parsed_with_its_oddity_and_refused_where_it_is_misused() -> None:
    ruleset = parse_ruleset(f"Rules = [ {RULE} ]")
    assert str(parse_ruleset(str(ruleset))) == str(ruleset)
    assert unsupported(ruleset) == []
    assert ruleset.warnings == ("line 1: IsUppercase takes digits for capitals.",)
    with pytest.raises(RulesetError, match="IsUppercase passes or fails by itself"):
        parse_ruleset('Rules = [ IsUppercase "v" > 1 ]')
    with pytest.raises(RulesetError, match="did you mean IsUppercase"):
        parse_ruleset('Rules = [ IsUpercase "v" ]')


def test_it_is_explained() -> None:
    (rule,) = parse_ruleset(f"Rules = [ {RULE} ]")
    assert explain(rule) == "Every v must be written in capitals, of the rows where n > 1."


def test_it_judges_the_relation_and_each_row() -> None:
    data = table(v=["a", "B", "c", None], n=[1, 2, 3, 4])
    found = one(RULE, data)
    assert (found.outcome, found.routes, found.failing_rows) == ("Failed", True, 2)
    assert found.metrics == {"Column.v.Uppercase": 1 / 3}
    assert found.reason == "2 of 3 rows do not meet IsUppercase v."
    assert row_outcomes(RULE, data) == "PPFF"


def test_it_joins_other_rules_and_fails_alone_on_a_column_of_another_type() -> None:
    data = table(v=["a", "B"], n=[1, 2])
    assert row_outcomes('(IsUppercase "v") and (IsComplete "n")', data) == "FP"
    broken = one('IsUppercase "n"', data)
    assert not broken.evaluated
    assert broken.reason == "Expected type of column n to be string, but it is BIGINT."
