"""Which files of a batch must wait because a person retracted what they bring.

That they wait, and how, is the verdict's affair; how a file is retracted, upkeep/'s.
"""

from collections.abc import Iterable

from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger import ledger
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.steps.fetch import Fetched, FetchedFile, HashedFile
from movie_pipeline.steps.read import ReadFile, Reading
from movie_pipeline.warehouse.warehouse_port import Warehouse


def retracted_before(warehouse: Warehouse, files: Iterable[Reading | Fetched]) -> dict[str, str]:
    """file_id of each file whose bytes were retracted to the sentence why it must wait.

    A replay brings what its first file brought.
    """
    read = [file for file in files if isinstance(file, FetchedFile | ReadFile)]
    if not read:
        return {}
    with warehouse.reading() as session:
        roots = ledger.known(session, [file.replay.root_file_id for file in read if file.replay])
        contents = {file.file_id: _content(file, roots) for file in read}
        retracted = ledger.retracted_content(session, contents.values())
        entries = ledger.known(session, retracted.values())
    return {
        file_id: _sentence(entries[retracted[content]])
        for file_id, content in contents.items()
        if content in retracted
    }


def _content(file: HashedFile, roots: dict[str, LedgerEntry]) -> str:
    root = roots.get(file.replay.root_file_id) if file.replay else None
    return root.content_sha256 if root else file.content_sha256


def _sentence(entry: LedgerEntry) -> str:
    retraction = entry.summary.retraction
    whom = f" by {retraction.by} on {retraction.at[:10]}: {retraction.why}" if retraction else ""
    return (
        f"the same bytes were retracted before, as {printable_name(entry.key)} (file "
        f"{entry.file_id}){whom.rstrip('.')}. Accept it by a replay, if it is to load all the same."
    )
