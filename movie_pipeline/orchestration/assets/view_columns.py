"""What the columns of a view are, followed through its SQL into the dataset's table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from sqlglot import exp, parse_one
from sqlglot import lineage as tracing

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.orchestration.assets.ui_metadata import lineage
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline.warehouse.worked_out import worked_out


@dataclass(frozen=True)
class TracedColumns:
    """The columns of a view, followed through its SQL into the table.

    Attributes:
        origins: of each the columns of the table that it is made of.
        described: what each is.
    """

    origins: Mapping[str, Sequence[str]]
    described: Mapping[str, str]

    def lineage(self, dataset: Dataset) -> dg.TableColumnLineage:
        """The same for Dagster."""
        return lineage(
            {
                column: [(dataset.table, origin) for origin in origins]
                for column, origins in self.origins.items()
            }
        )


_SUMMARIES: Mapping[type[exp.Expr], str] = {
    exp.Avg: "Mean",
    exp.Count: "Count",
    exp.Max: "Greatest",
    exp.Min: "Least",
    exp.Sum: "Sum",
}


def traced_columns(view: str, dataset: Dataset) -> TracedColumns:
    """Which columns of the table each column of a view is made of, and so what it is."""
    text = Statements(dataset).text(f"views/{view}")
    columns = [
        {"name": column.name, "type": column.sql_type, "description": column.description}
        for column in dataset.contract.columns
    ]
    return _traced(text, dataset.name, dataset.table, json.dumps(columns))


@worked_out(TracedColumns)
def _traced(text: str, rows: str, table: str, columns_as_json: str) -> TracedColumns:
    created = parse_one(text, dialect="redshift")
    columns: list[dict[str, str]] = json.loads(columns_as_json)
    traced: Any = tracing
    # all columns at once, and no text of each column's part: every start waits for this
    nodes: dict[str, tracing.Node] = traced.lineage(
        None,
        created.expression,
        schema={table: {column["name"]: column["type"] for column in columns}},
        dialect="redshift",
        trim_selects=False,
    )
    origins = {
        column: sorted(
            {
                found.name.rpartition(".")[2]
                for found in node.walk()
                if isinstance(found.source, exp.Table)
            }
        )
        for column, node in nodes.items()
    }
    of_table = {column["name"]: column["description"] for column in columns}
    described = {
        column: _meaning(column, node, origins[column], rows, of_table)
        for column, node in nodes.items()
    }
    return TracedColumns(origins, described)


def _meaning(
    column: str,
    node: "tracing.Node",
    origins: Sequence[str],
    rows: str,
    of_table: Mapping[str, str],
) -> str:
    """What a column of a view is: one of the table, a summary of one, or made of some."""
    outermost = node.expression.unalias()
    while isinstance(outermost, exp.Cast):
        outermost = outermost.this
    is_count = isinstance(outermost, exp.Count) and isinstance(outermost.this, exp.Star)
    if is_count or (isinstance(outermost, exp.Sum) and not origins):  # a sum of counts
        return f"How many {rows}"
    if not origins:
        return "Made of no column of the table"
    summary = next((word for kind, word in _SUMMARIES.items() if isinstance(outermost, kind)), "")
    if isinstance(outermost, exp.Div) and len(origins) == 1 and _are_sums(outermost):
        summary = "Mean"  # the column's sum, by how many it is of
    if summary:
        return f"{summary} of {', '.join(origins)}"
    if list(origins) == [column] and all(_is_plain(each) for each in node.walk()):
        return of_table.get(column, "")
    return f"Made of {', '.join(origins)}"


def _are_sums(ratio: exp.Div) -> bool:
    return all(side.find(exp.Sum) is not None for side in (ratio.left, ratio.right))


def _is_plain(node: "tracing.Node") -> bool:
    """Whether a column is passed on as it is."""
    return isinstance(node.source, exp.Table) or isinstance(node.expression.unalias(), exp.Column)
