"""Both sides of a file that another engine published in parts, each as the list of its parts.

The parts stay where they are: what was found of them there is held against what was written into
them. Publishing the lists is screen.py's, taking away what does not count left_parts.py's.
"""

from pathlib import Path

from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.spark_job import FOLDER, Parts
from movie_pipeline.steps.good_rows import join_parquet
from movie_pipeline.steps.read import ScreenedElsewhere
from movie_pipeline.steps.split import SplitFile
from movie_pipeline.steps.work_folder import FileFolder
from movie_pipeline.storage.part_list import PartList, list_name, paths_of
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.stored_values import to_json


def published_parts(
    screened: ScreenedElsewhere, folder: FileFolder, storage: Storage, *, is_held: bool
) -> SplitFile:
    """Write the lists of both sides into the work folder, and bring the keys there.

    Args:
        screened: what the engine made of the file.
        folder: of the file.
        storage: where the keys lie.
        is_held: whether none of its rows load.

    Raises:
        ClusterError: other rows or records lie there than the engine wrote.
    """
    answer = screened.answer
    good = Parts() if is_held else answer.good
    keys = 0
    if answer.keys.parts:
        keys = join_parquet(paths_of(storage, Area.OUTPUT, answer.keys.parts), folder.keys_apart)
    said = (answer.good.count, answer.apart.count, answer.keys.count)
    found = (good.counted_again, answer.apart.counted_again, keys)
    if found != said:
        raise ClusterError(
            f"{screened.engine} says that it wrote {said[0]:,} good rows, {said[1]:,} records set "
            f"apart and {said[2]:,} keys, but {found[0]:,}, {found[1]:,} and {found[2]:,} are "
            "there; nothing was loaded. Start the run again."
        )
    # the first part of good rows is there for its columns; it may have none of the rows
    rows = PartList(tuple(p for p in good.parts if p.count) or good.parts[:1], answer.broken)
    apart = PartList(answer.apart.parts)
    return SplitFile(
        good_rows=found[0],
        set_apart=found[1],
        good=_written(rows, folder.good_parts),
        quarantine=_written(apart, folder.quarantine_parts),
        keys=folder.keys_apart if keys else None,
        keys_apart=keys,
        reasons=dict(answer.reasons),
        ratings=tuple(answer.spread),
        output_name=_name(rows),
        quarantine_name=_name(apart),
    )


def remove_job_files(storage: Storage, batch_id: str) -> None:
    """Remove what jobs for a batch wrote and was taken up, or never will be; not the parts."""
    for name in storage.names(Area.OUTPUT, f"{FOLDER}/{batch_id}/"):
        storage.remove(Area.OUTPUT, name)


def _written(parts: PartList, to: Path) -> Path | None:
    if not parts.parts:
        return None
    to.write_text(to_json(parts), encoding="ascii")
    return to


def _name(parts: PartList) -> str:
    return list_name(parts.parts[0].name) if parts.parts else ""
