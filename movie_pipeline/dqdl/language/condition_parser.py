"""Parsing of conditions: operators, operands, number expressions.

From the operator to the last operand, and which kind of condition that makes. What a rule does with
a condition is not decided here.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from movie_pipeline.dqdl.language import limits
from movie_pipeline.dqdl.language.cursor import Cursor
from movie_pipeline.dqdl.language.lexer import Kind, is_possible_time, unescaped
from movie_pipeline.dqdl.language.ruleset import (
    Arithmetic,
    Call,
    Condition,
    ConditionKind,
    Constant,
    DateText,
    Duration,
    Expression,
    Keyword,
    Now,
    Number,
    Operand,
    Place,
    Size,
    Text,
)

Constants = Mapping[str, Constant]

WORDS_FOR_TODAY = frozenset(
    {"current_date", "current_timestamp", "today", "sysdate", "getdate", "date", "curdate"}
)
TODAY = "today is written now(), and two days ago (now() - 2 days)"
_COMPARISONS = ("=", "!=", ">=", "<=", ">", "<")
UNITS_OF_TIME = ("days", "hours", "minutes")
UNITS_OF_SIZE = ("B", "KB", "MB", "GB", "TB")
_KEYWORDS = (Keyword("NULL"), Keyword("EMPTY"), Keyword("WHITESPACES_ONLY"))
_STRING_OPERATORS = ("=", "!=", "in", "not in", "matches", "not matches")
_KIND_OF: dict[type, ConditionKind] = {
    Number: "number",
    Arithmetic: "number",
    Call: "number",
    Text: "string",
    DateText: "date",
    Now: "date",
    Duration: "duration",
    Size: "size",
}


def at_condition(cursor: Cursor) -> bool:
    """Whether a condition starts here."""
    return cursor.at_sign("!", *_COMPARISONS) or cursor.at_word("between", "in", "not", "matches")


def parse_condition(cursor: Cursor, constants: Constants) -> Condition:
    """Parses an operator and its operands.

    Raises:
        RulesetError: an operand is missing, of another kind than its neighbours, or does not go
            with the operator.
    """
    place = cursor.place
    operator = _operator(cursor)
    variable: str | None = None
    if operator in ("in", "not in") and cursor.at_sign("$"):
        variable, operands = _variable_list(cursor, constants)
    elif operator in ("in", "not in"):
        operands = _list(cursor)
    elif operator in ("between", "not between"):
        low = _operand(cursor)
        if not cursor.take_word("and", "AND"):
            raise cursor.unexpected("`and` between the two bounds")
        operands = (low, _operand(cursor))
    else:
        operands = (_operand(cursor),)
    kind = _kind(cursor, operands, place)
    _check_operator(cursor, operator, operands, kind, place)
    _check_pattern(cursor, operator, operands, place)
    return Condition(kind, operator, operands, variable, place)


def _operator(cursor: Cursor) -> str:
    negated = cursor.take_word("not")
    for word in ("between", "in", "matches"):
        if cursor.take_word(word):
            return f"not {word}" if negated else word
    if negated:
        raise cursor.unexpected("`between`, `in` or `matches` after `not`")
    if cursor.take_sign("!"):
        cursor.need_sign("=", "`!`")
        return "!="
    if cursor.at_sign(*_COMPARISONS):
        return cursor.take().written
    raise cursor.unexpected("a condition")


def _list(cursor: Cursor) -> tuple[Operand, ...]:
    if not cursor.at_sign("["):
        named = cursor.token.kind is Kind.NAME
        hint = "a constant is named with a dollar sign, $name" if named else None
        raise cursor.unexpected("`[` of a list", hint)
    return bracketed(cursor, lambda: _operand(cursor, listed=True))


Item = TypeVar("Item")


def bracketed(cursor: Cursor, item: Callable[[], Item]) -> tuple[Item, ...]:
    """Parses `[item, item]` with at least one item."""
    cursor.need_sign("[", "this")
    if cursor.at_sign("]"):
        raise cursor.refuse("this list is empty", hint="name at least one value")
    place = cursor.place
    items = [item()]
    while cursor.take_sign(","):
        items.append(item())
    cursor.need_sign("]", "the list")
    if len(items) > limits.LONGEST_LIST:
        raise cursor.refuse(
            limits.too_much("values of this list", len(items), limits.LONGEST_LIST),
            place=place,
            hint="hold them in a reference dataset, and use ReferentialIntegrity",
        )
    return tuple(items)


def _variable_list(cursor: Cursor, constants: Constants) -> tuple[str, tuple[Operand, ...]]:
    constant = constant_at(cursor, constants)
    if isinstance(constant.value, str):
        return constant.name, (Text(constant.value, f'"{constant.value}"'),)
    return constant.name, constant.value


def constant_at(cursor: Cursor, constants: Constants) -> Constant:
    """Takes `$name` and looks it up."""
    dollar = cursor.take()
    name = cursor.token
    if name.kind is not Kind.NAME or name.start != dollar.end:
        raise cursor.unexpected("the name of a constant, right after `$`,")
    if name.written not in constants:
        known = ", ".join(f"${n}" for n in constants) or "none"
        raise cursor.refuse(
            f"there is no constant ${name.written} above",
            hint=f"constants are defined before Rules; defined here: {known}",
        )
    cursor.take()
    return constants[name.written]


# --- operands -----------------------------------------------------------------------------------


def _operand(cursor: Cursor, *, listed: bool = False) -> Operand:
    token = cursor.token
    if token.kind is Kind.STRING:
        cursor.take()
        return Text(unescaped(token.value) if listed else token.value, token.written)
    if token.kind in (Kind.DATE, Kind.TIME):
        if token.kind is Kind.TIME and not is_possible_time(token.value):
            raise cursor.refuse(
                f"{token.written} is no time of day",
                hint='times are written "09:30", "23:59", "9:30 AM" or "12:05 PM"',
            )
        cursor.take()
        return DateText(token.value, is_time=token.kind is Kind.TIME)
    if (keyword := take_keyword(cursor)) is not None:
        return keyword
    if _at_now(cursor):
        return _now(cursor)
    if cursor.at_sign("$"):
        raise cursor.refuse(
            "a constant cannot stand here",
            hint="a constant is a parameter, or the whole list after `in` or `not in`",
        )
    return _number_operand(cursor)


def take_keyword(cursor: Cursor) -> Keyword | None:
    """Takes NULL, EMPTY or WHITESPACES_ONLY when it is next."""
    for keyword in _KEYWORDS:
        if cursor.take_word(keyword.name, keyword.name.lower()):
            return keyword
    return None


def _number_operand(cursor: Cursor) -> Operand:
    expression = parse_expression(cursor)
    if not isinstance(expression, Number):
        return expression
    if cursor.at_word(*UNITS_OF_TIME):
        return Duration(_whole(cursor, expression), cursor.take().written)
    if cursor.at_word(*UNITS_OF_SIZE):
        return Size(expression.text, cursor.take().written)
    return expression


def _whole(cursor: Cursor, number: Number) -> int:
    if not number.text.isdigit():
        raise cursor.refuse(f"{number.text} is not a whole number of {cursor.token.written}")
    return int(number.text)


def _at_now(cursor: Cursor) -> bool:
    if cursor.at_sign("("):
        return cursor.following.written == "now"
    return cursor.at_word("now")


def _now(cursor: Cursor) -> Now:
    in_parentheses = cursor.take_sign("(")
    word = cursor.take()
    opening = cursor.need_sign("(", "`now`")
    closing = cursor.need_sign(")", "`now(`")
    if opening.start != word.end or closing.start != opening.end:
        raise cursor.refuse("`now()` is written without spaces", place=word.place)
    if not in_parentheses:
        if cursor.at_sign("+", "-"):
            raise cursor.refuse(
                "a shifted date stands in parentheses", hint="write (now() - 3 days)"
            )
        return Now()
    return _shifted_now(cursor)


def _shifted_now(cursor: Cursor) -> Now:
    if not cursor.at_sign("+", "-"):
        raise cursor.unexpected("`+` or `-` after `now()`", "now() alone takes no parentheses")
    sign = cursor.take().written
    amount = cursor.take()
    if amount.kind is not Kind.NUMBER or not amount.written.isdigit():
        raise cursor.refuse("a whole number is wanted after the sign", place=amount.place)
    if not cursor.at_word(*UNITS_OF_TIME):
        raise cursor.unexpected("`days`, `hours` or `minutes`")
    shift = Duration(int(amount.written), cursor.take().written)
    cursor.need_sign(")", "the shifted date")
    return Now("+" if sign == "+" else "-", shift)


def parse_expression(cursor: Cursor) -> Expression:
    """Parses a number expression: one level of precedence, from left to right."""
    return _expression(cursor, _Terms(cursor))


class _Terms:
    """How many terms an expression has so far, those inside its parentheses counted."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._place = cursor.place
        self._found = 0

    def count(self) -> None:
        """One more; each may stand inside the one before, so that they bound the depth too."""
        self._found += 1
        if self._found > limits.MOST_TERMS:
            raise self._cursor.refuse(
                f"more than {limits.MOST_TERMS:,} terms in one expression, and that is the most",
                place=self._place,
            )


