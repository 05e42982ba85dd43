"""The family of errors: what a person sees when something is wrong, and nothing else.

MoviePipelineError
├── SettingsError            a setting has a value that cannot be used
├── RulesetError             a ruleset is not DQDL, or asks for what is not supported
├── TableRefused             what is to be judged is no table, or cannot be read as one
├── DecisionError            a decision cannot be changed like this; nothing was done
├── ReplayError              a replay cannot be asked for like this; nothing was done
├── UnreadableFile           a file cannot be read as the table it should be: it will be REJECTED
├── StorageError
│   ├── StoredFileMissing    the file is no longer there
│   ├── StoredFileChanged    another version lies there than the one that was judged
│   ├── StoredFileRefused    the store is well, but does not give this file out
│   └── StoredNameTaken      another file lies under the name; it was left alone
├── WorkFolderError          the work folder cannot be made or written, as where a disk is full
│   └── NoRoom               a file needs more room than is free there; it waits for it
├── WarehouseError           a statement failed
│   ├── WarehouseBusy        it is held or cannot be reached; trying again later helps
│   ├── WarehouseConflict    it undid the transaction, or was lost; the whole may be tried again
│   ├── QueryMistake         a person's query is none that can be asked here
│   ├── WarehouseRefused     it is another one, or of another form, than this program may write
│   │   └── WarehouseLost    it is gone, or an older copy: what is missing can be loaded again
│   └── BatchRefused         the warehouse is well, but these files cannot be loaded
├── WakeupError              nobody could be asked for landed files; the listing finds them
├── CatalogError
├── ClusterError             a job on Spark did not do its work, or its answer does not add up
└── AlertError               a notice could not be delivered; it stays in the outbox

Each class says who is to blame: a FILE, the RULESET or a setting, or the WORLD. No file is rejected
for what a ruleset or the world did. Every message names the culprit, the cause and the way out. No
row value stands in a message, except in what is written to quarantine. Foreign exceptions become
one of these at the edge, once.

A step is tried again at once only for an error that is `retryable`; a whole run, later, for others.
"""

from enum import StrEnum
from typing import ClassVar


class Blame(StrEnum):
    """Who is to blame for an error, which says what becomes of the files."""

    FILE = "file"
    """What the file brings: it is tried alone, and REJECTED in the end."""
    RULESET = "ruleset"
    """What people asked for, in a ruleset, a setting or a command: the file waits, or is HELD."""
    WORLD = "world"
    """A store, a warehouse, a disk: the same file is tried again."""


class MoviePipelineError(Exception):
    """Base of all errors that this project raises on purpose.

    Attributes:
        retryable: whether the same may succeed seconds later though nobody changed anything. Not a
            mistake in settings, rules, names or SQL, and not what costs minutes to try.
        blame: who is to blame, and so what becomes of the files.
    """

    retryable: ClassVar[bool] = False
    blame: ClassVar[Blame] = Blame.WORLD


class SettingsError(MoviePipelineError):
    """A setting has a value that cannot be used."""

    blame: ClassVar[Blame] = Blame.RULESET


_LONGEST_LINE = 100
"""Letters of a ruleset's line that a message shows; a ruleset may be one line of a megabyte."""


class RulesetError(MoviePipelineError):
    """A ruleset that cannot be used.

    Args:
        message: what is wrong, in a sentence without the place.
        line: 1-based line of the place, None where the error is about no place in a text.
        column: 1-based column of the place.
        hint: the way out, such as "did you mean IsComplete?", or None.
        source_line: the text of that line, so that the message can put a caret under the place.
        file: which file the text came from, None where it came from none.
    """

    blame: ClassVar[Blame] = Blame.RULESET

    def __init__(  # noqa: PLR0913 - a refusal is said in one call
        self,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        hint: str | None = None,
        source_line: str | None = None,
        file: str | None = None,
    ) -> None:
        self.problem = message
        self.line = line
        self.column = column
        self.hint = hint
        self.source_line = source_line
        self.file = file
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        if self.line is None or self.column is None:
            place = ""
        else:
            place = f"line {self.line}, column {self.column}: "
        file = f"{self.file}: " if self.file else ""
        lines = [f"{file}{place}{self.problem}"]
        if self.source_line is not None and self.column is not None:
            shown, place = _around(self.source_line, self.column - 1)
            lines += [f"  {shown}", f"  {' ' * place}^"]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


