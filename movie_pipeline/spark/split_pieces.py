"""The good rows of pieces written as Parquet, the others as JSON lines: the work of executors.

Which rows fail comes from Spark, piece after piece. What is written has a name of its own: only
what a receipt names counts.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow.parquet as pq

from movie_pipeline.arrow import pa, pc
from movie_pipeline.crash_points import crash_point
from movie_pipeline.quarantine.keys_apart import KeysApart
from movie_pipeline.quarantine.quarantine_record import Provenance, count_records
from movie_pipeline.quarantine.quarantine_writer import (
    PIECE,
    judged_rows,
    write_quarantine,
)
from movie_pipeline.quarantine.why_set_apart import WhySetApart
from movie_pipeline.screening.screening_engine import screening_engine
from movie_pipeline.screening.spark_job import parts_place
from movie_pipeline.spark.executor_tasks import StagedPiece
from movie_pipeline.spark.job_world import JobWorld, StoredContent, scratch_folder
from movie_pipeline.steps.gate import contract_violations
from movie_pipeline.steps.good_rows import (
    NO_ROWS,
    RECORD_NUMBER,
    Numbers,
    RowsOf,
    StagedRows,
    write_good_batches,
)
from movie_pipeline.storage.part_list import Part, StoredFile
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.stored_values import from_json, to_json
from movie_pipeline.tabular import Range, RecordGroup, StagedFile, groups_at, read_index

PIECE_COLUMN = "_piece"
RECEIPTS = f"{PIECE_COLUMN} int, receipt string"
"""What `split` yields, in Spark's words."""
NO_RECORD = -1
"""Stands in a row that only says that there is a piece."""
_COPIED = 8 << 20


@dataclass(frozen=True)
class PieceToSplit:
    """A piece that is judged.

    Attributes:
        staged: where its rows are.
        base: how many records stand before it.
        not_rows: number and reason of its records that are no rows.
        apart: the last record of the file behind it, where that is in no piece.
    """

    staged: StagedPiece
    base: int
    not_rows: Sequence[tuple[int, str]]
    apart: Range | None = None


@dataclass(frozen=True)
class FileToSplit:
    """What the pieces of a file share.

    Attributes:
        world: where things lie.
        content: the file's.
        why: why its records are set apart, without those that are no rows.
        provenance: what their lines share.
        version: what decides between two rows of one key.
        is_held: whether none of its rows load.
    """

    world: JobWorld
    content: StoredContent
    why: WhySetApart
    provenance: Provenance
    version: datetime
    is_held: bool


@dataclass(frozen=True)
class Receipt:
    """What was written of a piece, and what was found when it lay there.

    Attributes:
        good, apart, keys: the files, read and counted once more; None where nothing was written.
        good_rows, set_apart, keys_apart: what was written into each.
        spread: how many good rows fall into each bin of the dataset's histogram.
        reasons: rule to the records that it is a reason of.
        broken: "column: check" to the values found in the good rows that break the contract.
    """

    good: Part | None = None
    good_rows: int = 0
    spread: tuple[int, ...] = ()
    apart: Part | None = None
    set_apart: int = 0
    keys: Part | None = None
    keys_apart: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    broken: tuple[tuple[str, int], ...] = ()


def split(
    file: FileToSplit, pieces: Mapping[int, PieceToSplit], judged: Iterable[Any]
) -> Iterator[Any]:
    """Split pieces whose rows that are set apart come one piece after the other.

    Args:
        file: what they share.
        pieces: by number.
        judged: batches of what is known of rows that are set apart, sorted by piece and number; a
            row for NO_RECORD stands before those of each piece.
    """
    rows = (part for batch in judged for part in _by_piece(batch))
    for number, parts in groupby(rows, key=lambda one: one[0]):
        receipt = _split_one(file, pieces[number], (part for _, part in parts), first=not number)
        crash_point("spark.split.after")
        yield pa.record_batch(
            [pa.array([number], pa.int32()), pa.array([to_json(receipt)], pa.string())],
            names=[PIECE_COLUMN, "receipt"],
        )


def receipt_of(text: str) -> Receipt:
    """A receipt as `split` wrote it."""
    return from_json(text, Receipt)


def _by_piece(batch: Any) -> Iterator[tuple[int, Any]]:  # noqa: ANN401 - Arrow's
    """The rows of a batch that are of the same piece, without the column that says so."""
    numbers = batch[PIECE_COLUMN].to_numpy()
    rows = batch.drop_columns([PIECE_COLUMN])
    bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    for start, end in pairwise(bounds):
        if start < end:
            yield int(numbers[start]), rows.slice(start, end - start)


