"""Which metrics count rows or columns, and which are made of values of cells.

Names only. What is measured under them is said by each kind of rule; who is told which, by others.
"""

_COUNTING = frozenset(
    {
        "ColumnCount",
        "ColumnExists",
        "ColumnNamesPatternMatchRatio",
        "Completeness",
        "Compliance",
        "DatasetMatch",
        "DistinctValuesCount",
        "DuplicateRowCount",
        "Entropy",
        "LengthCompliance",
        "PatternMatch",
        "ReferentialIntegrity",
        "RowCount",
        "RowCountMatch",
        "SchemaMatch",
        "UniqueValueRatio",
        "Uniqueness",
    }
)
"""How the names of metrics end that are numbers of rows, keys or columns, or shares of them."""


def counts(metric: str) -> bool:
    """Whether a metric counts rows, keys or columns.

    False for one that is made of values, such as a minimum or a mean: of few rows it tells a cell.
    False for a metric that nobody knows.
    """
    return metric.rpartition(".")[2] in _COUNTING
