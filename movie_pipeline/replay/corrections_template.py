"""The corrections template: a line for each cell that a reason of an open record speaks of."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.errors import RulesetError
from movie_pipeline.quarantine.quarantine_record import (
    FILE_HELD,
    INTAKE_RULE,
    is_contract_rule,
)
from movie_pipeline.replay.corrected_cells import Columns, can_be_told_apart
from movie_pipeline.replay.replayable_records import (
    Tell,
    pieces_of,
    quarantined_files,
    untold,
)
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse

Line = tuple[str, str, str, str]
"""quarantine_id, column, value, reason."""


def template_lines(
    storage: Storage, warehouse: Warehouse, name: str | None, tell: Tell = untold
) -> Iterator[Line]:
    """The lines of a template for the open records of all files, or of one."""
    for entry in quarantined_files(warehouse, name, oldest_first=True):
        columns = Columns.of(entry)
        if columns is None:
            continue
        for piece in pieces_of(storage, warehouse, entry, tell):
            for record in piece:
                if record.is_open:
                    yield from record_lines(record.values, columns)


def record_lines(record: Mapping[str, Any], columns: Columns) -> Iterator[Line]:
    """The lines of one record: each cell once, with the first reason that speaks of it."""
    told: dict[str, str] = {}
    for reason in record["reasons"]:
        for key in _keys(reason, record, columns):
            told.setdefault(key, reason["message"])
    told_apart = can_be_told_apart(record, columns)
    cells: Mapping[str, str] = record["columns"] if told_apart else {}
    for key, message in told.items():
        yield record["quarantine_id"], key, cells.get(key, ""), message


def _keys(reason: Mapping[str, str], record: Mapping[str, Any], columns: Columns) -> list[str]:
    """The cells that a reason speaks of."""
    rule, message = reason["rule"], reason["message"]
    if message.startswith(FILE_HELD):
        return []
    if rule == INTAKE_RULE:
        return _out_of_place(record, columns)
    named = [message.partition(":")[0]] if is_contract_rule(rule) else list(_columns_of(rule))
    keys = [columns.key(name) for name in named]
    return [key for key in keys if key is not None]


def _out_of_place(record: Mapping[str, Any], columns: Columns) -> list[str]:
    """Of a record with too few or too many cells: those; of another, every column."""
    if not can_be_told_apart(record, columns):
        return list(columns.keys)
    cells = record["columns"]
    missing = [key for key in columns.keys if key not in cells]
    return missing or [key for key in cells if columns.beyond(key) is not None]


@lru_cache(maxsize=1_000)
def _columns_of(rule: str) -> tuple[str, ...]:
    """The columns that a rule names."""
    try:
        (parsed,) = parse_ruleset(f"Rules = [ {rule} ]")
    except RulesetError:
        return ()
    return tuple(dict.fromkeys(name for leaf in parsed.leaves() for name in leaf.columns))
