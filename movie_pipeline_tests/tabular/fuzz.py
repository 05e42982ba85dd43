"""Random bodies read by the chunk reader and by the record parser alone: `make fuzz`.

With NUMBA_BOUNDSCHECK=1, as there, an index beyond an array is an error.
"""

import argparse
import random
import time
from dataclasses import replace

import numpy as np

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import Limits, SourceOptions
from movie_pipeline.tabular.chunk_reader import ChunkReader
from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.encodings import UTF_8
from movie_pipeline.tabular.odd_records import OddRecords
from movie_pipeline.tabular.reading_plan import ReadingPlan, plan_of
from movie_pipeline.tabular.split_chunk import buffer_of, holds_no_text

HEADER = b"title,year,rating\n"
LIMITS = Limits(record_bytes=60)
PIECES = (
    b'"', b'""', b",", b",", b",", b"\n", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xc3",
    b"\xe2\x80", "é".encode(), "\u00a0".encode(), "\u202f".encode(), b"\\", b'\\"', b"\\N", b" ",
    b"\t", b"x", b",,", b",8.1\n", b"A,1999,8.1,,\n", b"1,995", b"1995", b"8.3", b"-",
    b"99999999999999999999", b"title,year,rating\n",
    b'"a\nb",1,2\n', b"Alien,1979,8.5\n", b'"The ""Thing""",1982,\n', b"long" * 20,
)  # fmt: skip


def body_of(chance: random.Random) -> bytes:
    """A random body."""
    return b"".join(chance.choices(PIECES, k=chance.randint(1, 40)))


def source_of(chance: random.Random) -> SourceOptions:
    """A random way to write cells, and whether rows of other widths are mended."""
    escape = "backslash" if chance.random() < 0.2 else "doubled"
    quote = "none" if chance.random() < 0.2 else None
    return SourceOptions(escape=escape, quote=quote, mend=chance.random() < 0.8)


def difference(body: bytes, size: int, source: SourceOptions) -> str | None:
    """What the two ways to read a body do not agree on, if anything."""
    plan = plan_of(HEADER + b"x", UTF_8, MOVIES.contract, source=source, limits=LIMITS)
    if source.mend:
        dialect = replace(plan.layout.dialect, lacking=len(body) % 2 > 0, trailing=True)
        plan = replace(plan, layout=replace(plan.layout, dialect=dialect))
    chunks, alone = _by_chunks(body, size, plan), _by_parser(body, plan.layout)
    for name, one in alone.items():
        if chunks[name] != one:
            return f"{name} of {body!r} in chunks of {size}: {chunks[name]!r}, but {one!r} alone"
    return None


def _nothing() -> dict[str, list[object]]:
    kinds = ("places", "rows", "apart", "again", "widths", "empty", "empty ends")
    return {kind: [] for kind in kinds}


def _by_chunks(body: bytes, size: int, plan: ReadingPlan) -> dict[str, list[object]]:
    reader = ChunkReader(plan)
    found = _nothing()
    place, room = 0, size
    while place < len(body):
        piece = body[place : place + room]
        at_end = place + len(piece) == len(body)
        text = buffer_of(len(piece))
        text[: len(piece)] = np.frombuffer(piece, np.uint8)
        doubtful = holds_no_text(text, len(piece), at_end=at_end)
        read = reader.read(text, len(piece), at_end=at_end, doubtful=doubtful)
        if not read.size:
            room *= 2
            continue
        before = len(found["places"])
        found["places"] += (read.places + place).tolist()
        columns = [read.columns.texts(column).to_pylist() for column in range(3)]
        numbers = (read.numbers + before).tolist()
        found["rows"] += list(zip(numbers, *columns, strict=True))
        found["apart"] += [(before + number, reason) for number, reason in read.set_apart]
        found["again"] += [(start + place, end + place) for start, end in read.again]
        found["widths"] += [(before + number, width) for number, width in read.widths]
        found["empty"] += [1] * read.empty_rows
        found["empty ends"] += [1] * read.empty_ends
        place, room = place + read.size, size
    return found


def _by_parser(body: bytes, layout: Layout) -> dict[str, list[object]]:
    records = OddRecords(layout, UTF_8, LIMITS.record_bytes)
    found = _nothing()
    for judged in records.judge_all(body, 0):
        record, number = judged.record, len(found["places"])
        if judged.is_blank and len(record.cells) > 1:
            found["empty"].append(1)
        if judged.width is not None:
            found["widths"].append((number, judged.width))
        elif judged.is_row and not record.cells[-1]:
            found["empty ends"].append(1)
        if judged.is_header:
            found["again"].append((record.start, record.end))
        if judged.is_row:
            found["rows"].append((number, *(cell.decode() or None for cell in record.cells)))
        if judged.reason is not None:
            found["apart"].append((number, judged.reason))
        if judged.is_row or judged.reason is not None:
            found["places"].append([record.start, record.end])
    return found


def main() -> None:
    """Read so many bodies; the first difference ends it with its seed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--bodies", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    options = arguments.parse_args()
    chance = random.Random(options.seed)
    for number in range(options.bodies):
        found = difference(body_of(chance), chance.randint(8, 200), source_of(chance))
        if found:
            raise SystemExit(f"seed {options.seed}, body {number}: {found}")
    print(f"{options.bodies:,} bodies were read alike, seed {options.seed}")  # noqa: T201 - what was asked


if __name__ == "__main__":
    main()
