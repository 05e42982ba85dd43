"""What parses and is not supported: refused by place, with the reason and a way out.

The parser takes all of DQDL; a pipeline that ignored a threshold, a tag or an analyzer in silence
would promise more than it checks. What of one kind is not supported stands with the kind.
"""

import datetime as dt
from collections.abc import Iterator

from movie_pipeline.dqdl.language.condition_parser import TODAY, WORDS_FOR_TODAY
from movie_pipeline.dqdl.language.cursor import did_you_mean
from movie_pipeline.dqdl.language.ruleset import (
    Condition,
    DateText,
    Expression,
    Ruleset,
    SimpleRule,
    Text,
)
from movie_pipeline.dqdl.rules.number_condition import FUNCTIONS, calls_in, is_bare_list
from movie_pipeline.dqdl.rules.re2_patterns import objection
from movie_pipeline.dqdl.rules.registry import GLUE_ONLY, KINDS
from movie_pipeline.dqdl.rules.rule_kind import Problem, RuleKind
from movie_pipeline.errors import RulesetError


def unsupported(ruleset: Ruleset) -> list[RulesetError]:
    """Everything in the ruleset that is not supported, rule by rule, then the analyzers."""
    problems = [p for rule in ruleset for leaf in rule.leaves() for p in problems_of(leaf)]
    problems += [
        Problem(
            f"the analyzer {analyzer.kind} would not be run",
            analyzer.place,
            "only rules are judged here; write it as a rule with a bound, or remove the section",
        )
        for analyzer in ruleset.analyzers
    ]
    return [ruleset.refusal(problem, place, hint=hint) for problem, place, hint in problems]


def require_supported(ruleset: Ruleset) -> None:
    """Raises the first of `unsupported`, if there is one.

    Raises:
        RulesetError: a part of the ruleset is not supported.
    """
    for error in unsupported(ruleset):
        raise error


def problems_of(rule: SimpleRule) -> Iterator[Problem]:
    """What in a rule is not supported."""
    if (glue_only := GLUE_ONLY.get(rule.kind)) is not None:
        yield Problem(f"{rule.kind} is not judged here", rule.place, glue_only.why)
        return
    kind = KINDS[rule.kind]
    yield from kind.unsupported(rule)
    yield from _tags(rule, kind)
    yield from _functions(rule)
    yield from _null(rule, kind)
    yield from _patterns(rule)
    yield from _dates(rule)


def _tags(rule: SimpleRule, kind: RuleKind) -> Iterator[Problem]:
    of_this_kind = {tag.name: tag for tag in kind.tags}
    of_any_kind = {tag.name: tag for kind in KINDS.values() for tag in kind.tags}
    for tag in rule.tags:
        if tag.name in of_this_kind:
            yield from of_this_kind[tag.name].problems(rule, tag)
        elif tag.name in of_any_kind:
            yield Problem(of_any_kind[tag.name].goes_with, tag.place)
        elif tag.name == "threshold":
            problem = "a threshold in quotes is only a tag"
            yield Problem(problem, tag.place, "write the number without quotes")
        else:
            hint = did_you_mean(tag.name, (*of_any_kind, "threshold"))
            yield Problem(f"the tag {tag.name} means nothing here", tag.place, hint or "remove it")


def _functions(rule: SimpleRule) -> Iterator[Problem]:
    for condition in _conditions(rule):
        expressions = [o for o in condition.operands if isinstance(o, Expression)]
        for call in (c for e in expressions for c in calls_in(e)):
            if call.name not in FUNCTIONS:
                known = ", ".join(FUNCTIONS)
                hint = did_you_mean(call.name, FUNCTIONS) or f"known: {known}"
                hint = TODAY if call.name.casefold() in WORDS_FOR_TODAY else hint
                yield Problem(f"there is no function {call.name}", call.place, hint)
                continue
            least, most = FUNCTIONS[call.name]
            if not least <= len(call.arguments) <= most:
                yield Problem(f"{call.name} takes {most} arguments", call.place)
        if any(is_bare_list(e) for e in expressions):
            hint = "take one number of it: avg(last(10)), max(last(10)), index(last(10), 0)"
            problem = "last(k) is a list, and one number is wanted"
            yield Problem(problem, condition.place, hint)


def _null(rule: SimpleRule, kind: RuleKind) -> Iterator[Problem]:
    for condition in _conditions(rule):
        named_in_vain = not kind.names_null or condition is rule.threshold
        if condition.names("NULL") and named_in_vain:
            problem = f"{rule.kind} is never NULL"
            yield Problem(problem, condition.place, "NULL goes with ColumnValues")


def _patterns(rule: SimpleRule) -> Iterator[Problem]:
    condition = rule.condition
    if condition is not None and condition.operator in ("matches", "not matches"):
        operand = condition.operands[0]
        problem = (
            objection(operand.value, condition.operator) if isinstance(operand, Text) else None
        )
        if problem:
            hint = "write it without, or as a CustomSql rule"
            yield Problem(f"this pattern cannot be honoured: {problem}", condition.place, hint)


def _dates(rule: SimpleRule) -> Iterator[Problem]:
    for condition in _conditions(rule):
        for operand in condition.operands:
            if (
                isinstance(operand, DateText)
                and not operand.is_time
                and not _is_date(operand.value)
            ):
                yield Problem(f"{operand} is no day of the calendar", condition.place)


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _conditions(rule: SimpleRule) -> Iterator[Condition]:
    yield from (c for c in (rule.condition, rule.threshold) if c is not None)
