"""How DuckDB is asked for a pattern of Java's, which `re2_patterns.py` wrote for RE2."""

from sqlglot import exp

from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.re2_patterns import MARK, WORDS, Searched
from movie_pipeline.dqdl.rules.sql import Sql

_ASCII = r"[\x00-\x7F]*"
_NO_MARK = "\ufdd1"


def matched(text: Sql, wanted: Searched) -> Sql:
    """The pattern is found, whatever line end the text has."""
    found = searched(text, wanted)
    if wanted.before_return is None:
        return found
    before_return = sql.call("suffix", text, sql.string("\r\n"))
    return _either(before_return, searched(text, wanted.before_return), found)


def _found(text: Sql, pattern: str, wanted: Searched) -> Sql:
    """The pattern finds something, and that is not empty."""
    if not wanted.groups:
        how = "regexp_full_match" if wanted.whole else "regexp_matches"
        return sql.call(how, text, sql.string(pattern))
    groups = [
        sql.call("regexp_extract", text, sql.string(pattern), sql.number(group))
        for group in range(1, wanted.groups + 1)
    ]
    together = groups[0] if len(groups) == 1 else sql.call("concat", *groups)
    without = sql.call("replace", together, sql.string(MARK), sql.string(""))
    return sql.compared(without if pattern == wanted.marked else together, "!=", sql.string(""))


def searched(text: Sql, wanted: Searched) -> Sql:
    """The pattern is found, in a text with more than ASCII with Java's idea of a word."""
    found = _found(text, wanted.text, wanted)
    if wanted.marked is None:
        return found
    marked = sql.call(
        "regexp_replace",
        sql.call("replace", text, sql.string(MARK), sql.string(_NO_MARK)),
        sql.string(WORDS),
        sql.string(rf"{MARK}\1{MARK}"),
        sql.string("g"),
    )
    ascii_only = sql.call("regexp_full_match", text, sql.string(_ASCII))
    return _either(ascii_only, found, _found(marked, wanted.marked, wanted))


def _either(condition: Sql, then: Sql, otherwise: Sql) -> Sql:
    return exp.Case(ifs=[exp.If(this=condition.copy(), true=then.copy())], default=otherwise.copy())
