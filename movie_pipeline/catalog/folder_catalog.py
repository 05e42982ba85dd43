"""The catalog as JSON files, one a table: what it holds now, its partitions, its past schemas.

It has the part of the Glue Data Catalog; what is put into it is decided by the assets.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from movie_pipeline.atomic_files import make_folder, write_into_place
from movie_pipeline.catalog.catalog_port import (
    Catalog,
    CatalogColumn,
    CatalogPartition,
    CatalogTable,
    Crawled,
)
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import CatalogError

DATABASE = "movies"
_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,126}")


class FolderCatalog(Catalog):
    """A folder `<folder>/<database>/` of JSON files.

    Args:
        folder: the catalog's folder.
        database: the name of the group of tables.
        now: the clock, for the history.
    """

    def __init__(
        self,
        folder: Path,
        database: str = DATABASE,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder.absolute() / database
        self._now = now

    @override
    def update(self, table: CatalogTable) -> bool:
        path = self._path(table.name)
        before = self._read(path) or {}
        columns = [asdict(column) for column in table.columns]
        history: list[dict[str, Any]] = before.get("schemas", [])
        changed = not history or history[-1]["columns"] != columns
        if changed:
            history = [*history, {"since": self._now().isoformat(), "columns": columns}]
        described = {
            "name": table.name,
            "location": table.location,
            "row_count": table.row_count,
            "parameters": dict(table.parameters),
            "partition_keys": [asdict(key) for key in table.partition_keys],
            "updated_at": self._now().isoformat(),
            "schemas": history,
            "partitions": before.get("partitions", []),
        }
        self._write(path, described)
        return changed

    @override
    def table(self, name: str) -> CatalogTable | None:
        described = self._read(self._path(name))
        return None if described is None else _table(described)

    @override
    def tables(self) -> list[CatalogTable]:
        names = sorted(path.stem for path in self._folder.glob("*.json"))
        found = [self._read(self._path(name)) for name in names if _TABLE_NAME.fullmatch(name)]
        return [_table(described) for described in found if described is not None]

    @override
    def register(self, table: str, partitions: Sequence[CatalogPartition]) -> int:
        path = self._path(table)
        described = self._read(path)
        if described is None:
            raise CatalogError(f"{path} is not there: describe {table} before its partitions.")
        there = _partitions(described)
        known = {partition.values for partition in there}
        new = [partition for partition in partitions if partition.values not in known]
        if new:
            kept = [asdict(partition) for partition in sorted([*there, *new])]
            self._write(path, {**described, "partitions": kept})
        return len(new)

    @override
    def partitions(self, table: str) -> list[CatalogPartition]:
        described = self._read(self._path(table))
        return [] if described is None else _partitions(described)

    @override
    def crawl(self, what: Crawled) -> list[CatalogTable] | None:
        """None: no crawler is needed where the pipeline describes everything itself."""
        del what

    def schemas(self, name: str) -> list[tuple[datetime, tuple[CatalogColumn, ...]]]:
        """Every schema the table had, oldest first, with when it was first seen."""
        described = self._read(self._path(name))
        schemas: list[dict[str, Any]] = described["schemas"] if described else []
        return [
            (datetime.fromisoformat(schema["since"]), _columns(schema["columns"]))
            for schema in schemas
        ]

    def _path(self, name: str) -> Path:
        if not _TABLE_NAME.fullmatch(name):
            raise CatalogError(
                f"{name!r} cannot be a table's name in the catalog: small letters, digits and _ "
                "only, a letter first."
            )
        return self._folder / f"{name}.json"

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            return json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise CatalogError(
                f"{path} cannot be read ({error}); remove it, and the next run describes the table "
                "again."
            ) from error

    def _write(self, path: Path, described: dict[str, Any]) -> None:
        try:
            make_folder(self._folder)
            crash_point("catalog.before")
            write_into_place(json.dumps(described, indent=2).encode(), path)
            crash_point("catalog.after")
        except OSError as error:
            raise CatalogError(f"{path} cannot be written: {error.strerror}.") from error


def _table(described: dict[str, Any]) -> CatalogTable:
    return CatalogTable(
        name=described["name"],
        location=described["location"],
        columns=_columns(described["schemas"][-1]["columns"]),
        row_count=described["row_count"],
        parameters=described["parameters"],
        partition_keys=_columns(described.get("partition_keys", [])),
    )


def _columns(described: list[dict[str, str]]) -> tuple[CatalogColumn, ...]:
    return tuple(CatalogColumn(**column) for column in described)


def _partitions(described: dict[str, Any]) -> list[CatalogPartition]:
    kept: list[dict[str, Any]] = described.get("partitions", [])
    return [CatalogPartition(tuple(one["values"]), one["location"]) for one in kept]
