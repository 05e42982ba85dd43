"""What the driver and Redshift say is wrong, as one of our sentences: by SQLSTATE and by message.

Nearly every error of SQL comes as the same class, so the class says nothing. What is quoted from a
message is the name of a column, a number or a code: a message may repeat a row's value.
"""

import re
import struct
from dataclasses import dataclass
from typing import Any, cast

import redshift_connector

from movie_pipeline.errors import BatchRefused, WarehouseBusy, WarehouseConflict, WarehouseError

DRIVER_ERRORS: tuple[type[Exception], ...] = (
    redshift_connector.Error,
    OSError,
    struct.error,
    # a frame that is torn in the middle is read as if it were whole
    KeyError,
    IndexError,
    ValueError,
    AttributeError,
    TypeError,
)
"""Whatever the driver raises where a statement fails, the connection is lost or a frame is torn."""

_MORE = "SYS_LOAD_ERROR_DETAIL (STL_LOAD_ERRORS on a cluster) says more"


class TookTooLong(WarehouseConflict):
    """A statement was cancelled, or had no answer in time; at the lock: another load is at work."""


class StatementWrong(WarehouseError):
    """What was asked is no SQL, or names what is not there."""


class ValueWrong(WarehouseError):
    """A value is none of what it should be; in a query, another query mends it."""


@dataclass(frozen=True)
class Said:
    """A server's error: SQLSTATE, and everything it says in words."""

    state: str
    message: str
    words: str


@dataclass(frozen=True)
class Kind:
    """One kind of error: what tells it, what it becomes, and its sentence.

    Attributes:
        error: the class it becomes.
        sentence: with `{0}`, `{1}` for the groups of `words`, `{state}` and `{message}`.
        states: beginnings of its SQLSTATEs; any where empty.
        words: what must stand in the message or the detail; anything where empty.
    """

    error: type[WarehouseError]
    sentence: str
    states: tuple[str, ...] = ()
    words: str = ""

    def told(self, said: Said) -> str | None:
        """The sentence, if this is the kind of what was said."""
        match = re.search(self.words, said.words, re.IGNORECASE | re.DOTALL)
        if match is None or not said.state.startswith(self.states or ("",)):
            return None
        return self.sentence.format(*match.groups(), state=said.state, message=said.message)


_UNDONE = "another transaction changed what this one works on, so the warehouse undid this one"
_CANCELLED = (
    "the statement was cancelled: by a person, by the workload manager, or because it took longer "
    "than MOVIE_PIPELINE_REDSHIFT_STATEMENT_SECONDS"
)
_MADE_MEANWHILE = "another process made the same at this moment"
_ENDED = "the warehouse ended the connection, or takes no more of them"
_NOT_LET_IN = (
    "the warehouse does not let this user in: check the workgroup or cluster, the user, the "
    "secret, and that the role of this process may get credentials"
)
KINDS: tuple[Kind, ...] = (
    Kind(WarehouseConflict, _UNDONE, states=("40001", "40P01")),
    Kind(
        WarehouseConflict,
        _UNDONE,
        words=r"\b1023\b|serializable isolation violation|conflict with concurrent transaction",
    ),
    Kind(WarehouseConflict, _UNDONE, words=r"deadlock detected"),
    Kind(WarehouseConflict, _MADE_MEANWHILE, states=("42P07", "42710", "23505")),
    Kind(WarehouseConflict, _MADE_MEANWHILE, words=r"already exists|tuple concurrently"),
    Kind(TookTooLong, _CANCELLED, states=("57014",)),
    Kind(TookTooLong, _CANCELLED, words=r"cancell?ed on user's request"),
    Kind(WarehouseConflict, _ENDED, states=("08", "57P", "53300")),
    Kind(WarehouseConflict, _ENDED, words=r"too many connections|connection limit"),
    Kind(WarehouseError, _NOT_LET_IN, states=("28",)),
    Kind(
        WarehouseError,
        "there is no such database: check MOVIE_PIPELINE_REDSHIFT_DATABASE",
        states=("3D",),
    ),
    Kind(
        BatchRefused,
        "a Parquet file has {1} columns, but the table has {0}; they map by position",
        words=r"Unmatched number of columns.*?Table columns: (\d+), Data columns: (\d+)",
    ),
    Kind(
        BatchRefused,
        "a Parquet file has {2} where {0} of the table is {1}",
        words=(
            r"incompatible Parquet schema for column '[^']*?([a-z0-9_]+)'\.\s*Column type: "
            r"([A-Z]+).*?Parquet schema:\s*\w+ ([a-z0-9_]+)"
        ),
    ),
    Kind(
        BatchRefused,
        "a text of {2} bytes does not fit {0}, which holds {1}",
        words=r"length of the data column ([a-z0-9_]+) is longer.*?Table: (\d+), Data: (\d+)",
    ),
    Kind(
        BatchRefused,
        f"a file in the output area cannot be read as Parquet of the table's types; {_MORE}",
        words=r"not a valid Parquet|invalid type length",
    ),
    Kind(
        WarehouseError,
        "S3 refused COPY ({0} {1}): MOVIE_PIPELINE_COPY_ROLE_ARN must be a role of the warehouse "
        "that may read the output area, in the warehouse's region",
        words=r"S3ServiceException.*?Status (\d+),\s*Error (\w+)",
    ),
    Kind(
        BatchRefused,
        f"a file of the batch, or its manifest, is no more in the output area; {_MORE}",
        words=r"mandatory (?:url|file)|the specified S3 prefix|manifest",
    ),
    Kind(BatchRefused, f"it was refused with code {{0}}; {_MORE}", words=r"\bcode:\s+(\d+)"),
    Kind(
        WarehouseError,
        "{0} must have a value, but has none",
        states=("23502",),
        words=r'column "?([a-z0-9_]+)"?',
    ),
    Kind(WarehouseError, "a text is longer than its column holds", states=("22001",)),
    Kind(ValueWrong, "a value does not fit ({state})", states=("22", "23")),
    Kind(WarehouseError, "{message}; grant it to the pipeline's user", states=("42501",)),
    # about SQL, ours or a person's: no row is quoted
    Kind(StatementWrong, "{message}", states=("42",)),
)
"""From the most to the least telling: the first that fits is taken."""


