"""One staged file, judged and split: good rows to Parquet, the others to quarantine with reasons.

The engine judges every row before the split; nothing here decides policy (verdict.py) or knows what
a rule means (dqdl/). Files are written to the work folder; publishing them is the caller's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow.dataset as ds

from movie_pipeline.arrow import pa
from movie_pipeline.crash_points import crash_point
from movie_pipeline.datasets.dataset import Dataset, Histogram
from movie_pipeline.dqdl import Judgement, Rule, Ruleset, judge
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.quarantine.quarantine_record import CONTRACT_RULE, Provenance, Reason
from movie_pipeline.quarantine.quarantine_writer import Apart, judged_columns, write_apart
from movie_pipeline.screening.remote_judging import Elsewhere, Question
from movie_pipeline.steps.verdict import Holding, RuleState, RuleVerdict, Verdict, decide
from movie_pipeline.storage.storage_port import LandedFile
from movie_pipeline.tabular import RawRecord, StagedFile, raw_records

ROW_GROUP = 61_440
"""Half of DuckDB's own: what is gathered then stays small, and the kernel has half the work."""
ROW_GROUP_BYTES = "32MB"
"""A row group ends here too: of a wide file, few rows are many bytes."""
SLICE_BYTES = 8_000_000
"""Staged bytes that the engine takes at a time while it writes the rows that load."""
TECHNICAL_COLUMNS = ("_record_number", "_unreadable", "_breached")
STAGED, STREAMED = "staged", "staged_stream"
"""What the staged rows are called in the engine: to be scanned by column, or once as they stand."""
FILE_HELD = "the file is held:"
"""How the reasons begin that are about the file, and not about the record."""
OUT_OF_CONTRACT = '("_unreadable" <> 0 OR "_breached" <> 0)'


