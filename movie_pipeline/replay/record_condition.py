"""A person's condition over quarantine records: one SQL expression, asked of them and nothing else.

The engine is an in-memory DuckDB of its own that can reach no file, no network and no other table.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, cast

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from movie_pipeline.errors import ReplayError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.ledger.replays import root_of
from movie_pipeline.replay.corrected_cells import Columns
from movie_pipeline.replay.replayable_records import KeptRecord
from movie_pipeline.tabular.column_mapping import CONTRACT_NAMES

_ARROW = cast("Any", pa)
_SCHEMA = _ARROW.schema(
    [
        ("quarantine_id", pa.string()),
        ("file", pa.string()),
        ("file_id", pa.string()),
        ("state", pa.string()),
        ("record_number", pa.int64()),
        ("quarantined_at", pa.string()),
        ("reason", pa.string()),
        ("rules", _ARROW.list_(pa.string())),
        ("cells", _ARROW.map_(pa.string(), pa.string())),
        *((name, pa.string()) for name in CONTRACT_NAMES),
    ]
)
COLUMNS = tuple(_SCHEMA.names)
"""What a condition may speak of."""
_QUOTED = re.compile(r"'[^']*'")
_FORBIDDEN = (exp.Query, exp.Subquery, exp.Star, exp.Command, exp.DDL)


class Condition:
    """One condition, checked when it is made and asked piece by piece.

    Args:
        text: a boolean SQL expression over `COLUMNS`, such as `release_year = 'PG'`.

    Raises:
        ReplayError: it is none.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        _check(text)
        self._connection = duckdb.connect(
            config={
                "enable_external_access": False,
                "python_enable_replacements": False,
                "memory_limit": "256MB",
                "threads": 1,
            }
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute("SET lock_configuration = true")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def taken(
        self, records: Sequence[KeptRecord], entry: LedgerEntry, columns: Columns
    ) -> set[str]:
        """The quarantine_ids of those of the records for which it is true.

        Raises:
            ReplayError: it cannot be evaluated.
        """
        rows = [_row(record.values, entry, columns) for record in records]
        self._connection.register("record", _ARROW.Table.from_pylist(rows, schema=_SCHEMA))
        try:
            found = self._connection.execute(
                # The expression was parsed as one; the brackets keep it one.
                f"SELECT quarantine_id FROM record WHERE CAST(({self._text}\n) AS BOOLEAN)"
            ).fetchall()
        except duckdb.Error as error:
            # DuckDB quotes the value that it could not convert.
            cause = _QUOTED.sub("'…'", str(error).split("\n", 1)[0])
            raise ReplayError(
                f"the condition {self._text!r} cannot be evaluated: {cause} Every cell is a text: "
                "write try_cast(votes as bigint) to compare it as a number."
            ) from None
        finally:
            with suppress(duckdb.Error):
                self._connection.unregister("record")
        return {row[0] for row in found}


def _check(text: str) -> None:
    try:
        tree = sqlglot.parse_one(text, read="duckdb")
    except SqlglotError:
        tree = None
    if tree is None or isinstance(tree, (exp.Block, *_FORBIDDEN)) or tree.find(*_FORBIDDEN):
        raise ReplayError(
            f"{text!r} is no condition: it must be one SQL expression over {', '.join(COLUMNS)}, "
            "without a query in it, such as release_year = 'PG' or reason like '%not a number%'."
        )
    for column in tree.find_all(exp.Column):
        if column.name.lower() not in COLUMNS or column.table:
            raise ReplayError(
                f"the condition {text!r} names {column.sql()}, but it may speak of "
                f"{', '.join(COLUMNS)} only. The file's own columns are in cells: "
                "cells['Released_Year'] = 'PG'. Texts stand in single quotes."
            )


def _row(record: Mapping[str, Any], entry: LedgerEntry, columns: Columns) -> dict[str, object]:
    cells: Mapping[str, str] = record["columns"] or {}
    reasons = record["reasons"]
    return {
        "quarantine_id": record["quarantine_id"],
        "file": printable_name(root_of(entry)[1]),
        "file_id": entry.file_id,
        "state": str(entry.state),
        "record_number": record["record_number"],
        "quarantined_at": record["quarantined_at"],
        "reason": "; ".join(reason["message"] for reason in reasons),
        "rules": list(dict.fromkeys(reason["rule"] for reason in reasons)),
        "cells": list(cells.items()),
        **{name: cells.get(key) for name, key in columns.contract.items()},
    }
