"""Saying in plain English what a rule demands, and the oddity where one bites.

One sentence per rule, for the command line and the catalog. The wording of what went wrong on some
data is the judge's.
"""

from collections.abc import Callable

from movie_pipeline.dqdl.language.ruleset import Condition, Keyword, Operand, Rule, SimpleRule, Text
from movie_pipeline.dqdl.rules.number_condition import uses_history


def explain(rule: Rule) -> str:
    """One sentence: what the rule demands."""
    sentence = _clause(rule)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _clause(rule: Rule) -> str:
    if not isinstance(rule, SimpleRule):
        joined = " and " if rule.operator == "AND" else " or "
        between = "all of these hold" if rule.operator == "AND" else "at least one of these holds"
        return f"{between}: {joined.join(f'({_clause(member)})' for member in rule.members)}"
    clause = _SENTENCES.get(rule.kind, _other)(rule)
    if rule.where is not None and rule.kind != "Entropy":
        clause += f", of the rows where {rule.where.value}"
    if rule.threshold is not None:
        clause += f"; the share of passing rows must be {_bound(rule.threshold)}"
    if uses_history(rule.condition) or uses_history(rule.threshold):
        clause += " (last(k) are the values of the k runs before; 0 where there was none)"
    return clause


# --- conditions ---------------------------------------------------------------------------------


def _bound(condition: Condition | None) -> str:
    if condition is None:
        return "1"
    operands = [_shown(operand) for operand in condition.operands]
    if condition.operator == "between":
        return f"between {operands[0]} and {operands[1]}, both bounds excluded"
    if condition.operator == "not between":
        return f"not between {operands[0]} and {operands[1]}, which themselves are allowed"
    if condition.operator in ("in", "not in"):
        return f"{'one' if condition.operator == 'in' else 'none'} of {', '.join(operands)}"
    return f"{_SIGNS[condition.operator]} {operands[0]}"


_SIGNS = {
    "=": "exactly",
    "!=": "anything but",
    ">": "above",
    ">=": "at least",
    "<": "below",
    "<=": "at most",
    "matches": "a match of",
    "not matches": "no start with a whole word that matches",
}
_KEYWORDS = {
    "NULL": "NULL",
    "EMPTY": "the empty string",
    "WHITESPACES_ONLY": "spaces only",
}


def _shown(operand: Operand) -> str:
    if isinstance(operand, Keyword):
        return _KEYWORDS[operand.name]
    return operand.quoted if isinstance(operand, Text) else str(operand)


# --- kinds --------------------------------------------------------------------------------------


def _columns(rule: SimpleRule) -> str:
    return " and ".join(rule.columns)


def _values(rule: SimpleRule) -> str:
    condition = rule.condition
    if condition is None:
        return _other(rule)
    clause = f"every {_columns(rule)} must be {_bound(condition)}"
    if (rule.tag("ignoreCase") or "").lower() == "true":
        clause += ", upper and lower case alike"
    return clause + _null_clause(condition)


def _null_clause(condition: Condition) -> str:
    if condition.operator == "not matches":
        return "; NULL, empty and multi-line values fail, so this is no negation of `matches`"
    if condition.operator == "matches":
        return "; NULL and empty values fail"
    if condition.kind == "date" and condition.operator == "not between":
        return "; NULL passes"
    if condition.operator in ("!=", "not in"):
        return "; NULL fails" if condition.names("NULL") else "; NULL passes"
    return "" if condition.names("NULL") else "; NULL fails"


def _length(rule: SimpleRule) -> str:
    clause = f"the length of every {_columns(rule)} must be {_bound(rule.condition)}"
    if rule.condition is not None and rule.condition.operator == "!=":
        clause += " (the rule looks only at the shortest and the longest value)"
    in_list = rule.condition is not None and rule.condition.operator in ("not in", "not between")
    return clause + ("; NULL passes unless 0 is named" if in_list else "; NULL counts as length 0")


def _data_type(rule: SimpleRule) -> str:
    condition = rule.condition
    wanted = condition is not None and condition.operator == "="
    type_name = condition.operands[0] if condition else ""
    able = "must be castable" if wanted else "must not be castable"
    clause = f"every {_columns(rule)} {able} to {type_name}, as Spark casts"
    if (written := rule.tag("format")) is not None:
        clause += f" by the format {written}"
    return clause + ("; NULL fails" if wanted else "; NULL passes")


def _custom_sql(rule: SimpleRule) -> str:
    if rule.condition is None:
        return f"a row passes when this query returns it: {rule.columns[0]}"
    return f"the one number of this query must be {_bound(rule.condition)}: {rule.columns[0]}"


def _measure(words: str, after: str = "") -> Callable[[SimpleRule], str]:
    def sentence(rule: SimpleRule) -> str:
        named = words.format(columns=_columns(rule) or "all columns", columns_=rule.columns)
        return f"{named} must be {_bound(rule.condition)}{after}"

    return sentence


def _fact(words: str) -> Callable[[SimpleRule], str]:
    return lambda rule: words.format(columns=_columns(rule))


def _other(rule: SimpleRule) -> str:
    return f"{rule.kind} is not judged here"


_SENTENCES: dict[str, Callable[[SimpleRule], str]] = {
    "AggregateMatch": _measure("the ratio of {columns_[0]} to {columns_[1]}"),
    "ColumnCorrelation": _measure("the correlation of {columns}"),
    "ColumnCount": _measure("the number of columns"),
    "ColumnDataType": _data_type,
    "ColumnExists": _fact("there must be a column {columns}, spelled exactly so"),
    "ColumnLength": _length,
    "ColumnNamesMatchPattern": _fact("{columns} must be found in the name of every column"),
    "ColumnValues": _values,
    "Completeness": _measure("the share of rows that have a {columns}"),
    "CustomSql": _custom_sql,
    "DataFreshness": _measure("the age of every {columns}", "; NULL fails"),
    "DatasetMatch": _measure("the share of rows that are alike in {columns_[0]}"),
    "DistinctValuesCount": _measure(
        "the number of distinct values of {columns}", "; NULL counts as a value"
    ),
    "DuplicateRowCount": _measure("the number of rows that share their {columns} with another"),
    "Entropy": _measure("the entropy of {columns}"),
    "IsComplete": _fact("every row must have a {columns}; an empty string is one"),
    "IsPrimaryKey": _fact("every {columns} must be there and occur once; every copy fails"),
    "IsUnique": _fact("every {columns} must occur once; every copy of a repeated one fails"),
    "Mean": _measure("the mean of {columns}"),
    "ReferentialIntegrity": _measure(
        "the share of rows whose {columns_[0]} is found in {columns_[1]}", "; NULL is never found"
    ),
    "RowCount": _measure("the number of rows"),
    "RowCountMatch": _measure("the number of rows by that of {columns}"),
    "SchemaMatch": _measure("the share of columns that {columns} has too, with the same type"),
    "StandardDeviation": _measure("the population standard deviation of {columns}"),
    "Sum": _measure("the sum of {columns}"),
    "UniqueValueRatio": _measure("the share of distinct {columns} that occur once"),
    "Uniqueness": _measure(
        "the share of rows whose {columns} occurs once", "; every copy of a repeated one fails"
    ),
    "Variance": _measure("the population variance of {columns}"),
}
