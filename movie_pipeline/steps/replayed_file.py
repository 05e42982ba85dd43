"""What is different where a file that was read is a replay: its notes, its resolutions.

Which records a replay takes is decided in replay/; what resolutions are stands in ledger/.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.quarantine.quarantine_record import record_number_of
from movie_pipeline.steps.verdict import Verdict

_PIECE = 10_000
_ARROW = cast("Any", pa)
RESOLUTION_SCHEMA = _ARROW.schema(
    [
        ("quarantine_id", pa.string()),
        ("file_id", pa.string()),
        ("record_number", pa.int64()),
        ("replay_id", pa.string()),
        ("replay_file_id", pa.string()),
        ("replay_record_number", pa.int64()),
        ("outcome", pa.string()),
    ]
)
"""The columns of the Parquet file that the load stages."""


def replay_notes(replay: Replay, verdict: Verdict) -> list[str]:
    """What people should know of a replay: whose it is, and what did not hold it."""
    notes = [f"it is {replay.sentence()}"]
    for reason in verdict.waived:
        told = reason.rstrip(".")
        if replay.accepted:
            notes.append(f"accepted by {replay.requested_by}, although {told}")
        else:
            notes.append(f"it is no file of its own, so that this does not hold it: {told}")
    return notes


def write_resolutions(
    replay: Replay,
    decided: DecidedFile,
    *,
    records: Path,
    set_apart: Path | None,
    to: Path,
) -> int:
    """Write what becomes of the records of a replay, were it loaded now.

    Args:
        replay: what was asked for.
        decided: what was decided about its file.
        records: the list of the records it takes, in its order.
        set_apart: those of its records that are set apart, in its order; None where none is.
        to: the Parquet file.

    Returns:
        How many records there are.
    """
    again = "HELD" if decided.state is FileState.HELD else "QUARANTINED"
    numbers_apart = _numbers(set_apart)
    next_apart = next(numbers_apart, None)
    written = 0
    rows: list[dict[str, object]] = []
    with cast("Any", pq).ParquetWriter(to, RESOLUTION_SCHEMA) as file:
        for record in _lines(records):
            number = record["replay_record_number"]
            is_apart = number == next_apart
            if is_apart:
                next_apart = next(numbers_apart, None)
            rows.append(
                {
                    "quarantine_id": record["quarantine_id"],
                    "file_id": record["file_id"],
                    "record_number": record["record_number"],
                    "replay_id": replay.replay_id,
                    "replay_file_id": decided.file_id,
                    "replay_record_number": number,
                    "outcome": again if is_apart else "LOADED",
                }
            )
            written += 1
            if len(rows) == _PIECE:
                file.write_table(_ARROW.Table.from_pylist(rows, schema=RESOLUTION_SCHEMA))
                rows = []
        if rows:
            file.write_table(_ARROW.Table.from_pylist(rows, schema=RESOLUTION_SCHEMA))
    return written


def write_resolution_rows(rows: Sequence[Mapping[str, Any]], to: Path) -> None:
    """Write resolutions as the warehouse has them, in the form that the load stages."""
    cast("Any", pq).write_table(_ARROW.Table.from_pylist(rows, schema=RESOLUTION_SCHEMA), to)


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)


def _numbers(path: Path | None) -> Iterator[int]:
    """The numbers of the records set apart, ascending."""
    if path is None:
        return
    with path.open("rb") as lines:
        for line in lines:
            yield record_number_of(line)
