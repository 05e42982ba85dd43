"""The rule kinds of DQDL as a table: what each takes, and whether it is honoured here.

Data only: the parser checks a rule's shape against it, `unsupported.py` says why a kind is refused.
How a kind is judged is in `rules/`.
"""

from dataclasses import dataclass

MANY = 10_000


@dataclass(frozen=True, slots=True)
class RuleKind:
    """The shape of one kind of rule.

    Attributes:
        least: how many parameters it needs.
        most: how many it may have.
        takes: the kinds of condition it may carry.
        bare: whether it may stand without a condition.
        where: whether it may have a where clause.
        threshold: whether `with threshold` may follow.
        returns: the word the message uses for what it is held against.
    """

    least: int
    most: int
    takes: frozenset[str] = frozenset()
    bare: bool = False
    where: bool = False
    threshold: bool = False
    analyzer: bool = True

    @property
    def parameters(self) -> str:
        """How many parameters it takes, in words."""
        if self.least == self.most:
            return {0: "no parameter", 1: "one parameter"}.get(
                self.least, f"{self.least} parameters"
            )
        if self.most == MANY:
            return "at least one parameter" if self.least else "any number of parameters"
        return f"{self.least} to {self.most} parameters"


_NUMBER = frozenset({"number"})
_VALUES = frozenset({"number", "string", "date"})


def _number(least: int, most: int, *, where: bool = False) -> RuleKind:
    return RuleKind(least, most, _NUMBER, where=where)


def _boolean(least: int, most: int, *, where: bool = False) -> RuleKind:
    return RuleKind(least, most, bare=True, where=where, analyzer=False)


def _values(takes: frozenset[str]) -> RuleKind:
    return RuleKind(1, 1, takes, where=True, threshold=True)


RULE_KINDS: dict[str, RuleKind] = {
    "AggregateMatch": _number(2, 2),
    "ColumnCorrelation": _number(2, 2, where=True),
    "ColumnCount": _number(0, 0),
    "ColumnDataType": _values(frozenset({"string"})),
    "ColumnExists": _boolean(1, 1),
    "ColumnLength": _number(1, 1, where=True),
    "ColumnNamesMatchPattern": _boolean(1, 1),
    "ColumnValues": _values(_VALUES),
    "Completeness": _number(1, 1, where=True),
    "CustomSql": RuleKind(1, 1, _NUMBER, bare=True, threshold=True),
    "DataFreshness": RuleKind(1, 1, frozenset({"duration"}), where=True),
    "DatasetMatch": _number(2, 3),
    "DetectAnomalies": _boolean(1, MANY),
    "DistinctValuesCount": _number(1, 1, where=True),
    "DuplicateRowCount": _number(0, MANY, where=True),
    "Entropy": _number(1, 1, where=True),
    "FileFreshness": RuleKind(0, 1, frozenset({"date"})),
    "FileMatch": RuleKind(0, 2, frozenset({"string"}), bare=True),
    "FileSize": RuleKind(0, 1, frozenset({"size"})),
    "FileUniqueness": _number(0, 1),
    "IsComplete": _boolean(1, 1, where=True),
    "IsPrimaryKey": _boolean(1, MANY, where=True),
    "IsUnique": _boolean(1, MANY, where=True),
    "Mean": _number(1, 1, where=True),
    "ReferentialIntegrity": _number(2, 2),
    "RowCount": _number(0, 0, where=True),
    "RowCountMatch": _number(1, 1),
    "SchemaMatch": _number(1, 1),
    "StandardDeviation": _number(1, 1, where=True),
    "Sum": _number(1, 1, where=True),
    "UniqueValueRatio": _number(1, 1, where=True),
    "Uniqueness": _number(1, MANY, where=True),
    "Variance": _number(1, 1, where=True),
}
"""Every kind that DQDL knows in a Rules section."""

ANALYZER_KINDS: dict[str, RuleKind] = {
    **{name: kind for name, kind in RULE_KINDS.items() if kind.analyzer},
    "AllStatistics": RuleKind(1, 1),
}
"""Every kind that DQDL knows in an Analyzers section."""

_FILES = "it is about files on S3, and only rows are judged here; the pipeline's ledger knows files"
REFUSED_KINDS: dict[str, str] = {
    "DetectAnomalies": (
        "it asks a model that only the Glue service has; write a bound over earlier runs instead, "
        "such as RowCount > 0.5 * avg(last(10))"
    ),
    "FileFreshness": _FILES,
    "FileMatch": _FILES,
    "FileSize": _FILES,
    "FileUniqueness": _FILES,
}
"""Kinds that parse and are not honoured, with the reason."""
