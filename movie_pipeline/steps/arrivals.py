"""Which landed files are whole by their source's own word: a marker beside each, where declared.

A file without its marker waits, and a marker is never taken for a file. A marker that says what is
in the file is a manifest: sender_manifest.py holds the file against it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from movie_pipeline.crash_points import crash_point
from movie_pipeline.datasets.sources import Sources
from movie_pipeline.errors import StoredFileChanged, StoredFileMissing
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.storage.storage_port import Area, LandedFile, Storage

DONE, MANIFEST = "done", "manifest"
"""How a source may say that a file is whole: that it is, or what is in it."""
MARKERS = "markers/"
"""The folder of the history area in which markers are kept."""


@dataclass(frozen=True)
class Arrivals:
    """What lies in landing.

    Attributes:
        whole: the files that may be taken.
        waiting: those that wait for their marker, or for a newer one than they have.
    """

    whole: list[LandedFile]
    waiting: list[LandedFile]


def arrivals(landed: Iterable[LandedFile], sources: Sources) -> Arrivals:
    """Tell whole files, those that wait, and markers apart; their order stays.

    A marker that is older than its file was written for an earlier one.
    """
    listed = list(landed)
    if not sources.mark_files:
        return Arrivals(listed, [])
    by_key = {file.key: file for file in listed}
    found = Arrivals([], [])
    for file in listed:
        if marked_by(file.key, sources) is not None:
            continue
        complete = sources.of(file.key).complete
        waits = complete and not _is_whole(file, by_key.get(file.key + marker_of(complete)))
        (found.waiting if waits else found.whole).append(file)
    return found


def marker_of(complete: str) -> str:
    """What a marker's name ends in, behind the name of its file.

    Args:
        complete: how the source says that a file is whole.
    """
    return f".{complete}"


def marked_by(key: str, sources: Sources) -> str | None:
    """The name of the file that a marker of this name speaks of; None where it is no marker."""
    for complete in (DONE, MANIFEST):
        name = key.removesuffix(marker_of(complete))
        if name != key and sources.of(name).complete == complete:
            return name
    return None


def put_markers_away(
    storage: Storage, sources: Sources, archived: Sequence[LedgerEntry]
) -> list[str]:
    """Move the markers of files that left landing to history; return their keys.

    Safe to repeat. Where a newer file took the name the marker stays: it may be that file's.
    """
    if not sources.mark_files:
        return []
    of_key = {entry.key: entry for entry in archived if sources.of(entry.key).complete}
    ending = {key: marker_of(sources.of(key).complete) for key in of_key}
    names = [name for key in of_key for name in (key, key + ending[key])]
    there = {file.key: file for file in storage.look_at(names)} if names else {}
    return [
        marker.key
        for key, entry in of_key.items()
        if (marker := there.get(key + ending[key])) is not None
        and key not in there
        and _put_away(storage, marker, entry, ending[key])
    ]


def put_leftovers_away(storage: Storage, sources: Sources, ledger: Ledger) -> list[str]:
    """Move markers to history whose file was decided and is gone; return their keys.

    A crash may leave such a marker, or a person who named its file to a command. One that came
    after the last file of its name was decided may be that of the next one, and stays.
    """
    if not sources.mark_files:
        return []
    landed = storage.landed()
    there = {file.key for file in landed}
    moved: list[str] = []
    for marker in landed:
        name = marked_by(marker.key, sources)
        if name is None or name in there:
            continue
        newest = ledger.entries(key=name, limit=1)
        if not newest or newest[0].archived_at is None:
            continue
        if newest[0].committed_at < marker.modified_at:
            continue
        ending = marker_of(sources.of(name).complete)
        if _put_away(storage, marker, newest[0], ending):
            moved.append(marker.key)
    return moved


def _put_away(storage: Storage, marker: LandedFile, entry: LedgerEntry, ending: str) -> bool:
    """Whether the marker was there, and lies beside history now."""
    try:
        crash_point("archive.marker.before")
        storage.settle(marker, Area.HISTORY, f"{MARKERS}{entry.file_id}{ending}")
        crash_point("archive.marker.after")
    except (StoredFileMissing, StoredFileChanged):
        return False
    return True


def _is_whole(file: LandedFile, marker: LandedFile | None) -> bool:
    """Whether its marker is there; one that says nothing but that must not be an earlier file's."""
    if marker is None:
        return False
    return marker.key.endswith(marker_of(MANIFEST)) or marker.modified_at >= file.modified_at
