"""Rows that share a derived key though they say different things, found when a file is read.

A key that is made of less than its contract names cannot tell such rows apart: none of them may
take another one's place.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.engine import Connection, identifier
from movie_pipeline.tabular.row_typer import BREACHED, RECORD_NUMBER, UNREADABLE
from movie_pipeline.tabular.table_contract import TableContract

_NO_CONTENT = (RECORD_NUMBER, UNREADABLE, BREACHED)


def lack_a_part(rows: Path, contract: TableContract) -> bool:
    """Whether any staged row has a derived key that lacks a part."""
    rule = contract.derived_key
    parts = [part.column for part in rule.parts[1:]] if rule else []
    with pa.memory_map(str(rows)) as file, pa.ipc.open_file(file) as reader:
        batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        return any(batch[part].null_count for batch in batches for part in parts)


def set_apart_shared_keys(rows: Path, contract: TableContract, connection: Connection) -> int:
    """Mark the rows whose derived key lacks a part and is that of other rows which say otherwise.

    Args:
        rows: the staged rows, written again where there are such.
        contract: with the rule by which keys are derived.
        connection: an engine.

    Returns:
        How many there are.
    """
    rule = contract.derived_key
    parts = [part.column for part in rule.parts[1:]] if rule else []
    with pa.memory_map(str(rows)) as file, pa.ipc.open_file(file) as reader:
        shared = _shared(reader.read_all(), contract.key, parts, connection)
    if not len(shared):
        return 0
    marked = rows.with_suffix(".marked")
    count = 0
    with (
        pa.memory_map(str(rows)) as file,
        pa.ipc.open_file(file) as reader,
        pa.OSFile(str(marked), "wb") as sink,
        pa.ipc.new_file(sink, reader.schema) as writer,
    ):
        for number in range(reader.num_record_batches):
            batch, found = _marked(reader.get_batch(number), contract, parts, shared)
            writer.write_batch(batch)
            count += found
    marked.replace(rows)
    return count


def _shared(table: Any, key: str, parts: Sequence[str], connection: Connection) -> Any:  # noqa: ANN401
    """The keys without all their parts that stand for rows which differ."""
    lacking = " or ".join(f"{identifier(part)} is null" for part in parts)
    content = [identifier(name) for name in table.schema.names if name not in _NO_CONTENT]
    connection.register("staged", table)
    try:
        found = connection.sql(
            f"select {identifier(key)} as key from staged "
            f"where ({lacking}) and {identifier(key)} is not null group by 1 "
            f"having min(hash({', '.join(content)})) <> max(hash({', '.join(content)}))"
        )
        return found.to_arrow_table()["key"].combine_chunks()
    finally:
        connection.unregister("staged")


def _marked(
    batch: Any,  # noqa: ANN401
    contract: TableContract,
    parts: Sequence[str],
    shared: Any,  # noqa: ANN401
) -> tuple[Any, int]:
    lacking = np.zeros(batch.num_rows, np.bool_)
    for part in parts:
        lacking |= pc.is_null(batch[part]).to_numpy(zero_copy_only=False)
    among = pc.is_in(batch[contract.key], shared).to_numpy(zero_copy_only=False)
    found = lacking & among
    place = batch.schema.get_field_index(BREACHED)
    breached = batch[BREACHED].to_numpy().copy()
    breached[found] |= 1 << contract.place(contract.key)
    return batch.set_column(place, BREACHED, pa.array(breached)), int(np.count_nonzero(found))
