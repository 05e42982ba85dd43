"""The fast reading around odd records: what was read stands, the rest is repaired and read again.

The independent check stays: of the repaired text, too, DuckDB's rows must be the splitter's.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from movie_pipeline.tabular.fast_reader import (
    CellCount,
    Reading,
    account_of,
    has_plain_newline,
    read_rows,
)
from movie_pipeline.tabular.odd_records import repair
from movie_pipeline.tabular.record_account import Accountant
from movie_pipeline.tabular.record_splitter import NotPlain, Places, split_plain
from movie_pipeline.tabular.row_sink import Found

_PLACE = np.dtype(np.int64).itemsize
_NOWHERE = Path(os.devnull)
_FIRST_LINE = b"mended"
"""Where a record stood first, DuckDB would take a byte order mark off it."""


def read_around_odd_records(  # noqa: PLR0913 - the reading, and what repairing needs beside it
    reading: Reading,
    index: BinaryIO,
    count: CellCount,
    *,
    scratch: Path,
    encoding: str,
    doubt_encoding: Callable[[], None],
) -> Found:
    """Go on where the fast reading stopped, and set odd records apart one by one.

    Args:
        reading: the reading that stopped.
        index: its index, open for reading as well.
        count: what of it has gone to the sink.
        scratch: where the repaired text may lie for the while.
        encoding: the name of the file's encoding, for sentences.
        doubt_encoding: called once, at the first record whose bytes may be no UTF-8.

    Raises:
        NotPlain: the text must be read record by record from its beginning.
    """
    layout = reading.layout
    if not has_plain_newline(layout):
        raise NotPlain("lines do not end with a line feed")
    before, start = _confirmed(reading, index, count)
    left = reading.text.stat().st_size - start
    if shutil.disk_usage(scratch.parent).free < left + reading.limits.free_disk:
        raise NotPlain("there is no room for a mended text")
    accountant = Accountant(layout, index, encoding, before)
    try:
        with scratch.open("wb") as target:
            first_line = target.write(_FIRST_LINE + layout.line_end)
            repair(
                reading.text,
                layout,
                start=start,
                target=target,
                accountant=accountant,
                record_limit=reading.limits.record_bytes,
                doubt_encoding=doubt_encoding,
            )
        found = accountant.close()
        repaired = replace(reading, text=scratch, layout=replace(layout, lines=1, body=first_line))
        _read_kept(repaired, found, before)
    finally:
        scratch.unlink(missing_ok=True)
    return found


def _confirmed(reading: Reading, index: BinaryIO, count: CellCount) -> tuple[Found, int]:
    """The account of the records whose rows are in the sink already, and the place behind them.

    Raises:
        NotPlain: the splitter does not find these records in front.
    """
    layout = reading.layout
    start = layout.body
    before = Found()
    if count.rows:
        index.seek((2 * count.rows - 1) * _PLACE)
        last = np.frombuffer(index.read(_PLACE), np.int64)
        if not len(last):
            raise NotPlain("more rows were read than there are records")
        start = int(last[0]) + len(layout.line_end)
        with _NOWHERE.open("wb") as nowhere:
            split = split_plain(
                reading.text,
                start=layout.body,
                stop=start,
                delimiter=layout.dialect.delimiter.encode(),
                columns=len(layout.header),
                index=nowhere,
            )
        before = account_of(split, reading, count)
    index.seek(2 * count.rows * _PLACE)
    index.truncate()
    return before, start


def _read_kept(repaired: Reading, found: Found, before: Found) -> None:
    """Write the rows of a repaired text to the sink, each with the number of its record.

    Raises:
        NotPlain: its rows are not the records that were kept.
    """
    first = before.records + 1
    kept = found.records - before.records - len(found.set_apart)
    if not kept:
        return
    apart = np.array([number for number, _ in found.set_apart], np.int64)
    passed = apart - first - np.arange(len(apart))  # rows in front of each record set apart

    def numbering(places: Places) -> Places:
        return first + places + np.searchsorted(passed, places, "right")

    count = CellCount(len(repaired.layout.header))
    with _NOWHERE.open("wb") as nowhere:
        count.check(read_rows(repaired, nowhere, count, numbering))
    if count.rows != kept:
        raise NotPlain(f"{count.rows:,} rows were read from {kept:,} mended records")
