"""A file staged in pieces by this process alone, to be held against one staged in one go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from movie_pipeline.arrow import pa
from movie_pipeline.stored_values import from_json, to_json
from movie_pipeline.tabular import (
    DEFAULT_LIMITS,
    NOTHING_DECLARED,
    Engine,
    Limits,
    SourceOptions,
    StagedFile,
    TableContract,
    stage_file,
)
from movie_pipeline.tabular.content_bytes import ContentBytes, FileBytes
from movie_pipeline.tabular.cuts import Range, Scan
from movie_pipeline.tabular.file_content import content_of
from movie_pipeline.tabular.piece_reader import PieceRead, read_piece
from movie_pipeline.tabular.piecewise import (
    NotInPieces,
    ReadPieces,
    read_in_pieces,
    summed_up,
)
from movie_pipeline.tabular.range_tasks import RangeTask, Tally
from movie_pipeline.tabular.raw_record import index_path, rows_path
from movie_pipeline.tabular.reader_outputs import Typing
from movie_pipeline.tabular.reading_limits import as_written_out, with_lenient
from movie_pipeline.tabular.reading_plan import ReadingPlan
from movie_pipeline.tabular.row_typer import RECORD_NUMBER
from movie_pipeline.tabular.shared_keys import set_apart_shared_keys
from movie_pipeline.tabular.summing_up import FileSize, summary_of
from movie_pipeline.tabular.unquoted import Unquoted


@dataclass(frozen=True)
class Here:
    """Does the work on ranges one after the other; plans and answers go through JSON."""

    content: ContentBytes
    typing: Typing
    folder: Path

    def each(self, task: RangeTask, at: Sequence[Range]) -> list[Any]:
        """Do a task for each range."""
        task = from_json(to_json(task), type(task))
        answers: list[Any] = [task.of(self.content, one) for one in at]
        return [_through_json(answer) for answer in answers]

    def read(self, plan: ReadingPlan, at: Sequence[Range]) -> list[PieceRead]:
        """Read each piece into files named after its place."""
        plan = from_json(to_json(plan), ReadingPlan)
        found: list[PieceRead] = []
        for one in at:
            rows, index = self.places(one)
            piece = read_piece(self.content, one, plan, self.typing, rows=rows, index=index)
            found.append(from_json(to_json(piece), PieceRead))
        return found

    def places(self, at: Range) -> tuple[Path, Path]:
        """Where the rows and the index of a piece are."""
        return self.folder / f"{at[0]}.arrow", self.folder / f"{at[0]}.records"


def _through_json(answer: Any) -> Any:  # noqa: ANN401 - whatever a task answers
    kind = next((kind for kind in (Scan, Tally, Unquoted) if isinstance(answer, kind)), None)
    return answer if kind is None else from_json(to_json(answer), kind)


def stage_in_pieces(  # noqa: PLR0913 - as stage_file
    path: Path,
    contract: TableContract,
    *,
    to: Path,
    piece_bytes: int,
    lenient_columns: Sequence[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    source: SourceOptions = NOTHING_DECLARED,
    **_: object,
) -> StagedFile:
    """What `stage_file` does, in pieces of about that many bytes; else it is left to that."""
    to.mkdir(parents=True, exist_ok=True)
    typing = Typing(contract, Engine(threads=1))
    content = content_of(path, to=to, limits=limits, contract=contract, source=source)
    whole = stage_file(path, contract, to=to / "whole", limits=limits, source=source)
    if content.written_from:
        source = as_written_out(source)
    source = with_lenient(source, lenient_columns)
    with FileBytes(content.path) as held:
        work = Here(held, typing, to)
        try:
            read = read_in_pieces(
                held,
                typing,
                work,
                piece_bytes=piece_bytes,
                limits=limits,
                source=source,
                scratch=to,
            )
        except NotInPieces:
            return stage_file(
                path,
                contract,
                to=to,
                limits=limits,
                source=source,
            )
    summed = summed_up(read, typing)
    _join(read, work, rows_path(path, to), index_path(path, to))
    if summed.typer.derived and read.at:
        shared = set_apart_shared_keys(rows_path(path, to), contract)
        summed.typer.breached[contract.key] += shared
        summed = replace(summed, shared=shared)
    size = FileSize.of(path.stat().st_size, content)
    return replace(summary_of(summed, size, source), sha256=whole.sha256)


def _join(read: ReadPieces, work: Here, rows: Path, index: Path) -> None:
    """The rows of all pieces with the numbers that their records have in the content."""
    with index.open("wb") as places:
        for at in read.at:
            places.write(work.places(at)[1].read_bytes())
        if read.apart:
            places.write(np.array(read.apart, np.int64).tobytes())
    if not read.at:
        return
    with pa.OSFile(str(rows), "wb") as file:
        writer = None
        for base, at in zip(read.bases, read.at, strict=True):
            with pa.OSFile(str(work.places(at)[0])) as source, pa.ipc.open_file(source) as reader:
                writer = writer or pa.ipc.new_file(file, reader.schema)
                for number in range(reader.num_record_batches):
                    batch = reader.get_batch(number)
                    place = batch.schema.get_field_index(RECORD_NUMBER)
                    numbers = pa.array(batch[RECORD_NUMBER].to_numpy() + base)
                    writer.write_batch(batch.set_column(place, RECORD_NUMBER, numbers))
        assert writer is not None
        writer.close()
