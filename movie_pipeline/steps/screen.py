"""Steps four and five for a batch: each read file judged, split and published, and decided on.

Publishing comes before the load: quarantine and output are complete when the ledger says so. The
names are fixed by the file_id, so a repeated step overwrites its own files; those of parts, and of
their list, by the attempt that wrote them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeGuard, assert_never

import msgspec

from movie_pipeline import work_done
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import Sources, read_sources
from movie_pipeline.dqdl import Ruleset, parse_ruleset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.decision_records import keys_name
from movie_pipeline.ledger.earlier_files import EarlierFiles
from movie_pipeline.ledger.file_summary import FileColumn, FileSummary, ReadingForms, ReadWith
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.screening.reference_datasets import reference_tables
from movie_pipeline.screening.screening_engine import Connection, screening_engine
from movie_pipeline.settings import Settings
from movie_pipeline.steps.fetch import (
    DuplicateFile,
    GoneFile,
    HashedFile,
    KnownFile,
    LeftOutFile,
)
from movie_pipeline.steps.judge import FileVerdict, RuleTime, judged_elsewhere, judged_file
from movie_pipeline.steps.judge_together import FileToJudge, Together
from movie_pipeline.steps.keep_decisions import keep_rules, published
from movie_pipeline.steps.published_parts import published_parts
from movie_pipeline.steps.read import ReadFile, Reading, RefusedFile
from movie_pipeline.steps.replayed_file import replay_notes, write_resolutions
from movie_pipeline.steps.split import SplitFile, split_file, split_small_file
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.storage_port import Area, NewFile, Storage

OUTCOMES = "outcomes.json"
_PUT_AT_ONCE = 100


def screen_batch(  # noqa: PLR0913, PLR0917 - what is judged, by what, and where to
    files: Sequence[Reading],
    work_folder: WorkFolder,
    storage: Storage,
    ruleset: Ruleset,
    settings: Settings,
    dataset: Dataset,
    *,
    rulesets: Mapping[str, Ruleset] | None = None,
    earlier: EarlierFiles | None = None,
    retracted: Mapping[str, str] | None = None,
    now: datetime | None = None,
    leave_out: Mapping[str, Collection[int]] | None = None,
) -> list[DecidedFile]:
    """Judge and publish every file of a batch; safe to repeat.

    Args:
        files: what became of each file so far.
        work_folder: the batch's.
        storage: where both sides are published.
        ruleset: the rules.
        settings: limits of the engine.
        dataset: what their rows must be.
        rulesets: source to the rules that its files are judged by instead.
        earlier: what earlier files told, for rules and columns that are compared with it.
        retracted: file_id of each file whose bytes were retracted before, to why it must wait.
        now: the clock, for rules about dates; the present by default.
        leave_out: file_id to the numbers of records that do not load though they are good.

    Returns:
        One decision per file that is neither gone nor known to the ledger, kept in the work folder
        too.

    Raises:
        StorageError: a result could not be put into its area.
        SettingsError: a reference dataset that a rule may name cannot be read.
    """
    replays = [file.replay for file in files if isinstance(file, ReadFile) and file.replay]
    sources = read_sources(settings.reading.sources, dataset)
    rules = _Rules(ruleset, rulesets or {}, sources)
    used = [ruleset, *(rules.of(file) for file in files if isinstance(file, HashedFile))]
    texts = [*map(str, used), *(replay.ruleset or "" for replay in replays)]
    own = [replay.ruleset for replay in replays if replay.ruleset is not None]
    read_with = keep_rules(storage, [*(each.text for each in used), *own], settings.reading)
    decided: dict[str, DecidedFile] = {}
    loading: dict[str, str] = {}
    publishing = _Publishing(storage)
    with (
        screening_engine(work_folder.folder, settings.engine) as connection,
        reference_tables(connection, storage, settings, work_folder.folder, texts) as references,
    ):
        rule_time = RuleTime(settings.engine.rule_seconds)
        in_order = _latest_first(files)
        # rules that may name reference datasets are asked of each file by itself
        with_others = () if references else in_order
        together = Together(
            connection,
            [
                FileToJudge(
                    file,
                    work_folder.of_file(file.file_id),
                    rules.of(file),
                    (retracted or {}).get(file.file_id, ""),
                )
                for file in with_others
                if _may_be_judged_with_others(file) and file.file_id not in (leave_out or {})
            ],
            key=dataset.key,
            history=(earlier or EarlierFiles()).metrics,
            rule_time=rule_time,
            now=now,
        )
        screening = _Screening(
            connection=connection,
            work_folder=work_folder,
            storage=storage,
            rules=rules,
            references=references,
            dataset=dataset,
            sources=sources,
            earlier=earlier or EarlierFiles(),
            read_with=read_with,
            publishing=publishing,
            together=together,
            rule_time=rule_time,
            retracted=retracted or {},
            now=now,
            leave_out=leave_out or {},
        )
        work_done.begin("judging and splitting", len(files))
        for file in in_order:
            match file:
                case RefusedFile():
                    decided[file.file_id] = _rejected(file, rules.of(file))
                case DuplicateFile():
                    decided[file.file_id] = _duplicate(file, file.duplicate_of, rules.of(file))
                case ReadFile() if file.replay is None and file.content_sha256 in loading:
                    # The later one has the last word. Known only now: had it been held, this one
                    # would be too.
                    first = loading[file.content_sha256]
                    decided[file.file_id] = _duplicate(file, first, rules.of(file))
                case ReadFile():
                    one = decided[file.file_id] = screening.decided(file)
                    if file.replay is None and one.state is FileState.LOADED:
                        loading[file.content_sha256] = file.file_id
                case _:
                    assert_never(file)
            work_done.advance(1)
        publishing.finish()
    outcomes = [decided[file.file_id] for file in files if file.file_id in decided]
    work_folder.keep(OUTCOMES, outcomes)
    return outcomes


def _latest_first(
    files: Sequence[Reading],
) -> list[ReadFile | RefusedFile | DuplicateFile]:
    """The files that are to be decided, that with the last word first."""
    there = [file for file in files if not isinstance(file, GoneFile | KnownFile | LeftOutFile)]
    return sorted(there, key=lambda file: (file.file_version, file.file_id), reverse=True)


def _may_be_judged_with_others(file: Reading) -> TypeGuard[ReadFile]:
    """Whether its rows are staged here, and it is no replay, which may have rules of its own."""
    return isinstance(file, ReadFile) and file.replay is None and file.screened is None


def decided_files(work_folder: WorkFolder) -> list[DecidedFile] | None:
    """What `screen_batch` kept in the work folder; None where it did not come to an end yet."""
    return work_folder.kept(OUTCOMES, list[DecidedFile])


class _Publishing:
    """What is to be put into a store while the next files are judged; many are put at once."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._waiting: list[NewFile] = []

    def put(self, *files: NewFile) -> None:
        """Put files, now or when enough wait: they must stay as they are, and are gone then."""
        self._waiting += files
        if len(self._waiting) >= _PUT_AT_ONCE:
            self.finish()

    def finish(self) -> None:
        """Put all that wait."""
        waiting, self._waiting = self._waiting, []
        self._storage.put_all(waiting)