def _expression(cursor: Cursor, terms: _Terms) -> Expression:
    left = _term(cursor, terms)
    while cursor.at_sign("+", "-", "*", "/"):
        operator = cursor.take().written
        left = Arithmetic(operator, left, _term(cursor, terms))
    return left


def _term(cursor: Cursor, terms: _Terms) -> Expression:
    terms.count()
    token = cursor.token
    if cursor.take_sign("("):
        inner = _expression(cursor, terms)
        cursor.need_sign(")", "the expression")
        if isinstance(inner, Arithmetic):
            return Arithmetic(inner.operator, inner.left, inner.right, in_parentheses=True)
        return inner
    if cursor.at_sign("-") and cursor.following.kind is Kind.NUMBER:
        cursor.take()
        return Number(f"-{cursor.take().written}")
    if token.kind is Kind.NUMBER:
        return Number(cursor.take().written)
    if token.kind is Kind.NAME and cursor.following.written == "(":
        return _call(cursor, terms)
    hint = None
    if token.kind is Kind.NAME and token.written[:1] in ".0123456789":
        hint = "numbers are written 5 or 0.5, with no exponent and no bare point"
    if token.written.casefold() in WORDS_FOR_TODAY:
        hint = TODAY
    if token.written == "=":
        hint = "equal is written =, and not equal !="
    raise cursor.unexpected("a value", hint)


