"""Split, the fifth step: the good rows of a judged file to Parquet, the others to quarantine.

Both are written into the work folder, side by side; publishing them is screen.py's. What a
quarantined record says stands in quarantine/.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from movie_pipeline.arrow import pa
from movie_pipeline.crash_points import crash_point
from movie_pipeline.datasets.dataset import Dataset, Histogram
from movie_pipeline.dqdl import Rule
from movie_pipeline.ledger.file_summary import RuleState
from movie_pipeline.quarantine.keys_apart import KeysApart
from movie_pipeline.quarantine.quarantine_record import (
    FILE_HELD,
    Provenance,
    Reason,
    contract_rule,
)
from movie_pipeline.quarantine.quarantine_writer import (
    WhySetApart,
    judged_columns,
    write_quarantine,
)
from movie_pipeline.screening.screening_engine import Connection, identifier, literal
from movie_pipeline.steps.judge import STAGED, JudgedFile
from movie_pipeline.steps.work_folder import FileFolder
from movie_pipeline.tabular import RawRecord, StagedFile, raw_records

ROW_GROUP = 61_440
"""Half of DuckDB's own: what is gathered then stays small, and the kernel has half the work."""
ROW_GROUP_BYTES = "32MB"
"""A row group ends here too: of a wide file, few rows are many bytes."""
SLICE_BYTES = 8_000_000
"""Staged bytes that the engine takes at a time while it writes the rows that load."""
TECHNICAL_COLUMNS = ("_record_number", "_unreadable", "_breached")
STREAMED = "staged_stream"
"""What the staged rows are called where each is taken once, as it stands."""
_LEFT_OUT = "left_out"
OUT_OF_CONTRACT = '("_unreadable" <> 0 OR "_breached" <> 0)'


@dataclass(frozen=True)
class SplitFile:
    """Both sides of a file. good_rows + set_apart is the number of records in it.

    Attributes:
        good_rows: rows in the Parquet file.
        set_apart: records in the quarantine file.
        good: the Parquet file, None where the file is held.
        quarantine: the JSON lines file, None where nothing was set apart.
        keys: the Parquet file of the keys of the records set apart, None where none can be told.
        keys_apart: keys in it.
        reasons: rule to the records it is a reason of; a record counts under each of its reasons,
            and a reason of the whole file is none of them.
        ratings: how many good rows fall into each bin of the dataset's histogram.
    """

    good_rows: int
    set_apart: int
    good: Path | None
    quarantine: Path | None
    keys: Path | None
    keys_apart: int
    reasons: dict[str, int]
    ratings: tuple[int, ...]


def split_file(
    judged: JudgedFile, dataset: Dataset, batch_id: str, *, leave_out: Collection[int] = ()
) -> SplitFile:
    """Write both sides of a judged file.

    Args:
        judged: the file, and which of its rows fail.
        dataset: what its rows are.
        batch_id: the batch it is loaded with.
        leave_out: numbers of records that are set apart though they are good.
    """
    folder = judged.folder
    bad = "TRUE" if judged.is_held else f"({judged.judgement.fails_sql}) OR {OUT_OF_CONTRACT}"
    if leave_out and not judged.is_held:
        numbers = pa.table({"number": pa.array(sorted(leave_out), "int64")})
        judged.connection.register(_LEFT_OUT, numbers)
        bad = f'{bad} OR "_record_number" IN (SELECT number FROM {_LEFT_OUT})'
    crash_point("screen.judged.before")
    _write_judged(judged, bad, dataset.key)
    crash_point("screen.judged.after")
    with (
        KeysApart(folder.keys_apart, judged.file.file_id, dataset.contract) as keys,
        ThreadPoolExecutor(1) as beside,
    ):
        # The records are written in Python while the engine writes the rows that load.
        quarantining = beside.submit(
            write_quarantine,
            folder.judged,
            folder.quarantine,
            why=_why_set_apart(judged, dataset),
            provenance=_provenance(judged, batch_id),
            records=lambda numbers: _records(judged, numbers),
            keys=keys,
        )
        good_rows = 0 if judged.is_held else _write_good(judged, dataset.contract.names, bad)
        set_apart, reasons = quarantining.result()
    folder.judged.unlink()
    return SplitFile(
        good_rows=good_rows,
        set_apart=set_apart,
        good=None if judged.is_held else folder.good,
        quarantine=folder.quarantine if set_apart else None,
        keys=folder.keys_apart if keys.count else None,
        keys_apart=keys.count,
        reasons=reasons,
        ratings=() if judged.is_held else _spread(judged, dataset.histogram),
    )


# --- the records set apart -----------------------------------------------------------------------


def _write_judged(judged: JudgedFile, bad: str, key: str) -> None:
    """Write what is to be known of the rows set apart, in the file's order.

    A file, as the judgement's tables are its connection's own: no thread beside it sees them.
    """
    judged.connection.execute(
        f"COPY (SELECT {judged_columns(judged.judgement, identifier(key))} "
        f"FROM {STAGED} WHERE {bad} ORDER BY 1) "
        f"TO {literal(judged.folder.judged)} (FORMAT parquet)"
    )


def _why_set_apart(judged: JudgedFile, dataset: Dataset) -> WhySetApart:
    staged, verdict = judged.file.staged, judged.verdict
    row_rules = judged.judgement.row_rules_sql
    return WhySetApart(
        staged=staged,
        contract=dataset.contract,
        judging=list(row_rules),
        skipped=[rule.rule for rule in verdict.rules if rule.rule not in row_rules],
        of_file=_file_reasons(judged, dataset),
        columns_of={str(rule): _columns_of(rule, staged) for rule in judged.ruleset},
        unevaluated=frozenset(
            rule.rule for rule in verdict.rules if rule.outcome is RuleState.ERROR
        ),
    )


