"""Parts that no entry counts: of attempts that were given up, or lived on after their run.

Which parts do count says the ledger and, of files it does not know, the decision records: it may be
an older one that was put back, and what was set apart lies nowhere else.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from movie_pipeline.errors import StoredFileChanged, StoredFileMissing
from movie_pipeline.ledger.decision_records import decisions, find_decisions
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.storage.part_list import FOLDER, file_of, list_name, parts_of
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse

_LOOKED_INTO = timedelta(days=7)
"""So long after a file was put away is looked for what its own attempt left behind."""


def left_parts(  # noqa: PLR0913 - what is looked through, and what is left alone
    storage: Storage,
    warehouse: Warehouse,
    area: Area,
    *,
    batch_id: str = "",
    active: Collection[str] = (),
    before: datetime | None = None,
) -> Iterator[str]:
    """Parts and lists of parts of an area that count for nothing.

    Args:
        storage: where they lie.
        warehouse: what its ledger names counts.
        area: output or quarantine.
        batch_id: only of this batch.
        active: batches that runs at work use: theirs are left alone.
        before: only what came to lie there earlier than that.

    Raises:
        StorageError: an area could not be listed, or a list not be read.
    """
    prefix = f"{FOLDER}/{batch_id}/" if batch_id else f"{FOLDER}/"
    lists: dict[str, list[str]] = {}
    for name in storage.names(area, prefix, before=before):
        if name.split("/")[1] not in active:
            lists.setdefault(list_name(name), []).append(name)
    file_ids = set(map(file_of, lists))
    entries = Ledger(warehouse).known(file_ids)
    unknown = file_ids - entries.keys()
    kept = _kept(storage, unknown) if unknown else {}
    for name, found in lists.items():
        file_id = file_of(name)
        if kept is None and file_id in unknown:
            continue
        entry = entries.get(file_id) or (kept or {}).get(file_id)
        counting = _counting(storage, area, name, entry, before)
        yield from (each for each in found if counting is not None and each not in counting)


def _counting(
    storage: Storage, area: Area, name: str, entry: LedgerEntry | None, before: datetime | None
) -> set[str] | None:
    """Of a list and its parts, those that count; None where nothing is to be taken away."""
    named = None
    if entry is not None:
        named = entry.output_name if area is Area.OUTPUT else entry.quarantine_name
    if entry is None or named != name:
        return set()
    if before and entry.archived_at and entry.archived_at < before - _LOOKED_INTO:
        return None
    try:
        return {name, *(part.name for part in parts_of(storage, area, name))}
    except (StoredFileMissing, StoredFileChanged):
        return None


def _kept(storage: Storage, file_ids: Collection[str]) -> dict[str, LedgerEntry] | None:
    """What decision records say of files; None where one of them is damaged, and may say more."""
    kept = find_decisions(storage)
    if kept.problems:
        return None
    return {record.file_id: record.entry for record in decisions(storage, kept, file_ids)}
