"""What parses and is not honoured: refused by place, with the reason and a way out.

The second of the two moments of refusal. The parser takes all of DQDL; a pipeline that ignored a
threshold, a tag or an analyzer in silence would promise more than it checks.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator

from movie_pipeline.dqdl.language.cursor import did_you_mean
from movie_pipeline.dqdl.language.rule_kinds import REFUSED_KINDS
from movie_pipeline.dqdl.language.ruleset import (
    Condition,
    DateText,
    Expression,
    Place,
    Ruleset,
    SimpleRule,
    Tag,
    Text,
)
from movie_pipeline.dqdl.rules.number_condition import FUNCTIONS, calls_in, is_bare_list
from movie_pipeline.dqdl.rules.patterns import objection
from movie_pipeline.errors import RulesetError

_IGNORED_THRESHOLDS = (">", ">=", "<", "<=", "=", "between")
_ON_A_SET = ("=", "!=", "in", "not in")

Problem = tuple[str, Place, str | None]


def refusals(ruleset: Ruleset) -> list[RulesetError]:
    """Everything in the ruleset that would not be honoured, in the order of the text."""
    problems = [p for rule in ruleset for leaf in rule.leaves() for p in _problems(leaf)]
    problems += [
        (
            f"the analyzer {analyzer.kind} would not be run",
            analyzer.place,
            "only rules are judged here; write it as a rule with a bound, or remove the section",
        )
        for analyzer in ruleset.analyzers
    ]
    return [ruleset.refusal(problem, place, hint=hint) for problem, place, hint in problems]


def require_honoured(ruleset: Ruleset) -> None:
    """Raises the first of `refusals`, if there is one.

    Raises:
        RulesetError: a part of the ruleset would not be honoured.
    """
    for refusal in refusals(ruleset):
        raise refusal


def _problems(rule: SimpleRule) -> Iterator[Problem]:
    if rule.kind in REFUSED_KINDS:
        yield f"{rule.kind} is not judged here", rule.place, REFUSED_KINDS[rule.kind]
        return
    for check in _CHECKS:
        yield from check(rule)


def _threshold(rule: SimpleRule) -> Iterator[Problem]:
    condition, threshold = rule.condition, rule.threshold
    if condition is None or threshold is None:
        return
    if rule.kind == "CustomSql":
        yield (
            "a threshold goes with a CustomSql that returns rows, and this one is held to a number",
            threshold.place,
            "leave out the threshold or the condition",
        )
    ignored = condition.operator in _IGNORED_THRESHOLDS and not condition.names("NULL")
    if rule.kind == "ColumnValues" and condition.kind == "number" and ignored:
        hint = (
            "use `in`, `not in`, `!=` or `not between`, or a CustomSql that returns the good rows"
        )
        problem = f"Glue ignores a threshold on a number held by `{condition.operator}`"
        yield problem, threshold.place, hint


def _tags(rule: SimpleRule) -> Iterator[Problem]:
    for tag in rule.tags:
        if tag.name == "threshold":
            yield (
                "a threshold in quotes is only a tag",
                tag.place,
                "write the number without quotes",
            )
        elif tag.name == "ignoreCase":
            yield from _ignore_case(rule, tag)
        elif tag.name == "format":
            condition = rule.condition
            type_names = (
                [str(o).strip('"').upper() for o in condition.operands] if condition else []
            )
            if rule.kind != "ColumnDataType" or type_names != ["DATE"]:
                yield "a format goes with ColumnDataType and the type Date only", tag.place, None
        else:
            hint = did_you_mean(tag.name, ("ignoreCase", "format", "threshold"))
            yield f"the tag {tag.name} means nothing here", tag.place, hint or "remove it"


def _ignore_case(rule: SimpleRule, tag: Tag) -> Iterator[Problem]:
    condition = rule.condition
    on_strings = condition is not None and condition.kind == "string"
    if rule.kind != "ColumnValues" or condition is None or not on_strings:
        yield "ignoreCase goes with ColumnValues on strings only", tag.place, None
    elif condition.operator not in _ON_A_SET:
        hint = "start the pattern with (?i)"
        yield f"Glue ignores ignoreCase on `{condition.operator}`", tag.place, hint
    elif tag.value.lower() not in ("true", "false"):
        yield 'ignoreCase is "true" or "false"', tag.place, None


def _functions(rule: SimpleRule) -> Iterator[Problem]:
    for condition in _conditions(rule):
        expressions = [o for o in condition.operands if isinstance(o, Expression)]
        for call in (c for e in expressions for c in calls_in(e)):
            if call.name not in FUNCTIONS:
                known = ", ".join(FUNCTIONS)
                hint = did_you_mean(call.name, FUNCTIONS) or f"known: {known}"
                yield f"there is no function {call.name}", call.place, hint
                continue
            least, most = FUNCTIONS[call.name]
            if not least <= len(call.arguments) <= most:
                yield f"{call.name} takes {most} arguments", call.place, None
        if any(is_bare_list(e) for e in expressions):
            hint = "take one number of it: avg(last(10)), max(last(10)), index(last(10), 0)"
            yield "last(k) is a list, and one number is wanted", condition.place, hint


def _null(rule: SimpleRule) -> Iterator[Problem]:
    for condition in _conditions(rule):
        on_values = rule.kind == "ColumnValues" and condition is rule.condition
        if condition.names("NULL") and not on_values:
            yield f"{rule.kind} is never NULL", condition.place, "NULL goes with ColumnValues"


def _patterns(rule: SimpleRule) -> Iterator[Problem]:
    condition = rule.condition
    if rule.kind == "ColumnNamesMatchPattern":
        pattern, place = rule.parameters[0].value, rule.parameters[0].place
        try:
            re.compile(pattern)
        except re.error as error:
            yield f"this is no regular expression: {error.msg}", place, None
    elif condition is not None and condition.operator in ("matches", "not matches"):
        operand = condition.operands[0]
        problem = objection(operand.value) if isinstance(operand, Text) else None
        if problem:
            hint = "write it without, or as a CustomSql rule"
            yield f"this pattern cannot be honoured: {problem}", condition.place, hint


def _dates(rule: SimpleRule) -> Iterator[Problem]:
    for condition in _conditions(rule):
        for operand in condition.operands:
            if (
                isinstance(operand, DateText)
                and not operand.is_time
                and not _is_date(operand.value)
            ):
                yield f"{operand} is no day of the calendar", condition.place, None


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _conditions(rule: SimpleRule) -> Iterator[Condition]:
    yield from (c for c in (rule.condition, rule.threshold) if c is not None)


_CHECKS: tuple[Callable[[SimpleRule], Iterator[Problem]], ...] = (
    _threshold,
    _tags,
    _functions,
    _null,
    _patterns,
    _dates,
)
