"""COPY of Parquet files by a manifest, as strict as Redshift's and in its words.

From the manifest's text to rows as CSV; where the bytes come from, the caller says.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

Reader = Callable[[str], bytes]
"""The bytes at an s3:// address; KeyError where nothing lies there."""
Table = Any
"""pyarrow's, which has no types."""

_COPY = re.compile(
    r"copy\s+(?P<table>\w+)\s+from\s+'(?P<url>s3://[^']+)'\s+iam_role\s+'(?P<role>arn:[^']+)'\s+"
    r"format\s+as\s+parquet\s+manifest\s*",
    re.IGNORECASE,
)
_ACCEPTED: Mapping[str, tuple[str, ...]] = {
    "VARCHAR": ("string", "large_string"),
    "INT": ("int32",),
    "BIGINT": ("int64",),
    "DOUBLE": ("double",),
    "TIMESTAMP": ("timestamp[us]",),
}


class CopyRefused(Exception):
    """What Redshift would answer."""

    def __init__(self, message: str, context: str, code: int = 15001) -> None:
        super().__init__(context)
        self.message = message
        self.detail = (
            "\n  -----------------------------------------------\n"
            f"  error:  {message}\n  code:      {code}\n  context:   {context}\n"
            "  query:     4711\n  location:  scan_range_manager.cpp:298\n"
            "  process:   padbmaster [pid=1]\n"
            "  -----------------------------------------------"
        )


@dataclass(frozen=True)
class Column:
    """A column of the table that is copied into."""

    name: str
    type: str
    max_bytes: int | None


@dataclass(frozen=True)
class Rows:
    """What is to be inserted."""

    table: str
    csv: bytes
    count: int


def rows_of(
    statement: str, tables: Mapping[str, Sequence[Column]], read: Reader, *, lose: int = 0
) -> Rows:
    """The rows that a COPY statement loads; the last `lose` of them are lost on the way."""
    parts = _COPY.fullmatch(re.sub(r"--[^\n]*\n", "", statement).strip())
    if parts is None:
        raise CopyRefused("syntax error", "not one of the options for a COPY of Parquet", 42601)
    if parts["table"] not in tables:
        raise CopyRefused("relation", f"Cannot COPY into nonexistent table {parts['table']}", 8001)
    columns = tables[parts["table"]]
    manifest = json.loads(_bytes(read, parts["url"]))
    whole = cast("Any", pa).concat_tables(
        [_table(entry, columns, read) for entry in manifest["entries"]],
        promote_options="permissive",  # short and long texts: Parquet knows no difference
    )
    kept = whole.slice(0, whole.num_rows - lose)
    out = io.BytesIO()
    options = cast("Any", pa_csv).WriteOptions(include_header=False)
    cast("Any", pa_csv).write_csv(kept, out, options)
    return Rows(parts["table"], out.getvalue(), kept.num_rows)


def _bytes(read: Reader, url: str) -> bytes:
    try:
        return read(url)
    except KeyError:
        raise CopyRefused(
            "The specified S3 prefix does not exist", f"Mandatory url is not present: {url}", 8001
        ) from None


def _table(entry: Mapping[str, Any], columns: Sequence[Column], read: Reader) -> Table:
    url = entry["url"]
    assert entry["mandatory"] is True, "a file that is missing would be left out without a word"
    content = _bytes(read, url)
    if len(content) != entry["meta"]["content_length"]:
        raise CopyRefused("Spectrum Scan Error", f"content_length of {url} is not {len(content)}")
    try:
        table = cast("Any", pq).read_table(io.BytesIO(content))
    except cast("Any", pa).ArrowException:
        raise CopyRefused(
            "Spectrum Scan Error", f"File '{url}' is not a valid Parquet file."
        ) from None
    if table.num_columns != len(columns):
        raise CopyRefused(
            "Spectrum Scan Error",
            "Unmatched number of columns between table and file. Table columns: "
            f"{len(columns)}, Data columns: {table.num_columns}",
            15007,
        )
    for column, field, values in zip(columns, table.schema, table.columns, strict=True):
        _expect_type(url, column, str(field.type))
        _expect_length(column, values)
    return table.rename_columns([column.name for column in columns])


def _expect_type(url: str, column: Column, kind: str) -> None:
    if kind not in _ACCEPTED[column.type]:
        raise CopyRefused(
            "Spectrum Scan Error",
            f"File '{url}' has an incompatible Parquet schema for column "
            f"'{url}.{column.name}'. Column type: {column.type}, Parquet schema:\n"
            f"optional {kind} {column.name} [i:0 d:1 r:0]",
        )


def _expect_length(column: Column, values: Iterable[Any]) -> None:
    if column.max_bytes is None:
        return
    longest = max((len(value.as_buffer()) for value in values if value.is_valid), default=0)
    if longest > column.max_bytes:
        raise CopyRefused(
            "Spectrum Scan Error",
            f"The length of the data column {column.name} is longer than the length defined in "
            f"the table. Table: {column.max_bytes}, Data: {longest}",
        )
