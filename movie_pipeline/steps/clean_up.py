"""What is kept no longer, and what nobody owns: the first is removed, the second only reported.

Nothing is removed that a running, a crashed or a repeated run may still need. Dagster's own runs
are cleaned in orchestration/sensors/clean_up_job.py.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Self

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import StorageError, StoredFileMissing
from movie_pipeline.ledger.ledger import known, want
from movie_pipeline.screening.spark_job import FOLDER
from movie_pipeline.steps.gone_quarantine import note_gone
from movie_pipeline.steps.left_parts import left_parts
from movie_pipeline.steps.run_lease import is_held
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.part_list import folder_of, is_in_parts
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.stored_values import to_stored_time
from movie_pipeline.warehouse.warehouse_port import Warehouse

WORK_FOLDERS_KEPT = timedelta(days=1)
"""A work folder that nobody touched for so long, and that no active run names, is removed."""
LEFT_ALONE = timedelta(days=1)
"""What is younger may still be written, or be needed by a run at work."""
MOST_AT_ONCE = 1000
"""Parquet files removed in one run; the next takes the others."""
_OF_A_FILE = re.compile(
    r"(?:(?:resolutions/|set_apart/)?(?P<good>[0-9a-f]{32})\.parquet|(?P<apart>[0-9a-f]{32})\.jsonl"
    r"|files/(?P<whole>[0-9a-f]{32})__[^/]+|reports/(?P<told>[0-9a-f]{32})\.[^/]+)"
)
_OF_A_REPLAY = re.compile(r"replays/(?P<replay>[^/]+)\.jsonl")
_MANIFESTS = "manifests/"
"""What COPY reads; each is removed after it."""
_HALF_WRITTEN = ".mp-*"


@dataclass(frozen=True)
class Removed:
    """What of one kind was removed, or would be: how many, and how many bytes."""

    count: int = 0
    bytes: int = 0

    def and_more(self, other: Self) -> Self:
        """Both together."""
        return replace(self, count=self.count + other.count, bytes=self.bytes + other.bytes)


@dataclass(frozen=True)
class CleanUpReport:
    """What a clean-up did, or without hands would do.

    Attributes:
        work_folders: of batches nobody works on.
        output_files: Parquet files of loaded files, what jobs left in the output area, and parts in
            it that no entry counts.
        notices: that were sent.
        orphans: files in output and quarantine that belong to no entry, no file in landing and no
            replay, and what was half written: for a person to look at, never removed.
        problems: what could not be removed, a sentence each.
    """

    work_folders: Removed = Removed()
    output_files: Removed = Removed()
    notices: Removed = Removed()
    orphans: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())


def clean_up(  # noqa: PLR0913 - what is cleaned, and how long things are kept
    storage: Storage,
    warehouse: Warehouse,
    home: Path,
    *,
    active_batches: Collection[str],
    keep_output_days: float,
    keep_notices_days: float,
    dry_run: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> CleanUpReport:
    """Remove what is kept no longer and look for what nobody owns.

    Args:
        storage: its output area is cleaned.
        warehouse: its outbox is cleaned.
        home: the folder that holds the work folders.
        active_batches: names of work folders that runs at work use.
        keep_output_days: how long Parquet files of loaded files are kept; 0: for ever.
        keep_notices_days: how long sent notices are kept; 0: for ever.
        dry_run: only say what would be removed.
        now: the clock.

    Raises:
        WarehouseError: the ledger or the outbox could not be asked; the rest was not looked at.
    """
    moment = now()
    problems: list[str] = []
    crash_point("clean_up.begun")
    notices = _notices(warehouse, moment, keep_notices_days, dry_run=dry_run)
    outputs = _outputs(storage, warehouse, moment, keep_output_days, problems, dry_run=dry_run)
    folders = _work_folders(home / "work", active_batches, moment, dry_run=dry_run)
    before = moment - LEFT_ALONE
    left = partial(left_parts, storage, warehouse, active=active_batches, before=before)
    for find in (
        partial(_of_jobs, storage, active=active_batches, before=before),
        partial(left, Area.OUTPUT),
    ):
        outputs = outputs.and_more(_taken_away(storage, find, problems, dry_run=dry_run))
    if not dry_run:
        try:
            note_gone(storage, warehouse)
        except StorageError as error:
            problems.append(str(error))
        crash_point("clean_up.gone_noted")
    orphans = set(_without_entry(storage, warehouse))
    for look in (
        partial(_manifests, storage, before),
        partial(_of_replays, storage, warehouse, before),
        partial(_half_written, storage, home, before),
        lambda: (storage.uri(Area.QUARANTINE, name) for name in left(Area.QUARANTINE)),
    ):
        try:
            orphans.update(look())
        except StorageError as error:
            problems.append(str(error))
    return CleanUpReport(folders, outputs, notices, tuple(sorted(orphans)), tuple(problems))


def _notices(warehouse: Warehouse, moment: datetime, days: float, *, dry_run: bool) -> Removed:
    if not days:
        return Removed()
    before = to_stored_time(moment - timedelta(days=days))
    with warehouse.reading() as session:
        count = int(session.fetch("outbox/sent_count", before=before)[0]["notices"])
    if count and not dry_run:
        with warehouse.writing() as session:
            session.run("outbox/delete_sent", before=before)
    return Removed(count)


def _outputs(  # noqa: PLR0913 - the same
    storage: Storage,
    warehouse: Warehouse,
    moment: datetime,
    days: float,
    problems: list[str],
    *,
    dry_run: bool,
) -> Removed:
    if not days:
        return Removed()
    before = to_stored_time(moment - timedelta(days=days))
    with warehouse.reading() as session:
        old = [row["output_name"] for row in session.fetch("ledger/loaded_outputs", before=before)]
    there = set(storage.names(Area.OUTPUT))

    def outputs() -> Iterator[str]:
        for name in old:
            if name in there and is_in_parts(name):
                # before their list: what a kill leaves is found by its name
                yield from storage.names(Area.OUTPUT, folder_of(name))
            if name in there:
                yield name

    return _taken_away(storage, outputs, problems, dry_run=dry_run)


def _taken_away(
    storage: Storage,
    find: Callable[[], Iterator[str]],
    problems: list[str],
    *,
    dry_run: bool,
) -> Removed:
    """Remove what is found in the output area, or only count it."""
    count = size = 0
    try:
        found = list(islice(find(), MOST_AT_ONCE))
    except StorageError as error:
        problems.append(str(error))
        return Removed()
    for name in found:
        try:
            bytes_there = storage.size(Area.OUTPUT, name)
            if not dry_run:
                storage.remove(Area.OUTPUT, name)
        except StoredFileMissing:
            continue
        except StorageError as error:
            problems.append(str(error))
            continue
        count += 1
        size += bytes_there
    return Removed(count, size)


def _of_jobs(storage: Storage, *, active: Collection[str], before: datetime) -> Iterator[str]:
    """What jobs were asked and wrote for themselves, for batches nobody works on."""
    for name in storage.names(Area.OUTPUT, f"{FOLDER}/", before=before):
        if name.split("/")[1] not in active:
            yield name


def _work_folders(
    root: Path, active: Collection[str], moment: datetime, *, dry_run: bool
) -> Removed:
    limit = (moment - WORK_FOLDERS_KEPT).timestamp()
    count = size = 0
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        if folder.name in active or not folder.is_dir() or is_held(folder):
            continue
        files = [path.lstat() for path in _below(folder)]
        touched = [folder.lstat().st_mtime, *(status.st_mtime for status in files)]
        if max(touched) >= limit:
            continue
        if not dry_run:
            WorkFolder(folder, folder.name).remove()
        count += 1
        size += sum(status.st_size for status in files)
    return Removed(count, size)


def _without_entry(storage: Storage, warehouse: Warehouse) -> list[str]:
    """Files named after a file_id that neither has an entry nor lies in landing."""
    named: dict[str, list[str]] = {}
    for area in (Area.OUTPUT, Area.QUARANTINE):
        for name in storage.names(area):
            match = _OF_A_FILE.fullmatch(name)
            if match:
                file_id = match["good"] or match["apart"] or match["whole"] or match["told"]
                named.setdefault(file_id, []).append(storage.uri(area, name))
    for file in storage.landed():
        named.pop(file.file_id, None)
    with warehouse.reading() as session:
        for file_id in known(session, named):
            named.pop(file_id, None)
    return sorted(uri for uris in named.values() for uri in uris)


def _manifests(storage: Storage, before: datetime) -> Iterator[str]:
    """Manifests of loads that were cut off."""
    for name in storage.names(Area.OUTPUT, _MANIFESTS, before=before):
        yield storage.uri(Area.OUTPUT, name)


def _of_replays(storage: Storage, warehouse: Warehouse, before: datetime) -> Iterator[str]:
    """Lists of replays that were never asked for, or asked for and never landed."""
    lists: dict[str, str] = {}
    for name in storage.names(Area.QUARANTINE, "replays/", before=before):
        match = _OF_A_REPLAY.fullmatch(name)
        if match:
            lists[match["replay"]] = name
    if not lists:
        return
    landed = {file.key for file in storage.landed()}
    with warehouse.reading() as session:
        want(session, lists)
        for row in session.fetch("replays/known"):
            if row["entries"] or row["object_key"] in landed:
                del lists[row["replay_id"]]
    for name in lists.values():
        yield storage.uri(Area.QUARANTINE, name)


def _half_written(storage: Storage, home: Path, before: datetime) -> Iterator[str]:
    """What was begun and is not whole: in the store, and under the home beside it."""
    yield from storage.half_written(before)
    for path in home.rglob(_HALF_WRITTEN):
        if path.lstat().st_mtime < before.timestamp():
            yield str(path)


def _below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
