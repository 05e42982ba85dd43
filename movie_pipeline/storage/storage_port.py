"""What the pipeline asks of the outside world, on one page; `local/` and `aws/` answer it.

Only verbs and the values they exchange stand here, no behaviour. Each verb's docstring is its
contract; one test class per interface runs against every implementation.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd  # takes half a second, which those who ask no query need not wait

# --- storage ---------------------------------------------------------------------------------


class Area(StrEnum):
    """The four places of a store; what they are called there is a setting."""

    LANDING = "landing"
    OUTPUT = "output"
    QUARANTINE = "quarantine"
    HISTORY = "history"


@dataclass(frozen=True)
class LandedFile:
    """One version of one file in the landing area.

    Attributes:
        store: the bucket, or the name of the local store.
        key: the name within the landing area, opaque: never decoded, normalised or put into SQL.
        version: what changes when the content does (etag or modification time).
        size: bytes.
        modified_at: when this version came to lie there, with a time zone.
    """

    store: str
    key: str
    version: str
    size: int
    modified_at: datetime

    @property
    def file_id(self) -> str:
        """32 hex digits that stand for this version everywhere a foreign name must not."""
        parts = ("v1", self.store, self.key, self.version, str(self.size))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


class Storage(Protocol):
    """A store with a landing area and three areas that the pipeline writes.

    Names in the areas other than landing are ours: `^[A-Za-z0-9_.=/-]+$`, no part
    empty or beginning with a dot.
    Every verb raises StorageError (or its kinds) and nothing foreign, and may be called from
    several threads.
    """

    @property
    def at_once(self) -> int:
        """How many calls it is worth having under way: 1 where none of them waits for a network."""
        ...

    def landed(self) -> list[LandedFile]:
        """List the whole files in landing, oldest first; files still being written are left out."""
        ...

    def look_at(self, keys: Sequence[str]) -> list[LandedFile]:
        """What `landed` would list of these keys, without a look at the others."""
        ...

    def land(self, source: Path, key: str) -> LandedFile:
        """Put a copy of `source` into landing under `key`; the same bytes lying there are kept."""
        ...

    def fetch(self, file: LandedFile, to: Path) -> None:
        """Copy exactly this version to a path, else StoredFileChanged or StoredFileMissing."""
        ...

    def put(self, area: Area, name: str, source: Path) -> str:
        """Place a local file under `name`, replacing it in one step; return its URI."""
        ...

    def reading(self, area: Area, name: str) -> AbstractContextManager[Path]:
        """A local path to read the named file at, for the length of the `with` block."""
        ...

    def names(self, area: Area, prefix: str = "", *, before: datetime | None = None) -> list[str]:
        """Names under a prefix (`a/` is one of `a/b`, not of `ab`), sorted.

        With `before`, only those that came to lie there earlier than that.
        """
        ...

    def half_written(self, before: datetime) -> list[str]:
        """Addresses of what was begun in any area before a moment and is not whole, sorted.

        A listing shows none of it: temporary files of ours, files that a sender still writes, and
        uploads in parts that nobody completed. Foreign names are made printable.
        """
        ...

    def size(self, area: Area, name: str) -> int:
        """Bytes of the named file, without reading it; StoredFileMissing where it is not there."""
        ...

    def remove(self, area: Area, name: str) -> None:
        """Remove a file that the pipeline wrote; nothing happens where it is not there."""
        ...

    def settle(self, file: LandedFile, area: Area, name: str) -> str:
        """Move this version out of landing to `name`; return its URI.

        Safe to repeat: where it already lies under `name` only the landing copy is removed, and
        only if it still is this version. Another version under the same key is left alone.
        """
        ...

    def fetch_reference(self, place: str, to: Path) -> None:
        """Copy a reference dataset, which people keep outside the areas, to a path.

        Args:
            place: where it lies: a path here, a key of the bucket on AWS.
            to: where it is copied to.
        """
        ...

    def uri(self, area: Area, name: str) -> str:
        """Where a named file lies, for people; the area itself for an empty name."""
        ...


# --- being woken ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Wakeup:
    """What was heard of landed files; a hint and no more.

    Attributes:
        keys: names within landing to look at first, each once.
        junk: messages that made no sense; nobody deletes them here.
        receipts: by which the messages that made sense are deleted.
    """

    keys: tuple[str, ...] = ()
    junk: int = 0
    receipts: tuple[str, ...] = ()


class Wakeups(Protocol):
    """What tells of landed files before the next listing. Raises WakeupError.

    A message that is lost, doubled or out of order costs latency and never a file.
    """

    def pending(self) -> Wakeup | None:
        """What was heard since the last look; None where nothing ever tells."""
        ...

    def done(self, wakeup: Wakeup) -> None:
        """Forget messages whose files were looked at; without it they come again."""
        ...


# --- warehouse -------------------------------------------------------------------------------


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

        Columns map by position, as COPY does. The caller compares the count with what it expects.
        """
        ...


