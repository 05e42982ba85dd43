"""What is told of single quarantined records: what they hold, and what became of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from movie_pipeline.ledger.resolutions import Resolution
from movie_pipeline.ledger.set_apart import LaterRow
from movie_pipeline.replay.replayable_records import (
    CorrectionsMade,
    Tell,
    pieces_of,
    quarantined_files,
    untold,
)
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse


def quarantined_records(
    storage: Storage,
    warehouse: Warehouse,
    name: str | None,
    *,
    resolved: bool = False,
    tell: Tell = untold,
) -> Iterator[dict[str, Any]]:
    """The quarantined records of all files, or of those of one name or id, newest file first.

    A replay's own records count as the file's.

    Args:
        storage: where they lie.
        warehouse: what became of them.
        name: a file's name or file_id, None for all.
        resolved: whether those are told too that a replay resolved, or that a later row superseded.
        tell: is given a sentence for each file whose records are gone.
    """
    for entry in quarantined_files(warehouse, name):
        corrections = CorrectionsMade(storage)
        for piece in pieces_of(storage, warehouse, entry, tell):
            for record in piece:
                if record.resolution is not None and resolved:
                    made = corrections.of(record.resolution)
                    told = _resolution_report(record.resolution, made)
                    yield {**record.values, "resolution": told, "superseded_by": None}
                elif record.resolution is None and (resolved or record.later is None):
                    later = _later_report(record.later) if record.later else None
                    yield {**record.values, "resolution": None, "superseded_by": later}


def _later_report(later: LaterRow) -> dict[str, Any]:
    return {
        "file": later.file,
        "file_id": later.file_id,
        "record_number": later.record_number,
        "at": later.at.isoformat(timespec="seconds"),
    }


def _resolution_report(resolution: Resolution, corrections: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "outcome": resolution.outcome,
        "replay_id": resolution.replay_id,
        "replay_file_id": resolution.replay_file_id,
        "replay_record_number": resolution.replay_record_number,
        "run_id": resolution.run_id,
        "at": resolution.at.isoformat(timespec="seconds"),
        "by": resolution.by,
        "why": resolution.why,
        "accepted": resolution.accepted,
        "corrections": corrections,
    }
