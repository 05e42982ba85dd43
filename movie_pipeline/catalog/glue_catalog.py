"""The catalog as a Glue database: tables and partitions are registered directly.

Each change of columns is a version. What is put in is decided by the assets; crawlers are started
and awaited in glue_crawlers.py.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from typing_extensions import override

from movie_pipeline.aws_clients import Client, Clients, has_code, translated
from movie_pipeline.catalog.catalog_port import (
    Catalog,
    CatalogColumn,
    CatalogPartition,
    CatalogTable,
    Crawled,
)
from movie_pipeline.catalog.glue_crawlers import await_crawl
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import CatalogError
from movie_pipeline.file_names import printable_name
from movie_pipeline.settings.groups import GlueSettings
from movie_pipeline.stored_values import fit_text

_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,126}")
_ATTEMPTS = 5
_THERE_ALREADY = "AlreadyExistsException"
_CONFLICTS = ("ConcurrentModificationException", _THERE_ALREADY)
_ABSENT = ("EntityNotFoundException",)
_BYTES = 255
"""What Glue takes of a column's name and comment."""
_AT_ONCE = 100
"""How many partitions Glue takes in one call."""
_ROW_COUNT = "recordCount"
_SKIPPED_HEADER = {"skip.header.line.count": "1"}
_MADE_BY = "UPDATED_BY_CRAWLER"
_CSV = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde",
        "Parameters": {"separatorChar": ",", "quoteChar": '"'},
    },
}
"""How Athena is to read a table of CSV files."""


class GlueCatalog(Catalog):
    """A database of the Glue Data Catalog.

    Args:
        settings: the database, and the crawlers, if there are any.
        clients: boto3's.
        wait: sleeps, between two looks at a crawler and before a conflict is tried again.
        clock: seconds, to bound the wait for a crawler.
    """

    def __init__(
        self,
        settings: GlueSettings,
        clients: Clients,
        *,
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = settings.database
        self._crawlers = {
            Crawled.RAW_FILES: settings.raw_crawler,
            Crawled.WAREHOUSE: settings.warehouse_crawler,
        }
        self._crawler_seconds = settings.crawler_seconds
        self._clients = clients
        self._wait = wait
        self._clock = clock

    @override
    def update(self, table: CatalogTable) -> bool:
        _expect_table_name(table.name)
        with translated(f"describing {table.name} in {self._database}", CatalogError):
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    return self._put(table)
                except ClientError as error:
                    # another run describes it at this moment: see what it wrote, then write
                    if not has_code(error, _CONFLICTS) or attempt == _ATTEMPTS:
                        raise
                    self._wait(0.2 * 2**attempt)
        raise AssertionError

    @override
    def table(self, name: str) -> CatalogTable | None:
        _expect_table_name(name)
        with translated(f"reading {name} of {self._database}", CatalogError):
            described = self._get(name)
        return None if described is None else _table(described)

    @override
    def tables(self) -> list[CatalogTable]:
        return sorted(map(_table, self._all()), key=lambda table: table.name)

    @override
    def register(self, table: str, partitions: Sequence[CatalogPartition]) -> int:
        """Register partitions of a described table; returns how many were not there before.

        Each takes over the table's columns and format, as Athena asks of a partition.
        """
        known = {partition.values for partition in self.partitions(table)}
        new = [partition for partition in partitions if partition.values not in known]
        if not new:
            return 0
        doing = f"registering partitions of {table} in {self._database}"
        with translated(doing, CatalogError):
            described = self._get(table)
            if described is None:
                raise CatalogError(f"{doing} failed: there is no such table yet.")
            return sum(
                self._create_partitions(described, new[start : start + _AT_ONCE])
                for start in range(0, len(new), _AT_ONCE)
            )

    @override
    def partitions(self, table: str) -> list[CatalogPartition]:
        _expect_table_name(table)
        with translated(f"listing partitions of {table} in {self._database}", CatalogError):
            pages = self._glue.get_paginator("get_partitions").paginate(
                DatabaseName=self._database, TableName=table, ExcludeColumnSchema=True
            )
            try:
                found = [_partition(one) for page in pages for one in page["Partitions"]]
            except ClientError as error:
                if not has_code(error, _ABSENT):
                    raise
                return []
        return sorted(found)

    @override
    def crawl(self, what: Crawled) -> list[CatalogTable] | None:
        name = self._crawlers[what]
        if not name:
            return None
        await_crawl(
            self._glue, name, seconds=self._crawler_seconds, wait=self._wait, clock=self._clock
        )
        kept = [
            _table(described)
            for described in self._all()
            if described.get("Parameters", {}).get(_MADE_BY) == name
        ]
        if not kept:
            raise CatalogError(
                f"the crawler {name} succeeded, but the database {self._database} has no table of "
                "it: see that files lie where it looks, that its role may read them, and that it "
                "writes to this database."
            )
        return sorted(kept, key=lambda table: table.name)

    @property
    def _glue(self) -> Client:
        return self._clients("glue")

    def _put(self, table: CatalogTable) -> bool:
        before = self._get(table.name)
        described = _table_input(table)
        crash_point("catalog.before")
        if before is None:
            self._glue.create_table(DatabaseName=self._database, TableInput=described)
            crash_point("catalog.after")
            return True
        columns = described["StorageDescriptor"]["Columns"]
        changed = _columns(before) != tuple(map(_column, columns))
        self._glue.update_table(
            DatabaseName=self._database,
            TableInput=described,
            SkipArchive=not changed,  # so that the versions of a table are its schemas
            **{name: before[name] for name in ("VersionId",) if name in before},
        )
        crash_point("catalog.after")
        return changed

    def _create_partitions(
        self, table: Mapping[str, Any], partitions: Sequence[CatalogPartition]
    ) -> int:
        crash_point("catalog.before_partitions")
        answer = self._glue.batch_create_partition(
            DatabaseName=self._database,
            TableName=table["Name"],
            PartitionInputList=[
                {
                    "Values": list(partition.values),
                    "StorageDescriptor": {
                        **table["StorageDescriptor"],
                        "Location": partition.location,
                    },
                }
                for partition in partitions
            ],
        )
        crash_point("catalog.after_partitions")
        refused = answer.get("Errors", [])
        for one in refused:
            detail = one.get("ErrorDetail", {})
            if detail.get("ErrorCode") != _THERE_ALREADY:
                raise CatalogError(
                    f"Glue did not take the partition {'/'.join(one.get('PartitionValues', []))} "
                    f"of {table['Name']}: {detail.get('ErrorCode')}: {detail.get('ErrorMessage')}"
                )
        return len(partitions) - len(refused)

    def _get(self, name: str) -> Mapping[str, Any] | None:
        try:
            return self._glue.get_table(DatabaseName=self._database, Name=name)["Table"]
        except ClientError as error:
            if has_code(error, _ABSENT):
                self._glue.get_database(Name=self._database)  # whether it is the database
                return None
            raise

    def _all(self) -> list[Mapping[str, Any]]:
        with translated(f"listing {self._database}", CatalogError):
            pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=self._database)
            return [described for page in pages for described in page["TableList"]]


