"""A home whose files are published in parts of few records, as executors of another engine do."""

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pyarrow.parquet as pq

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.screening.spark_job import Parts, ScreenedFile
from movie_pipeline.steps.gate import account_for, contract_violations
from movie_pipeline.steps.published_parts import published_parts
from movie_pipeline.steps.read import ScreenedElsewhere
from movie_pipeline.steps.work_folder import FileFolder
from movie_pipeline.storage.part_list import Part, StoredFile
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline_tests.upkeep.world import NOW, Years

ENGINE = "Spark of a test"
_ROWS, _RECORDS = 2, 1
_PARQUET = cast("Any", pq)


class YearsInParts(Years):
    """The same as Years, but for how files are published."""

    def published(self, decided: DecidedFile) -> DecidedFile:
        """The file in parts; its two single files go."""
        return in_parts(self.storage, decided, self.settings.home / "parts")


def in_parts(storage: Storage, decided: DecidedFile, scratch: Path) -> DecidedFile:
    """A published file published in parts instead, by the code that takes up executors' parts."""
    if decided.output_name is None and decided.quarantine_name is None:
        return decided
    attempt = f"parts/batch/{uuid.uuid4().hex}/{decided.file_id}"
    folder = FileFolder(scratch / decided.file_id, decided.file_id)
    folder.path.mkdir(parents=True, exist_ok=True)
    good = _good(storage, decided.output_name, attempt, folder.path)
    apart = _apart(storage, decided.quarantine_name, attempt, folder.path)
    answer = ScreenedFile(decided.file_id, good=good, apart=apart)
    split = published_parts(
        ScreenedElsewhere(answer=answer, engine=ENGINE, now=NOW),
        folder,
        storage,
        is_held=decided.output_name is None,
    )
    summary = msgspec.structs.replace(decided.summary, screened_by=ENGINE)
    if split.good:
        storage.put(Area.OUTPUT, split.output_name, split.good)
        summary = msgspec.structs.replace(summary, output=StoredFile.of(split.good))
    if split.quarantine:
        storage.put(Area.QUARANTINE, split.quarantine_name, split.quarantine)
        summary = msgspec.structs.replace(summary, quarantine=StoredFile.of(split.quarantine))
    published = replace(
        decided,
        summary=summary,
        output_name=split.output_name or None,
        quarantine_name=split.quarantine_name or None,
    )
    assert account_for(published, storage).balanced
    return published


def _good(storage: Storage, name: str | None, attempt: str, scratch: Path) -> Parts:
    if name is None:
        return Parts()
    parts: list[Part] = []
    with storage.reading(Area.OUTPUT, name) as path:
        assert contract_violations(path, MOVIES) == {}
        rows = _PARQUET.read_table(path)
    for start in range(0, max(rows.num_rows, 1), _ROWS):
        piece = scratch / "piece.parquet"
        _PARQUET.write_table(rows.slice(start, _ROWS), piece, store_schema=False)
        parts.append(_put(storage, Area.OUTPUT, f"{attempt}/{start:015d}.parquet", piece))
    storage.remove(Area.OUTPUT, name)
    return Parts(tuple(parts), rows.num_rows)


def _apart(storage: Storage, name: str | None, attempt: str, scratch: Path) -> Parts:
    if name is None:
        return Parts()
    parts: list[Part] = []
    with storage.reading(Area.QUARANTINE, name) as path:
        lines = path.read_bytes().splitlines(keepends=True)
    for start in range(0, len(lines), _RECORDS):
        piece = scratch / "piece.jsonl"
        piece.write_bytes(b"".join(lines[start : start + _RECORDS]))
        parts.append(_put(storage, Area.QUARANTINE, f"{attempt}/{start:015d}.jsonl", piece))
    storage.remove(Area.QUARANTINE, name)
    return Parts(tuple(parts), len(lines))


def _put(storage: Storage, area: Area, name: str, piece: Path) -> Part:
    storage.put(area, name, piece)
    if area is Area.OUTPUT:
        count = int(_PARQUET.read_metadata(piece).num_rows)
    else:
        count = piece.read_bytes().count(b"\n")
    return Part(name, StoredFile.of(piece), count)
