"""What executors do with a file before it is judged: unpack, hash, look at ranges, read pieces.

Each is a function of values that are pickled. What a task writes has a name of its own: only what
its answer names counts, however often it was tried.
"""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import pyarrow.parquet as pq

from movie_pipeline.arrow import pa
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import (
    StoredFileChanged,
    StoredFileMissing,
    StoredFileRefused,
    UnreadableFile,
)
from movie_pipeline.screening.spark_job import Trouble
from movie_pipeline.spark.job_world import JobWorld, StoredContent, scratch_folder
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline.tabular import (
    FileSize,
    Limits,
    PieceRead,
    Range,
    RangeTask,
    ReadingPlan,
    SourceOptions,
    StagedFile,
    TableContract,
    content_of,
    index_path,
    lacking_rows,
    read_piece,
    rows_path,
    stage_file,
    unpacked_name,
    with_declared_names,
)

SparkContext = Any
"""pyspark's, which is not always there."""
_Answer = TypeVar("_Answer")
_ROW_GROUP = 61_440
_MOST_LACKING = 2_000
_HASHED_AT_ONCE = 8 << 20


class CannotBeScreened(Exception):
    """A file is not screened, and that is an answer.

    Args:
        trouble: what keeps it.
        why: the sentence.
    """

    def __init__(self, trouble: Trouble, why: str) -> None:
        self.trouble = trouble
        self.why = why
        super().__init__(why)


@dataclass(frozen=True)
class Outcome(Generic[_Answer]):
    """What a task answers: an exception would have Spark try it again.

    Attributes:
        answer: the answer, None where something is so with the file.
        trouble: what that is.
        why: the sentence.
    """

    answer: _Answer | None = None
    trouble: Trouble | None = None
    why: str = ""

    def taken(self) -> _Answer:
        """The answer.

        Raises:
            CannotBeScreened: there is none.
        """
        if self.trouble is not None:
            raise CannotBeScreened(self.trouble, self.why)
        return cast("_Answer", self.answer)


def outcome_of(task: Callable[[], _Answer]) -> Outcome[_Answer]:
    """Do a task."""
    try:
        return Outcome(task())
    except CannotBeScreened as known:
        return Outcome(trouble=known.trouble, why=known.why)
    except UnreadableFile as error:
        return Outcome(trouble=Trouble.REFUSED, why=str(error))
    except (StoredFileMissing, StoredFileChanged) as error:
        return Outcome(trouble=Trouble.GONE, why=str(error))
    except StoredFileRefused as error:
        return Outcome(trouble=Trouble.WITHHELD, why=str(error))


@dataclass(frozen=True)
class StagedPiece:
    """Where the rows and the record places of a piece lie, in the output area.

    Attributes:
        at: the piece.
        rows: its rows, a Parquet file; their numbers count from 1.
        index: where its records are in the content.
        lacking: key and digest of each row whose derived key lacks a part; None where they are
            many, and must be asked for.
    """

    at: Range
    rows: str
    index: str
    lacking: Sequence[tuple[str, bytes]] | None = None


def hash_of(world: JobWorld, file: LandedFile) -> str:
    """The hash of a landed file's bytes, which one task alone can work out: so it must not wait."""
    digest, storage = hashlib.sha256(), world.storage

    def block(start: int) -> bytes:
        return storage.landed_bytes(file, start, start + _HASHED_AT_ONCE)

    starts = range(0, file.size, _HASHED_AT_ONCE)
    for first in range(0, len(starts), storage.at_once):
        some = starts[first : first + storage.at_once]
        for each in side_by_side(block, some, at_once=storage.at_once):
            digest.update(each)
    return digest.hexdigest()


def unpacked(
    world: JobWorld, source: SourceOptions, limits: Limits, file: LandedFile
) -> tuple[StoredContent, FileSize]:
    """The content of a file, unpacked into the job's place where need be, and what it was."""
    with scratch_folder() as folder:
        path = folder / "file.csv"
        world.storage.fetch(file, path)
        contract = with_declared_names(world.contract, source)
        content = content_of(path, to=folder, limits=limits, contract=contract, source=source)
        size = FileSize.of(file.size, content)
        if content.path == path:
            return StoredContent(file, file.size), size
        name = f"{world.place}/{file.file_id}/{uuid.uuid4().hex}.content"
        world.storage.put(Area.OUTPUT, name, content.path)
        return StoredContent(file, content.size, name), size


