"""Which landed files are whole by their source's own word: a marker beside each, where declared.

A file without its marker waits, and a marker is never taken for a file. Values alone, but for the
markers that are put away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from movie_pipeline.crash_points import crash_point
from movie_pipeline.datasets.sources import Sources
from movie_pipeline.errors import StoredFileChanged, StoredFileMissing
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.storage.storage_port import Area, LandedFile, Storage

MARKER = ".done"
"""What a marker's name ends in, behind the name of its file."""
MARKERS = "markers/"
"""The folder of the history area in which markers are kept."""


class _Marked(NamedTuple):
    file: LandedFile
    marker: LandedFile | None


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
        if is_marker(file.key, sources):
            continue
        marked = _Marked(file, by_key.get(file.key + MARKER))
        waits = sources.of(file.key).complete and not _is_whole(marked)
        (found.waiting if waits else found.whole).append(file)
    return found


def is_marker(key: str, sources: Sources) -> bool:
    """Whether a name is that of a marker of a source that sets some."""
    return key.endswith(MARKER) and bool(sources.of(key.removesuffix(MARKER)).complete)


def put_markers_away(
    storage: Storage, sources: Sources, archived: Sequence[LedgerEntry]
) -> list[str]:
    """Move the markers of files that left landing to history; return their keys.

    Safe to repeat. Where a newer file took the name the marker stays: it may be that file's.
    """
    if not sources.mark_files:
        return []
    of_key = {entry.key: entry for entry in archived if sources.of(entry.key).complete}
    names = [name for key in of_key for name in (key, key + MARKER)]
    there = {file.key: file for file in storage.look_at(names)} if names else {}
    moved: list[str] = []
    for key, entry in of_key.items():
        marker = there.get(key + MARKER)
        if marker is None or key in there:
            continue
        try:
            crash_point("archive.marker.before")
            storage.settle(marker, Area.HISTORY, f"{MARKERS}{entry.file_id}{MARKER}")
            crash_point("archive.marker.after")
        except (StoredFileMissing, StoredFileChanged):
            continue
        moved.append(marker.key)
    return moved


def _is_whole(marked: _Marked) -> bool:
    return marked.marker is not None and marked.marker.modified_at >= marked.file.modified_at