@dataclass(frozen=True)
class _Rules:
    """By which rules each file is judged."""

    ruleset: Ruleset
    of_sources: Mapping[str, Ruleset]
    sources: Sources

    def of(self, file: HashedFile) -> Ruleset:
        """Those of the file's source; of a replay, of the file that it goes back to."""
        key = file.landed.key if file.replay is None else file.replay.root_key
        return self.of_sources.get(self.sources.of(key).name, self.ruleset)


@dataclass(frozen=True, kw_only=True)
class _Screening:
    """What the files of a batch are judged with, and what becomes of each."""

    connection: Connection
    work_folder: WorkFolder
    storage: Storage
    rules: "_Rules"
    dataset: Dataset
    references: Mapping[str, str]
    sources: Sources
    earlier: EarlierFiles
    read_with: ReadWith
    publishing: _Publishing
    together: Together
    rule_time: RuleTime
    retracted: Mapping[str, str]
    now: datetime | None
    leave_out: Mapping[str, Collection[int]]

    def decided(self, file: ReadFile) -> DecidedFile:
        """The decision about one file, published."""
        if file.replay is not None:
            return self._decided_replay(file, file.replay)
        judged, split = self._judged_and_split(file)
        source = self.sources.of(file.landed.key).name
        changes = self.earlier.changes(source, file.staged.mapping, file.staged.value_shapes)
        summary = self._published(split, file_summary(judged, split))
        cut = self.earlier.changed_ending(source, file.staged.ending)
        notes = (*file.time_notes, *summary.notes, *cut, *changes)
        summary = msgspec.structs.replace(summary, source=source, notes=notes)
        self._publish(file, split)
        return _decided(judged, split, summary)

    def _judged_and_split(self, file: ReadFile) -> tuple[FileVerdict, SplitFile]:
        """A file judged and split here, or what another engine made of it taken up."""
        folder = self.work_folder.of_file(file.file_id)
        if file.screened is not None:
            known = judged_elsewhere(file, file.screened, self.rules.of(file))
            split = published_parts(file.screened, folder, self.storage, is_held=known.is_held)
            return known, split
        small = self.together.take(file)
        if small is not None:
            return small, split_small_file(small, self.dataset, self.work_folder.name)
        with judged_file(
            self.connection,
            file,
            folder,
            self.rules.of(file),
            history=self.earlier.metrics,
            references=self.references,
            rule_time=self.rule_time,
            now=self.now,
            hold=self.retracted.get(file.file_id, ""),
        ) as judged:
            split = split_file(
                judged,
                self.dataset,
                self.work_folder.name,
                leave_out=self.leave_out.get(file.file_id, ()),
            )
        return judged, split

    def _decided_replay(self, file: ReadFile, replay: Replay) -> DecidedFile:
        """Judge a replay by its own ruleset, or by the present one, and say what it resolves."""
        folder = self.work_folder.of_file(file.file_id)
        ruleset = self.rules.of(file) if replay.ruleset is None else parse_ruleset(replay.ruleset)
        with judged_file(
            self.connection,
            file,
            folder,
            ruleset,
            history=self.earlier.metrics,
            references=self.references,
            rule_time=self.rule_time,
            hold=self.retracted.get(file.file_id, ""),
        ) as judged:
            split = split_file(judged, self.dataset, self.work_folder.name)
        summary = self._published(split, _replay_summary(judged, split, replay))
        decided = _decided(judged, split, summary)
        with self.storage.reading(Area.QUARANTINE, replay.records_name) as records:
            write_resolutions(
                replay, decided, records=records, set_apart=split.quarantine, to=folder.resolutions
            )
        self._publish(file, split)
        name = f"resolutions/{file.file_id}.parquet"
        self.publishing.put((Area.OUTPUT, name, folder.resolutions))
        return replace(decided, replay_id=replay.replay_id, resolutions_name=name)

    def _published(self, split: SplitFile, summary: FileSummary) -> FileSummary:
        """The summary with what both sides are as they leave this machine."""
        return msgspec.structs.replace(
            summary,
            output=published(split.good) if split.good else None,
            quarantine=published(split.quarantine) if split.quarantine else None,
            keys_apart=split.keys_apart,
            read_with=self.read_with,
        )

    def _publish(self, file: ReadFile, split: SplitFile) -> None:
        files: list[NewFile] = []
        if split.quarantine is not None:
            name = _quarantine_name(file.file_id, split)
            files.append((Area.QUARANTINE, name, split.quarantine))
        if split.keys is not None:
            name = keys_name(file.file_id)
            files.append((Area.HISTORY, name, split.keys))  # kept: a rebuild takes it
            files.append((Area.OUTPUT, name, split.keys))
        if split.good is not None:
            files.append((Area.OUTPUT, _output_name(file.file_id, split), split.good))
        self.publishing.put(*files)


