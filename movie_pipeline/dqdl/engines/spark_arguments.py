"""What a function of Spark's takes: its arguments made of the type it wants, or refused.

How each function is written is in the modules of the calls.
"""

from collections.abc import Callable

from sqlglot import exp

from movie_pipeline.dqdl.engines.spark_casts import as_text, cast, template
from movie_pipeline.dqdl.engines.spark_types import (
    INTEGERS,
    NUMBERS,
    UNKNOWN,
    is_list,
    known,
    marked,
    said,
)
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import NoTranslation

NamedCall = Callable[[exp.Anonymous], Sql]


def written(text: str, takes: str, gives: str) -> NamedCall:
    """A function that is one template.

    Args:
        text: DuckDB SQL in which x, y and z stand for the arguments.
        takes: the kind of each: text, whole (as it is), bigint, int, double, day (or text), date,
            time, list, member (of that list), count
            (a number above 0 that stands there), number.
        gives: the type; `first` for that of the first argument, `member` for that of its members.
    """

    def write(node: exp.Anonymous) -> Sql:
        made: list[Sql] = []
        for kind, argument in zip(takes.split(), node.expressions, strict=True):
            made.append(_TAKEN[kind](argument, node.name.lower(), made))
        return marked(template(text, *made), _given(gives, made))

    return write


def is_count(part: object, *, least: int) -> bool:
    """Whether it stands there as a whole number that is at least so much."""
    if not isinstance(part, exp.Literal) or part.is_string or not part.name.isdigit():
        return False
    return int(part.name) >= least


def _given(gives: str, made: list[Sql]) -> str:
    if gives == "first":
        return known(made[0])
    return known(made[0]).removesuffix("[]") if gives == "member" else gives


def _text(part: Sql, name: str, before: list[Sql]) -> Sql:
    del name, before
    return as_text(part)


def _double(part: Sql, name: str, before: list[Sql]) -> Sql:
    del before
    if known(part) not in NUMBERS | UNKNOWN | {"VARCHAR"}:
        raise NoTranslation(f"it uses {name} of a {said(known(part))}")
    return cast(part, "DOUBLE")


def _number(part: Sql, name: str, before: list[Sql]) -> Sql:
    return cast(part, "DOUBLE") if known(part) == "VARCHAR" else _only(NUMBERS)(part, name, before)


def _whole_of(to: str) -> Callable[[Sql, str, list[Sql]], Sql]:
    """Any number as a whole one, and text too."""

    def taken(part: Sql, name: str, before: list[Sql]) -> Sql:
        del before
        if known(part) not in NUMBERS | {"VARCHAR"}:
            raise NoTranslation(f"it uses {name} of a {said(known(part))}")
        return marked(sql.cast(cast(part, to), to), to)

    return taken


def _only(types: frozenset[str]) -> Callable[[Sql, str, list[Sql]], Sql]:
    def taken(part: Sql, name: str, before: list[Sql]) -> Sql:
        del before
        if known(part) not in types:
            raise NoTranslation(f"it uses {name} of a {said(known(part))}")
        return part

    return taken


def _day(part: Sql, name: str, before: list[Sql]) -> Sql:
    part = cast(part, "DATE") if known(part) == "VARCHAR" else part
    return _only(frozenset({"DATE"}))(part, name, before)


def _time(part: Sql, name: str, before: list[Sql]) -> Sql:
    return _only(frozenset({"DATE", "TIMESTAMP"}))(part, name, before)


def _list(part: Sql, name: str, before: list[Sql]) -> Sql:
    del before
    if not is_list(known(part)) or "UNKNOWN" in known(part):
        raise NoTranslation(f"it uses {name} of what is not known to be a list")
    return part


def _member(part: Sql, name: str, before: list[Sql]) -> Sql:
    wanted, found = known(before[0]).removesuffix("[]"), known(part)
    if found != wanted and not {wanted, found} <= NUMBERS:
        raise NoTranslation(f"it uses {name} with a {said(found)} and a list of another type")
    return part


def _count(part: Sql, name: str, before: list[Sql]) -> Sql:
    del before
    if not is_count(part, least=1):
        raise NoTranslation(f"it uses {name} otherwise than with a number above 0")
    return part


_TAKEN: dict[str, Callable[[Sql, str, list[Sql]], Sql]] = {
    "text": _text,
    "double": _double,
    "number": _number,
    "whole": _only(frozenset(INTEGERS)),
    "bigint": _whole_of("BIGINT"),
    "int": _whole_of("INT"),
    "day": _day,
    "time": _time,
    "date": _only(frozenset({"DATE"})),
    "condition": _only(frozenset({"BOOLEAN", *UNKNOWN})),
    "list": _list,
    "member": _member,
    "count": _count,
}
