"""What every part of upkeep works on: the parts of one world that hold data."""

from dataclasses import dataclass

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.settings import Settings
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse


@dataclass(frozen=True)
class Parts:
    """One dataset's store and warehouse, and how its files are read."""

    storage: Storage
    warehouse: Warehouse
    settings: Settings
    dataset: Dataset