def _output_name(file_id: str, split: SplitFile) -> str:
    """Name of a file's good rows in the output area."""
    return split.output_name or f"{file_id}.parquet"


def _quarantine_name(file_id: str, split: SplitFile) -> str:
    """Name of a file's set-apart records in the quarantine area."""
    return split.quarantine_name or f"{file_id}.jsonl"


def file_summary(judged: FileVerdict, split: SplitFile) -> FileSummary:
    """What was found of a judged file."""
    staged = judged.file.staged
    lenient = map(_lenient_note, staged.lenient.items())
    return FileSummary(
        dialect=staged.dialect.describe(),
        reading=ReadingForms(
            format=staged.dialect.format,
            decimal=staged.dialect.decimal,
            dates={column.header: str(column.date_form) for column in staged.date_columns},
            signs={name: str(signs) for name, signs in staged.signs_by_name.items()},
            columns={column.name: column.header for column in staged.mapping if column.is_contract},
            units={column.name: column.unit for column in staged.mapping if column.unit},
            nulls=staged.dialect.nulls,
            lenient=staged.lenient_columns,
        ),
        repairs=staged.repairs,
        lenient=staged.lenient,
        rules=judged.verdict.rules,
        reasons=split.reasons,
        ratings=split.ratings,
        notes=(*staged.notes, *lenient),
        mapping=tuple(
            FileColumn(column.header, column.name, column.is_contract) for column in staged.mapping
        ),
        dates={column.name: str(column.date_form) for column in staged.date_columns},
        looks=staged.value_shapes,
        ending=staged.ending,
        screened_by=judged.screened_by,
    )