def said_by(error: Exception) -> Said | None:
    """What the server said; None where the error is the driver's own."""
    fields = error.args[0] if error.args else None
    if not isinstance(error, redshift_connector.Error) or not isinstance(fields, dict):
        return None
    said = cast("dict[str, Any]", fields)
    words = "\n".join(str(said.get(field, "")) for field in ("M", "D", "H"))
    return Said(state=str(said.get("C", "")), message=str(said.get("M", "")), words=words)


def is_refused_login(error: Exception) -> bool:
    """Whether newer credentials may help."""
    said = said_by(error)
    return said is not None and said.state.startswith("28")


def is_lost(error: Exception) -> bool:
    """Whether the connection is of no more use."""
    return said_by(error) is None


def translated(what: str, error: Exception) -> WarehouseError:
    """The error as ours.

    Args:
        what: which statement or step failed.
        error: one of DRIVER_ERRORS.
    """
    said = said_by(error)
    if said is None:
        return _of_the_driver(what, error)
    for kind in KINDS:
        sentence = kind.told(said)
        if sentence is not None:
            return kind.error(f"{what} failed in the warehouse: {sentence}.")
    return WarehouseError(
        f"{what} failed in the warehouse with SQLSTATE {said.state or 'unknown'}; its own message "
        "is left out, as it may repeat values. SYS_QUERY_HISTORY (STL_ERROR on a cluster) has it."
    )


def unreachable(address: str, seconds: float, error: Exception) -> WarehouseBusy:
    """The error of a warehouse that took no connection for so long."""
    cause = error.args[1] if len(error.args) > 1 else error
    return WarehouseBusy(
        f"the warehouse {address} took no connection for {seconds:g} s "
        f"({type(cast('object', cause)).__name__}): see that it is not paused, and that the "
        "network and the security groups let this machine in."
    )


def _of_the_driver(what: str, error: Exception) -> WarehouseError:
    if isinstance(error, UnicodeEncodeError):
        return WarehouseError(f"{what} was not sent: a value is no text that UTF-8 can hold.")
    if isinstance(error, redshift_connector.DataError | redshift_connector.NotSupportedError):
        return WarehouseError(
            f"{what} was not sent: the driver cannot bind its values ({type(error).__name__})."
        )
    if isinstance(error, redshift_connector.ProgrammingError):
        return WarehouseError(f"{what} failed: the statement is empty.")
    if isinstance(error, TimeoutError):
        return TookTooLong(f"{what} had no answer in time, and its connection was given up.")
    return WarehouseConflict(
        f"{what} lost its connection to the warehouse ({type(error).__name__})."
    )