def _call(cursor: Cursor, terms: _Terms) -> Call:
    name = cursor.take()
    cursor.take()
    arguments: list[Expression] = []
    while not cursor.at_sign(")"):
        arguments.append(_expression(cursor, terms))
        if not cursor.take_sign(","):
            break
    cursor.need_sign(")", f"the arguments of {name.written}")
    return Call(name.written, tuple(arguments), name.place)


# --- what kind of condition it makes ------------------------------------------------------------


def _kind(cursor: Cursor, operands: tuple[Operand, ...], place: Place) -> ConditionKind:
    kinds: set[ConditionKind] = {_KIND_OF[type(o)] for o in operands if not isinstance(o, Keyword)}
    words = {o.name for o in operands if isinstance(o, Keyword)}
    if words & {"EMPTY", "WHITESPACES_ONLY"}:
        kinds.add("string")
    if not kinds:
        return "number"
    if len(kinds) > 1:
        names = " and ".join(sorted(kinds))
        raise cursor.refuse(
            f"one condition cannot mix {names} operands",
            place=place,
            hint="write all of them as numbers, or all as strings that do not look like dates",
        )
    kind = kinds.pop()
    if "NULL" in words and kind in ("duration", "size"):
        raise cursor.refuse(f"NULL does not go with a {kind}", place=place)
    return kind


def _check_operator(
    cursor: Cursor,
    operator: str,
    operands: tuple[Operand, ...],
    kind: ConditionKind,
    place: Place,
) -> None:
    if kind == "string" and operator not in _STRING_OPERATORS:
        raise cursor.refuse(
            f"`{operator}` does not go with strings",
            place=place,
            hint="strings take =, !=, in, not in, matches and not matches",
        )
    if operator in ("matches", "not matches") and not isinstance(operands[0], Text):
        raise cursor.refuse(
            f"`{operator}` wants a pattern in quotes",
            place=place,
            hint="a string that looks like a date or a time cannot be a pattern",
        )
    ordering = operator not in ("=", "!=", "in", "not in")
    if ordering and any(isinstance(o, Keyword) for o in operands):
        raise cursor.refuse(f"NULL does not go with `{operator}`", place=place)


def _check_pattern(
    cursor: Cursor, operator: str, operands: tuple[Operand, ...], place: Place
) -> None:
    if operator not in ("matches", "not matches") or not isinstance(operands[0], Text):
        return
    length = len(operands[0].value)
    if length > limits.LONGEST_PATTERN:
        problem = limits.too_much("characters of this pattern", length, limits.LONGEST_PATTERN)
        raise cursor.refuse(problem, place=place)
