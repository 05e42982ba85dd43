"""Queries of users within each other: what Spark makes of the types that meet there.

Which types a query returns is found out in `spark_scopes.py`.
"""

from sqlglot import exp

from movie_pipeline.dqdl.engines.spark_casts import as_text
from movie_pipeline.dqdl.engines.spark_scopes import types_returned
from movie_pipeline.dqdl.engines.spark_types import go_together, known, marked
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import NoTranslation


def in_query(node: Sql, query: Sql) -> Sql:
    """Spark compares texts where the types are not of one sort."""
    returned = types_returned(query)
    if returned is None or len(returned) != 1:
        return node
    types = {known(node.this), returned[0]} - {"NULL"}
    if go_together(types) or "UNKNOWN" in types:
        return node
    if "BOOLEAN" in types:
        raise NoTranslation("IN holds values of one type against values of another")
    _return_texts(query, [0])
    return exp.In(this=as_text(node.this), query=query)


def _return_texts(query: Sql, places: list[int]) -> None:
    """Makes texts of what a query returns in some places."""
    if isinstance(query, (exp.Subquery, exp.Paren)):
        _return_texts(query.this, places)
    elif isinstance(query, exp.SetOperation):
        _return_texts(query.this, places)
        _return_texts(query.expression, places)
    else:
        for place in places:
            part = query.expressions[place]
            named, name = as_text(part.unalias()), str(part.alias_or_name)
            if name:
                named = exp.Alias(this=named, alias=exp.to_identifier(name, quoted=True))
            part.replace(marked(named, "VARCHAR"))


def united(node: Sql) -> Sql:
    """Two queries put below each other."""
    left, right = types_returned(node.this), types_returned(node.expression)
    if left is None or right is None or len(left) != len(right):
        return node
    made_text: list[int] = []
    for place, pair in enumerate(zip(left, right, strict=True)):
        types = set(pair) - {"NULL"}
        if go_together(types) or "UNKNOWN" in types:
            continue
        if "VARCHAR" not in types or "BOOLEAN" in types:
            raise NoTranslation("it puts values of different types into one column")
        made_text.append(place)
    _return_texts(node, made_text)
    return node
