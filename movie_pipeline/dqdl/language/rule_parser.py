"""Parsing of rules: one rule, and rules joined by AND and OR.

From a rule's kind to its last tag, checked against the kind's syntax. Sections, constants and
labels of a whole ruleset are in `ruleset_parser.py`.
"""

from collections.abc import Callable
from dataclasses import replace

from movie_pipeline.dqdl.language import limits
from movie_pipeline.dqdl.language.condition_parser import (
    UNITS_OF_SIZE,
    UNITS_OF_TIME,
    Constants,
    at_condition,
    bracketed,
    constant_at,
    parse_condition,
)
from movie_pipeline.dqdl.language.cursor import STRINGS, Cursor, did_you_mean
from movie_pipeline.dqdl.language.lexer import KEYWORDS, Kind, Token
from movie_pipeline.dqdl.language.rule_syntax import RuleSyntax, Syntaxes
from movie_pipeline.dqdl.language.ruleset import (
    CompositeRule,
    Condition,
    Labels,
    Logical,
    Number,
    Parameter,
    Place,
    Rule,
    SimpleRule,
    Size,
    Tag,
    Text,
)

MOST_LABELS = 10
LONGEST_KEY = 128
LONGEST_VALUE = 256
_TELLING = 4
"""Letters that say which kind is meant."""
_ONLY_ANALYZER = "AllStatistics"