@dataclass(frozen=True)
class WarehouseColumn:
    """A column as the warehouse reports it."""

    name: str
    type: str
    nullable: bool


class Warehouse(Protocol):
    """Tables, ledger and outbox in one place, so that one transaction covers them."""

    def prepare(self) -> None:
        """Create what does not exist yet of tables and views; safe to repeat."""
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
        """The answer to a person's read-only query; WarehouseError where it would write."""
        ...

    def columns(self, table: str) -> list[WarehouseColumn]:
        """The columns of a table or view, in order; empty where it does not exist."""
        ...


# --- catalog ---------------------------------------------------------------------------------


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


# --- a cluster -------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClusterRule:
    """What a cluster says of one rule.

    Attributes:
        rule: its text, as the cluster writes it.
        passed: its outcome.
        metrics: what was measured.
        judges_rows: whether rows have an outcome of their own by it.
    """

    rule: str
    passed: bool
    metrics: Mapping[str, float]
    judges_rows: bool


@dataclass(frozen=True)
class ClusterAnswer:
    """What a cluster found.

    Attributes:
        rows: how many it saw.
        rules: what it says of each rule.
        failing_rows: how many rows fail at least one rule.
        failing: Parquet files that name these rows: `record_number`, and the texts of the `rules`.
        judged_by: who judged, for people.
    """

    rows: int
    rules: tuple[ClusterRule, ...]
    failing_rows: int
    failing: tuple[Path, ...]
    judged_by: str


class Cluster(Protocol):
    """Judges rows where one machine is not enough. Raises ClusterError."""

    def takes(self, size: int) -> bool:
        """Whether files of so many bytes are to be judged by it."""
        ...

    def judge(self, rows: Path, ruleset: str, folder: Path, run: Any) -> ClusterAnswer:  # noqa: ANN401
        """Judge rows and wait for the answer.

        Args:
            rows: a Parquet file: `_record_number`, and the columns that the rules name.
            ruleset: the rules, as DQDL.
            folder: where the files of the answer go.
            run: Dagster's context of the step that asks.
        """
        ...


# --- telling people --------------------------------------------------------------------------


class NoticeKind(StrEnum):
    """What a notice tells; success and failure go to different topics."""

    SUCCESS = "success"
    QUALITY_FAILURE = "quality_failure"
    JOB_FAILURE = "job_failure"


@dataclass(frozen=True)
class Notice:
    """One message to people; it never holds a row value.

    Attributes:
        id: the same for every attempt to deliver it, so that receivers can drop a second copy.
        kind: what it tells.
        subject: at most 100 printable ASCII characters, no foreign names.
        text: for people, a few lines.
        details: for machines, JSON values.
    """

    id: str
    kind: NoticeKind
    subject: str
    text: str
    details: Mapping[str, Any]


class Alerts(Protocol):
    """Where notices go: topics on AWS, a log file here."""

    def send(self, notice: Notice) -> None:
        """Deliver at least once; AlertError if it could not be handed over."""
        ...


class Events(Protocol):
    """The bus that tells programs what happened (EventBridge's part)."""

    def put(self, kind: str, detail: Mapping[str, Any]) -> None:
        """Publish one event; AlertError if it could not be handed over."""
        ...
