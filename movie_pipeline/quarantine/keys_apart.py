"""The keys of records set apart, as far as they can be told, written for the warehouse to copy.

Which records are superseded is asked there: ledger/set_apart.py.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from movie_pipeline.arrow import pa, pc
from movie_pipeline.stored_values import TEXT_BYTES, to_json
from movie_pipeline.tabular import ColumnType, TableContract

_TYPES = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int32(),
    ColumnType.BIGINT: pa.int64(),
    ColumnType.DECIMAL: pa.float64(),
}
_PIECE = 10_000


class KeysApart:
    """Writes the keys, piece by piece; where none can be told, no file is left.

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
        self._schema = pa.schema(
            [
                ("file_id", pa.string()),
                ("record_number", pa.int64()),
                (contract.key, _TYPES[self._key.type]),
                ("rules", pa.string()),
            ]
        )
        self._open = ExitStack()
        self._writer: Any = None
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
        self._open.close()

    def can_be_told(self, keys: Any, at_fault: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:  # noqa: ANN401 - an Arrow array, untyped
        """Of which rows the key stands; one that was derived only where each part of it does.

        Args:
            keys: the keys of staged rows.
            at_fault: of each, bits of the columns that are unreadable or out of the contract.
        """
        there = _flags(pc.is_valid(keys))
        if not pa.types.is_string(keys.type):
            return there & (at_fault & self._own == 0)
        fits = pc.and_(
            pc.less_equal(pc.binary_length(keys), self._key.max_bytes or TEXT_BYTES),
            pc.invert(pc.match_substring(keys, "\0")),
        )
        parts = np.full(len(at_fault), self._own, np.int64)
        if self._prefix:
            derived = pc.fill_null(pc.starts_with(keys, self._prefix), fill_value=False)
            parts[_flags(derived)] = self._parts
        return there & _flags(pc.fill_null(fits, fill_value=False)) & (at_fault & parts == 0)

    def rules(self, each: Sequence[tuple[str, ...]], which: npt.NDArray[np.int64]) -> Any:  # noqa: ANN401 - an Arrow array, untyped
        """What stands beside keys: the rules for which their rows are set apart.

        Args:
            each: the rules of rows, each list once.
            which: of each key the place of its own.
        """
        texts = pa.array([self._as_text(rules) for rules in each], pa.string())
        return texts.take(pa.array(which))

    def add(self, numbers: Any, keys: Any, rules: Sequence[Any]) -> None:  # noqa: ANN401 - Arrow arrays, untyped
        """Write keys that can be told.

        Args:
            numbers: the records.
            keys: the key of each.
            rules: what `rules` gives, one behind the other.
        """
        if not len(numbers):
            return
        if self._writer is None:
            self._writer = self._open.enter_context(
                cast("Any", pq).ParquetWriter(
                    self._path,
                    self._schema,
                    use_dictionary=["file_id", "rules"],
                    write_statistics=False,
                    store_schema=False,
                )
            )
        columns = [
            pa.repeat(self._file_id, len(numbers)),
            pa.array(numbers),
            keys.cast(self._schema.field(self._key.name).type),
            pa.concat_arrays(rules),
        ]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))
        self.count += len(numbers)

    def _as_text(self, rules: tuple[str, ...]) -> str:
        text = self._said.get(rules)
        if text is None:
            if len(self._said) > _PIECE:
                self._said.clear()
            text = to_json(rules)
            text = self._said[rules] = text if len(text.encode()) <= TEXT_BYTES else ""
        return text


def _flags(booleans: Any) -> npt.NDArray[np.bool_]:  # noqa: ANN401 - an Arrow array, untyped
    return booleans.to_numpy(zero_copy_only=False)