def _around(line: str, place: int) -> tuple[str, int]:
    """As much of a line as a terminal shows, with the place in it."""
    start = 0 if place < _LONGEST_LINE else place - _LONGEST_LINE // 2
    end = start + _LONGEST_LINE
    before, after = "... " * (start > 0), " ..." * (end < len(line))
    return f"{before}{line[start:end]}{after}", place - start + len(before)


class TableRefused(MoviePipelineError):
    """What was given to be judged is no table, or cannot be read as one."""

    blame: ClassVar[Blame] = Blame.RULESET


class DecisionError(MoviePipelineError):
    """A file that cannot be retracted or judged again like this; nothing was done."""

    blame: ClassVar[Blame] = Blame.RULESET


class ReplayError(MoviePipelineError):
    """A replay that cannot be asked for like this; nothing was done."""

    blame: ClassVar[Blame] = Blame.RULESET


class UnreadableFile(MoviePipelineError):
    """A file that is not the table it should be; the message is what its REJECTED entry says."""

    blame: ClassVar[Blame] = Blame.FILE


class StorageError(MoviePipelineError):
    """A store did not do what was asked."""

    retryable: ClassVar[bool] = True


class StoredFileMissing(StorageError):
    """The file is no longer there."""

    retryable: ClassVar[bool] = False
    blame: ClassVar[Blame] = Blame.FILE


class StoredFileChanged(StorageError):
    """Another version lies there than the one that was listed."""

    retryable: ClassVar[bool] = False
    blame: ClassVar[Blame] = Blame.FILE


class StoredFileRefused(StorageError):
    """The store is well, but does not give this file out: rights, its class, a foreign key."""

    retryable: ClassVar[bool] = False


class StoredNameTaken(StorageError):
    """Another file lies in landing under the name; it was left alone, and nothing was written."""

    retryable: ClassVar[bool] = False


class WarehouseError(MoviePipelineError):
    """A statement failed in the warehouse."""


class WarehouseBusy(WarehouseError):
    """Another holds the warehouse, or it cannot be reached; the same call may succeed later."""

    retryable: ClassVar[bool] = True


class QueryMistake(WarehouseError):
    """A query of a person's is wrong, or is none that only reads; the warehouse is well."""

    blame: ClassVar[Blame] = Blame.RULESET


class WarehouseConflict(WarehouseError):
    """The warehouse undid the transaction, or the connection was lost before its end was known.

    The whole transaction may be tried again at once, if it looks first what is there already.
    """

    retryable: ClassVar[bool] = True


class WarehouseRefused(WarehouseError):
    """A warehouse that this program must not write: newer, another one, or of another form.

    Nothing was changed, and trying again is of no use before a person did something.
    """


class WarehouseLost(WarehouseRefused):
    """A warehouse that is gone or an older copy; what is missing can be loaded again."""


class BatchRefused(WarehouseError):
    """What a batch brings cannot be loaded; the warehouse itself is well."""

    blame: ClassVar[Blame] = Blame.FILE


class WorkFolderError(MoviePipelineError):
    """The work folder cannot be made or written; the files of the batch are not to blame."""

    retryable: ClassVar[bool] = True


class NoRoom(WorkFolderError):
    """A file needs more room than is free where it is worked on; nothing is wrong with it."""

    retryable: ClassVar[bool] = False


class WakeupError(MoviePipelineError):
    """The queue of wake-ups could not be asked; the listing finds every file all the same."""

    retryable: ClassVar[bool] = True


class CatalogError(MoviePipelineError):
    """The catalog did not take or give a table."""

    retryable: ClassVar[bool] = True


class ClusterError(MoviePipelineError):
    """A job on Spark did not do its work, or its answer does not add up; nothing was loaded."""


class AlertError(MoviePipelineError):
    """A notice could not be delivered."""

    retryable: ClassVar[bool] = True
