"""Keys of records set apart, and what of these records a later row of their key superseded.

Which those are is asked of the table each time, so that it is true again when a row goes. How the
keys are told stands in quarantine/keys_apart.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from movie_pipeline.errors import BatchRefused
from movie_pipeline.file_names import from_stored_key, printable_name
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.stored_values import from_stored_time
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession

STAGING = "mp_set_apart_staging"


@dataclass(frozen=True)
class LaterRow:
    """The row of the table that has the key of a record set apart, and is later than it.

    Attributes:
        file_id, record_number: where the row comes from.
        file: that file's name for people; its id where the ledger does not know it.
        at: when it was loaded.
    """

    file_id: str
    record_number: int
    file: str
    at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """The later row of one row of the question."""
        at = from_stored_time(row["loaded_at"])
        assert at is not None  # noqa: S101 - the column is not null
        key = row["by_object_key"]
        return cls(
            file_id=row["by_file_id"],
            record_number=int(row["by_record_number"]),
            file=printable_name(from_stored_key(key)) if key else row["by_file_id"],
            at=at,
        )


def write(session: WarehouseSession, files: Sequence[DecidedFile]) -> None:
    """Write the keys of these files' records set apart, in the transaction that decides on them."""
    write_keys(
        session,
        {file.file_id: file.keys_apart for file in files if file.keys_name},
        [file.keys_name for file in files if file.keys_name],
    )


def write_keys(
    session: WarehouseSession, expected: Mapping[str, int], names: Sequence[str]
) -> None:
    """Copy files of keys from the output area, and count what came.

    Args:
        session: within a transaction.
        expected: file_id to its keys.
        names: the files.

    Raises:
        BatchRefused: other keys came than were expected.
    """
    if not names:
        return
    session.run("set_apart/create_staging")
    added = session.copy(STAGING, names)
    found = {
        row["file_id"]: int(row["row_count"]) for row in session.fetch("set_apart/count_staged")
    }
    if found != expected or added != sum(expected.values()):
        raise BatchRefused(
            f"the batch has {sum(found.values()):,} keys of records set apart where screening "
            f"wrote {sum(expected.values()):,}. Nothing was loaded; run the batch again from the "
            "start."
        )
    session.run("set_apart/insert_staged")


def superseded_of(warehouse: Warehouse, file_id: str, first: int, last: int) -> dict[int, LaterRow]:
    """Of the records of a file with these numbers: those with a later row of their key."""
    with warehouse.reading() as session:
        rows = session.fetch(
            "set_apart/superseded_of_file", file_id=file_id, first_number=first, last_number=last
        )
    return {int(row["record_number"]): LaterRow.from_row(row) for row in rows}