def _file_reasons(judged: JudgedFile, dataset: Dataset) -> list[Reason]:
    """Why every record of a held file waits, though nothing may be wrong with it."""
    if not judged.is_held:
        return []
    verdict = judged.verdict
    holding = [Reason(rule.rule, f"{FILE_HELD} {rule.reason}") for rule in verdict.held_by]
    return holding or [Reason(contract_rule(dataset.row), f"{FILE_HELD} {verdict.reason}")]


def _columns_of(rule: Rule, staged: StagedFile) -> list[str]:
    """The staged columns that a rule names, whether by their own or by the file's name."""
    names = {column.name.lower(): column.name for column in staged.mapping}
    names = {column.header.lower(): column.name for column in staged.mapping} | names
    asked = [names.get(name.lower()) for leaf in rule.leaves() for name in leaf.columns]
    return list(dict.fromkeys(name for name in asked if name))


def _provenance(judged: JudgedFile, batch_id: str) -> Provenance:
    return Provenance(
        file=judged.file.landed.key,
        file_id=judged.file.file_id,
        batch_id=batch_id,
        ruleset_sha256=judged.ruleset.sha256,
        quarantined_at=judged.now,
    )


def _records(judged: JudgedFile, numbers: Iterable[int]) -> Iterator[RawRecord]:
    """Records as they stand in the source, in ascending order."""
    folder = judged.folder
    return raw_records(folder.source, judged.file.staged, folder=folder.path, numbers=numbers)


# --- the rows that load --------------------------------------------------------------------------


def _write_good(judged: JudgedFile, contract_names: Sequence[str], bad: str) -> int:
    written = write_good_rows(
        judged.connection,
        judged.folder,
        contract_names,
        bad,
        file_id=judged.file.file_id,
        file_version=judged.file.file_version,
    )
    crash_point("screen.good.after")
    return written


def write_good_rows(  # noqa: PLR0913 - which rows, and what each is to carry
    connection: Connection,
    folder: FileFolder,
    contract_names: Sequence[str],
    bad: str,
    *,
    file_id: str,
    file_version: datetime,
) -> int:
    """Write the rows that load, in the order of columns that the warehouse stages them in.

    Args:
        connection: the engine.
        folder: where the staged rows lie, and the Parquet file goes.
        contract_names: the columns that come first.
        bad: SQL that is true of the rows that do not load.
        file_id: of the file; each row carries it.
        file_version: of the file, likewise.

    Returns:
        How many there are.
    """
    # The record number travels with each row, so the order of the rows need not be kept.
    connection.execute("SET preserve_insertion_order = false")
    columns = ", ".join(map(identifier, contract_names))
    staged = pa.ipc.open_file(pa.OSFile(str(folder.staged_rows)))
    # the file's own columns, and the texts of lenient ones
    ours = {*TECHNICAL_COLUMNS, *contract_names}
    other = [name for name in staged.schema.names if name not in ours]
    connection.register(STREAMED, _stream(staged, frame=sum(map(len, other))))
    [[written]] = connection.execute(
        f"""
        COPY (
            SELECT {columns},
                   {_other_columns(other)} AS other_columns,
                   $file_id AS file_id,
                   "_record_number" AS record_number,
                   CAST($file_version AS TIMESTAMP) AS file_version
            FROM {STREAMED}
            WHERE NOT ({bad})
        ) TO {literal(folder.good)}
        (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP}, ROW_GROUP_SIZE_BYTES '{ROW_GROUP_BYTES}')
        """,
        {
            "file_id": file_id,
            "file_version": file_version.astimezone(UTC).replace(tzinfo=None),
        },
    ).fetchall()
    connection.unregister(STREAMED)
    return int(written)


def _other_columns(names: list[str]) -> str:
    """These columns as one JSON text, so that every output file has the same columns."""
    if not names:
        return "CAST(NULL AS VARCHAR)"
    pairs = ", ".join(f"{literal(name)}, {identifier(name)}" for name in names)
    return f"CAST(json_object({pairs}) AS VARCHAR)"


def _stream(file: Any, *, frame: int) -> Any:  # noqa: ANN401 - Arrow's readers, untyped
    """The staged rows batch by batch: a scan of every column is half as dear as through a dataset.

    A dataset reads many batches ahead, which costs memory and gains nothing where all are written.

    Args:
        file: the staged Arrow file.
        frame: bytes that the names of the file's own columns add to each row.
    """
    batches = (file.get_batch(number) for number in range(file.num_record_batches))
    pieces = (piece for batch in batches for piece in _sliced(batch, frame))
    return pa.RecordBatchReader.from_batches(file.schema, pieces)


def _sliced(batch: Any, frame: int) -> Iterator[Any]:  # noqa: ANN401 - Arrow batches, untyped
    """A batch in pieces of bounded bytes: the engine takes a piece, or 2,048 rows, at a time."""
    size = batch.nbytes + frame * batch.num_rows
    rows = max(1, batch.num_rows * SLICE_BYTES // max(size, 1))
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def _spread(judged: JudgedFile, histogram: Histogram | None) -> tuple[int, ...]:
    """How many good rows fall into each bin; a value on the upper end counts in the last one."""
    if histogram is None:
        return ()
    column, last = identifier(histogram.column), histogram.bins - 1
    place = f"floor(({column} - {histogram.lower}) / {histogram.width})"
    counts = dict(
        judged.connection.execute(
            f"SELECT CAST(greatest(least({place}, {last}), 0) AS INTEGER), count(*) "
            f"FROM read_parquet({literal(judged.folder.good)}) "
            f"WHERE {column} IS NOT NULL GROUP BY 1"
        ).fetchall()
    )
    return tuple(counts.get(each, 0) for each in range(histogram.bins))
