"""What the pipeline asks of the one place for metadata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True)
class CatalogColumn:
    """A column as the catalog describes it."""

    name: str
    type: str
    comment: str = ""


@dataclass(frozen=True)
class CatalogTable:
    """A table of the catalog: what it holds and where it lies.

    Attributes:
        partition_keys: what its partitions are told apart by; empty where it has none.
    """

    name: str
    location: str
    columns: tuple[CatalogColumn, ...]
    row_count: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    partition_keys: tuple[CatalogColumn, ...] = ()


@dataclass(frozen=True, order=True)
class CatalogPartition:
    """A part of a table that lies at a place of its own.

    Attributes:
        values: one for each of the table's partition keys.
    """

    values: tuple[str, ...]
    location: str


class Crawled(StrEnum):
    """What a crawler looks at."""

    RAW_FILES = "raw files"
    WAREHOUSE = "warehouse"


class Catalog(Protocol):
    """The one place for metadata (the Glue Data Catalog's part). Raises CatalogError."""

    def update(self, table: CatalogTable) -> bool:
        """Put a table's present description; True where its columns differ from the last one.

        The first description counts as a difference.
        """
        ...

    def table(self, name: str) -> CatalogTable | None:
        """The present description, None where there is none."""
        ...

    def tables(self) -> list[CatalogTable]:
        """All tables, by name."""
        ...

    def register(self, table: str, partitions: Sequence[CatalogPartition]) -> int:
        """Register partitions of a described table; returns how many were not there before.

        A partition that is there stays as it is.
        """
        ...

    def partitions(self, table: str) -> list[CatalogPartition]:
        """The partitions of a table, by their values; none where there is no such table."""
        ...

    def crawl(self, what: Crawled) -> list[CatalogTable] | None:
        """Have a crawler look, wait for it, and return the tables it keeps; None without a crawler.

        CatalogError where it failed, took too long, or succeeded and there is no table.
        """
        ...
