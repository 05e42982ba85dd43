"""Small files of a batch that were read alike, judged in one pass; each is told as if alone.

What cannot be asked of many files at once, and every file of a pass that failed, for whatever
reason, is left to judge.py.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from movie_pipeline.arrow import pa
from movie_pipeline.dqdl import PartsJudgement, Ruleset, judge_parts
from movie_pipeline.quarantine.quarantine_writer import judged_columns
from movie_pipeline.screening.screening_engine import Connection, identifier
from movie_pipeline.steps.judge import (
    STAGED,
    JudgedTogether,
    RuleTime,
    aliases_of,
    data_columns,
    holding_of,
)
from movie_pipeline.steps.read import ReadFile
from movie_pipeline.steps.split import OUT_OF_CONTRACT
from movie_pipeline.steps.verdict import Verdict, decide
from movie_pipeline.steps.work_folder import FileFolder
from movie_pipeline.stop_signals import raise_if_stopped

MOST_ROWS = 10_000
"""Rows of a file that is small: one batch of them is staged, and one is set apart."""
MOST_BYTES = 2_000_000
"""Bytes of its content, likewise."""
MOST_FILES = 100
"""Files of a pass."""
MOST_BYTES_TOGETHER = 32_000_000
"""Bytes of their content, which wait in memory."""
_PART = "_part"
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileToJudge:
    """A file that may be judged with others.

    Attributes:
        file: it.
        folder: where its staged rows lie.
        ruleset: the rules.
        hold: why it must wait, whatever its rules say.
    """

    file: ReadFile
    folder: FileFolder
    ruleset: Ruleset
    hold: str = ""

    @property
    def is_small(self) -> bool:
        """Whether its rows are few enough."""
        staged = self.file.staged
        return 0 < staged.rows_staged <= MOST_ROWS and staged.content_size <= MOST_BYTES

    @property
    def alike(self) -> object:
        """Equal for files that rules see the same columns of."""
        staged = self.file.staged
        return self.ruleset.sha256, tuple(aliases_of(staged).items()), staged.derived


class Together:
    """The files of a batch that are judged with others, a pass at a time, when the first is taken.

    Args:
        connection: the engine, with its limits set.
        files: in the order in which they are taken.
        key: the dataset's key.
        history: what earlier files measured, newest first.
        rule_time: how long a rule may take of all files of a pass.
        now: the clock; the present by default.
    """

    def __init__(  # noqa: PLR0913 - as of `judged_file`
        self,
        connection: Connection,
        files: Iterable[FileToJudge],
        *,
        key: str,
        history: Mapping[str, Sequence[float]],
        rule_time: RuleTime,
        now: datetime | None = None,
    ) -> None:
        self._connection = connection
        self._key = key
        self._history = history
        self._rule_time = rule_time
        self._now = now
        self._passes = {
            one.file.file_id: one_pass for one_pass in _passes(files) for one in one_pass
        }
        self._judged: dict[str, JudgedTogether] = {}

    def take(self, file: ReadFile) -> JudgedTogether | None:
        """What the file was told with others; None where it is to be judged alone."""
        one_pass = self._passes.get(file.file_id)
        if one_pass:
            for one in one_pass:
                del self._passes[one.file.file_id]
            self._judged |= self._judged_at_once(one_pass)
        return self._judged.pop(file.file_id, None)

    def _judged_at_once(self, files: Sequence[FileToJudge]) -> dict[str, JudgedTogether]:
        try:
            batches = _rows_of_each(files)
            return self._judged_rows(files, batches) if batches else {}
        except Exception as error:  # whatever it is, each is judged alone
            raise_if_stopped()
            LOG.debug("%s files are judged alone", len(files), exc_info=error)
            return {}

    def _judged_rows(
        self,
        files: Sequence[FileToJudge],
        batches: Sequence[Any],
    ) -> dict[str, JudgedTogether]:
        staged, now = files[0].file.staged, self._now or datetime.now(UTC)
        rows = _numbered(batches)
        self._connection.register(STAGED, rows)
        try:
            judgement = judge_parts(
                files[0].ruleset,
                self._connection,
                STAGED,
                _PART,
                columns=data_columns(rows.column_names, staged),
                aliases=aliases_of(staged),
                derived=staged.derived,
                clock=now,
                history=self._history,
                rule_seconds=self._rule_time.seconds,
            )
            if judgement is None:
                return {}
            try:
                verdicts = [
                    decide(
                        one.hold or one.file.staged.hold,
                        judgement.rules[part],
                        holding_of(one.file.replay),
                    )
                    for part, one in enumerate(files)
                ]
                apart = self._rows_apart(judgement, verdicts)
            finally:
                judgement.close()
        finally:
            self._connection.unregister(STAGED)
        return {
            one.file.file_id: JudgedTogether(
                file=one.file,
                folder=one.folder,
                connection=self._connection,
                rows=batches[part],
                ruleset=one.ruleset,
                judging=list(judgement.row_rules_sql),
                apart=apart.get(part, []),
                verdict=verdicts[part],
                now=now,
            )
            for part, one in enumerate(files)
        }

    def _rows_apart(
        self, judgement: PartsJudgement, verdicts: Sequence[Verdict]
    ) -> dict[int, list[Any]]:
        """What is to be known of the rows set apart of each file, in the file's order."""
        held = [str(part) for part, verdict in enumerate(verdicts) if verdict.is_held]
        bad = f"({judgement.fails_sql}) OR {OUT_OF_CONTRACT}"
        bad += f" OR {_PART} IN ({', '.join(held)})" if held else ""
        columns = judged_columns(judgement.row_rules_sql, identifier(self._key))
        asked: Any = self._connection.sql(
            f"SELECT {_PART}, {columns} FROM {STAGED} WHERE {bad} ORDER BY 1, 2"
        )
        found = asked.to_arrow_table().combine_chunks()
        told = np.unique(found[_PART].to_numpy(), return_index=True, return_counts=True)
        known = found.drop_columns([_PART])
        return {
            part: known.slice(start, count).to_batches()
            for part, start, count in zip(*(each.tolist() for each in told), strict=True)
        }


