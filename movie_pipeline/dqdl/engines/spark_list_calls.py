"""Functions of lists, as Spark has them, written for DuckDB."""

from sqlglot import exp

from movie_pipeline.dqdl.engines.spark_arguments import NamedCall, is_count, written
from movie_pipeline.dqdl.engines.spark_casts import template
from movie_pipeline.dqdl.engines.spark_types import known, marked
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import NoTranslation


def _size(node: exp.Anonymous) -> Sql:
    """Spark says -1 of a list that is NULL."""
    return written("coalesce(len(x), -1)", "list", "INT")(node)


def _member(node: exp.Anonymous) -> Sql:
    place = node.expressions[1]
    at = place.this if isinstance(place, exp.Neg) else place
    if not is_count(at, least=1):
        raise NoTranslation("it uses element_at otherwise than with a number other than 0")
    listed = exp.Anonymous(this="element_at", expressions=[node.expressions[0]])
    return written(f"list_extract(x, {place.sql()})", "list", "member")(listed)


def _sorted(node: exp.Anonymous) -> Sql:
    [listed, *ascending] = node.expressions
    if ascending and not isinstance(ascending[0], exp.Boolean):
        raise NoTranslation("it uses sort_array otherwise than with true or false")
    downwards = ascending and not ascending[0].this
    order = "'DESC', 'NULLS LAST'" if downwards else "'ASC', 'NULLS FIRST'"
    only = exp.Anonymous(this="sort_array", expressions=[listed])
    return written(f"list_sort(x, {order})", "list", "first")(only)


def _joined(node: exp.Anonymous) -> Sql:
    if known(node.expressions[0]) != "VARCHAR[]":
        raise NoTranslation("it uses array_join of other than a list of texts")
    text = "CASE WHEN x IS NOT NULL AND y IS NOT NULL THEN coalesce(array_to_string(x, y), '') END"
    return written(text, "list text", "VARCHAR")(node)


def _collected(node: Sql) -> Sql:
    """What is there of a column, in a list that is empty where nothing is."""
    if isinstance(node.parent, (exp.Filter, exp.Window)):
        raise NoTranslation("it collects a list with a filter or over a window")
    once = isinstance(node, exp.ArrayUniqueAgg) or isinstance(node.this, exp.Distinct)
    value = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    text = f"coalesce(list({'DISTINCT ' if once else ''}x) FILTER (WHERE x IS NOT NULL), [])"
    return marked(template(text, value), f"{known(value)}[]")


WRITTEN = {exp.ArrayAgg: _collected, exp.ArrayUniqueAgg: _collected}
NAMED: dict[str, NamedCall] = {
    "size": _size,
    "cardinality": _size,
    "element_at": _member,
    "array_contains": written(
        "CASE WHEN list_contains(x, y) THEN TRUE WHEN y IS NULL "
        "OR len(list_filter(x, lambda dq_e: dq_e IS NULL)) > 0 THEN NULL "
        "ELSE list_contains(x, y) END",
        "list member",
        "BOOLEAN",
    ),
    "sort_array": _sorted,
    "array_join": _joined,
    "array_sort": written("list_sort(x, 'ASC', 'NULLS LAST')", "list", "first"),
    "array_distinct": written(
        "list_filter(x, lambda dq_e, dq_k: list_position(x, dq_e) = dq_k)", "list", "first"
    ),
    "array_compact": written("list_filter(x, lambda dq_e: dq_e IS NOT NULL)", "list", "first"),
    "array_max": written("list_max(x)", "list", "member"),
    "array_min": written("list_min(x)", "list", "member"),
    "array_position": written(
        "CASE WHEN x IS NOT NULL AND y IS NOT NULL THEN coalesce(list_position(x, y), 0) END",
        "list member",
        "BIGINT",
    ),
    "slice": written("list_slice(x, y, y + z - 1)", "list count count", "first"),
}
