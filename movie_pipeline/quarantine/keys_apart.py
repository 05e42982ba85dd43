"""The keys of records set apart, as far as they can be told, written for the warehouse to copy.

Which records are superseded is asked there: ledger/set_apart.py.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import pyarrow as pa
import pyarrow.parquet as pq

from movie_pipeline.stored_values import TEXT_BYTES, to_json
from movie_pipeline.tabular import ColumnType, TableContract

_ARROW = cast("Any", pa)
_TYPES = {
    ColumnType.TEXT: _ARROW.string(),
    ColumnType.INTEGER: _ARROW.int32(),
    ColumnType.BIGINT: _ARROW.int64(),
    ColumnType.DECIMAL: _ARROW.float64(),
}
_PIECE = 10_000


class KeysApart:
    """Writes the keys, record by record; where none can be told, no file is left.

    Args:
        path: the Parquet file.
        file_id: of the file.
        contract: what its rows must be.
    """

    def __init__(self, path: Path, file_id: str, contract: TableContract) -> None:
        self._path = path
        self._file_id = file_id
        self._key = contract.column(contract.key)
        derived = contract.derived_key
        self._prefix = derived.prefix if derived else ""
        self._own = 1 << contract.place(contract.key)
        self._parts = self._own
        for part in derived.parts if derived else ():
            self._parts |= 1 << contract.place(part.column)
        self._schema = _ARROW.schema(
            [
                ("file_id", _ARROW.string()),
                ("record_number", _ARROW.int64()),
                (contract.key, _TYPES[self._key.type]),
                ("rules", _ARROW.string()),
            ]
        )
        self._open = ExitStack()
        self._writer: Any = None
        self._rows: list[tuple[str, int, object, str]] = []
        self._said: dict[tuple[str, ...], str] = {}
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._write()
        self._open.close()

    def add(self, record_number: int, key: object, at_fault: int, rules: Iterable[str]) -> None:
        """Note the key of a record, if it can be told.

        Args:
            record_number: which record.
            key: the staged row's key.
            at_fault: bits of the columns that are unreadable or out of the contract.
            rules: its reasons.
        """
        if not self._can_be_told(key, at_fault):
            return
        self._rows.append((self._file_id, record_number, key, self._as_text(tuple(rules))))
        self.count += 1
        if len(self._rows) == _PIECE:
            self._write()

    def _can_be_told(self, key: object, at_fault: int) -> bool:
        """A key that was derived stands only where each part of it does."""
        if key is None:
            return False
        if not isinstance(key, str):
            return not at_fault & self._own
        is_derived = bool(self._prefix) and key.startswith(self._prefix)
        if at_fault & (self._parts if is_derived else self._own) or "\0" in key:
            return False
        return len(key.encode()) <= (self._key.max_bytes or TEXT_BYTES)

    def _as_text(self, rules: tuple[str, ...]) -> str:
        text = self._said.get(rules)
        if text is None:
            if len(self._said) > _PIECE:
                self._said.clear()
            text = to_json(rules)
            text = self._said[rules] = text if len(text.encode()) <= TEXT_BYTES else ""
        return text

    def _write(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        if self._writer is None:
            self._writer = self._open.enter_context(
                cast("Any", pq).ParquetWriter(self._path, self._schema)
            )
        arrays = [
            _ARROW.array(column, field.type)
            for column, field in zip(zip(*rows, strict=True), self._schema, strict=True)
        ]
        self._writer.write_table(_ARROW.Table.from_arrays(arrays, schema=self._schema))
