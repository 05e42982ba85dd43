"""Split, the fifth step: the good rows of a judged file to Parquet, the others to quarantine.

Both are written into the work folder, side by side; publishing them is screen.py's. What a
quarantined record says stands in quarantine/.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from movie_pipeline.arrow import pa
from movie_pipeline.crash_points import crash_point
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.dqdl import Rule, Ruleset, in_little_memory
from movie_pipeline.ledger.file_summary import RuleState
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.quarantine.keys_apart import KeysApart
from movie_pipeline.quarantine.quarantine_record import (
    FILE_HELD,
    Provenance,
    Reason,
    contract_rule,
)
from movie_pipeline.quarantine.quarantine_writer import (
    PIECE,
    judged_columns,
    judged_rows,
    write_quarantine,
)
from movie_pipeline.quarantine.why_set_apart import WhySetApart
from movie_pipeline.screening.screening_engine import identifier
from movie_pipeline.steps.good_rows import (
    NO_ROWS,
    RECORD_NUMBER,
    Numbers,
    StagedRows,
    WrittenRows,
    write_good_rows,
)
from movie_pipeline.steps.judge import STAGED, JudgedFile, JudgedTogether
from movie_pipeline.steps.verdict import Verdict
from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular import RecordGroup, StagedFile, record_groups

_Judged = JudgedFile | JudgedTogether
_LEFT_OUT = "left_out"
OUT_OF_CONTRACT = '("_unreadable" <> 0 OR "_breached" <> 0)'


@dataclass(frozen=True)
class SplitFile:
    """Both sides of a file. good_rows + set_apart is the number of records in it.

    Attributes:
        good_rows: rows in the Parquet file.
        set_apart: records in the quarantine file.
        good: the Parquet file, or the list of its parts; None where the file is held.
        quarantine: the JSON lines file, or that list; None where nothing was set apart.
        keys: the Parquet file of the keys of the records set apart, None where none can be told.
        keys_apart: keys in it.
        reasons: rule to the records it is a reason of; a record counts under each of its reasons,
            and a reason of the whole file is none of them.
        ratings: how many good rows fall into each bin of the dataset's histogram.
        output_name, quarantine_name: what the lists are to be published under; empty where a side
            is one file.
    """

    good_rows: int
    set_apart: int
    good: Path | None
    quarantine: Path | None
    keys: Path | None
    keys_apart: int
    reasons: dict[str, int]
    ratings: tuple[int, ...]
    output_name: str = ""
    quarantine_name: str = ""


@dataclass(frozen=True)
class _Apart:
    """What was written of the records set apart: how many, why, and how many keys."""

    records: int
    reasons: Counter[str]
    keys: int


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
    with ThreadPoolExecutor(1) as beside:
        # The records are written in Python while the engine writes the rows that load.
        quarantining = beside.submit(
            _write_apart,
            judged,
            list(judged.judgement.row_rules_sql),
            judged_rows(folder.judged),
            dataset,
            batch_id,
        )
        good = _write_good(judged, judged_rows(folder.judged), dataset)
        apart = quarantining.result()
    folder.judged.unlink()
    return _both(judged, good, apart)


def split_small_file(judged: JudgedTogether, dataset: Dataset, batch_id: str) -> SplitFile:
    """The same of a file that was judged with others."""
    apart = _write_apart(judged, judged.judging, judged.apart, dataset, batch_id)
    rows = StagedRows(judged.rows.schema, [judged.rows])
    return _both(judged, _write_good(judged, judged.apart, dataset, rows), apart)


def _both(judged: _Judged, good: WrittenRows, apart: _Apart) -> SplitFile:
    folder = judged.folder
    return SplitFile(
        good_rows=good.count,
        set_apart=apart.records,
        good=None if judged.is_held else folder.good,
        quarantine=folder.quarantine if apart.records else None,
        keys=folder.keys_apart if apart.keys else None,
        keys_apart=apart.keys,
        reasons=dict(apart.reasons.most_common()),
        ratings=good.spread,
    )


# --- the records set apart -----------------------------------------------------------------------


def _write_apart(
    judged: _Judged,
    judging: Sequence[str],
    rows: Iterable[Any],
    dataset: Dataset,
    batch_id: str,
) -> _Apart:
    """Write the records set apart, and their keys."""
    folder = judged.folder
    with KeysApart(folder.keys_apart, judged.file.file_id, dataset.contract) as keys:
        records, reasons = write_quarantine(
            rows,
            folder.quarantine,
            why=why_set_apart(judged.file.staged, dataset, judged.ruleset, judged.verdict, judging),
            provenance=_provenance(judged, batch_id),
            records=lambda numbers: _records(judged, numbers),
            keys=keys,
        )
    return _Apart(records, reasons, keys.count)


def _write_judged(judged: JudgedFile, bad: str, key: str) -> None:
    """Write what is to be known of the rows set apart, in the file's order.

    A file, as the judgement's tables are its connection's own: no thread beside it sees them.
    """
    query = (
        f"SELECT {judged_columns(judged.judgement.row_rules_sql, identifier(key))} "
        f"FROM {STAGED} WHERE {bad} ORDER BY 1"
    )
    in_little_memory(judged.connection, lambda: _write_rows(judged, query))


def _write_rows(judged: JudgedFile, query: str) -> None:
    asked: Any = judged.connection.sql(query)
    with (
        asked.to_arrow_reader(PIECE) as rows,
        pa.OSFile(str(judged.folder.judged), "wb") as file,
        pa.ipc.new_file(file, rows.schema) as written,
    ):
        for batch in rows:
            raise_if_stopped()
            written.write_batch(batch)


def why_set_apart(
    staged: StagedFile,
    dataset: Dataset,
    ruleset: Ruleset,
    verdict: Verdict,
    judging: Sequence[str],
) -> WhySetApart:
    """Why records of a judged file are set apart.

    Args:
        staged: what was read of it.
        dataset: what its rows are.
        ruleset: the rules.
        verdict: what became of it.
        judging: canonical texts of the rules that judge rows, in the order of their masks.
    """
    names = {column.name.lower(): column.name for column in staged.mapping}
    names = {column.header.lower(): column.name for column in staged.mapping} | names
    return WhySetApart(
        staged=staged,
        contract=dataset.contract,
        judging=judging,
        skipped=[rule.rule for rule in verdict.rules if rule.rule not in judging],
        of_file=_file_reasons(verdict, dataset),
        columns_of={str(rule): _columns_of(rule, names) for rule in ruleset},
        unevaluated=frozenset(
            rule.rule for rule in verdict.rules if rule.outcome is RuleState.ERROR
        ),
    )


def _file_reasons(verdict: Verdict, dataset: Dataset) -> list[Reason]:
    """Why every record of a held file waits, though nothing may be wrong with it."""
    if verdict.state is not FileState.HELD:
        return []
    holding = [Reason(rule.rule, f"{FILE_HELD} {rule.reason}") for rule in verdict.held_by]
    return holding or [Reason(contract_rule(dataset.row), f"{FILE_HELD} {verdict.reason}")]


def _columns_of(rule: Rule, names: Mapping[str, str]) -> list[str]:
    """The staged columns that a rule names, whether by their own or by the file's name."""
    asked = [names.get(name.lower()) for leaf in rule.leaves() for name in leaf.columns]
    return list(dict.fromkeys(name for name in asked if name))


def _provenance(judged: _Judged, batch_id: str) -> Provenance:
    return Provenance(
        file=judged.file.landed.key,
        file_id=judged.file.file_id,
        batch_id=batch_id,
        ruleset_sha256=judged.ruleset.sha256,
        quarantined_at=judged.now,
    )


def _records(judged: _Judged, numbers: Numbers) -> Iterator[RecordGroup]:
    """Records as they stand in the source, in ascending order."""
    folder = judged.folder
    return record_groups(folder.source, judged.file.staged, folder=folder.path, numbers=numbers)


# --- the rows that load --------------------------------------------------------------------------


def _write_good(
    judged: _Judged, apart: Iterable[Any], dataset: Dataset, rows: StagedRows | None = None
) -> WrittenRows:
    if judged.is_held:
        return NO_ROWS
    written = write_good_rows(
        judged.connection,
        judged.folder,
        dataset,
        (batch[RECORD_NUMBER].to_numpy() for batch in apart),
        rows=rows,
        file_id=judged.file.file_id,
        file_version=judged.file.file_version,
    )
    crash_point("screen.good.after")
    return written
