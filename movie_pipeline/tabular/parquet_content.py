"""Parquet as the text that its rows are: CSV, every value written so that it reads as itself.

What becomes of that text is what becomes of any other; the place of a row is its number.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

from movie_pipeline.arrow import pa, pc

MAGIC: Final = b"PAR1"
DAMAGED: Final[tuple[type[Exception], ...]] = (pa.ArrowException, OSError, ValueError)
"""What is raised where a Parquet file is damaged, cut off, or of a kind that is not read."""
_ROWS_AT_ONCE = 20_000
_DEEPEST = 3
_LIKE_GROUPS = r"^([+-]?[0-9]{1,3}\.[0-9]{3})$"
_MIDNIGHT = r"[ T]00:00:00(\.0+)?$"
_BEYOND_PLAIN = re.compile(r"[eE]")


def parquet_pieces(path: Path) -> Iterator[bytes]:
    """The text: a line that names the columns, then the rows, in bounded memory.

    Raises:
        Exception: one of DAMAGED.
    """
    parquet: Any = import_module("pyarrow.parquet")  # only who sends such files waits for it
    with parquet.ParquetFile(path) as file:
        names: Sequence[str] = _flat(file.schema_arrow.empty_table()).column_names
        header = io.StringIO()
        csv.writer(header, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(names)
        yield header.getvalue().encode("utf-8", "surrogatepass")
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
            yield _lines(_flat(pa.Table.from_batches([batch])))


def _flat(table: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Each field of a structure as a column of its own, such as `imdb.rating`."""
    for _ in range(_DEEPEST):
        if not any(pa.types.is_struct(column.type) for column in table.columns):
            break
        table = table.flatten()
    return table


def _lines(rows: Any) -> bytes:  # noqa: ANN401 - pyarrow has no types
    texts = [_texts(column.chunk(0)) for column in rows.combine_chunks().columns]
    table = pa.table(texts, names=[str(place) for place in range(len(texts))])
    sink = pa.BufferOutputStream()
    writing: Any = import_module("pyarrow.csv")
    options = writing.WriteOptions(include_header=False, batch_size=_ROWS_AT_ONCE)
    writing.write_csv(table, sink, options)
    return cast("bytes", sink.getvalue().to_pybytes())


def _texts(column: Any) -> Any:  # noqa: ANN401, PLR0911 - pyarrow has no types; a table of kinds
    """A column as texts, null where it is null or no number."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _texts(column.dictionary_decode())
    if pa.types.is_nested(kind):
        return pa.array(map(_json, column.to_pylist()), pa.string())
    if pa.types.is_floating(kind):
        wide = column.cast(pa.float32()) if kind == pa.float16() else column
        present = pc.if_else(pc.is_nan(wide), pa.scalar(None, wide.type), wide)
        return _never_like_groups(_without_exponents(present.cast(pa.string())))
    if pa.types.is_decimal(kind):
        return _never_like_groups(_without_exponents(column.cast(pa.string())))
    if pa.types.is_timestamp(kind):
        return pc.replace_substring_regex(column.cast(pa.string()), _MIDNIGHT, "")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        # what is no text is found by its bytes, as in any other file
        return pa.Array.from_buffers(
            pa.string(), len(column), column.cast(pa.binary()).buffers(), offset=column.offset
        )
    return column.cast(pa.string())


def _without_exponents(texts: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Numbers in digits alone: 1e+20 is a one with zeros."""
    if not pc.any(pc.match_substring(texts, "e", ignore_case=True)).as_py():
        return texts
    plain = [
        format(Decimal(text), "f") if text and _BEYOND_PLAIN.search(text) else text
        for text in texts.to_pylist()
    ]
    return pa.array(plain, pa.string())


def _never_like_groups(texts: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Fractions of three digits get a fourth: the point of a number is no sign of thousands."""
    return pc.replace_substring_regex(texts, _LIKE_GROUPS, r"\10")


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)
