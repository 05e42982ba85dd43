"""Both sides of a file that another engine wrote in parts, each brought here as one file.

What the engine says it wrote is counted again on the way. Publishing is screen.py's.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from movie_pipeline.errors import ClusterError
from movie_pipeline.quarantine.quarantine_record import count_records
from movie_pipeline.screening.spark_job import FOLDER
from movie_pipeline.steps.good_rows import join_parquet
from movie_pipeline.steps.read import ScreenedElsewhere
from movie_pipeline.steps.split import SplitFile
from movie_pipeline.steps.work_folder import FileFolder
from movie_pipeline.storage.storage_port import Area, Storage

_BLOCK = 1 << 20


def joined_parts(
    screened: ScreenedElsewhere, folder: FileFolder, storage: Storage, *, is_held: bool
) -> SplitFile:
    """Bring the parts of both sides into the work folder.

    Args:
        screened: what the engine made of the file.
        folder: of the file.
        storage: where the parts lie.
        is_held: whether none of its rows load.

    Raises:
        ClusterError: there are other rows or records in them than the engine says.
    """
    answer = screened.answer
    good = keys = 0
    if not is_held:
        good = join_parquet(_paths(storage, answer.good.names), folder.good)
    apart = _join_lines(_paths(storage, answer.apart.names), folder.quarantine)
    if answer.keys.names:
        keys = join_parquet(_paths(storage, answer.keys.names), folder.keys_apart)
    said = (answer.good.count, answer.apart.count, answer.keys.count)
    if (good, apart, keys) != said:
        raise ClusterError(
            f"{screened.engine} says that it wrote {said[0]:,} good rows, {said[1]:,} records set "
            f"apart and {said[2]:,} keys, but {good:,}, {apart:,} and {keys:,} are there; nothing "
            "was loaded. Start the run again."
        )
    return SplitFile(
        good_rows=good,
        set_apart=apart,
        good=None if is_held else folder.good,
        quarantine=folder.quarantine if apart else None,
        keys=folder.keys_apart if keys else None,
        keys_apart=keys,
        reasons=dict(answer.reasons),
        ratings=tuple(answer.spread),
    )


def remove_parts(storage: Storage, batch_id: str) -> None:
    """Remove what jobs for a batch wrote and was taken up, or never will be."""
    for name in storage.names(Area.OUTPUT, f"{FOLDER}/{batch_id}/"):
        storage.remove(Area.OUTPUT, name)


def _paths(storage: Storage, names: Sequence[str]) -> Iterator[Path]:
    """The parts in their order, each until the next one is asked for."""
    for name in names:
        with storage.reading(Area.OUTPUT, name) as path:
            yield path


def _join_lines(parts: Iterator[Path], to: Path) -> int:
    with to.open("wb") as lines:
        for path in parts:
            with path.open("rb") as part:
                while block := part.read(_BLOCK):
                    lines.write(block)
    count = count_records(to)
    if not count:
        to.unlink()
    return count
