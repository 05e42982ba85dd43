"""The good rows of a decided file, told again: from its output, or from the original in history.

Nothing is decided here: which rows are good was decided, and is only found out again.
"""

import hashlib
import shutil
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.errors import (
    MoviePipelineError,
    StorageError,
    StoredFileChanged,
    StoredFileMissing,
    UnreadableFile,
)
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.decision_records import (
    DecisionRecord,
    kept_text,
    ruleset_name,
    sources_name,
)
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.quarantine.quarantine_record import record_number_of
from movie_pipeline.screening.reference_datasets import reference_tables
from movie_pipeline.screening.screening_engine import Connection, screening_engine
from movie_pipeline.settings import Settings
from movie_pipeline.steps.good_rows import RECORD_NUMBER, Numbers, write_good_rows
from movie_pipeline.steps.judge import STAGED, judged_file
from movie_pipeline.steps.read import ReadFile, read_again
from movie_pipeline.steps.split import OUT_OF_CONTRACT
from movie_pipeline.steps.work_folder import FileFolder
from movie_pipeline.storage.part_list import Part, parts_of, paths_of, reading_joined
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.tabular import StagedFile

OUTPUT, QUARANTINE, RULES = "its output", "the original without its quarantine", "the rules again"
"""What rows may be told from."""
_ARROW, _PARQUET = cast("Any", pa), cast("Any", pq)
_UNREADABLE: tuple[type[Exception], ...] = (_ARROW.ArrowException, OSError)


class RowsNotTold(MoviePipelineError):
    """The good rows of a decided file cannot be told again; the message names what is missing."""


@dataclass(frozen=True)
class GoodRows:
    """The good rows of a file.

    Attributes:
        files: Parquet files in the columns of the output area, for the length of the block; None
            where the file has none. Each can be read until the next one is asked for.
        count: rows in them.
        told_from: from what.
        difference: a sentence where they are not as many as were recorded; empty as a rule.
    """

    files: Iterable[Path] | None = None
    count: int = 0
    told_from: str = OUTPUT
    difference: str = ""


@contextmanager
def rows_of(  # noqa: PLR0913 - the file, where its parts lie, and how it is read
    record: DecisionRecord,
    storage: Storage,
    settings: Settings,
    dataset: Dataset,
    folder: Path,
    *,
    from_history: bool = False,
) -> Generator[GoodRows]:
    """The good rows of a decided file, those that others superseded among them.

    Its output is taken where it lies there as it was published. Else the original is read again
    with the settings it was read with, and the records are left out that its quarantine names;
    where that is damaged too, it is judged again by the ruleset that it was judged by.

    Args:
        record: the file.
        storage: where all this lies.
        settings: limits of the engine, and where reference datasets are.
        dataset: what the rows are.
        folder: a folder to work in.
        from_history: whether to leave the output out, as where it is to be held against history.

    Yields:
        The rows. A difference from what was recorded is told in them, and is the caller's to judge.

    Raises:
        RowsNotTold: neither is there; the message says what to put back.
    """
    entry = record.entry
    expected = entry.rows_loaded + entry.rows_superseded
    if entry.state is not FileState.LOADED or not expected:
        yield GoodRows()
        return
    output = None if from_history else _kept_output(storage, entry, expected)
    if output is not None:
        yield GoodRows(output, expected)
        return
    work = FileFolder(folder / entry.file_id, entry.file_id)
    shutil.rmtree(work.path, ignore_errors=True)
    work.path.mkdir(parents=True)
    try:
        try:
            count, told_from = _from_original(record, storage, settings, dataset, work)
        except UnreadableFile as error:
            raise RowsNotTold(
                f"the good rows of {entry.shown_name} (file {entry.file_id}) cannot be told again: "
                f"it was read before, and cannot be read now. {error}"
            ) from None
        yield GoodRows(
            (work.good,), count, told_from, _difference(entry, expected, count, told_from)
        )
    finally:
        shutil.rmtree(work.path, ignore_errors=True)


def _difference(entry: LedgerEntry, expected: int, count: int, told_from: str) -> str:
    if count == expected:
        return ""
    return (
        f"{entry.shown_name} (file {entry.file_id}) has {count:,} good rows, told from "
        f"{told_from}, where {expected:,} were recorded."
    )


# --- the output ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _KeptOutput:
    """The files of an output, each brought here when it comes to it; as often as is asked."""

    storage: Storage
    parts: Sequence[Part]

    def __iter__(self) -> Iterator[Path]:
        return paths_of(self.storage, Area.OUTPUT, self.parts)


def _kept_output(storage: Storage, entry: LedgerEntry, expected: int) -> _KeptOutput | None:
    """The files of its output, None where they are not there as they were published."""
    if not entry.output_name:
        return None
    try:
        parts = parts_of(storage, Area.OUTPUT, entry.output_name, entry.summary.output)
        output = _KeptOutput(storage, parts)
        counts = [rows_in(path) for path in output]
    except (StoredFileMissing, StoredFileChanged):
        return None
    known = [count for count in counts if count is not None]
    return output if len(known) == len(counts) and sum(known) == expected else None


def rows_in(path: Path) -> int | None:
    """Rows of a Parquet file; None where it is no whole one."""
    try:
        return int(_PARQUET.read_metadata(path).num_rows)
    except _UNREADABLE:
        return None


