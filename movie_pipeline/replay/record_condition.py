"""A person's condition over quarantine records: one SQL expression, asked of them and nothing else.

The engine is an in-memory DuckDB of its own that can reach no file, no network and no other table.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self, cast

import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.dqdl import DEEPEST_SQL, LONGEST_SQL, parentheses_in
from movie_pipeline.errors import ReplayError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.ledger.replays import root_of
from movie_pipeline.memory_limit import memory_limit
from movie_pipeline.replay.corrected_cells import Columns
from movie_pipeline.replay.replayable_records import KeptRecord
from movie_pipeline.screening.screening_engine import (
    FAULTS,
    OUT_OF_MEMORY,
    SEALED_BYTES,
    sealed_engine,
)
from movie_pipeline.tabular import ColumnType, TableContract
from movie_pipeline.time_limit import TimeIsUp, time_limit

_ARROW = cast("Any", pa)
_OF_EVERY_RECORD: tuple[tuple[str, Any], ...] = (
    ("quarantine_id", _ARROW.string()),
    ("file", _ARROW.string()),
    ("file_id", _ARROW.string()),
    ("state", _ARROW.string()),
    ("record_number", _ARROW.int64()),
    ("quarantined_at", _ARROW.string()),
    ("reason", _ARROW.string()),
    ("rules", _ARROW.list_(_ARROW.string())),
    ("cells", _ARROW.map_(_ARROW.string(), _ARROW.string())),
)
"""What a condition may speak of beside the contract's columns, each with its type."""
LONGEST_SECONDS = 30.0
"""How long a condition may take of some records of one file."""
_QUOTED = re.compile(r"'[^']*'")
_FORBIDDEN = (exp.Query, exp.Subquery, exp.Star, exp.Command, exp.DDL)


class Condition:
    """One condition, checked when it is made and asked piece by piece.

    Args:
        text: a boolean SQL expression over what is kept of a record.
        dataset: whose contract names the columns.

    Raises:
        ReplayError: it is none.
    """

    def __init__(self, text: str, dataset: Dataset) -> None:
        self._text = text
        self._contract = dataset.contract
        self._schema = _ARROW.schema(
            [*_OF_EVERY_RECORD, *((name, pa.string()) for name in dataset.contract.names)]
        )
        _check(text, self._schema.names, dataset.example_condition)
        self._open = ExitStack()
        self._connection = self._open.enter_context(sealed_engine())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def taken(
        self, records: Sequence[KeptRecord], entry: LedgerEntry, columns: Columns
    ) -> set[str]:
        """The quarantine_ids of those of the records for which it is true.

        Raises:
            ReplayError: it cannot be evaluated.
        """
        rows = [_row(record.values, entry, columns) for record in records]
        self._connection.register("record", _ARROW.Table.from_pylist(rows, schema=self._schema))
        try:
            with time_limit(self._connection, LONGEST_SECONDS), memory_limit(SEALED_BYTES):
                found = self._connection.execute(
                    # The expression was parsed as one; the brackets keep it one.
                    f"SELECT quarantine_id FROM record WHERE CAST(({self._text}\n) AS BOOLEAN)"
                ).fetchall()
        except TimeIsUp as error:
            raise ReplayError(
                f"the condition {self._text!r} cannot be evaluated: {error}, the most that it may "
                "take of a file."
            ) from None
        except (*OUT_OF_MEMORY, MemoryError):
            raise ReplayError(
                f"the condition {self._text!r} cannot be evaluated: it needs more memory than a "
                "condition may take."
            ) from None
        except FAULTS as error:
            # DuckDB quotes the value that it could not convert.
            cause = _QUOTED.sub("'…'", str(error).split("\n", 1)[0])
            raise ReplayError(
                f"the condition {self._text!r} cannot be evaluated: {cause} Every cell is a text: "
                f"write try_cast({_a_number(self._contract)} as bigint) to compare it as a number."
            ) from None
        finally:
            with suppress(*FAULTS):
                self._connection.unregister("record")
        return {row[0] for row in found}


def _a_number(contract: TableContract) -> str:
    """A column that may well be compared as a number, for a sentence."""
    whole = (column.name for column in contract.columns if column.type is ColumnType.BIGINT)
    return next(whole, next(iter(contract.number_names), contract.key))


def _check(text: str, columns: Sequence[str], example: str) -> None:
    if len(text) > LONGEST_SQL or parentheses_in(text) > DEEPEST_SQL:
        raise ReplayError(
            f"this condition is too long or nests too deeply: {LONGEST_SQL:,} characters and "
            f"{DEEPEST_SQL} parentheses in each other are the most."
        )
    try:
        tree = sqlglot.parse_one(text, read="duckdb")
    except (RecursionError, SqlglotError):
        tree = None
    if tree is None or isinstance(tree, (exp.Block, *_FORBIDDEN)) or tree.find(*_FORBIDDEN):
        raise ReplayError(
            f"{text!r} is no condition: it must be one SQL expression over {', '.join(columns)}, "
            f"without a query in it, such as {example} or reason like '%not a number%'."
        )
    for column in tree.find_all(exp.Column):
        if column.name.lower() not in columns or column.table:
            raise ReplayError(
                f"the condition {text!r} names {column.sql()}, but it may speak of "
                f"{', '.join(columns)} only. The file's own columns are in cells: "
                "cells['Its Name'] = 'PG'. Texts stand in single quotes."
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
