"""Random bodies read by the chunk reader and by the record parser alone: `make fuzz`.

With NUMBA_BOUNDSCHECK=1, as there, an index beyond an array is an error.
"""

import argparse
import random
import time

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
    b"\t", b"x", b"1,995", b"1995", b"8.3", b"-", b"99999999999999999999", b"title,year,rating\n",
    b'"a\nb",1,2\n', b"Alien,1979,8.5\n", b'"The ""Thing""",1982,\n', b"long" * 20,
)  # fmt: skip


def body_of(chance: random.Random) -> bytes:
    """A random body."""
    return b"".join(chance.choices(PIECES, k=chance.randint(1, 40)))


def difference(body: bytes, size: int, *, backslash: bool) -> str | None:
    """What the two ways to read a body do not agree on, if anything."""
    source = SourceOptions(escape="backslash" if backslash else "doubled")
    plan = plan_of(HEADER + b"x", UTF_8, MOVIES.contract, source=source, limits=LIMITS)
    chunks, alone = _by_chunks(body, size, plan), _by_parser(body, plan.layout)
    for name, one in alone.items():
        if chunks[name] != one:
            return f"{name} of {body!r} in chunks of {size}: {chunks[name]!r}, but {one!r} alone"
    return None


def _by_chunks(body: bytes, size: int, plan: ReadingPlan) -> dict[str, list[object]]:
    reader = ChunkReader(plan)
    found: dict[str, list[object]] = {"places": [], "rows": [], "apart": [], "again": []}
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
        place, room = place + read.size, size
    return found


def _by_parser(body: bytes, layout: Layout) -> dict[str, list[object]]:
    records = OddRecords(layout, "UTF-8", LIMITS.record_bytes)
    found: dict[str, list[object]] = {"places": [], "rows": [], "apart": [], "again": []}
    for judged in records.judge_all(body, 0):
        record, number = judged.record, len(found["places"])
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
        found = difference(body_of(chance), chance.randint(8, 200), backslash=chance.random() < 0.2)
        if found:
            raise SystemExit(f"seed {options.seed}, body {number}: {found}")
    print(f"{options.bodies:,} bodies were read alike, seed {options.seed}")  # noqa: T201 - what was asked


if __name__ == "__main__":
    main()
