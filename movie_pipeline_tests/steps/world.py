"""A local world with files, films and outcomes made by hand: what screening would have decided.

`Film` is what a test cares about of a row; the rest of the columns is filled in.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from movie_pipeline.alerts.alert_log import AlertLog
from movie_pipeline.alerts.event_log import EventLog
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.ledger import FileState, Ledger, LedgerEntry
from movie_pipeline.ledger.notices import build_notices
from movie_pipeline.settings import Settings
from movie_pipeline.steps.archive import ArchiveReport, archive
from movie_pipeline.steps.load import LoadRun, load_batch
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline.tabular import ColumnType
from movie_pipeline.warehouse.duckdb_warehouse import DuckDBWarehouse
from movie_pipeline_tests.stores import drop

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RULESET = hashlib.sha256(b"rules").hexdigest()

_ARROW: Mapping[ColumnType, Any] = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int32(),
    ColumnType.BIGINT: pa.int64(),
    ColumnType.DECIMAL: pa.float64(),
}
OUTPUT_SCHEMA = cast("Any", pa).schema(
    [
        *((column.name, _ARROW[column.type]) for column in MOVIES.contract.columns),
        ("other_columns", pa.string()),
        ("file_id", pa.string()),
        ("record_number", pa.int64()),
        ("file_version", pa.timestamp("us")),
    ]
)
"""The columns of the Parquet files in the output area."""


@dataclass(frozen=True)
class Film:
    """A good row."""

    movie_id: str
    rating: float | None = 8.5
    year: int | None = 1999
    genre: str | None = "Drama, Crime"
    votes: int | None = 1000
    title: str = "A Film"
    more: Mapping[str, object] = field(default_factory=dict[str, object])

    def row(self) -> dict[str, object]:
        """Its values by column."""
        return {
            "movie_id": self.movie_id,
            "movie_title": self.title,
            "imdb_rating": self.rating,
            "release_year": self.year,
            "genre": self.genre,
            "votes": self.votes,
            **self.more,
        }


class World:
    """Everything the load touches, under one folder."""

    def __init__(self, home: Path, **settings: object) -> None:
        values: dict[str, Any] = {
            "settle_seconds": 0.0,
            "warehouse_wait_seconds": 20.0,
            "threads": 1,
        }
        self.settings = Settings(home=home).with_values(**{**values, **settings})
        self.storage = FolderStorage(self.settings)
        self.warehouse = DuckDBWarehouse(self.settings, self.storage, MOVIES)
        self.ledger = Ledger(self.warehouse)
        self.alerts = AlertLog(home / "alerts.jsonl")
        self.events = EventLog(home / "events.jsonl")
        self._scratch = home / "scratch"
        self._scratch.mkdir(parents=True, exist_ok=True)

    def land(self, key: str, content: bytes) -> LandedFile:
        """Put a file into landing."""
        return drop(self.storage, key, content)

    def screened(
        self,
        key: str,
        films: Sequence[Film],
        *,
        minutes: float = 0,
        content: bytes | None = None,
        quarantined: int = 0,
    ) -> DecidedFile:
        """A file in landing and its good rows in the output area: what LOADED looks like before."""
        values = json.dumps([film.row() for film in films]).encode()
        content = content if content is not None else f"{key!a} {minutes} ".encode() + values
        file = self.land(key, content)
        version = NOON + timedelta(minutes=minutes)
        name = f"{file.file_id}.parquet"
        if films:
            self.put_rows(name, file.file_id, films, version)
        return DecidedFile(
            landed=file,
            state=FileState.LOADED,
            content_sha256=hashlib.sha256(content).hexdigest(),
            ruleset_sha256=RULESET,
            file_version=version,
            rows_in=len(films) + quarantined,
            rows_good=len(films),
            rows_quarantined=quarantined,
            output_name=name if films else None,
            quarantine_name=f"{file.file_id}.jsonl" if quarantined else None,
        )

    def put_rows(self, name: str, file_id: str, films: Sequence[Film], version: datetime) -> None:
        """A Parquet file in the output area."""
        rows = [
            {
                **film.row(),
                "file_id": file_id,
                "record_number": number,
                "file_version": version.replace(tzinfo=None),
            }
            for number, film in enumerate(films, 1)
        ]
        path = self._scratch / "rows.parquet"
        cast("Any", pq).write_table(
            cast("Any", pa).Table.from_pylist(rows, schema=OUTPUT_SCHEMA), path
        )
        self.storage.put(Area.OUTPUT, name, path)

    def decided(
        self, key: str, state: FileState, *, held: int = 0, reason: str = ""
    ) -> DecidedFile:
        """A file that does not load: HELD, REJECTED or DUPLICATE."""
        content = f"{key!a} {state}".encode()
        file = self.land(key, content)
        return DecidedFile(
            landed=file,
            state=state,
            content_sha256=hashlib.sha256(content).hexdigest(),
            ruleset_sha256=RULESET,
            file_version=file.modified_at,
            rows_in=held,
            rows_held=held,
            reason=reason,
            quarantine_name=f"{file.file_id}.jsonl" if held else None,
        )

    def load(self, *outcomes: DecidedFile, run_id: str = "run-1") -> list[LedgerEntry]:
        """Load them as one batch."""
        return load_batch(
            self.warehouse,
            outcomes,
            LoadRun(batch_id="batch-1", run_id=run_id),
            lambda entries: build_notices(entries, digest_files=self.settings.digests.files),
        )

    def archive(self) -> ArchiveReport:
        """Archive all that is to be archived."""
        return archive(self.storage, self.warehouse, self.ledger.unarchived())

    def table(self) -> dict[str, float | None]:
        """movie_id to rating of what is in the table; fails where a film is there twice."""
        frame = self.warehouse.query("select movie_id, imdb_rating from movie_data_table")
        ids = [str(value) for value in frame["movie_id"]]
        assert len(ids) == len(set(ids)), "a film is in the table twice"
        return dict(zip(ids, frame["imdb_rating"].tolist(), strict=True))

    def count(self, table: str) -> int:
        """Rows of a table."""
        frame = self.warehouse.query(f"select count(*) as n from {table}")
        return int(frame["n"].iloc[0])
