"""Which files of a batch say nothing that was not said: duplicates, told without any store.

The same bytes are no duplicate for ever: where something else was loaded between, they are a sender
who takes it back. What is loaded is asked of the ledger; here are only values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from movie_pipeline.ledger.ledger import LoadedContent

Age = tuple[datetime, str]
"""What orders files: the later version, then the higher file_id, has the last word."""


@dataclass(frozen=True)
class Arrival:
    """A file of a batch, as far as this question goes.

    Attributes:
        file_id: its id.
        version: what decides between two rows of one key.
        content_sha256: of its bytes.
        compared: whether it is a duplicate where the same bytes were loaded; a replay is not.
        loads: whether its rows are at hand to be loaded.
    """

    file_id: str
    version: datetime
    content_sha256: str
    compared: bool = True
    loads: bool = True

    @property
    def age(self) -> Age:
        """Its place among the others."""
        return self.version, self.file_id


def said_by_loaded(
    files: Sequence[Arrival], loaded: Mapping[str, Sequence[LoadedContent]]
) -> dict[str, str]:
    """Of those files that loaded ones said before: the file_id of the one that did.

    It did where its version is later, or where each of its rows is still in the table and nothing
    of this batch is loaded between the two.
    """
    found: dict[str, str] = {}
    loading: list[Age] = []
    for file in sorted(files, key=lambda file: file.age):
        said = loaded.get(file.content_sha256, ()) if file.compared else ()
        of = next((one.file_id for one in said if _says(one, file, loading)), None)
        if of is not None:
            found[file.file_id] = of
        elif file.loads:
            loading.append(file.age)
    return found


def said_by_later(files: Sequence[Arrival]) -> dict[str, str]:
    """Of those files of a batch whose bytes load with a later one: the file_id of the latest."""
    latest: dict[str, Arrival] = {}
    for file in sorted(files, key=lambda file: file.age):
        if file.compared and file.loads:
            latest[file.content_sha256] = file
    return {
        file.file_id: last.file_id
        for file in files
        if file.compared
        and (last := latest.get(file.content_sha256)) is not None
        and file.age < last.age
    }


def _says(one: LoadedContent, file: Arrival, loading: Sequence[Age]) -> bool:
    if one.file_id == file.file_id:
        return False
    if one.age > file.age:
        return True
    return one.stands and not any(one.age < age < file.age for age in loading)
