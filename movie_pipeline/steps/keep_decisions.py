"""What is kept beside history of a decision: by what it was made, when screened; it, when archived.

The form of what is kept stands in ledger/decision_records.py.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from movie_pipeline.errors import SettingsError
from movie_pipeline.ledger.decision_records import (
    DecisionRecord,
    keep_replay,
    keep_text,
    ruleset_name,
    sources_name,
)
from movie_pipeline.ledger.file_summary import ReadWith
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.ledger.replays import Replay, Replays
from movie_pipeline.settings.groups import ReadingSettings
from movie_pipeline.steps.replayed_file import write_resolution_rows
from movie_pipeline.storage.part_list import StoredFile
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse


def keep_rules(storage: Storage, rulesets: Iterable[str], reading: ReadingSettings) -> ReadWith:
    """Keep the texts of rulesets and declarations before anything is decided by them.

    Returns:
        What the summaries say of the reading.

    Raises:
        StorageError: one could not be put.
        SettingsError: the declarations cannot be read.
    """
    for text in dict.fromkeys(rulesets):
        content = text.encode()
        keep_text(storage, ruleset_name(hashlib.sha256(content).hexdigest()), content)
    sources_sha256 = ""
    if reading.sources is not None:
        declared = _declared(reading.sources)
        sources_sha256 = hashlib.sha256(declared).hexdigest()
        keep_text(storage, sources_name(sources_sha256), declared)
    return ReadWith(
        sources_sha256=sources_sha256,
        lenient_columns=reading.lenient_columns,
        max_record_bytes=reading.max_record_bytes,
        max_columns=reading.max_columns,
    )


def published(path: Path) -> StoredFile:
    """A file as it is published: told by its bytes before it leaves this machine."""
    return StoredFile.of(path)


def keep_decided(
    storage: Storage, warehouse: Warehouse, entries: Sequence[LedgerEntry]
) -> list[DecisionRecord]:
    """The records of these entries; what their replays resolved is put beside them.

    Raises:
        StorageError: that could not be put.
    """
    replays = Replays(warehouse).by_key(entry.key for entry in entries)
    return [_decided(storage, warehouse, entry, replays.get(entry.key)) for entry in entries]


def _decided(
    storage: Storage, warehouse: Warehouse, entry: LedgerEntry, replay: Replay | None
) -> DecisionRecord:
    if replay is None:
        return DecisionRecord.of(entry)
    with warehouse.reading() as session:
        resolved = session.fetch("resolutions/of_replay_file", replay_file_id=entry.file_id)
    record = DecisionRecord.of(entry, replay, len(resolved))
    if entry.summary.revision:
        keep_replay(storage, replay)  # its file may have been judged again, and have another id
    if resolved:
        with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
            path = Path(folder) / "resolutions.parquet"
            write_resolution_rows(resolved, path)
            storage.put(Area.HISTORY, record.resolutions_name, path)
    return record


def _declared(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"the sources file {path} cannot be read: {error.strerror}. MOVIE_PIPELINE_SOURCES "
            "must be the path of a TOML file."
        ) from None
