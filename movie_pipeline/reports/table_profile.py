"""What is profiled: a file read as the dataset, any table file as it is, a table of the warehouse.

How columns are told is file_profile.py's matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from movie_pipeline import dqdl
from movie_pipeline.arrow import pa
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.dqdl import Ruleset, parse_ruleset
from movie_pipeline.reports.file_check import check_file
from movie_pipeline.reports.file_profile import FileProfile, profile_file, profile_rows
from movie_pipeline.settings import Settings
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.warehouse.query_answers import QueryLimits
from movie_pipeline.warehouse.warehouse_port import Warehouse

if TYPE_CHECKING:
    from movie_pipeline.dqdl import Evaluation

AS_IT_IS = (".parquet", ".pq", ".jsonl", ".ndjson")
"""Files of which no columns are mapped and no values repaired."""
_ANY_TABLE = "Rules = [ RowCount >= 0 ]"


@dataclass(frozen=True)
class Suggested:
    """A profile, and how many rows each of its suggested rules sets apart.

    Attributes:
        profile: what the rows are like.
        ruleset: what is suggested.
        failing: rule to rows that it sets apart; None where it judges no rows.
    """

    profile: FileProfile
    ruleset: Ruleset
    failing: Mapping[str, int | None]

    @property
    def suggestions(self) -> list[dict[str, Any]]:
        """Each rule with why, and what it would set apart."""
        return [
            {"rule": str(rule), "why": one.why, "sets apart": self.failing.get(str(rule))}
            for rule, one in zip(self.ruleset, self.profile.suggestions, strict=True)
        ]


def suggested_for_file(
    path: Path, settings: Settings, storage: Storage, dataset: Dataset
) -> Suggested:
    """Profile a file as the pipeline reads it: columns mapped, values repaired.

    Raises:
        UnreadableFile: it cannot be read as such a table.
    """
    profile = profile_file(path, settings, dataset)
    ruleset = parse_ruleset(profile.ruleset)
    checked = check_file(path, ruleset, settings, storage, dataset)
    failing = {str(rule["rule"]): rule["failing_rows"] for rule in checked.rules}
    return Suggested(profile, ruleset, failing)


def suggested_for_table_file(path: Path, settings: Settings) -> Suggested:
    """Profile any table as it is: the ruleset is one for `evaluate`.

    Raises:
        TableRefused: it is no table that can be judged.
    """
    table: Any = dqdl.evaluate(_ANY_TABLE, path).rows
    own = [name for name in table.column_names if not name.startswith("DataQuality")]
    return _suggested(table.select(own), settings)


def suggested_for_warehouse(name: str, warehouse: Warehouse, settings: Settings) -> Suggested:
    """Profile a table or view of the warehouse.

    Raises:
        WarehouseError: it is larger than a query may be.
    """
    engine = settings.engine
    limits = QueryLimits(engine.query_seconds, engine.query_bytes)
    with warehouse.answer(f"select * from {name}", limits) as answer:
        pages = [pa.Table.from_pandas(page, preserve_index=False) for page in answer.pages]
    return _suggested(pa.concat_tables(pages, promote_options="permissive"), settings)


def _suggested(rows: Any, settings: Settings) -> Suggested:  # noqa: ANN401 - an Arrow table
    profile = profile_rows(rows, settings.engine)
    ruleset = parse_ruleset(profile.ruleset)
    judged = cast("Evaluation[Any]", dqdl.evaluate(ruleset, rows))
    return Suggested(profile, ruleset, {str(rule.rule): rule.failing_rows for rule in judged.rules})