class RulesParser:
    """Parses rules from a cursor, with the constants and labels that stood above them."""

    def __init__(
        self, cursor: Cursor, syntaxes: Syntaxes, constants: Constants, default_labels: Labels
    ) -> None:
        self._cursor = cursor
        self._syntaxes = syntaxes
        measuring = (name for name, syntax in syntaxes.items() if syntax.measures)
        self._analyzers = frozenset({_ONLY_ANALYZER, *measuring})
        self._constants = constants
        self._defaults = default_labels
        self._found = 0
        self._depth = 0

    def rule(self) -> Rule:
        """Parses a rule or a composite: OR binds loosest."""
        return self._joined("OR", lambda: self._joined("AND", self._group))

    def analyzer(self) -> SimpleRule:
        """Parses an analyzer: a kind and its parameters."""
        cursor = self._cursor
        kind = self._kind_name("an analyzer")
        if kind.written not in self._analyzers:
            known = "a rule and no analyzer" if kind.written in self._syntaxes else "no analyzer"
            raise cursor.refuse(
                f"{kind.written} is {known}",
                place=kind.place,
                hint=did_you_mean(kind.written, self._analyzers),
            )
        parameters = self._parameters()
        if at_condition(cursor):
            raise cursor.refuse("an analyzer has no condition", hint="move it to Rules")
        return SimpleRule(kind.written, parameters, place=kind.place)

    def _joined(self, operator: Logical, part: Callable[[], Rule]) -> Rule:
        place = self._cursor.place
        members = [part()]
        while self._cursor.take_word(operator, operator.lower()):
            members.append(part())
        if len(members) == 1:
            return members[0]
        return CompositeRule(operator, tuple(members), (), self._defaults, place)

    def _group(self) -> Rule:
        cursor = self._cursor
        place = cursor.place
        if not cursor.take_sign("("):
            return self._simple()
        self._depth += 1
        if self._depth > limits.DEEPEST_RULE:
            problem = f"more than {limits.DEEPEST_RULE} parentheses stand in each other here"
            raise cursor.refuse(problem, place=place, hint="leave out those that change nothing")
        inner = self.rule()
        self._depth -= 1
        cursor.need_sign(")", "the rules in parentheses")
        if not cursor.at_word("labels"):
            return inner
        own = inner.labels if isinstance(inner, SimpleRule) else ()
        labels = self._labels(own)
        return replace(inner, group_labels=inner.group_labels + labels)

    def _simple(self) -> SimpleRule:
        name = self._kind_name("a rule")
        self._found += 1
        if self._found > limits.MOST_RULES:
            problem = f"more than {limits.MOST_RULES:,} rules stand in this ruleset"
            hint = "one rule may hold a column against many values; see docs/dqdl.md, Limits"
            raise self._cursor.refuse(problem, place=name.place, hint=hint)
        parameters = self._parameters()
        syntax = self._syntax(name, parameters)
        if syntax.is_sql:
            self._check_sql("this statement", parameters[0].value, parameters[0].place)
        condition = self._condition(name, syntax, parameters)
        where = self._where(name, syntax)
        labels = self._labels(()) if self._cursor.at_word("labels") else ()
        tags, threshold = self._tags(name, syntax)
        return SimpleRule(
            name.written,
            parameters,
            condition,
            where,
            labels,
            tags,
            threshold,
            default_labels=self._defaults,
            judges_rows=syntax.judges_rows_with(condition),
            routes=syntax.routes_with(condition, threshold),
            place=name.place,
        )

    # --- kind and parameters --------------------------------------------------------------------

    def _kind_name(self, what: str) -> Token:
        token = self._cursor.token
        if token.kind is not Kind.NAME:
            first = token.value.strip().partition(" ")[0] if token.kind in STRINGS else ""
            hint = "a rule stands without quotes round it" if first in self._syntaxes else None
            raise self._cursor.unexpected(what, hint)
        return self._cursor.take()

    def _syntax(self, name: Token, parameters: tuple[Parameter, ...]) -> RuleSyntax:
        syntax = self._syntaxes.get(name.written)
        if syntax is None:
            hint = self._longer(name.written) or did_you_mean(name.written, self._syntaxes)
            if name.written == _ONLY_ANALYZER:
                hint = "it belongs in Analyzers"
            raise self._cursor.refuse(
                f"there is no rule {name.written}", place=name.place, hint=hint
            )
        if not syntax.least <= len(parameters) <= syntax.most:
            hint = None
            if any((p.joined_by or "").upper() == "AND" for p in parameters):
                hint = "put rules that are joined by AND in parentheses: (...) AND (...)"
            if any(p.written.lower() == "is" for p in parameters):
                hint = (
                    f'{name.written} "..." != NULL says that a value is there, = NULL that none is'
                )
            if any(p.written.lower() in {"like", "rlike", "regexp"} for p in parameters):
                hint = f'{name.written} "..." matches "..." holds a column against a pattern'
            found = len(parameters) or "none"
            raise self._cursor.refuse(
                f"{name.written} takes {syntax.parameters}, and here are {found}",
                place=name.place,
                hint=hint,
            )
        return syntax

    def _longer(self, written: str) -> str | None:
        """A hint that names the kind whose name ends or begins as this one is written."""
        lower = written.lower()
        near = [
            n for n in self._syntaxes if n.lower().endswith(lower) or n.lower().startswith(lower)
        ]
        return f"did you mean {near[0]}?" if near and len(lower) >= _TELLING else None

    def _parameters(self) -> tuple[Parameter, ...]:
        found: list[Parameter] = []
        while (parameter := self._parameter()) is not None:
            found.append(parameter)
            if len(found) > limits.MOST_PARAMETERS:
                problem = f"more than {limits.MOST_PARAMETERS} parameters of one rule stand here"
                raise self._cursor.refuse(problem, place=parameter.place)
        return tuple(found)

    def _parameter(self) -> Parameter | None:
        cursor = self._cursor
        joined = None
        if cursor.at_word("of", "OF", "and", "AND"):
            joined = cursor.take().written
        token = cursor.token
        if cursor.at_sign("$"):
            return self._constant_parameter(joined)
        if token.kind in (Kind.STRING, Kind.NAME):
            cursor.take()
            return Parameter(token.value, token.written, joined, token.place)
        if token.kind in STRINGS:
            cursor.need_string("a parameter")
        if joined is None and not (token.kind is Kind.NUMBER or _is_unit(token)):
            return None
        hint = f'put the name in quotes: "{token.written}"' if token.written in KEYWORDS else None
        raise cursor.unexpected("a parameter or a condition", hint)

    def _constant_parameter(self, joined: str | None) -> Parameter:
        place = self._cursor.place
        constant = constant_at(self._cursor, self._constants)
        if not isinstance(constant.value, str):
            raise self._cursor.refuse(
                f"${constant.name} is a list, and a parameter is a string", place=place
            )
        return Parameter(constant.value, f"${constant.name}", joined, place)

    # --- condition and where --------------------------------------------------------------------

    def _condition(
        self, name: Token, syntax: RuleSyntax, parameters: tuple[Parameter, ...]
    ) -> Condition | None:
        cursor = self._cursor
        if not at_condition(cursor):
            if syntax.may_stand_bare(len(parameters)):
                return None
            raise cursor.refuse(
                f"{name.written} needs a condition on a {syntax.conditions}",
                place=name.place,
                hint=f"for example {syntax.example or name.written + ' ... > 0.9'}",
            )
        if not syntax.takes:
            raise cursor.refuse(
                f"{name.written} passes or fails by itself and takes no condition",
                hint="leave the condition out",
            )
        condition = parse_condition(cursor, self._constants)
        if "size" in syntax.takes:
            condition = _in_bytes(condition)
        if condition.kind not in syntax.takes:
            raise cursor.refuse(
                f"{name.written} is held against a {syntax.conditions}, not a {condition.kind}",
                place=condition.place,
                hint=_unit_hint(condition),
            )
        return condition

    def _where(self, name: Token, syntax: RuleSyntax) -> Text | None:
        cursor = self._cursor
        if not cursor.at_word("where"):
            return None
        place = cursor.take().place
        if not syntax.where:
            raise cursor.refuse(f"{name.written} takes no where clause", place=place)
        clause = cursor.need_string("a where clause in double quotes")
        if not clause.value.strip():
            raise cursor.refuse("this where clause is empty", place=clause.place)
        self._check_sql("this where clause", clause.value, clause.place)
        return Text(clause.value, clause.written)

    def _check_sql(self, what: str, text: str, place: Place) -> None:
        """Refuses SQL that is longer, or nests deeper, than anybody writes by hand."""
        found, most, of = len(text), limits.LONGEST_SQL, "characters"
        if found <= most:
            found, most = limits.parentheses_in(text), limits.DEEPEST_SQL
            of = "parentheses that stand in each other"
        if found > most:
            problem = limits.too_much(f"{of} of {what}", found, most)
            raise self._cursor.refuse(problem, place=place)

    # --- labels and tags ------------------------------------------------------------------------

    def _labels(self, own: Labels) -> Labels:
        place = self._cursor.take().place
        labels = parse_labels(self._cursor)
        together = dict(self._defaults + own + labels)
        if len(together) > MOST_LABELS:
            raise self._cursor.refuse(
                f"{len(together)} labels with the default ones, and {MOST_LABELS} is the most",
                place=place,
            )
        return labels

    def _tags(self, name: Token, syntax: RuleSyntax) -> tuple[tuple[Tag, ...], Condition | None]:
        cursor = self._cursor
        tags: list[Tag] = []
        threshold: Condition | None = None
        while cursor.at_word("with"):
            place = cursor.take().place
            found = self._tag()
            if isinstance(found, Tag):
                tags.append(found)
                continue
            if threshold is not None:
                raise cursor.refuse("a rule has one threshold at most", place=place)
            if not syntax.threshold:
                able = ", ".join(n for n, s in self._syntaxes.items() if s.threshold)
                raise cursor.refuse(
                    f"{name.written} takes no threshold", place=place, hint=f"only {able} do"
                )
            threshold = found
        if cursor.at_word("labels", "where"):
            order = "kind, parameters, condition, where, labels, with"
            raise cursor.refuse(
                f"{cursor.token.description} stands behind `with`", hint=f"the order is {order}"
            )
        return tuple(sorted(tags, key=lambda tag: tag.name)), threshold

    def _tag(self) -> Tag | Condition:
        cursor = self._cursor
        name = cursor.token
        if name.kind is not Kind.NAME:
            raise cursor.unexpected("the name of a tag, without quotes,")
        cursor.take()
        quoted = cursor.at_sign("=") and cursor.following.kind in STRINGS
        if name.written.lower() == "threshold" and not quoted:
            condition = parse_condition(cursor, self._constants)
            if condition.kind != "number":
                raise cursor.refuse("a threshold is a number", place=condition.place)
            return condition
        if at_condition(cursor) and not cursor.at_sign("="):
            raise cursor.refuse("a tag takes `=` only")
        cursor.need_sign("=", f"`with {name.written}`")
        value = cursor.token
        if value.kind not in (*STRINGS, Kind.NUMBER):
            raise cursor.unexpected("the value of a tag")
        cursor.take()
        return Tag(name.written, value.value, value.written, name.place)


