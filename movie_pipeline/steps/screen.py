"""The second step of the job: each staged file judged, split, published, its outcome kept.

Publishing comes before the load: quarantine and output are complete when the ledger says so. The
names are fixed by the file_id, so a repeated step overwrites its own files.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.dqdl import Ruleset, parse_ruleset
from movie_pipeline.ledger.earlier_files import Past
from movie_pipeline.ledger.file_outcome import FileOutcome
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.screening.reference_datasets import reference_tables
from movie_pipeline.screening.remote_judging import Elsewhere
from movie_pipeline.settings import Settings
from movie_pipeline.steps.batch import Workspace
from movie_pipeline.steps.fetch import FetchedFile, source_path
from movie_pipeline.steps.judge import ScreenedFile, ScreeningJob, screen_file
from movie_pipeline.steps.replayed_file import holding_of, replay_notes, write_resolutions
from movie_pipeline.storage.storage_port import Area, Storage


def output_name(file_id: str) -> str:
    """Name of a file's good rows in the output area."""
    return f"{file_id}.parquet"


def quarantine_name(file_id: str) -> str:
    """Name of a file's set-apart records in the quarantine area."""
    return f"{file_id}.jsonl"


def resolutions_name(file_id: str) -> str:
    """Name in the output area of what a replay resolves."""
    return f"resolutions/{file_id}.parquet"


def screen_batch(  # noqa: PLR0913 - what is judged, by what, and where to
    fetched: Sequence[FetchedFile],
    workspace: Workspace,
    storage: Storage,
    ruleset: Ruleset,
    settings: Settings,
    *,
    dataset: Dataset,
    past: Past | None = None,
    elsewhere: Elsewhere | None = None,
) -> list[FileOutcome]:
    """Judge and publish every file of a batch; safe to repeat.

    Args:
        fetched: what became of each file so far.
        workspace: the batch's work folder.
        storage: where both sides are published.
        ruleset: the rules.
        settings: limits of the engine.
        dataset: what their rows must be.
        past: what earlier files told, for rules and columns that are compared with it.
        elsewhere: who judges the rows of files that are too large for one machine.

    Returns:
        One outcome per file that is neither gone nor known to the ledger, kept in the work folder
        too.

    Raises:
        StorageError: a result could not be put into its area.
        SettingsError: a reference dataset that a rule may name cannot be read.
    """
    past = past or Past()
    sources = read_sources(settings.reading.sources, dataset.contract)
    outcomes: list[FileOutcome] = []
    loading: dict[str, str] = {}
    texts = [str(ruleset), *(file.replay.ruleset or "" for file in fetched if file.replay)]
    with (
        screening_engine(workspace, settings) as connection,
        reference_tables(connection, storage, settings, workspace.folder, texts) as references,
    ):
        bench = _Bench(connection, workspace, storage, ruleset, dataset, past, references)
        for file in fetched:
            if file.sha256 in loading and file.replay is None:
                # Judged only now: had the first of the two been held, the second would be too.
                again = replace(file, staged=None, duplicate_of=loading[file.sha256])
                outcomes.append(_not_judged(again, ruleset))
            elif file.replay is not None and file.staged is not None:
                outcomes.append(_replayed(file, file.replay, bench))
            elif file.staged is not None:
                job = _job(file, workspace, dataset)
                screened = screen_file(
                    connection,
                    job,
                    ruleset,
                    history=past.metrics,
                    references=references,
                    elsewhere=elsewhere,
                )
                source = sources.of(file.landed.key).name
                changes = past.changes(source, file.staged.mapping, file.staged.looks)
                outcome = _judged(file, screened, storage, ruleset)
                outcomes.append(_with_source(outcome, source, changes))
                if outcomes[-1].state is FileState.LOADED:
                    loading[file.sha256] = file.landed.file_id
            elif file.refused is not None or file.duplicate_of is not None:
                outcomes.append(_not_judged(file, ruleset))
    workspace.write_outcomes(outcomes)
    return outcomes


def _job(file: FetchedFile, workspace: Workspace, dataset: Dataset) -> ScreeningJob:
    assert file.staged is not None  # noqa: S101 - only staged files are judged
    return ScreeningJob(
        landed=file.landed,
        staged=file.staged,
        dataset=dataset,
        source=source_path(workspace, file.landed),
        folder=workspace.file_folder(file.landed.file_id),
        batch_id=workspace.name,
        holding=holding_of(file.replay),
        file_version=file.replay.file_version if file.replay else None,
    )


@dataclass(frozen=True)
class _Bench:
    """What the files of a batch are judged with."""

    connection: duckdb.DuckDBPyConnection
    workspace: Workspace
    storage: Storage
    ruleset: Ruleset
    dataset: Dataset
    past: Past
    references: Mapping[str, str]


