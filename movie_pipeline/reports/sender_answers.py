"""The report for the sender of any file, landed or not, as a person asks for it."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from movie_pipeline.errors import DecisionError
from movie_pipeline.file_names import printable_name, safe_basename
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.replay.replayable_records import whole_quarantine
from movie_pipeline.steps.tell_sender import Teller, bring_file
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse

_LONGEST_NAME = 255
"""Bytes that a file system takes; a store's names may be longer."""


@dataclass(frozen=True)
class Answer:
    """A report that was made.

    Attributes:
        entry: of which file.
        page: where its page lies, for people.
    """

    entry: LedgerEntry
    page: str


def landed_file(warehouse: Warehouse, name: str) -> LedgerEntry | None:
    """The entry of a file by its file_id, or the newest of its name; None where there is none."""
    entries = Ledger(warehouse).of_file(name)
    by_id = [entry for entry in entries if entry.file_id == name]
    return next(iter(by_id or [entry for entry in entries if entry.summary.replay is None]), None)


def copy_of_landed(storage: Storage, entry: LedgerEntry, folder: Path) -> Path:
    """A decided file under its own name, as sources are told by it, in a folder of this machine."""
    name = PurePosixPath(entry.key).name
    own = folder / entry.file_id
    own.mkdir()
    path = own / (
        name if len(name.encode(errors="replace")) <= _LONGEST_NAME else safe_basename(name)
    )
    bring_file(storage, entry, path)
    return path


def answer_sender(teller: Teller, entry: LedgerEntry, folder: Path | None) -> Answer:
    """Make the report of a decided file anew, in its place, or in a folder of one's own.

    Raises:
        DecisionError: the folder is not there, or what was set apart is there no more.
    """
    gone: list[str] = []
    if entry.records_published:
        with whole_quarantine(teller.storage, entry, gone.append):
            pass
    if gone:
        raise DecisionError(gone[0])
    if folder is None:
        return Answer(entry, teller.put(entry))
    if not folder.is_dir():
        raise DecisionError(f"there is no folder {folder} for the report: make it first.")
    return Answer(entry, str(teller.write(entry, folder, entry.file_id)))


def not_found(name: str) -> DecisionError:
    """What is asked for is neither a file of the ledger nor one of this machine."""
    return DecisionError(
        f"{printable_name(name) or 'an empty name'} is neither a file that landed nor a file here: "
        "`movie-pipeline status` lists what landed."
    )
