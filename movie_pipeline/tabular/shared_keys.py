"""Rows that share a derived key though they say different things, found when a file is read.

A key that is made of less than its contract names cannot tell such rows apart: none of them may
take another one's place.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.cells import Flags, as_flags
from movie_pipeline.tabular.mapped_rows import MappedRows
from movie_pipeline.tabular.row_typer import BREACHED, RECORD_NUMBER, UNREADABLE
from movie_pipeline.tabular.table_contract import TableContract

_NULL, _BETWEEN = "\x00", "\x01"
"""No text of a row holds a NUL."""
_NO_CONTENT = (RECORD_NUMBER, UNREADABLE, BREACHED)


def set_apart_shared_keys(
    rows: Path,
    contract: TableContract,
    only: Any | None = None,  # noqa: ANN401 - Arrow's
) -> int:
    """Mark the rows whose derived key lacks a part and is that of other rows which say otherwise.

    Args:
        rows: the staged rows, in which such are marked; to mark them again changes nothing.
        contract: with the rule by which keys are derived.
        only: the batch of staged rows, where there is one and it is at hand still.

    Returns:
        How many there are.
    """
    parts = _parts(contract)
    shared = _shared(partial(_batches, rows, only), contract.key, parts)
    if not len(shared):
        return 0
    count = 0
    staged = MappedRows(rows)
    with rows.open("r+b", buffering=0) as file:
        for batch in staged.batches():
            told, found = _marked(batch, contract, parts, shared)
            if found:
                # the marks have their place: all other cells of the file stay where they are
                file.seek(staged.place_of(batch[BREACHED]))
                file.write(told[BREACHED].to_numpy())
                count += found
    return count


def _batches(rows: Path, only: Any | None) -> Iterable[Any]:  # noqa: ANN401
    return MappedRows(rows).batches() if only is None else (only,)


def lacking_rows(batch: Any, contract: TableContract) -> Any:  # noqa: ANN401 - Arrow's
    """Of the rows whose derived key lacks a part: the key, and a digest of all that a row says."""
    lacking = _lacking(batch, _parts(contract))
    if lacking is None:
        return pa.table({"key": pa.array([], pa.string()), "content": pa.array([], pa.binary())})
    found = _content_of(batch.filter(pa.array(lacking)), contract.key)
    return found.filter(pc.is_valid(found["key"]))


def marked_rows(batch: Any, contract: TableContract, shared: Any) -> tuple[Any, int]:  # noqa: ANN401
    """A batch in which rows with such a key are marked, and how many there are."""
    return _marked(batch, contract, _parts(contract), shared)


def _parts(contract: TableContract) -> list[str]:
    rule = contract.derived_key
    return [part.column for part in rule.parts[1:]] if rule else []


def _shared(batches: Callable[[], Iterable[Any]], key: str, parts: Sequence[str]) -> Any:  # noqa: ANN401
    """The keys without all their parts that stand for rows which differ."""
    keys = [
        batch[key].filter(pa.array(lacking))
        for batch in batches()
        if (lacking := _lacking(batch, parts)) is not None
    ]
    if not keys:
        return pa.array([], pa.string())
    counted = pc.value_counts(pa.chunked_array(keys).drop_null())
    often = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    if not len(often):
        return often
    said = [
        _content_of(batch.filter(pa.array(among)), key).group_by(["key", "content"]).aggregate([])
        for batch in batches()
        if (lacking := _lacking(batch, parts)) is not None
        and (among := lacking & _is_in(batch[key], often)).any()
    ]
    grouped = pa.concat_tables(said).group_by("key").aggregate([("content", "count_distinct")])
    differing = pc.greater(grouped["content_count_distinct"], 1)
    return grouped["key"].filter(differing).combine_chunks()


def _lacking(batch: Any, parts: Sequence[str]) -> Flags | None:  # noqa: ANN401
    """Which rows lack a part of their key, None where no row does."""
    if not any(batch[part].null_count for part in parts):
        return None
    lacking = np.zeros(batch.num_rows, np.bool_)
    for part in parts:
        lacking |= as_flags(pc.is_null(batch[part]))
    return lacking


def _is_in(keys: Any, among: Any) -> Flags:  # noqa: ANN401
    return as_flags(pc.is_in(keys, among))


def _content_of(batch: Any, key: str) -> Any:  # noqa: ANN401
    """Keys, and of each a digest of all that its row says."""
    names = [name for name in batch.schema.names if name not in _NO_CONTENT]
    texts = [pc.fill_null(pc.cast(batch[name], pa.string()), _NULL) for name in names]
    said = pc.binary_join_element_wise(*texts, _BETWEEN).to_pylist()
    digests = [sha256(text.encode()).digest() for text in said]
    return pa.table({"key": batch[key], "content": pa.array(digests, pa.binary())})


def _marked(
    batch: Any,  # noqa: ANN401
    contract: TableContract,
    parts: Sequence[str],
    shared: Any,  # noqa: ANN401
) -> tuple[Any, int]:
    lacking = _lacking(batch, parts)
    if lacking is None:
        return batch, 0
    found = lacking & _is_in(batch[contract.key], shared)
    place = batch.schema.get_field_index(BREACHED)
    breached = batch[BREACHED].to_numpy().copy()
    breached[found] |= 1 << contract.place(contract.key)
    return batch.set_column(place, BREACHED, pa.array(breached)), int(np.count_nonzero(found))
