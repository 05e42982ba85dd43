"""What the pipeline asks of the warehouse: table, ledger and outbox in one place.

Only verbs and the values they exchange; statements are named, their text stands in `sql/`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from movie_pipeline.warehouse.query_answers import QueryAnswer, QueryLimits

if TYPE_CHECKING:
    import pandas as pd  # takes half a second, which those who ask no query need not wait


class WarehouseSession(Protocol):
    """One connection. Statements are names of files under `sql/`, such as `load/delete_stale`.

    Parameters are bound, never formatted in. Raises WarehouseError.
    """

    def run(self, statement: str, **parameters: object) -> None:
        """Execute one statement."""
        ...

    def run_many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Do what executing the statement once per row of parameters would do.

        The rows of an INSERT of VALUES go many to a statement. All rows have the same keys.
        """
        ...

    def fetch(self, statement: str, **parameters: object) -> list[dict[str, Any]]:
        """The rows of one query, as dictionaries."""
        ...

    def copy(self, table: str, names: Sequence[str]) -> int:
        """Append Parquet files of the output area to a staging table; return the rows added.

        The name of a file in parts stands for all of them.
        Columns map by name and nothing is cast: BatchRefused where a column is unknown, of another
        type, or missing; one that a row need not have is null where a file of an older form lacks
        it. The caller compares the count with what it expects. Of rows that load, a warehouse may
        take no more into staging than is asked of it, and read the rest when they are inserted.
        """
        ...

    def expect_contract(self) -> None:
        """Hold the rows' table against the contract; WarehouseRefused names every difference."""
        ...


@dataclass(frozen=True)
class WarehouseColumn:
    """A column as the warehouse reports it.

    Attributes:
        name: its name.
        type: in the warehouse's own words, lower case, without a length.
        nullable: whether a row may have no value.
        max_bytes: what a text may have; None where the warehouse does not say, or it is no text.
    """

    name: str
    type: str
    nullable: bool
    max_bytes: int | None = None


@dataclass(frozen=True)
class UpgradePlan:
    """What brings a warehouse to the form that this program knows.

    Attributes:
        found: the version it has; empty where there is none yet.
        known: the version that this program knows.
        steps: what is to be done, a line each; none where it is up to date.
    """

    found: str
    known: str
    steps: tuple[str, ...]


class Warehouse(Protocol):
    """Tables, ledger and outbox in one place, so that one transaction covers them."""

    def kept_open(self, idle_seconds: float | None = None) -> AbstractContextManager[None]:
        """What is asked for within the block follows closely, so that opening once may be enough.

        Other processes may have to wait until the block ends: keep it short, or say after how long
        without a question others are let in.
        """
        ...

    def prepare(self) -> None:
        """Bring tables and views to the present form: make what is missing, migrate what is older.

        Safe to repeat, and cheap where nothing is to be done. All or nothing, views apart.
        WarehouseRefused where a newer program has changed the warehouse, or where it is not the one
        that belongs to the store: gone, another one, or an older copy.
        """
        ...

    def adopt(self) -> None:
        """Prepare this warehouse as the store's own, though another one belonged to it before."""
        ...

    def upgrade_plan(self, *, adopting: bool = False) -> UpgradePlan:
        """What `prepare` would do now, or `adopt`; raises what it would, and changes nothing."""
        ...

    def writing(self) -> AbstractContextManager[WarehouseSession]:
        """One transaction, the writer lock its first statement; committed at the end of the block.

        An exception in the block rolls everything back. WarehouseBusy if the lock is not to be
        had in time, WarehouseConflict where the whole transaction may be tried again.
        """
        ...

    def reading(self) -> AbstractContextManager[WarehouseSession]:
        """A session that changes nothing."""
        ...

    def refresh(self, view: str) -> None:
        """Bring one materialized view up to what is committed, and to its present definition."""
        ...

    def stale_views(self, *, before: datetime | None = None) -> list[str]:
        """The views that do not show what was loaded last, or as they are defined now, sorted.

        With `before`, what was loaded later does not count: the views may still be refreshed.
        """
        ...

    def query(self, text: str) -> "pd.DataFrame":
        """The whole answer to a read-only query that is known to have a small one.

        WarehouseError where it would write.
        """
        ...

    def answer(self, text: str, limits: QueryLimits) -> AbstractContextManager[QueryAnswer]:
        """The answer to a person's read-only query, page by page, for the length of the block.

        While the pages are read nobody who loads has to wait. WarehouseError where it would write,
        or takes more than the limits.
        """
        ...

    def columns(self, table: str) -> list[WarehouseColumn]:
        """The columns of a table or view, in order; empty where it does not exist."""
        ...

    def beside(self) -> "Warehouse":
        """An empty warehouse of the same dataset beside this one, in a schema of its own.

        Statements of this one reach it as `{rebuilt}`. What an earlier call left there is dropped.
        """
        ...

    def drop_beside(self) -> None:
        """Drop what `beside` made; nothing happens where there is none."""
        ...

    @property
    def keeps_snapshots(self) -> bool:
        """Whether copies are its own matter, so that `back_up` and `put_back` refuse."""
        ...

    def put_aside(self) -> Path | None:
        """Begin with an empty warehouse in place of one that cannot be read; return where it is.

        WarehouseError where that is not to be done from here.
        """
        ...

    def back_up(self, to: Path) -> None:
        """Write a copy of all that is committed, whole or not at all; loads wait meanwhile.

        WarehouseError where a file stands there already, or where this warehouse is backed up by
        other means; the message says by which.
        """
        ...

    def put_back(self, copy: Path, *, ours: Callable[[Sequence[str]], bool]) -> Path | None:
        """Put a copy that `back_up` wrote in the warehouse's place, in one step.

        `ours` is asked with the newest file_ids of the copy whether one of them is known here.

        The present one, readable or not, is kept aside; returns where, None where there was none.
        WarehouseError where the copy is no whole one, or is somebody else's; nothing was changed.
        """
        ...