def _passes(files: Iterable[FileToJudge]) -> Iterator[list[FileToJudge]]:
    """Files that are judged at once; never one alone."""
    alike: dict[object, list[FileToJudge]] = defaultdict(list)
    for one in files:
        if one.is_small:
            alike[one.alike].append(one)
    for group in alike.values():
        one_pass: list[FileToJudge] = []
        room = MOST_BYTES_TOGETHER
        for one in group:
            size = one.file.staged.content_size
            if one_pass and (len(one_pass) == MOST_FILES or size > room):
                yield one_pass
                one_pass, room = [], MOST_BYTES_TOGETHER
            one_pass.append(one)
            room -= size
        if len(one_pass) > 1:
            yield one_pass


def _rows_of_each(files: Sequence[FileToJudge]) -> list[Any]:
    """The rows of each file, a batch; none of any where they differ."""
    batches: list[Any] = []
    for one in files:
        with pa.OSFile(str(one.folder.staged_rows)) as source, pa.ipc.open_file(source) as staged:
            alike = not batches or staged.schema.equals(batches[0].schema)
            one_batch = int(staged.num_record_batches) == 1
            if not alike or not one_batch or _PART in staged.schema.names:
                return []
            batches.append(staged.get_batch(0))
    return batches


def _numbered(batches: Sequence[Any]) -> Any:  # noqa: ANN401 - an Arrow table, untyped
    """The rows of all, each with the place of its file among them."""
    names = [_PART, *batches[0].schema.names]
    return pa.Table.from_batches(
        [
            pa.RecordBatch.from_arrays(
                [pa.array(np.full(batch.num_rows, part, np.int64)), *batch.columns], names=names
            )
            for part, batch in enumerate(batches)
        ]
    )
