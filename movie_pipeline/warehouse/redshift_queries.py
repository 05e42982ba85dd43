"""Whether a person's text is one query that only reads; a read-only transaction is the second lock.

Allowed is what is known to be harmless, not what is not known to harm: UNLOAD, CALL and TRUNCATE do
not end with a transaction.
"""

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from movie_pipeline.errors import QueryMistake

_COMMENTS = re.compile(r"^(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_FIRST_WORD = re.compile(r"\(*\s*([a-z_]+)", re.IGNORECASE)
_EXPLAIN = re.compile(r"explain(\s+verbose)?\s+", re.IGNORECASE)
_WRITING = (
    exp.Alter,
    exp.Command,
    exp.Copy,
    exp.Create,
    exp.Delete,
    exp.Drop,
    exp.Insert,
    exp.Into,
    exp.Merge,
    exp.Transaction,
    exp.TruncateTable,
    exp.Update,
)


def expect_one_reading_query(text: str) -> None:
    """Refuse everything but one SELECT, WITH, SHOW or EXPLAIN of one of them.

    Raises:
        QueryMistake: it is something else.
    """
    text = _COMMENTS.sub("", text)
    word = _FIRST_WORD.match(text)
    match word[1].lower() if word else "":
        case "select" | "with":
            _expect_select(text)
        case "explain":
            expect_one_reading_query(_EXPLAIN.sub("", text, count=1))
        case "show":
            if ";" in text.rstrip().rstrip(";"):
                raise QueryMistake("a query must be one statement.")
        case "":
            raise QueryMistake("a query must be one statement, but this is none.")
        case other:
            raise QueryMistake(
                "the query failed: the warehouse is asked read-only here, by SELECT, WITH, SHOW or "
                f'EXPLAIN, but there is something else at or near "{other}".'
            )


def is_select(text: str) -> bool:
    """Whether it is a SELECT or a WITH, of which a cursor can be made."""
    word = _FIRST_WORD.match(_COMMENTS.sub("", text))
    return word is not None and word[1].lower() in {"select", "with"}


def _expect_select(text: str) -> None:
    try:
        statements = [tree for tree in sqlglot.parse(text, read="redshift") if tree is not None]
    except SqlglotError as error:
        raise QueryMistake(f"the query failed: {str(error).splitlines()[0]}") from None
    if len(statements) != 1:
        raise QueryMistake(f"a query must be one statement, but this is {len(statements)}.")
    found = statements[0].find(*_WRITING)
    if found is not None:
        raise QueryMistake(
            f"the query failed: the warehouse is asked read-only here, but this holds {found.key}."
        )
