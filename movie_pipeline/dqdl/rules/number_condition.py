"""Holding a number against a condition: comparisons as doubles, and functions over earlier values.

Pure arithmetic on Python floats. `between` excludes both bounds, as in the reference. Where the
earlier values come from is the caller's business.
"""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence

from movie_pipeline.dqdl.language.ruleset import Arithmetic, Call, Condition, Expression, Number

History = Mapping[str, Sequence[float]]
"""Earlier values, newest first, by a rule's canonical text or by the name of its metric."""


class NoValue(ValueError):
    """An expression has no single number; the message says why."""


def holds(condition: Condition, value: float, past: Sequence[float] = ()) -> bool:
    """Whether the value meets the condition.

    Args:
        condition: a condition on a number.
        value: the value, compared as a double without rounding.
        past: the earlier values of the same thing, newest first.

    Raises:
        NoValue: an operand comes to no single number.
    """
    operands = [single(o, past) for o in condition.operands if isinstance(o, Expression)]
    return _TESTS[condition.operator](value, operands)


def _equal(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


_TESTS: dict[str, Callable[[float, list[float]], bool]] = {
    "=": lambda v, o: _equal(v, o[0]),
    "!=": lambda v, o: not _equal(v, o[0]),
    ">": lambda v, o: v > o[0],
    ">=": lambda v, o: v >= o[0],
    "<": lambda v, o: v < o[0],
    "<=": lambda v, o: v <= o[0],
    "between": lambda v, o: o[0] < v < o[1],
    "not between": lambda v, o: v <= o[0] or v >= o[1],
    "in": lambda v, o: any(_equal(v, operand) for operand in o),
    "not in": lambda v, o: not any(_equal(v, operand) for operand in o),
}


def single(expression: Expression, past: Sequence[float] = ()) -> float:
    """The one number that an expression comes to."""
    value = _value(expression, past)
    if not isinstance(value, list):
        return value
    if len(value) > 1:
        raise NoValue(f"{expression} is a list of {len(value)} values, and one number is wanted")
    return value[0] if value else 0.0


def _value(expression: Expression, past: Sequence[float]) -> float | list[float]:
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Arithmetic):
        left, right = single(expression.left, past), single(expression.right, past)
        return _calculated(expression.operator, left, right)
    return _called(expression, past)


def _calculated(operator: str, left: float, right: float) -> float:
    if operator == "/":
        if right == 0:
            return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)
        return left / right
    return {"+": left + right, "-": left - right, "*": left * right}[operator]


# --- functions over earlier values --------------------------------------------------------------


def _median(values: list[float]) -> float:
    return statistics.median(values)


_OVER_A_LIST: dict[str, Callable[[list[float]], float]] = {
    "avg": statistics.fmean,
    "median": _median,
    "max": max,
    "min": min,
    "sum": math.fsum,
    "std": statistics.pstdev,
}
FUNCTIONS: dict[str, tuple[int, int]] = {
    "last": (0, 1),
    "abs": (1, 1),
    "index": (2, 2),
    **dict.fromkeys(_OVER_A_LIST, (1, 1)),
}
"""The functions that are honoured, each with its least and most arguments."""


def _called(call: Call, past: Sequence[float]) -> float | list[float]:
    if call.name == "last":
        wanted = int(single(call.arguments[0], past)) if call.arguments else 1
        return [float(value) for value in past[: max(wanted, 0)]]
    value = _value(call.arguments[0], past)
    if call.name == "abs":
        return [abs(v) for v in value] if isinstance(value, list) else abs(value)
    values: list[float] = value if isinstance(value, list) else [value]
    if call.name == "index":
        position = int(single(call.arguments[1], past))
        return values[position] if 0 <= position < len(values) else 0.0
    return float(_OVER_A_LIST[call.name](values)) if values else 0.0


def uses_history(condition: Condition | None) -> bool:
    """Whether a condition asks for earlier values."""
    if condition is None:
        return False
    return any(_asks(o) for o in condition.operands if isinstance(o, Expression))


def _asks(expression: Expression) -> bool:
    if isinstance(expression, Arithmetic):
        return _asks(expression.left) or _asks(expression.right)
    return isinstance(expression, Call)


def calls_in(expression: Expression) -> list[Call]:
    """Every function call in an expression."""
    if isinstance(expression, Arithmetic):
        return calls_in(expression.left) + calls_in(expression.right)
    if isinstance(expression, Call):
        return [expression, *(c for a in expression.arguments for c in calls_in(a))]
    return []


def is_bare_list(expression: Expression) -> bool:
    """Whether an expression is `last(k)` with k above 1, where one number is wanted."""
    if isinstance(expression, Arithmetic):
        return is_bare_list(expression.left) or is_bare_list(expression.right)
    if isinstance(expression, Call) and expression.name in ("last", "abs") and expression.arguments:
        first = expression.arguments[0]
        if expression.name == "abs":
            return is_bare_list(first)
        return isinstance(first, Number) and first.value > 1
    return False