@dataclass(frozen=True)
class ScreenedFile:
    """What screening made of one file.

    Attributes:
        verdict: LOADED or HELD, with the reason.
        rules: every rule's answer.
        good_rows: rows in the Parquet file.
        set_apart: records in the quarantine file.
        good: the Parquet file, None where the file is held.
        quarantine: the JSON lines file, None where nothing was set apart.
        reasons: how many records each rule set apart; a record counts under each of its reasons.
        ratings: how many good rows fall into each bin of the dataset's histogram.
        notes: who judged, where that is not this process.
    """

    verdict: Verdict
    rules: tuple[RuleVerdict, ...]
    good_rows: int
    set_apart: int
    good: Path | None
    quarantine: Path | None
    reasons: dict[str, int]
    ratings: tuple[int, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScreeningJob:
    """What screening needs to know of one file.

    Attributes:
        landed: the file's identity.
        staged: the intake's summary of it.
        dataset: what its rows must be.
        source: the bytes as they landed.
        folder: where the staged rows lie and the results go.
        batch_id: the batch it is loaded with.
        holding: what may hold it as a whole.
        file_version: what decides between two rows of one film; by default when the file came.
    """

    landed: LandedFile
    staged: StagedFile
    dataset: Dataset
    source: Path
    folder: Path
    batch_id: str
    holding: Holding = Holding.EVERYTHING
    file_version: datetime | None = None

    @property
    def version(self) -> datetime:
        """What decides between two rows of one film."""
        return self.file_version or self.landed.modified_at

    @property
    def staged_rows(self) -> Path:
        """The staged Arrow file."""
        return self.folder / f"{self.landed.file_id}.arrow"

    @property
    def good(self) -> Path:
        """Where the good rows go."""
        return self.folder / f"{self.landed.file_id}.parquet"

    @property
    def quarantine(self) -> Path:
        """Where the quarantined records go."""
        return self.folder / f"{self.landed.file_id}.jsonl"

    @property
    def judged(self) -> Path:
        """Where what was found of the rows set apart lies until they are written."""
        return self.folder / f"{self.landed.file_id}.judged.parquet"

    def records(self, numbers: Iterable[int]) -> Iterator[RawRecord]:
        """Records as they stand in the source, in ascending order."""
        return raw_records(self.source, self.staged, folder=self.folder, numbers=numbers)


def screen_file(  # noqa: PLR0913 - what is judged, by what, and who else may judge
    connection: duckdb.DuckDBPyConnection,
    job: ScreeningJob,
    ruleset: Ruleset,
    *,
    history: Mapping[str, Sequence[float]] | None = None,
    now: datetime | None = None,
    references: Mapping[str, str] | None = None,
    elsewhere: Elsewhere | None = None,
) -> ScreenedFile:
    """Judge a staged file's rows and write both sides.

    Args:
        connection: a DuckDB connection of the caller's, with its limits set.
        job: the file.
        ruleset: the rules.
        history: what earlier files measured, newest first, for rules that compare with them.
        now: the clock, for rules about dates and for the records; the present by default.
        references: the tables of reference datasets by the alias that rules use.
        elsewhere: who judges the rows of large files.

    Returns:
        What was found and written. good_rows + set_apart is the number of records in the file.
    """
    now = now or datetime.now(UTC)
    staged = cast("Any", ds).dataset(job.staged_rows, format="ipc")
    judged = partial(
        judge,
        connection=connection,
        relation=STAGED,
        columns=_data_columns(staged.schema.names, job.staged),
        aliases=_aliases(job.staged),
        derived=job.staged.derived,
        sources=references,
        clock=now,
        history=history,
    )
    connection.register(STAGED, staged)
    try:
        if elsewhere is None or not elsewhere.cluster.takes(job.landed.size):
            return _screened_here(connection, job, ruleset, judged, now)
        question = _question(connection, job, ruleset)
        why_here = question.why_in_process()
        if not why_here:
            return _screened_elsewhere(connection, job, elsewhere, question, now)
        screened = _screened_here(connection, job, ruleset, judged, now)
        note = f"its rows were judged in process, and not by the cluster: {why_here}"
        return replace(screened, notes=(note,))
    finally:
        connection.unregister(STAGED)


def _screened_here(
    connection: duckdb.DuckDBPyConnection,
    job: ScreeningJob,
    ruleset: Ruleset,
    judged: Callable[[Ruleset], Judgement],
    now: datetime,
) -> ScreenedFile:
    with judged(ruleset) as judgement:
        rules, verdict = _decided(job, judgement)
        unasked = _unasked(rules)
        if verdict.state is FileState.HELD or not unasked:
            return _split(connection, job, ruleset, _Judged(judgement, rules, verdict), now)
    # A rule that could not be evaluated, and does not hold the file, says nothing of its rows.
    asked = tuple(rule for rule in ruleset if str(rule) not in unasked)
    with judged(replace(ruleset, rules=asked)) as judgement:
        return _split(connection, job, ruleset, _Judged(judgement, rules, verdict), now)


def _question(
    connection: duckdb.DuckDBPyConnection, job: ScreeningJob, ruleset: Ruleset
) -> Question:
    described = connection.execute(f"DESCRIBE {STAGED}").fetchall()
    types = {row[0]: row[1] for row in described}
    return Question(
        relation=STAGED,
        types={name: types[name] for name in _data_columns(list(types), job.staged)},
        aliases=_aliases(job.staged),
        ruleset=ruleset,
        rows=job.staged.rows_staged,
        folder=job.folder,
    )


def _screened_elsewhere(
    connection: duckdb.DuckDBPyConnection,
    job: ScreeningJob,
    elsewhere: Elsewhere,
    question: Question,
    now: datetime,
) -> ScreenedFile:
    judged, judged_by = elsewhere.judgement(connection, question)
    with judged as judgement:
        rules, verdict = _decided(job, judgement)
        found = _Judged(judgement, rules, verdict)
        screened = _split(connection, job, question.ruleset, found, now)
    return replace(screened, notes=(f"its rows were judged by {judged_by}",))


def _aliases(staged: StagedFile) -> dict[str, str]:
    return {column.header: column.name for column in staged.mapping}


@dataclass(frozen=True)
class _Judged:
    """What the engine found of the rows, and what was decided about the file."""

    judgement: Judgement
    rules: tuple[RuleVerdict, ...]
    verdict: Verdict


def _decided(job: ScreeningJob, judgement: Judgement) -> tuple[tuple[RuleVerdict, ...], Verdict]:
    """Every rule's answer, and what becomes of the file."""
    rules = tuple(RuleVerdict.of(outcome) for outcome in judgement.rules)
    verdict = decide(job.staged.hold, rules, job.holding)
    waived = verdict.waived_rules
    return tuple(replace(rule, waived=rule.rule in waived) for rule in rules), verdict


def _unasked(rules: Iterable[RuleVerdict]) -> set[str]:
    return {rule.rule for rule in rules if rule.waived and rule.state is RuleState.ERROR}


def _data_columns(names: list[str], staged: StagedFile) -> list[str]:
    """The columns that the file brought or that were derived: what a rule may speak of."""
    brought = {column.name for column in staged.mapping} | set(staged.derived)
    return [name for name in names if name in brought]


def _other_names(names: list[str], job: ScreeningJob) -> list[str]:
    """Staged columns beside the contract's: the file's own, and the texts of lenient columns."""
    ours = {*TECHNICAL_COLUMNS, *job.dataset.contract.names}
    return [name for name in names if name not in ours]


def _split(
    connection: duckdb.DuckDBPyConnection,
    job: ScreeningJob,
    ruleset: Ruleset,
    judged: _Judged,
    now: datetime,
) -> ScreenedFile:
    judgement, rules, verdict = judged.judgement, judged.rules, judged.verdict
    held = verdict.state is FileState.HELD
    bad = "TRUE" if held else f"({judgement.fails_sql}) OR {OUT_OF_CONTRACT}"
    apart = Apart(
        staged=job.staged,
        contract=job.dataset.contract,
        judging=list(judgement.row_rules_sql),
        skipped=[rule.rule for rule in rules if rule.rule not in judgement.row_rules_sql],
        of_file=_file_reasons(verdict, rules),
        columns_of={str(rule): _columns_of(rule, job.staged) for rule in ruleset},
    )
    provenance = Provenance(
        file=job.landed.key,
        file_id=job.landed.file_id,
        batch_id=job.batch_id,
        ruleset_sha256=ruleset.sha256,
        quarantined_at=now,
    )
    crash_point("screen.judged.before")
    _write_judged(connection, job, judgement, bad)
    crash_point("screen.judged.after")
    with ThreadPoolExecutor(1) as beside:
        # The records are written in Python while the engine writes the rows that load.
        quarantining = beside.submit(
            write_apart,
            job.judged,
            job.quarantine,
            apart=apart,
            provenance=provenance,
            records=job.records,
        )
        good_rows = 0 if held else _write_good(connection, job, bad)
        set_apart, reasons = quarantining.result()
    job.judged.unlink()
    return ScreenedFile(
        verdict=verdict,
        rules=rules,
        good_rows=good_rows,
        set_apart=set_apart,
        good=None if held else job.good,
        quarantine=job.quarantine if set_apart else None,
        reasons=reasons,
        ratings=() if held else _spread(connection, job.good, job.dataset.histogram),
    )


def _write_judged(
    connection: duckdb.DuckDBPyConnection, job: ScreeningJob, judgement: Judgement, bad: str
) -> None:
    """Write what is to be known of the rows set apart, in the file's order.

    A file, as the judgement's tables are its connection's own: no thread beside it sees them.
    """
    connection.execute(
        f"COPY (SELECT {judged_columns(judgement)} FROM {STAGED} WHERE {bad} ORDER BY 1) "
        f"TO '{_quoted(job.judged)}' (FORMAT parquet)"
    )


def _write_good(connection: duckdb.DuckDBPyConnection, job: ScreeningJob, bad: str) -> int:
    """Write the rows that load, in the order of columns that the warehouse stages them in."""
    # The record number travels with each row, so the order of the rows need not be kept.
    connection.execute("SET preserve_insertion_order = false")
    columns = ", ".join(map(_identifier, job.dataset.contract.names))
    staged = pa.ipc.open_file(pa.OSFile(str(job.staged_rows)))
    other = _other_names(staged.schema.names, job)
    connection.register(STREAMED, _stream(staged, frame=sum(map(len, other))))
    counted = connection.execute(
        f"""
        COPY (
            SELECT {columns},
                   {_other_columns(other)} AS other_columns,
                   $file_id AS file_id,
                   "_record_number" AS record_number,
                   CAST($file_version AS TIMESTAMP) AS file_version
            FROM {STREAMED}
            WHERE NOT ({bad})
        ) TO '{_quoted(job.good)}'
        (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP}, ROW_GROUP_SIZE_BYTES '{ROW_GROUP_BYTES}')
        """,
        {
            "file_id": job.landed.file_id,
            "file_version": job.version.astimezone(UTC).replace(tzinfo=None),
        },
    ).fetchone()
    connection.unregister(STREAMED)
    crash_point("screen.good.after")
    assert counted is not None  # noqa: S101 - COPY always answers with its row count
    return int(counted[0])


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


def _other_columns(names: list[str]) -> str:
    """These columns as one JSON text, so that every output file has the same columns."""
    if not names:
        return "CAST(NULL AS VARCHAR)"
    pairs = ", ".join(f"'{_quoted(name)}', {_identifier(name)}" for name in names)
    return f"CAST(json_object({pairs}) AS VARCHAR)"


def _spread(
    connection: duckdb.DuckDBPyConnection, good: Path, histogram: Histogram | None
) -> tuple[int, ...]:
    """How many good rows fall into each bin; a value on the upper end counts in the last one."""
    if histogram is None:
        return ()
    column, last = _identifier(histogram.column), histogram.bins - 1
    place = f"floor(({column} - {histogram.lower}) / {histogram.width})"
    counts = dict(
        connection.execute(
            f"SELECT CAST(greatest(least({place}, {last}), 0) AS INTEGER), count(*) "
            f"FROM read_parquet('{_quoted(good)}') WHERE {column} IS NOT NULL GROUP BY 1"
        ).fetchall()
    )
    return tuple(counts.get(each, 0) for each in range(histogram.bins))


def _columns_of(rule: Rule, staged: StagedFile) -> list[str]:
    """The staged columns that a rule names, whether by their own or by the file's name."""
    names = {column.name.lower(): column.name for column in staged.mapping}
    names = {column.header.lower(): column.name for column in staged.mapping} | names
    asked = [names.get(name.lower()) for leaf in rule.leaves() for name in leaf.columns]
    return list(dict.fromkeys(name for name in asked if name))


def _file_reasons(verdict: Verdict, rules: tuple[RuleVerdict, ...]) -> list[Reason]:
    """Why every record of a held file waits, though nothing may be wrong with it."""
    if verdict.state is not FileState.HELD:
        return []
    holding = [
        Reason(rule.rule, f"{FILE_HELD} {rule.reason}")
        for rule in rules
        if rule.holds and not rule.waived
    ]
    return holding or [Reason(CONTRACT_RULE, f"{FILE_HELD} {verdict.reason}")]


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted(text: object) -> str:
    return str(text).replace("'", "''")