def parse_labels(cursor: Cursor) -> Labels:
    """Parses `= ["key"="value", ...]` behind `labels` or `DefaultLabels`."""
    cursor.need_sign("=", "the word before")
    place = cursor.place
    labels = bracketed(cursor, lambda: _label(cursor))
    keys = [key for key, _ in labels]
    for key in keys:
        if keys.count(key) > 1:
            raise cursor.refuse(f"the label {key!r} is given twice", place=place)
    if len(labels) > MOST_LABELS:
        raise cursor.refuse(f"{len(labels)} labels, and {MOST_LABELS} is the most", place=place)
    return labels


def _label(cursor: Cursor) -> tuple[str, str]:
    key = cursor.need_string("a label's key in double quotes")
    cursor.need_sign("=", "a label's key")
    value = cursor.need_string("a label's value in double quotes")
    for token, longest in ((key, LONGEST_KEY), (value, LONGEST_VALUE)):
        if not token.value:
            raise cursor.refuse("a label's key and value cannot be empty", place=token.place)
        if len(token.value) > longest:
            raise cursor.refuse(
                f"{len(token.value)} characters, and {longest} is the most", place=token.place
            )
    return key.value, value.value


def _is_unit(token: Token) -> bool:
    return token.kind is Kind.KEYWORD and token.written in (*UNITS_OF_TIME, *UNITS_OF_SIZE)


def _in_bytes(condition: Condition) -> Condition:
    if condition.kind != "number" or not all(isinstance(o, Number) for o in condition.operands):
        return condition
    sizes = tuple(Size(str(o)) for o in condition.operands)
    return replace(condition, kind="size", operands=sizes)


def _unit_hint(condition: Condition) -> str | None:
    if condition.kind == "string":
        return "a number stands without quotes"
    if condition.kind == "number":
        return "a duration has a unit: 3 days, 12 hours, 90 minutes"
    return None