# --- the original --------------------------------------------------------------------------------


def _from_original(
    record: DecisionRecord,
    storage: Storage,
    settings: Settings,
    dataset: Dataset,
    folder: FileFolder,
) -> tuple[int, str]:
    """Write the good rows anew; return how many, and from what they were told."""
    entry = record.entry
    fetch_original(storage, entry, folder.source)
    staged = _read(record, storage, settings, dataset, folder.source)
    with screening_engine(folder.path, settings.engine) as connection:
        apart = _set_apart(storage, entry)
        if apart is not None:
            return _written(connection, folder, dataset, entry, apart), QUARANTINE
        ruleset = _ruleset(storage, entry)
        file = ReadFile(
            landed=entry.landed,
            content_sha256=entry.content_sha256,
            replay=record.replay,
            staged=staged,
        )
        with (
            reference_tables(
                connection, storage, settings, folder.path, [ruleset.text]
            ) as references,
            judged_file(
                connection,
                file,
                folder,
                ruleset,
                now=entry.committed_at,
                references=references,
            ) as judged,
        ):
            bad = f"({judged.judgement.fails_sql}) OR {OUT_OF_CONTRACT}"
            numbers: Any = connection.execute(
                f"SELECT {RECORD_NUMBER} FROM {STAGED} WHERE {bad} ORDER BY 1"
            ).fetchnumpy()[RECORD_NUMBER]
            return _written(connection, folder, dataset, entry, numbers), RULES


def _written(
    connection: Connection, folder: FileFolder, dataset: Dataset, entry: LedgerEntry, apart: Numbers
) -> int:
    return write_good_rows(
        connection,
        folder,
        dataset,
        [apart],
        file_id=entry.file_id,
        file_version=entry.file_version,
    ).count


def fetch_original(storage: Storage, entry: LedgerEntry, to: Path) -> None:
    """Copy the file's bytes from history, or from landing where it still lies there."""
    name = entry.history_name
    try:
        if name is None:
            storage.fetch(entry.landed, to)
        else:
            with storage.reading(Area.HISTORY, name) as path:
                shutil.copyfile(path, to)
    except StorageError as error:
        raise RowsNotTold(
            f"the good rows of {entry.shown_name} (file {entry.file_id}) cannot be told again: "
            f"neither its output nor the file itself is there. {error} Put one of them back, or "
            "have the sender send the file again."
        ) from None
    with to.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != entry.content_sha256:
        place = storage.uri(Area.HISTORY, name) if name else printable_name(entry.key)
        raise RowsNotTold(
            f"the good rows of {entry.shown_name} (file {entry.file_id}) cannot be told again: its "
            f"output is not there as it was published, and {place} has other bytes than those that "
            "were judged. Put one of them back, or have the sender send the file again."
        )


def _read(
    record: DecisionRecord, storage: Storage, settings: Settings, dataset: Dataset, source: Path
) -> StagedFile:
    """Read the original as it was read then."""
    with settings_then(record.entry, storage, settings) as then:
        declared = read_sources(then.reading.sources, dataset)
        return read_again(source, record.entry, record.replay, then, dataset, declared)


@contextmanager
def settings_then(entry: LedgerEntry, storage: Storage, settings: Settings) -> Generator[Settings]:
    """The settings that a file was read with, as far as its rows depend on them."""
    with_ = entry.summary.read_with
    with ExitStack() as stack:
        sources: Path | None = None
        if with_.sources_sha256:
            name = sources_name(with_.sources_sha256)
            sources = stack.enter_context(kept_text(storage, name))
        reading = replace(
            settings.reading,
            lenient_columns=with_.lenient_columns,
            max_record_bytes=with_.max_record_bytes,
            max_columns=with_.max_columns,
            sources=sources,
        )
        yield replace(settings, reading=reading)


def _set_apart(storage: Storage, entry: LedgerEntry) -> Numbers | None:
    """The numbers of the records that were set apart; None where that cannot be told."""
    if not entry.rows_quarantined:
        return np.empty(0, np.int64)
    if not entry.quarantine_name:
        return None
    try:
        recorded = entry.summary.quarantine
        with (
            reading_joined(storage, Area.QUARANTINE, entry.quarantine_name, recorded) as path,
            path.open("rb") as lines,
        ):
            numbers = list(map(record_number_of, lines))
    except (StoredFileMissing, StoredFileChanged, ValueError):
        return None
    return np.sort(np.array(numbers, np.int64)) if len(numbers) == entry.rows_quarantined else None


def _ruleset(storage: Storage, entry: LedgerEntry) -> Ruleset:
    """The rules that had an answer for the rows; the others set none apart."""
    with kept_text(storage, ruleset_name(entry.ruleset_sha256)) as path:
        ruleset = read_ruleset(path)
    about_rows = {rule.rule for rule in entry.summary.rules if rule.failing_rows is not None}
    if "rules" in entry.summary.omitted:
        return ruleset
    return replace(ruleset, rules=tuple(_of(ruleset, about_rows)))


def _of(ruleset: Ruleset, texts: Iterable[str]) -> Iterable[Any]:
    wanted = set(texts)
    return (rule for rule in ruleset if str(rule) in wanted)