def _split_one(
    file: FileToSplit, piece: PieceToSplit, judged: Iterator[Any], *, first: bool
) -> Receipt:
    """Split a piece; the first one always gives a Parquet file, for the columns that it names."""
    world, storage = file.world, file.world.storage
    with scratch_folder() as folder:
        apart = folder / "judged.arrow"
        _write_judged(judged, apart)
        receipt = _quarantined(file, piece, apart, folder)
        if not file.is_held:
            good = folder / "good.parquet"
            with (
                storage.reading(Area.OUTPUT, piece.staged.rows) as rows,
                screening_engine(folder, replace(world.settings.engine, threads=1)) as connection,
                cast("Any", pq).ParquetFile(rows) as staged,
            ):
                written = write_good_batches(
                    connection,
                    good,
                    RowsOf(world.contract.names, world.histogram),
                    (batch[RECORD_NUMBER].to_numpy() for batch in judged_rows(apart)),
                    rows=StagedRows(staged.schema_arrow, numbered(staged, piece.base)),
                    file_id=file.provenance.file_id,
                    file_version=file.version,
                )
            receipt = replace(receipt, good_rows=written.count, spread=written.spread)
            if written.count or first:
                broken = Counter[str]()
                part = _put_good(file, piece, good, broken)
                receipt = replace(receipt, good=part, broken=tuple(broken.items()))
        return receipt if not file.is_held else replace(receipt, spread=NO_ROWS.spread)


def numbered(staged: Any, base: int, columns: Sequence[str] | None = None) -> Iterator[Any]:  # noqa: ANN401 - Arrow's
    """Batches of staged rows with the numbers that their records have in the file."""
    for batch in staged.iter_batches(PIECE, columns=columns):
        place = batch.schema.get_field_index(RECORD_NUMBER)
        yield batch.set_column(place, RECORD_NUMBER, pc.add(batch[RECORD_NUMBER], base))


def _write_judged(judged: Iterator[Any], to: Path) -> None:
    """What is known of the rows set apart, as `write_quarantine` takes it."""
    first = next(judged)
    with pa.OSFile(str(to), "wb") as sink, pa.ipc.new_file(sink, first.schema) as file:
        for batch in (first, *judged):
            kept = batch.filter(pc.not_equal(batch[RECORD_NUMBER], NO_RECORD))
            if kept.num_rows:
                file.write_batch(kept)


def _quarantined(file: FileToSplit, piece: PieceToSplit, judged: Path, folder: Path) -> Receipt:
    by_reason: dict[str, list[int]] = {}
    for number, reason in piece.not_rows:
        by_reason.setdefault(reason, []).append(number)
    staged = replace(
        file.why.staged, not_rows={reason: tuple(each) for reason, each in by_reason.items()}
    )
    lines, keys_file = folder / "apart.jsonl", folder / "keys.parquet"
    with KeysApart(keys_file, file.provenance.file_id, file.why.contract) as keys:
        count, reasons = write_quarantine(
            judged_rows(judged),
            lines,
            why=replace(file.why, staged=staged),
            provenance=file.provenance,
            records=partial(_records, file, piece, staged, folder),
            keys=keys,
        )
    if not count:
        return Receipt()
    return Receipt(
        apart=_put_apart(file, piece, lines),
        set_apart=count,
        keys=_put_keys(file, piece, keys_file) if keys.count else None,
        keys_apart=keys.count,
        reasons=tuple(reasons.items()),
    )


def _records(
    file: FileToSplit,
    piece: PieceToSplit,
    staged: StagedFile,
    folder: Path,
    numbers: Numbers,
) -> Iterator[RecordGroup]:
    """Records of the piece, whose bytes are brought here when the first are asked for."""
    start, end = piece.staged.at
    end = piece.apart[1] if piece.apart else end
    own, storage = folder / "piece", file.world.storage
    if not own.exists():
        content = file.content.bytes_in(storage)
        with own.open("wb") as copy:
            for place in range(start, end, _COPIED):
                copy.write(content.read(place, min(place + _COPIED, end)))
    wanted: Numbers = np.unique(numbers)
    with storage.reading(Area.OUTPUT, piece.staged.index) as path:
        places = read_index(path)
        if piece.apart:
            places = np.vstack([places, np.array([piece.apart], np.int64)])
        chosen = np.array(places[wanted - piece.base - 1])
    yield from groups_at(own, staged, wanted, chosen, start=start)


def _put_good(file: FileToSplit, piece: PieceToSplit, path: Path, broken: Counter[str]) -> Part:
    """Put good rows where they stay, and hold them against the contract there."""

    def count_again(there: Path) -> int:
        broken.update(contract_violations(there, file.world.dataset))
        return _rows_in(there)

    return _put(file, piece, path, Area.OUTPUT, parts_place(file.world.place), count_again)


def _put_apart(file: FileToSplit, piece: PieceToSplit, path: Path) -> Part:
    place = parts_place(file.world.place)
    return _put(file, piece, path, Area.QUARANTINE, place, count_records)


def _put_keys(file: FileToSplit, piece: PieceToSplit, path: Path) -> Part:
    return _put(file, piece, path, Area.OUTPUT, file.world.place, _rows_in)


def _rows_in(path: Path) -> int:
    return int(cast("Any", pq).read_metadata(path).num_rows)


def _put(  # noqa: PLR0913, PLR0917 - what, where, and how it is counted there
    file: FileToSplit,
    piece: PieceToSplit,
    path: Path,
    area: Area,
    place: str,
    count_again: Callable[[Path], int],
) -> Part:
    """Put a file under a name of its own, and read once more what lies there."""
    start, _ = piece.staged.at
    name = f"{place}/{file.provenance.file_id}/{start:015d}-{uuid.uuid4().hex}{path.suffix}"
    storage = file.world.storage
    storage.put(area, name, path)
    with storage.reading(area, name) as there:
        return Part(name, StoredFile.of(there), count_again(there))
