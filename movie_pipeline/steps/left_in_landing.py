"""Files that lie in landing although the ledger has their very version decided and archived.

No run takes them again, so they are told: bytes that a store cannot tell from those that were
archived (a date set back on a file system that keeps no other, the same object put again within a
second). What they hold is not looked at.
"""

from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.storage.storage_port import LandedFile, Storage


def left_in_landing(storage: Storage, ledger: Ledger) -> list[str]:
    """A sentence about each, the oldest first.

    Raises:
        StorageError: landing could not be listed.
        WarehouseError: the ledger could not be asked.
    """
    finished = _finished(storage.landed(), ledger)
    if not finished:
        return []
    # a run may have been about to archive them when landing was listed
    still = storage.look_at([file.key for file in finished])
    entries = ledger.known(file.file_id for file in still)
    return [_sentence(entries[file.file_id]) for file in still if file.file_id in entries]


def _finished(landed: list[LandedFile], ledger: Ledger) -> list[LandedFile]:
    if not landed:
        return []
    finished = ledger.finished(file.file_id for file in landed)
    return [file for file in landed if file.file_id in finished]


def _sentence(entry: LedgerEntry) -> str:
    return (
        f"{entry.shown_name} lies in landing, but under its name, size and time the ledger has a "
        f"file that is {entry.state} and was archived (file id {entry.file_id}); so it is never "
        "taken. Put it there again under another name, or `touch` it, to have it judged; or remove "
        "it."
    )