def _expect_table_name(name: str) -> None:
    if not _TABLE_NAME.fullmatch(name):
        raise CatalogError(
            f"{name!r} cannot be a table's name in the catalog: small letters, digits and _ "
            "only, a letter first."
        )


def _table_input(table: CatalogTable) -> dict[str, Any]:
    is_csv = table.parameters.get("classification") == "csv"
    parameters = {**table.parameters, **(_SKIPPED_HEADER if is_csv else {})}
    if table.row_count is not None:
        parameters[_ROW_COUNT] = str(table.row_count)
    return {
        "Name": table.name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": _glue_columns(table.partition_keys),
        "StorageDescriptor": {
            "Location": table.location,
            "Columns": _glue_columns(table.columns),
            **(_CSV if is_csv else {}),
        },
    }


def _glue_columns(columns: tuple[CatalogColumn, ...]) -> list[dict[str, str]]:
    """Columns as Glue takes them: a name is printable, not empty, short enough, and there once."""
    taken: set[str] = set()
    found: list[dict[str, str]] = []
    for number, column in enumerate(columns, 1):
        name = fit_text(printable_name(column.name).strip(), _BYTES - 8) or f"column_{number}"
        if name.lower() in taken:
            name = f"{name}_{number}"
        taken.add(name.lower())
        found.append({"Name": name, "Type": column.type})
        if column.comment:
            found[-1]["Comment"] = fit_text(printable_name(column.comment), _BYTES)
    return found


def _table(described: Mapping[str, Any]) -> CatalogTable:
    parameters = {
        name: value
        for name, value in described.get("Parameters", {}).items()
        if name not in _SKIPPED_HEADER
    }
    counted = parameters.pop(_ROW_COUNT, "")
    return CatalogTable(
        name=described["Name"],
        location=described.get("StorageDescriptor", {}).get("Location", ""),
        columns=_columns(described),
        row_count=int(counted) if counted.isdecimal() else None,
        parameters=parameters,
        partition_keys=tuple(map(_column, described.get("PartitionKeys", []))),
    )


def _partition(described: Mapping[str, Any]) -> CatalogPartition:
    return CatalogPartition(
        tuple(described.get("Values", [])),
        described.get("StorageDescriptor", {}).get("Location", ""),
    )


def _columns(described: Mapping[str, Any]) -> tuple[CatalogColumn, ...]:
    return tuple(map(_column, described.get("StorageDescriptor", {}).get("Columns", [])))


def _column(column: Mapping[str, str]) -> CatalogColumn:
    return CatalogColumn(column["Name"], column.get("Type", ""), column.get("Comment", ""))