def looked_at(world: JobWorld, content: StoredContent, task: RangeTask, at: Range) -> Any:  # noqa: ANN401 - whatever the task answers
    """What is asked of a range."""
    return task.of(content.bytes_in(world.storage), at)


def read(
    world: JobWorld, content: StoredContent, plan: ReadingPlan, at: Range
) -> tuple[PieceRead, StagedPiece]:
    """A piece read, its rows and places put where the other executors find them."""
    with scratch_folder() as folder:
        rows, index = folder / "piece.arrow", folder / "piece.records"
        held = content.bytes_in(world.storage)
        piece = read_piece(held, at, plan, world.typing, rows=rows, index=index)
        staged = _put(world, content.landed, at, rows, index)
        crash_point("spark.read.after")
        return piece, replace(staged, lacking=_lacking(rows, world.contract))


def read_whole(
    world: JobWorld, source: SourceOptions, limits: Limits, content: StoredContent
) -> tuple[StagedFile, StagedPiece]:
    """A file that can only be read in one go."""
    with scratch_folder() as folder:
        path = folder / "file.csv"
        world.storage.fetch(content.landed, path)
        typing = world.typing
        staged = stage_file(
            path,
            typing.contract,
            to=folder,
            limits=limits,
            source=source,
            memory_limit=typing.engine.memory_limit,
            threads=typing.engine.threads,
        )
        (folder / unpacked_name(path)).unlink(missing_ok=True)
        rows, index = rows_path(path, folder), index_path(path, folder)
        return staged, _put(world, content.landed, (0, content.size), rows, index)


def _lacking(rows: Path, contract: TableContract) -> list[tuple[str, bytes]] | None:
    found: list[tuple[str, bytes]] = []
    with pa.OSFile(str(rows)) as source, pa.ipc.open_file(source) as batches:
        for place in range(batches.num_record_batches):
            more = lacking_rows(batches.get_batch(place), contract)
            if len(found) + more.num_rows > _MOST_LACKING:
                return None
            found += zip(more["key"].to_pylist(), more["content"].to_pylist(), strict=True)
    return found


def _put(world: JobWorld, file: LandedFile, at: Range, rows: Path, index: Path) -> StagedPiece:
    stem = f"{world.place}/{file.file_id}/{at[0]:015d}-{uuid.uuid4().hex}"
    staged = StagedPiece(at, f"{stem}.staged.parquet", f"{stem}.records")
    packed = rows.with_suffix(".parquet")
    with pa.OSFile(str(rows)) as source, pa.ipc.open_file(source) as batches:
        _write_parquet(batches, packed)
    world.storage.put(Area.OUTPUT, staged.rows, packed)
    world.storage.put(Area.OUTPUT, staged.index, index)
    return staged


def _write_parquet(batches: Any, to: Path) -> None:  # noqa: ANN401 - Arrow's, untyped
    parquet = cast("Any", pq)
    with parquet.ParquetWriter(to, batches.schema, compression="zstd", compression_level=1) as file:
        for place in range(batches.num_record_batches):
            table = pa.Table.from_batches([batches.get_batch(place)])
            file.write_table(table, row_group_size=_ROW_GROUP)


def on_executors(
    context: SparkContext, task: Callable[[Any], _Answer], items: Sequence[Any]
) -> list[_Answer]:
    """Do a task for each item on executors; the answers in their order.

    Raises:
        CannotBeScreened: one says so; of several, the first.
    """
    if not items:
        return []

    def numbered(one: tuple[int, Any]) -> tuple[int, Outcome[_Answer]]:
        return one[0], outcome_of(lambda: task(one[1]))

    given = context.parallelize(list(enumerate(items)), len(items))
    found: list[tuple[int, Outcome[_Answer]]] = given.map(numbered).collect()
    outcomes = dict(found)
    return [outcomes[number].taken() for number in range(len(items))]
