"""Discover, the first step: landing minus the ledger, cut into batches and fixed for a run.

A batch is the files of one run. Its manifest in the work folder fixes them, so that every step and
every re-execution sees the same, whatever lies in landing by then.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Self

from movie_pipeline.datasets.sources import Sources
from movie_pipeline.errors import SettingsError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.steps.arrivals import arrivals
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.storage_port import LandedFile, Storage

MANIFEST = "manifest.json"
_MOST_NAMED = 10


@dataclass(frozen=True)
class Batch:
    """The files of one run; the same files make the same id, in whatever order they are given.

    Attributes:
        batch_id: its id.
        files: its files.
        fixed_at: when it was fixed: no file of it is newer, whatever its date; None until then.
    """

    batch_id: str
    files: tuple[LandedFile, ...]
    fixed_at: datetime | None = field(default=None, compare=False)

    @classmethod
    def of(cls, files: Iterable[LandedFile]) -> Self:
        """The batch of these files."""
        by_id = {file.file_id: file for file in files}
        ids = sorted(by_id)
        digest = hashlib.sha256("\n".join(["v1", *ids]).encode()).hexdigest()
        return cls(batch_id=digest[:16], files=tuple(by_id[file_id] for file_id in ids))

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def take_batch(  # noqa: PLR0913 - what is asked for, and by whom
    work_folder: WorkFolder,
    storage: Storage,
    ledger: Ledger,
    wanted: Collection[str] = (),
    sources: Sources | None = None,
    *,
    by_hand: bool = False,
) -> Batch:
    """Fix the files of a run: those of the manifest, those wanted, or all that wait.

    Args:
        work_folder: the run's; what it fixed before stands.
        storage: whose landing area is listed.
        ledger: what it knows as finished is not taken.
        wanted: file_ids or names; empty: all that lie in landing, are whole and are not finished.
        sources: what is declared of who sends files.
        by_hand: whether a person wants them, who must be told of what there is not. A sensor's
            files may have been taken away, or decided, since it saw them.

    Raises:
        SettingsError: a person wants a file that is neither in landing nor decided.
    """
    fixed = fixed_batch(work_folder)
    if fixed is not None:
        return fixed
    landed = storage.landed()
    if wanted:
        asked = set(wanted)
        taken = [file for file in landed if file.file_id in asked or file.key in asked]
        if by_hand:
            _expect_known(asked, taken, ledger)
    else:
        landed = arrivals(landed, sources or Sources()).whole
        finished = ledger.finished(file.file_id for file in landed)
        taken = [file for file in landed if file.file_id not in finished]
    return fix_batch(work_folder, Batch.of(taken))


def _expect_known(asked: Collection[str], taken: Sequence[LandedFile], ledger: Ledger) -> None:
    """Refuse what is neither in landing nor in the ledger: a run over nothing is believed."""
    there = {name for file in taken for name in (file.file_id, file.key)}
    unknown = sorted(name for name in asked if name not in there and not ledger.of_file(name))
    if unknown:
        named = ", ".join(map(printable_name, unknown[:_MOST_NAMED]))
        more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
        raise SettingsError(
            f"no file {named}{more} lies in landing, nor was one decided. `files` takes names as "
            "they are in landing, or file_ids; left out, all that wait are taken."
        )


def fix_batch(work_folder: WorkFolder, batch: Batch) -> Batch:
    """Write the manifest, or return the batch of the one that stands there already."""
    fixed = fixed_batch(work_folder)
    if fixed is not None:
        return fixed
    batch = replace(batch, fixed_at=datetime.now(UTC))
    work_folder.keep(MANIFEST, batch)
    return batch


def fixed_batch(work_folder: WorkFolder) -> Batch | None:
    """The batch that the manifest fixes, None where there is no manifest yet."""
    return work_folder.kept(MANIFEST, Batch)


def plan_batches(
    files: Sequence[LandedFile], *, max_files: int, max_bytes: int
) -> list[list[LandedFile]]:
    """Cut files into batches, keeping their order.

    Every file is in one batch; a file larger than `max_bytes` is a batch of its own.
    """
    batches: list[list[LandedFile]] = []
    room_files, room_bytes = 0, 0
    for file in files:
        if not room_files or file.size > room_bytes:
            batches.append([])
            room_files, room_bytes = max(1, max_files), max_bytes
        batches[-1].append(file)
        room_files -= 1
        room_bytes -= file.size
    return batches