def _replay_summary(judged: FileVerdict, split: SplitFile, replay: Replay) -> FileSummary:
    """The summary with what the replay is; rules about a whole file say nothing of single ones."""
    summary = file_summary(judged, split)
    return msgspec.structs.replace(
        summary,
        rules=tuple(rule for rule in summary.rules if replay.accepted or not rule.waived),
        notes=(*replay_notes(replay, judged.verdict), *summary.notes),
        replay=replay.summary(),
    )


def _lenient_note(counted: tuple[str, int]) -> str:
    column, count = counted
    values = (
        "1 value cannot be read and is"
        if count == 1
        else f"{count:,} values cannot be read and are"
    )
    return f"{column} is lenient: {values} kept as text beside the row"


def _decided(judged: FileVerdict, split: SplitFile, summary: FileSummary) -> DecidedFile:
    file = judged.file
    return DecidedFile(
        landed=file.landed,
        state=judged.verdict.state,
        content_sha256=file.content_sha256,
        ruleset_sha256=judged.ruleset.sha256,
        file_version=file.file_version,
        rows_in=file.staged.rows_in,
        rows_good=split.good_rows,
        rows_quarantined=0 if judged.is_held else split.set_apart,
        rows_held=split.set_apart if judged.is_held else 0,
        output_name=_output_name(file.file_id, split) if split.good else None,
        quarantine_name=_quarantine_name(file.file_id, split) if split.quarantine else None,
        reason=judged.verdict.reason or _nothing_loads(split),
        summary=summary,
        keys_name=keys_name(file.file_id) if split.keys else None,
        keys_apart=split.keys_apart,
    )


def _nothing_loads(split: SplitFile) -> str:
    """A word of warning where the file is fine as a whole, but not one of its rows."""
    if split.good_rows or not split.set_apart:
        return ""
    return f"Every one of its {split.set_apart:,} records was set apart; none was loaded."


def _rejected(file: RefusedFile, ruleset: Ruleset) -> DecidedFile:
    replay = file.replay
    return DecidedFile(
        landed=file.landed,
        state=FileState.REJECTED,
        content_sha256=file.content_sha256,
        ruleset_sha256=ruleset.sha256,
        file_version=file.file_version,
        reason=file.reason,
        summary=FileSummary(
            notes=tuple(file.time_notes), replay=replay.summary() if replay else None
        ),
        replay_id=replay.replay_id if replay else None,
    )


def _duplicate(file: DuplicateFile | ReadFile, first: str, ruleset: Ruleset) -> DecidedFile:
    return DecidedFile(
        landed=file.landed,
        state=FileState.DUPLICATE,
        content_sha256=file.content_sha256,
        ruleset_sha256=ruleset.sha256,
        file_version=file.file_version,
        reason=f"the same bytes as file {first}; nothing was loaded twice.",
        summary=FileSummary(notes=tuple(file.time_notes)),
    )
