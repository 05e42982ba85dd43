"""Groups, tags and pool of the assets, the same for every dataset: each spelled out once."""

from dataclasses import dataclass
from typing import Self

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.settings import Settings

TIERS = {"warehouse": "gold", "marts": "gold", "screening": "silver"}
"""How refined the data of a group is; the others are bronze."""

INTAKE, SCREENING, WAREHOUSE, MARTS, CATALOG = (
    "intake",
    "screening",
    "warehouse",
    "marts",
    "catalog",
)

ARCHIVE = "archived_files"

REFRESH_JOB = "refresh_marts_and_catalog"

WAREHOUSE_POOL = "warehouse"
"""One writer at a time: a DuckDB file belongs to one process, and a queue beats a collision."""


@dataclass(frozen=True)
class Shown:
    """How the assets of a deployment are shown: whom to ask, and what the warehouse is.

    Attributes:
        owners: e-mail addresses or teams.
        warehouse_kind: the icon of what lies in the warehouse.
    """

    owners: list[str]
    warehouse_kind: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        kind = "redshift" if settings.deployment == "aws" else "duckdb"
        return cls(list(settings.catalogue.owners), kind)


def tags_of(dataset: Dataset, group: str) -> dict[str, str]:
    """Tags of an asset, by which it is found: its domain, its layer, how refined its data is."""
    return {"domain": dataset.name, "layer": group, "tier": TIERS.get(group, "bronze")}
