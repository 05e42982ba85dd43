"""One file on Spark, from its bytes to both sides: read in pieces, judged, split; by the driver.

Every step is one of the pipeline's own; here is only their order. Rows never come to the driver.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq

from movie_pipeline.dqdl import RuleOutcome, Ruleset, judge, session_beside
from movie_pipeline.errors import ClusterError, StoredFileChanged, StoredFileMissing
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.quarantine.quarantine_record import Provenance
from movie_pipeline.screening.spark_job import (
    AskedFile,
    Parts,
    ScreenedFile,
    SparkQuestion,
    Trouble,
)
from movie_pipeline.spark.executor_tasks import (
    StagedPiece,
    hash_of,
    looked_at,
    on_executors,
    outcome_of,
    read,
    read_whole,
    unpacked,
)
from movie_pipeline.spark.job_world import JobWorld, StoredContent, scratch_folder
from movie_pipeline.spark.judge_pieces import (
    Session,
    StagedPieces,
    asked_columns,
    shared_keys,
    split_on_executors,
    view_of,
)
from movie_pipeline.spark.split_pieces import FileToSplit, PieceToSplit, Receipt
from movie_pipeline.steps.judge import STAGED, aliases_of, data_columns
from movie_pipeline.steps.split import why_set_apart
from movie_pipeline.steps.verdict import decide
from movie_pipeline.storage.part_list import Part
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline.tabular import (
    HEAD,
    FileSize,
    NotInPieces,
    PieceRead,
    Range,
    RangeTask,
    ReadingPlan,
    ReadPieces,
    SourceOptions,
    StagedFile,
    as_written_out,
    is_no_text_yet,
    read_in_pieces,
    require_bytes,
    require_text,
    summary_of,
    summed_up,
)

Tell = Callable[[str], object]


@dataclass(frozen=True)
class Job:
    """What all files of a job share.

    Attributes:
        world: where things lie.
        session: Spark's.
        question: what is asked.
        rulesets: the rules of each file, by their text.
        references: the global views of reference datasets, by the aliases that rules use.
        tell: is told how far it is, a sentence each.
    """

    world: JobWorld
    session: Session
    question: SparkQuestion
    rulesets: Mapping[str, Ruleset]
    references: Sequence[str]
    tell: Tell


def screened(job: Job, file: AskedFile) -> ScreenedFile:
    """What becomes of a file; that it cannot be screened is an answer.

    Raises:
        ClusterError: executors do not see the store that the driver sees.
    """
    outcome = outcome_of(lambda: _Screening(job, file).run())
    answer = outcome.answer or ScreenedFile(
        file.landed.file_id, trouble=outcome.trouble, why=outcome.why
    )
    if answer.trouble is Trouble.GONE and lies_there(job.world, file.landed):
        raise ClusterError(
            f"the executors do not find {printable_name(file.landed.key)}, which lies there for "
            "the driver of the job on Spark. See that all its machines share one folder, or use a "
            "bucket."
        )
    return answer


def lies_there(world: JobWorld, landed: LandedFile) -> bool:
    """Whether a version still lies where it landed, as this process sees it."""
    try:
        world.storage.landed_bytes(landed, 0, 1)
    except (StoredFileMissing, StoredFileChanged):
        return False
    return True


@dataclass
class _Work:
    """The executors, as those who read the pieces of a content."""

    context: Any
    world: JobWorld
    content: StoredContent
    staged: dict[Range, StagedPiece] = field(default_factory=dict[Range, StagedPiece])

    def each(self, task: RangeTask, at: Sequence[Range]) -> list[Any]:
        return on_executors(self.context, partial(looked_at, self.world, self.content, task), at)

    def read(self, plan: ReadingPlan, at: Sequence[Range]) -> list[PieceRead]:
        found = on_executors(self.context, partial(read, self.world, self.content, plan), at)
        self.staged.update({staged.at: staged for _, staged in found})
        return [piece for piece, _ in found]


@dataclass(frozen=True)
class _Read:
    """A file that is read: its summary, and its pieces with what stands before each."""

    staged: StagedFile
    content: StoredContent
    pieces: list[PieceToSplit]
    shared: Any = None


@dataclass(frozen=True)
class _Judged:
    file_id: str
    sha256: str
    staged: StagedFile
    rules: Sequence[RuleOutcome]
    receipts: Sequence[Receipt]


@dataclass(frozen=True)
class _Screening:
    job: Job
    file: AskedFile

    def run(self) -> ScreenedFile:
        landed = self.file.landed
        with ThreadPoolExecutor(1) as beside, scratch_folder() as scratch:
            hashing = beside.submit(self._alone, partial(hash_of, self.job.world), landed)
            found = outcome_of(lambda: self._read(scratch))
            sha256 = outcome_of(hashing.result)
        if found.trouble is not None:
            self._tell("it cannot be screened")
            return ScreenedFile(landed.file_id, sha256.answer or "", found.trouble, found.why)
        read = found.taken()
        self._tell(f"{read.staged.rows_in:,} records read in {len(read.pieces):,} pieces")
        answer = self._judged(read, sha256.taken())
        self._tell(f"{answer.good.count:,} good rows, {answer.apart.count:,} records set apart")
        return answer

    def _tell(self, what: str) -> None:
        self.job.tell(f"{printable_name(self.file.landed.key)}: {what}")

    def _alone(self, task: Any, item: Any) -> Any:  # noqa: ANN401 - a task, and what it is of
        """Do one task on one executor."""
        return on_executors(self.job.session.sparkContext, task, [item])[0]

    # --- reading ---------------------------------------------------------------------------------

    def _read(self, scratch: Path) -> _Read:
        world, landed, limits = self.job.world, self.file.landed, self.job.question.limits
        require_bytes(landed.size)
        content, size = StoredContent(landed, landed.size), FileSize(landed.size, landed.size)
        head = content.bytes_in(world.storage).read(0, HEAD)
        if is_no_text_yet(head):
            content, size = self._alone(partial(unpacked, world, self.file.source, limits), landed)
        else:
            require_text(head)
        source = as_written_out(self.file.source) if size.written_from else self.file.source
        work = _Work(self.job.session.sparkContext, world, content)
        try:
            pieces = read_in_pieces(
                content.bytes_in(world.storage),
                world.typing,
                work,
                piece_bytes=world.settings.spark.piece_bytes,
                limits=limits,
                source=source,
                scratch=scratch,
            )
        except NotInPieces:
            whole = partial(read_whole, world, self.file.source, limits)
            staged, piece = self._alone(whole, content)
            return _Read(staged, content, [PieceToSplit(piece, 0, staged.set_apart)])
        return self._summed_up(pieces, work, size, source)

    def _summed_up(
        self, read_pieces: ReadPieces, work: _Work, size: FileSize, source: SourceOptions
    ) -> _Read:
        world = self.job.world
        summed = summed_up(read_pieces, world.typing)
        pieces = [
            PieceToSplit(
                work.staged[at],
                base,
                [(base + number, reason) for number, reason in piece.found.set_apart],
            )
            for at, base, piece in zip(
                read_pieces.at, read_pieces.bases, read_pieces.read, strict=True
            )
        ]
        if read_pieces.apart is not None:
            last = summed.found.set_apart[-1]
            pieces[-1] = replace(
                pieces[-1],
                not_rows=[*pieces[-1].not_rows, last],
                apart=read_pieces.apart,
            )
        shared = None
        if summed.typer.derived and pieces:
            session = session_beside(self.job.session)
            staged = StagedPieces(world, world.contract, self._schema(pieces), frozenset())
            shared, count = shared_keys(session, pieces, staged)
            summed.typer.breached[world.contract.key] += count
            summed = replace(summed, shared=count)
        return _Read(summary_of(summed, size, source), work.content, pieces, shared)

    def _schema(self, pieces: Sequence[PieceToSplit]) -> Any:  # noqa: ANN401 - Arrow's
        with self.job.world.storage.reading(Area.OUTPUT, pieces[0].staged.rows) as path:
            return cast("Any", pq).read_schema(path)

    # --- judging and splitting -------------------------------------------------------------------

    def _judged(self, found: _Read, sha256: str) -> ScreenedFile:
        job, staged = self.job, found.staged
        schema = self._schema(found.pieces)
        columns, aliases = data_columns(schema.names, staged), aliases_of(staged)
        rows = StagedPieces(
            job.world,
            job.world.contract,
            schema,
            asked_columns(self.ruleset, columns, aliases),
            found.shared if found.shared is not None and len(found.shared) else None,
        )
        session = session_beside(job.session)
        with ExitStack() as stack:
            view_of(stack, session, found.pieces, rows)
            for name in job.references:
                session.table(f"global_temp.{name}").createOrReplaceTempView(name)
            judgement = stack.enter_context(
                judge(
                    self.ruleset,
                    session,
                    STAGED,
                    columns=columns,
                    aliases=aliases,
                    derived=staged.derived,
                    sources={name: name for name in job.references},
                    clock=job.question.now,
                    history=job.question.history,
                    rule_seconds=job.world.settings.engine.rule_seconds,
                )
            )
            verdict = decide(self.file.hold or staged.hold, judgement.rules)
            judging = list(judgement.row_rules_sql)
            dataset = job.world.dataset
            why = why_set_apart(
                replace(staged, not_rows={}), dataset, self.ruleset, verdict, judging
            )
            is_held = verdict.state is FileState.HELD
            file = FileToSplit(
                job.world, found.content, why, self._provenance(), self.file.version, is_held
            )
            receipts = split_on_executors(session, file, found.pieces, judgement)
            return _answer(
                _Judged(self.file.landed.file_id, sha256, staged, judgement.rules, receipts)
            )

    @property
    def ruleset(self) -> Ruleset:
        """The rules that it is judged by."""
        return self.job.rulesets[self.file.ruleset]

    def _provenance(self) -> Provenance:
        landed, question = self.file.landed, self.job.question
        return Provenance(
            file=landed.key,
            file_id=landed.file_id,
            batch_id=question.batch_id,
            ruleset_sha256=self.ruleset.sha256,
            quarantined_at=question.now,
        )


def _answer(found: _Judged) -> ScreenedFile:
    """What is told of a file that is split."""
    receipts = found.receipts
    reasons: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for receipt in receipts:
        reasons.update(dict(receipt.reasons))
        broken.update(dict(receipt.broken))
    spreads = [receipt.spread for receipt in receipts if receipt.spread]
    return ScreenedFile(
        file_id=found.file_id,
        sha256=found.sha256,
        staged=found.staged,
        rules=tuple(found.rules),
        good=_parts((receipt.good, receipt.good_rows) for receipt in receipts),
        apart=_parts((receipt.apart, receipt.set_apart) for receipt in receipts),
        keys=_parts((receipt.keys, receipt.keys_apart) for receipt in receipts),
        broken=dict(broken),
        reasons=dict(reasons.most_common()),
        spread=tuple(map(sum, zip(*spreads, strict=True))),
    )


def _parts(written: Iterable[tuple[Part | None, int]]) -> Parts:
    there = [(part, count) for part, count in written if part is not None]
    return Parts(tuple(part for part, _ in there), sum(count for _, count in there))
