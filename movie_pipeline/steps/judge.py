"""Judge, the fourth step: every staged row of a file by the ruleset, and the verdict on the file.

What a rule means is dqdl/'s affair, what follows from the answers verdict.py's. Nothing is written
here.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from movie_pipeline.dqdl import Judgement, Ruleset, judge
from movie_pipeline.ledger.file_summary import RuleAnswer, RuleState
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.screening.screening_engine import Connection
from movie_pipeline.steps.read import ReadFile, ScreenedElsewhere
from movie_pipeline.steps.verdict import Holding, Verdict, decide
from movie_pipeline.steps.work_folder import FileFolder
from movie_pipeline.tabular import MappedRows, StagedFile

STAGED = "staged"
"""What the staged rows are called in the engine."""


@dataclass(frozen=True, kw_only=True)
class FileVerdict:
    """A file whose rows are judged, wherever they were.

    Attributes:
        file: the file.
        ruleset: the rules it was judged by.
        verdict: LOADED or HELD, with the reason and every rule's answer.
        now: when it was judged.
        screened_by: the engine that read and split it too, empty where that is this process.
    """

    file: ReadFile
    ruleset: Ruleset
    verdict: Verdict
    now: datetime
    screened_by: str = ""

    @property
    def is_held(self) -> bool:
        """Whether none of its rows load."""
        return self.verdict.is_held


@dataclass(frozen=True, kw_only=True)
class JudgedFile(FileVerdict):
    """A file whose rows are judged, while the engine still knows what it found of each.

    Attributes:
        folder: where its parts lie.
        connection: the engine, in which the staged rows are called STAGED.
        judgement: what was found, with SQL that tells the rows that fail.
    """

    folder: FileFolder
    connection: Connection
    judgement: Judgement


@dataclass(frozen=True, kw_only=True)
class JudgedTogether(FileVerdict):
    """A small file that was judged with others.

    Attributes:
        folder: where its parts lie.
        connection: the engine, which knows nothing of its rows any more.
        rows: its staged rows, an Arrow batch.
        judging: canonical texts of the rules that judge rows.
        apart: Arrow batches of what is to be known of the rows set apart, in the file's order.
    """

    folder: FileFolder
    connection: Connection
    rows: Any
    judging: Sequence[str]
    apart: Sequence[Any]


@dataclass
class RuleTime:
    """How long a rule may take of each file of a run.

    After a file on which a rule took too long, the next ones get half of it, and a second in the
    end: so that the run comes to its end, however many files it has.

    Attributes:
        seconds: the time for the next file.
    """

    seconds: float

    def shorten(self) -> None:
        """A rule was stopped."""
        self.seconds = max(min(self.seconds, _LEAST_SECONDS), self.seconds / 2)


_LEAST_SECONDS = 1.0


@contextmanager
def judged_file(  # noqa: PLR0913 - what is judged, and by what
    connection: Connection,
    file: ReadFile,
    folder: FileFolder,
    ruleset: Ruleset,
    *,
    history: Mapping[str, Sequence[float]] | None = None,
    now: datetime | None = None,
    references: Mapping[str, str] | None = None,
    rule_time: RuleTime | None = None,
    hold: str = "",
) -> Generator[JudgedFile]:
    """Judge a file's staged rows; the answer holds for the length of the block.

    Args:
        connection: the engine, with its limits set.
        file: the file.
        folder: where its staged rows lie.
        ruleset: the rules.
        history: what earlier files measured, newest first, for rules that compare with them.
        now: the clock, for rules about dates and for the records; the present by default.
        references: the tables of reference datasets by the alias that rules use.
        rule_time: how long a rule may take; as long as it likes without it.
        hold: why it must wait, whatever its rules say.
    """
    now = now or datetime.now(UTC)
    staged, rows = file.staged, MappedRows(folder.staged_rows)
    in_process = partial(
        judge,
        connection=connection,
        relation=STAGED,
        columns=data_columns(rows.schema.names, staged),
        aliases=aliases_of(staged),
        derived=staged.derived,
        sources=references,
        clock=now,
        history=history,
        rule_seconds=rule_time.seconds if rule_time is not None else None,
    )
    connection.register(STAGED, rows)
    try:
        with ExitStack() as stack:
            judgement = stack.enter_context(in_process(ruleset))
            if rule_time is not None and judgement.stopped:
                rule_time.shorten()
            verdict = decide(hold or staged.hold, judgement.rules, holding_of(file.replay))
            silent = _silent_rules(verdict.rules)
            if verdict.state is FileState.LOADED and silent:
                stack.close()
                asked = tuple(rule for rule in ruleset if str(rule) not in silent)
                judgement = stack.enter_context(in_process(replace(ruleset, rules=asked)))
            yield JudgedFile(
                file=file,
                folder=folder,
                connection=connection,
                ruleset=ruleset,
                judgement=judgement,
                verdict=verdict,
                now=now,
            )
    finally:
        connection.unregister(STAGED)


def judged_elsewhere(file: ReadFile, screened: ScreenedElsewhere, ruleset: Ruleset) -> FileVerdict:
    """The verdict on a file whose rules another engine asked."""
    verdict = decide(screened.hold or file.staged.hold, screened.answer.rules)
    return FileVerdict(
        file=file,
        ruleset=ruleset,
        verdict=verdict,
        now=screened.now,
        screened_by=screened.engine,
    )


def holding_of(replay: Replay | None) -> Holding:
    """What may hold a file: everything, unless it is a replay that is no file of its own."""
    if replay is None or replay.as_a_file:
        return Holding.EVERYTHING
    return Holding.NOTHING if replay.accepted else Holding.ROW_RULES


def _silent_rules(rules: Iterable[RuleAnswer]) -> set[str]:
    """Rules that could not be evaluated and do not hold the file: they say nothing of its rows."""
    return {rule.rule for rule in rules if rule.waived and rule.outcome is RuleState.ERROR}


def aliases_of(staged: StagedFile) -> dict[str, str]:
    """The file's names of its columns, and what they are called in the staged rows."""
    return {column.header: column.name for column in staged.mapping}


def data_columns(names: list[str], staged: StagedFile) -> list[str]:
    """The columns that the file brought or that were derived: what a rule may speak of."""
    brought = {column.name for column in staged.mapping} | set(staged.derived)
    return [name for name in names if name in brought]
