"""The summary of a file: what was read, repaired, judged and noticed, beside its state and counts.

One typed value on its whole way, from the steps through the ledger to notices and reports; never a
row value in it but what a rule measured. Here also is how the ledger stores it.
"""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple, Self

import msgspec

from movie_pipeline.dqdl import counts
from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.storage.part_list import StoredFile
from movie_pipeline.stored_values import (
    TEXT_BYTES,
    fit_json,
    fit_notes,
    from_json,
    from_json_values,
    read_json,
    to_json,
    to_json_values,
)


class RuleState(StrEnum):
    """What a rule answered; a rule that failed and one that could not be evaluated differ."""

    PASSED = "Passed"
    FAILED = "Failed"
    ERROR = "Error"


class RuleAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule's answer for one file.

    Attributes:
        rule: the canonical text.
        outcome: Passed, Failed, or Error where it could not be evaluated.
        failing_rows: rows whose own outcome is Fail; None where the rule has no rows.
        metrics: Glue's names and values; one that does not count may be the value of a cell.
        reason: why it failed or could not be evaluated, without row values.
        waived: whether it would have held the file, and did not: see steps/verdict.py.
    """

    rule: str
    outcome: RuleState
    failing_rows: int | None
    metrics: Mapping[str, float]
    reason: str
    waived: bool = False

    @property
    def told_metrics(self) -> dict[str, float]:
        """The metrics that may leave the warehouse: those that count rows or columns."""
        return {name: value for name, value in self.metrics.items() if counts(name)}


class FileColumn(NamedTuple):
    """A column that the file brought, as JSON a short list.

    Attributes:
        header: its name as the file writes it.
        name: its name in the staged rows.
        is_contract: whether that is a column of the contract.
    """

    header: str
    name: str
    is_contract: bool


class ReadingForms(msgspec.Struct, frozen=True):
    """What a file's cells cannot say themselves of how they are written.

    Attributes:
        format: how the file is laid out: csv, or a kind of JSON.
        decimal: the decimal mark of its numbers.
        dates: header of each column of declared dates to their form.
        signs: number column to what points and commas mean in it.
        columns: column of the contract to its header.
        units: number column to what its numbers count, where that is declared.
        nulls: words that are declared to mean missing.
        lenient: columns whose unreadable cells leave the row in.
    """

    format: str = "csv"
    decimal: str = "."
    dates: Mapping[str, str] = {}
    signs: Mapping[str, str] = {}
    columns: Mapping[str, str] = {}
    units: Mapping[str, str] = {}
    nulls: tuple[str, ...] = ()
    lenient: tuple[str, ...] = ()


class ReplaySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a file that is a replay; the fields are those of Replay."""

    replay_id: str
    original_file_id: str = msgspec.field(name="of_file_id")
    root_file_id: str
    root_key: str
    row_count: int = msgspec.field(name="records")
    corrected_count: int = msgspec.field(name="corrected")
    accepted: bool
    sentence: str


class ReadWith(msgspec.Struct, frozen=True, omit_defaults=True):
    """The settings that a file was read with, as far as its rows depend on them.

    Attributes:
        sources_sha256: of the text of the declarations of sources; empty where there were none.
        lenient_columns: whose unreadable cells leave the row in.
        max_record_bytes: a longer record was set apart.
        max_columns: a file with more was rejected.
    """

    sources_sha256: str = ""
    lenient_columns: tuple[str, ...] = ()
    max_record_bytes: int = 1_048_576
    max_columns: int = 2_000


class Retraction(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """That a file was taken back, or judged again, and what it was before.

    Attributes:
        by, why: who did it, and the reason.
        at: when, UTC, in ISO 8601.
        state: what had been decided.
        rows_loaded, rows_quarantined, rows_superseded, rows_held: where its records had gone.
        judged_again_as: the file_id of the entry that counts instead; empty where none does.
    """

    by: str
    why: str
    at: str
    state: str
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_superseded: int = 0
    rows_held: int = 0
    judged_again_as: str = ""


class Dismissal(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """That nothing will be made of a file that waited.

    Attributes:
        by, why: who said so, and the reason.
        at: when, UTC, in ISO 8601.
    """

    by: str
    why: str
    at: str


class FileSummary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was found of one file.

    Attributes:
        dialect: how it is laid out, for people.
        reading: how its cells are written.
        repairs: column to the cells that were rewritten to be read.
        lenient: lenient column to the unreadable cells that stay beside it as text.
        rules: every rule's answer.
        reasons: rule to the records that it set apart; a record counts under each of its reasons,
            and a reason of the whole file is none of them.
        ratings: how many good rows fall into each bin of the dataset's histogram.
        notes: sentences for people.
        mapping: the file's columns, in its order.
        dates: staged column of declared dates to their form.
        looks: column to what its values look like.
        ending: whether its last record has a line end, where that says something.
        repeated: good rows whose key a later good row of the same file has too.
        source: whose file it is.
        screened_by: the engine that read, judged and split it; empty where that was in process.
        replay: what the file replays, where it is a replay.
        output: the file of its good rows, as it was published; of one in parts, their list.
        quarantine: the file of its records set apart, likewise.
        keys_apart: of how many of these the key is kept.
        read_with: the settings it was read with.
        retraction: that it was taken back, where it was.
        dismissal: that nothing will be made of it, where a person said so.
        revision: how often the entry was changed after it was decided.
        omitted: names of the above that the ledger had no room for, and does not know.
    """

    dialect: str = ""
    reading: ReadingForms = ReadingForms()
    repairs: Mapping[str, int] = {}
    lenient: Mapping[str, int] = {}
    rules: tuple[RuleAnswer, ...] = ()
    reasons: Mapping[str, int] = {}
    ratings: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    mapping: tuple[FileColumn, ...] = ()
    dates: Mapping[str, str] = {}
    looks: Mapping[str, str] = {}
    ending: str = ""
    repeated: int = 0
    source: str = ""
    screened_by: str = ""
    replay: ReplaySummary | None = None
    output: StoredFile | None = None
    quarantine: StoredFile | None = None
    keys_apart: int = 0
    read_with: ReadWith = ReadWith()
    retraction: Retraction | None = None
    dismissal: Dismissal | None = None
    revision: int = 0
    omitted: tuple[str, ...] = ()

    def stored(self) -> str:
        """The summary as the ledger stores it: JSON; what has no room is left out, and named."""
        fitting = msgspec.structs.replace(self, notes=tuple(fit_notes(self.notes)))
        return fit_json(to_json_values(fitting))

    def without_room(self, stored: str) -> list[str]:
        """What `stored` left out, as JSON in pieces that fit; none as a rule."""
        omitted = read_json(stored).get("omitted", ())
        if not omitted:
            return []
        values = to_json_values(self)
        text = to_json({name: values[name] for name in omitted})
        return [text[at : at + TEXT_BYTES] for at in range(0, len(text), TEXT_BYTES)]

    def with_parts(self, pieces: Iterable[str]) -> Self:
        """The whole summary again, with the pieces of `without_room` in their order."""
        found = json.loads("".join(pieces))
        omitted = [name for name in self.omitted if name not in found]
        values = {**to_json_values(self), **found, "omitted": omitted}
        return from_json_values(values, type(self))

    @classmethod
    def from_stored(cls, text: str) -> Self:
        """The summary that `stored` wrote, in this version or an earlier one.

        Raises:
            MoviePipelineError: somebody else wrote it.
        """
        try:
            return from_json(text, cls)
        except ValueError as error:
            raise MoviePipelineError(
                f"a file's summary in the ledger cannot be read: {error}."
            ) from None
