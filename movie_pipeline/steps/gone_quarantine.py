"""Quarantine files that were removed: which they are, noted so that the backlog leaves them out.

People may remove them, and a store's lifecycle rule does. A file that is put back counts again.
"""

from movie_pipeline.storage.part_list import are_there
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.transactions import transact
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession


def note_gone(storage: Storage, warehouse: Warehouse) -> int:
    """Look which quarantine files with open records are gone; return how many.

    Raises:
        StorageError: the area could not be listed, or a list of parts not be read.
        WarehouseError: it could not be noted.
    """
    with warehouse.reading() as session:
        waiting = session.fetch("gone/with_open_records")
        noted = {row["file_id"] for row in session.fetch("gone/known")}
    there = set(storage.names(Area.QUARANTINE)) if waiting else set[str]()
    gone = {
        row["file_id"]
        for row in waiting
        if not are_there(storage, Area.QUARANTINE, row["quarantine_name"], there)
    }
    if gone == noted:
        return len(gone)

    def work(session: WarehouseSession) -> None:
        session.run("gone/clear")
        if gone:
            session.run_many("gone/insert", [{"file_id": file_id} for file_id in sorted(gone)])

    transact(warehouse, work)
    return len(gone)
