"""A store and a warehouse that do as the real ones do, with verbs that a fault may replace."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import pandas as pd

from movie_pipeline.storage.storage_port import Area, LandedFile, LandedPage, NewFile, Storage
from movie_pipeline.warehouse.query_answers import QueryAnswer, QueryLimits
from movie_pipeline.warehouse.warehouse_port import (
    UpgradePlan,
    Warehouse,
    WarehouseColumn,
    WarehouseSession,
)


class WrappedStorage:
    """Every verb goes to the real store."""

    def __init__(self, real: Storage) -> None:
        self.real = real

    @property
    def at_once(self) -> int:
        return self.real.at_once

    def landed(self) -> list[LandedFile]:
        return self.real.landed()

    def oldest(
        self, most: int, *, after: LandedFile | None = None, warn: Callable[[str], None]
    ) -> LandedPage:
        return self.real.oldest(most, after=after, warn=warn)

    def look_at(self, keys: Sequence[str]) -> list[LandedFile]:
        return self.real.look_at(keys)

    def land(self, source: Path, key: str) -> LandedFile:
        return self.real.land(source, key)

    def fetch(self, file: LandedFile, to: Path) -> None:
        self.real.fetch(file, to)

    def put(self, area: Area, name: str, source: Path) -> str:
        return self.real.put(area, name, source)

    def put_all(self, files: Sequence[NewFile]) -> None:
        for file in files:
            self.put(*file)

    def reading(self, area: Area, name: str) -> AbstractContextManager[Path]:
        return self.real.reading(area, name)

    def size(self, area: Area, name: str) -> int:
        return self.real.size(area, name)

    def tail(self, area: Area, name: str, size: int) -> bytes:
        return self.real.tail(area, name, size)

    def names(self, area: Area, prefix: str = "", *, before: datetime | None = None) -> list[str]:
        return self.real.names(area, prefix, before=before)

    def half_written(self, before: datetime) -> list[str]:
        return self.real.half_written(before)

    def remove(self, area: Area, name: str) -> None:
        self.real.remove(area, name)

    def settle(self, file: LandedFile, area: Area, name: str) -> str:
        return self.real.settle(file, area, name)

    def settling_many(self) -> AbstractContextManager[None]:
        return self.real.settling_many()

    def fetch_reference(self, place: str, to: Path) -> None:
        self.real.fetch_reference(place, to)

    def uri(self, area: Area, name: str) -> str:
        return self.real.uri(area, name)


class FetchHooked(WrappedStorage):
    """Something happens before or after a file is fetched."""

    def __init__(
        self,
        real: Storage,
        *,
        before: Callable[[LandedFile], object] = lambda _: None,
        after: Callable[[LandedFile, Path], object] = lambda _, __: None,
    ) -> None:
        super().__init__(real)
        self._before, self._after = before, after

    def fetch(self, file: LandedFile, to: Path) -> None:
        self._before(file)
        self.real.fetch(file, to)
        self._after(file, to)


class WrappedWarehouse:
    """Every verb goes to the real warehouse, after `before` was told its name."""

    def __init__(self, real: Warehouse, before: Callable[[str], object] = lambda _: None) -> None:
        self.real = real
        self._before = before

    def prepare(self) -> None:
        self._before("prepare")
        self.real.prepare()

    def adopt(self) -> None:
        self.real.adopt()

    def upgrade_plan(self, *, adopting: bool = False) -> UpgradePlan:
        return self.real.upgrade_plan(adopting=adopting)

    def writing(self) -> AbstractContextManager[WarehouseSession]:
        self._before("writing")
        return self.real.writing()

    def reading(self) -> AbstractContextManager[WarehouseSession]:
        self._before("reading")
        return self.real.reading()

    def refresh(self, view: str) -> None:
        self._before("refresh")
        self.real.refresh(view)

    def stale_views(self, *, before: datetime | None = None) -> list[str]:
        return self.real.stale_views(before=before)

    def query(self, text: str) -> pd.DataFrame:
        return self.real.query(text)

    def answer(self, text: str, limits: QueryLimits) -> AbstractContextManager[QueryAnswer]:
        """As it is."""
        return self.real.answer(text, limits)

    def columns(self, table: str) -> list[WarehouseColumn]:
        return self.real.columns(table)