def _replayed(file: FetchedFile, replay: Replay, bench: _Bench) -> FileOutcome:
    """Judge a replay by its own ruleset, or by the present one, and say what it resolves."""
    ruleset = bench.ruleset if replay.ruleset is None else parse_ruleset(replay.ruleset)
    job, storage = _job(file, bench.workspace, bench.dataset), bench.storage
    screened = screen_file(
        bench.connection, job, ruleset, history=bench.past.metrics, references=bench.references
    )
    outcome = _judged(file, screened, storage, ruleset)
    resolutions = job.folder / f"{file.landed.file_id}.resolutions.parquet"
    with storage.reading(Area.QUARANTINE, replay.records_name) as records:
        write_resolutions(
            replay, outcome, records=records, set_apart=screened.quarantine, to=resolutions
        )
    name = resolutions_name(file.landed.file_id)
    storage.put(Area.OUTPUT, name, resolutions)
    return replace(
        outcome,
        file_version=replay.file_version,
        replay_id=replay.replay_id,
        resolutions_name=name,
        summary=_replay_summary(outcome, replay, screened),
    )


def _replay_summary(
    outcome: FileOutcome, replay: Replay, screened: ScreenedFile
) -> dict[str, object]:
    """The summary with what the replay is; rules about a whole file say nothing of single ones."""
    asked = [rule.summary() for rule in screened.rules if replay.accepted or not rule.waived]
    notes = [*replay_notes(replay, screened.verdict), *outcome.summary["notes"]]
    return {**outcome.summary, "rules": asked, "notes": notes, "replay": replay.summary()}


@contextmanager
def screening_engine(
    workspace: Workspace, settings: Settings
) -> Generator[duckdb.DuckDBPyConnection]:
    """A DuckDB of the step's own, with its limits; beyond them it spills into the work folder."""
    connection = duckdb.connect()
    try:
        connection.execute("SET memory_limit = $1", [settings.engine.memory_limit])
        connection.execute("SET temp_directory = $1", [str(workspace.folder / "spill")])
        if settings.engine.threads:
            connection.execute("SET threads = $1", [settings.engine.threads])
        yield connection
    finally:
        connection.close()


def _judged(
    file: FetchedFile, screened: ScreenedFile, storage: Storage, ruleset: Ruleset
) -> FileOutcome:
    staged, file_id = file.staged, file.landed.file_id
    assert staged is not None  # noqa: S101 - only staged files are judged
    if screened.quarantine is not None:
        storage.put(Area.QUARANTINE, quarantine_name(file_id), screened.quarantine)
    if screened.good is not None:
        storage.put(Area.OUTPUT, output_name(file_id), screened.good)
    held = screened.verdict.state is FileState.HELD
    return FileOutcome(
        file=file.landed,
        state=screened.verdict.state,
        content_sha256=file.sha256,
        ruleset_sha256=ruleset.sha256,
        rows_in=staged.rows_in,
        rows_good=screened.good_rows,
        rows_quarantined=0 if held else screened.set_apart,
        rows_held=screened.set_apart if held else 0,
        output_name=output_name(file_id) if screened.good else None,
        quarantine_name=quarantine_name(file_id) if screened.quarantine else None,
        reason=screened.verdict.reason or _nothing_loads(screened),
        summary={
            "dialect": staged.dialect.describe(),
            "reading": {
                "format": staged.dialect.format,
                "decimal": staged.dialect.decimal,
                "dates": {column.header: column.date_form for column in staged.date_columns},
            },
            "repairs": dict(staged.repairs),
            "lenient": dict(staged.lenient),
            "rules": [rule.summary() for rule in screened.rules],
            "reasons": screened.reasons,
            "ratings": list(screened.ratings),
            "notes": [*staged.notes, *screened.notes, *map(_lenient_note, staged.lenient.items())],
            "mapping": [
                [column.header, column.name, column.is_contract] for column in staged.mapping
            ],
            "dates": {column.name: column.date_form for column in staged.date_columns},
            "looks": dict(staged.looks),
        },
    )


def _lenient_note(counted: tuple[str, int]) -> str:
    column, count = counted
    values = (
        "1 value cannot be read and is"
        if count == 1
        else f"{count:,} values cannot be read and are"
    )
    return f"{column} is lenient: {values} kept as text beside the row"


def _with_source(outcome: FileOutcome, source: str, changes: Sequence[str]) -> FileOutcome:
    """The outcome with the file's source, and what changed since that source's last file."""
    notes = [*outcome.summary["notes"], *changes]
    return replace(outcome, summary={**outcome.summary, "source": source, "notes": notes})


def _nothing_loads(screened: ScreenedFile) -> str:
    """A word of warning where the file is fine as a whole, but not one of its rows."""
    if screened.good_rows or not screened.set_apart:
        return ""
    return f"Every one of its {screened.set_apart:,} records was set apart; none was loaded."


def _not_judged(file: FetchedFile, ruleset: Ruleset) -> FileOutcome:
    if file.refused is not None:
        state, reason = FileState.REJECTED, file.refused
    else:
        state = FileState.DUPLICATE
        reason = f"the same bytes as file {file.duplicate_of}; nothing was loaded twice."
    return FileOutcome(
        file=file.landed,
        state=state,
        content_sha256=file.sha256,
        ruleset_sha256=ruleset.sha256,
        reason=reason,
        summary={
            "repairs": {},
            "rules": [],
            "reasons": {},
            "notes": [],
            **({"replay": file.replay.summary()} if file.replay else {}),
        },
        file_version=file.replay.file_version if file.replay else None,
        replay_id=file.replay.replay_id if file.replay else None,
    )
