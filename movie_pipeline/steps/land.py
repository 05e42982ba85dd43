"""Land: a local file copied into landing, under its own name or a free one beside it.

What lies in landing is never replaced: it may be a sender's, and not decided yet.
"""

from pathlib import Path

from movie_pipeline.errors import StorageError, StoredNameTaken
from movie_pipeline.file_names import MOST_NUMBERS, numbered, printable_name
from movie_pipeline.storage.storage_port import LandedFile, Storage


def land_beside(storage: Storage, source: Path, name: str, *, number: int = 1) -> LandedFile:
    """Land a copy of a file; where another lies under the name, in the first numbered folder.

    Args:
        storage: where to.
        source: the file; it is not changed.
        name: what it is to be called.
        number: the first number to try: 1 is no folder at all.

    Returns:
        What landed, with the key it got; where the same bytes lie there already, that.

    Raises:
        StorageError: the store failed, or every number is taken.
    """
    for tried in range(number, number + MOST_NUMBERS):
        try:
            return storage.land(source, name if tried == 1 else numbered(name, tried))
        except StoredNameTaken:
            continue
    raise StorageError(
        f"{MOST_NUMBERS} other files of the name {printable_name(name)} lie in landing and wait to "
        "be decided; start the daemon or `movie-pipeline reconcile`, or give the file another name."
    )
