"""What the intake makes of a file, told to a person at a terminal.

The words only: the file is staged into a folder that is thrown away, and nothing is loaded.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from movie_pipeline.arrow import pa
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.cell_problems import problems
from movie_pipeline.tabular.column_mapping import MappedColumn, printable
from movie_pipeline.tabular.encodings import UnknownEncodingError
from movie_pipeline.tabular.raw_record import raw_records, rows_path
from movie_pipeline.tabular.read_file import stage_file
from movie_pipeline.tabular.reading_limits import (
    DEFAULT_LIMITS,
    NOTHING_DECLARED,
    Limits,
    SourceOptions,
)
from movie_pipeline.tabular.row_typer import BREACHED, RECORD_NUMBER, UNREADABLE
from movie_pipeline.tabular.staged_file import StagedFile
from movie_pipeline.tabular.table_contract import (
    OTHER_COLUMNS,
    OTHER_COLUMNS_BYTES,
    TableContract,
)

FIRST_PROBLEMS = 5
"""So many problems are shown where nobody says how many."""


@dataclass(frozen=True)
class FoundProblem:
    """One of the first problems of a file, with its place.

    Attributes:
        record_number: the record.
        byte_offset: where it starts.
        messages: what is wrong.
        excerpt: the beginning of the record, on one line.
        mark: how many characters of the excerpt stand before the cell at fault; None where it is
            not in the excerpt.
    """

    record_number: int
    byte_offset: int
    messages: tuple[str, ...]
    excerpt: str
    mark: int | None


@dataclass(frozen=True)
class Inspection:
    """What the intake makes of a file.

    Attributes:
        contract: what its rows must be.
        refusal: why it would be rejected, or None.
        staged: the summary, or None where it would be rejected.
        first_problems: the first records that would be set apart.
        samples: likely encoding to how the first odd cells would read, where none is plain.
    """

    contract: TableContract
    refusal: str | None
    staged: StagedFile | None = None
    first_problems: tuple[FoundProblem, ...] = ()
    samples: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    def report(self) -> dict[str, Any]:
        """The inspection as plain values."""
        staged = self.staged
        if staged is None:
            return {"refusal": self.refusal, "samples": dict(self.samples)}
        return {
            "refusal": None,
            "layout": staged.dialect.describe(),
            "records": staged.rows_in,
            "rows": staged.rows_staged,
            "bytes": staged.content_size,
            "held": staged.hold,
            "columns": [
                {
                    "header": column.header,
                    "name": column.name,
                    "of_contract": column.is_contract,
                    "repaired": staged.repairs.get(column.name, 0),
                }
                for column in staged.mapping
            ],
            "notes": list(staged.notes),
            "problems": [
                {
                    "record": problem.record_number,
                    "byte_offset": problem.byte_offset,
                    "messages": list(problem.messages),
                    "excerpt": problem.excerpt,
                }
                for problem in self.first_problems
            ],
        }

    def lines(self) -> Iterator[str]:
        """The inspection as lines of text."""
        if self.staged is None:
            yield f"REJECTED: {self.refusal}"
            for name, texts in self.samples.items():
                yield f"as {name}:"
                yield from (f"    {printable(text)}" for text in texts)
            return
        staged = self.staged
        yield f"layout    {staged.dialect.describe()}"
        yield f"records   {staged.rows_in:,}, of which {staged.rows_staged:,} can be rows"
        yield f"bytes     {_bytes(staged)}"
        if staged.hold:
            yield f"HELD      {staged.hold}"
        yield "columns"
        yield from _column_lines(staged, self.contract)
        yield from (f"note      {note}" for note in staged.notes)
        for problem in self.first_problems:
            yield f"record {problem.record_number:,} at byte {problem.byte_offset:,}"
            yield f"    {problem.excerpt}"
            if problem.mark is not None:
                yield f"    {' ' * problem.mark}^"
            yield from (f"    {message}" for message in problem.messages)


def inspect_file(
    path: Path,
    contract: TableContract,
    *,
    limits: Limits = DEFAULT_LIMITS,
    source: SourceOptions = NOTHING_DECLARED,
    most: int = FIRST_PROBLEMS,
) -> Inspection:
    """Stage a file for looking only.

    Args:
        path: the file, wherever it lies; it is copied under a name of ours first.
        contract: what its rows must be.
        limits: what it may ask of this machine.
        source: what is declared about its source.
        most: so many records with a problem are shown; 0: all.
    """
    with tempfile.TemporaryDirectory(prefix="inspected-") as name:
        folder = Path(name)
        copy = folder / "inspected.csv"
        shutil.copyfile(path, copy)
        try:
            staged = stage_file(copy, contract, to=folder, limits=limits, source=source)
        except UnknownEncodingError as error:
            return Inspection(contract, str(error), samples=error.samples)
        except UnreadableFile as error:
            return Inspection(contract, str(error))
        found = tuple(_first_problems(copy, staged, contract, folder, most or None))
        return Inspection(contract, None, staged, found)


def _first_problems(
    path: Path, staged: StagedFile, contract: TableContract, folder: Path, most: int | None
) -> Iterator[FoundProblem]:
    apart = dict(staged.set_apart[:most])
    masks = _first_masks(rows_path(path, folder), most)
    numbers = sorted({*apart, *masks})[:most]
    for record in raw_records(path, staged, folder=folder, numbers=numbers):
        messages: tuple[str, ...] = (apart.get(record.record_number, ""),)
        at_fault: str | None = None
        if record.record_number in masks:
            unreadable, breached = masks[record.record_number]
            found = problems(
                staged,
                contract,
                unreadable=unreadable,
                breached=breached,
                columns=record.columns,
            )
            messages = tuple(problem.message for problem in found)
            key = staged.columns_by_name.get(found[0].column, "")
            at_fault = (record.columns or {}).get(key)
        text = record.raw.decode(staged.dialect.codec, "replace")
        excerpt, mark = _excerpt(text, at_fault)
        yield FoundProblem(record.record_number, record.byte_offset, messages, excerpt, mark)


def _first_masks(path: Path, most: int | None) -> dict[int, tuple[int, int]]:
    """Record number to both masks, of the first rows that have a problem."""
    found: dict[int, tuple[int, int]] = {}
    with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
        for number in range(reader.num_record_batches):
            batch: Any = reader.get_batch(number)
            columns = (batch[name].to_pylist() for name in (RECORD_NUMBER, UNREADABLE, BREACHED))
            for record, unreadable, breached in zip(*columns, strict=True):
                if unreadable or breached:
                    found[record] = (unreadable, breached)
                    if len(found) == most:
                        return found
    return found


def _excerpt(text: str, at_fault: str | None, width: int = 100) -> tuple[str, int | None]:
    """A window of the record around the cell at fault, and where in it the cell begins."""
    place = text.find(at_fault) if at_fault else -1
    begin = max(0, place - width // 2) if place >= 0 else 0
    before = printable(text[begin:place], 10_000) if place >= 0 else ""
    shown = printable(text[begin : begin + width], 10_000)
    return shown, len(before) if place >= 0 else None


def _bytes(staged: StagedFile) -> str:
    account = staged.byte_account
    parts: Sequence[tuple[str, int]] = (
        ("header", account.header),
        ("records", account.records),
        ("line ends" if staged.dialect.format == "csv" else "between", account.separators),
        ("blank lines", account.blank),
        ("comments", account.comments),
        ("footer", account.footer),
        ("other", account.other),
    )
    shown = ", ".join(f"{name} {count:,}" for name, count in parts if count)
    return f"{staged.content_size:,}: {shown}"


def _own_kind(column: MappedColumn) -> str:
    if column.date_form is not None:
        return f"date, declared as {column.date_form}, kept as the file's own"
    return "text, kept as the file's own"


def _column_lines(staged: StagedFile, contract: TableContract) -> Iterator[str]:
    for column in staged.mapping:
        kind = contract.column(column.name).type if column.is_contract else _own_kind(column)
        words = [f"    {printable(column.header)} -> {column.name} ({kind})"]
        for counts, what in (
            (staged.missing, "missing"),
            (staged.unreadable, "unreadable"),
            (staged.breached, "outside the contract"),
        ):
            if count := counts.get(column.name):
                words.append(f"{count:,} {what}")
        for kind_of_repair, count in staged.repair_kinds.get(column.name, {}).items():
            words.append(f"{count:,} repaired: {kind_of_repair}")
        yield ", ".join(words)
    if count := staged.breached.get(OTHER_COLUMNS):
        yield (
            f"    the file's own -> {OTHER_COLUMNS} (JSON text), {count:,} rows over "
            f"{OTHER_COLUMNS_BYTES:,} bytes"
        )
