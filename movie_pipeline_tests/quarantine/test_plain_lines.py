"""Lines of many plain records are those that are written one by one, to the last byte."""

import csv
import io
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from movie_pipeline.quarantine import quarantine_writer
from movie_pipeline.quarantine.keys_apart import KeysApart
from movie_pipeline.quarantine.plain_lines import PlainLines
from movie_pipeline.steps import split
from movie_pipeline.tabular import PlainRecords, raw_record
from movie_pipeline_tests.steps.bench import Bench

HEADER = 'movie_id,movie_title,release_year,imdb_rating,a "note"\n'
EVERY_CHARACTER = "".join(map(chr, range(1, 0x180))) + "\u2028\ufeff\U0001f600"
RULES = 'Rules = [ColumnValues "imdb_rating" > 7, IsUnique "movie_title", RowCount > 0]'
HELD = 'Rules = [ColumnValues "imdb_rating" > 7, RowCount > 5000]'


def rows(*, odd: bool = False, seed: int = 1) -> str:
    """A file of rows most of which are set apart, for reasons that are shared and that are not."""
    chance = random.Random(seed)
    letters = "ab ,\"\n;é日\U0001f600\\\t'"
    text = io.StringIO(newline="")
    text.write(HEADER)
    written = csv.writer(text, lineterminator="\n")
    for number in range(60):
        title = "".join(chance.choices(letters, k=chance.randrange(12))) + "x"
        year = chance.choice(["1999", "PG", "", "1", "x" * 300])
        rating = chance.choice(["8.1", "5", "99", "great", ""])
        note = chance.choice(["", "n\na", EVERY_CHARACTER])
        written.writerow([number, title, year, rating, note])
        if odd and number % 7 == 0:
            text.write(chance.choice(["short\n", 'Sixty 5" guns,a,b,3,\n', f"{number},b,PG,3,\n"]))
    return text.getvalue()


@pytest.fixture
def told_at_once() -> Iterator[Counter[str]]:
    """Everything is written in both ways and held against each other; records told at once."""
    write, at_once = quarantine_writer.write_quarantine, PlainLines.write
    told: Counter[str] = Counter()

    def counted(self: PlainLines, group: Any, plain: PlainRecords, *known: Any) -> Any:  # noqa: ANN401 - handed on
        told["plain"] += int(plain.plain.sum())
        told["alone"] += int((~plain.plain).sum())
        return at_once(self, group, plain, *known)

    def in_both_ways(judged: Iterable[Any], to: Path, **given: Any) -> Any:  # noqa: ANN401 - handed on
        judged = list(judged)
        other = to.with_suffix(".other")
        keys = KeysApart(
            to.with_suffix(".keys"), given["provenance"].file_id, given["why"].contract
        )
        with_keys: dict[str, Any] = {**given, "keys": keys}
        with (
            patch.object(raw_record, "_MANY", 1),
            patch.object(raw_record, "_WINDOW", 3_000),
            patch.object(raw_record, "_FAR", 40),
        ):
            found = write(judged, other, **with_keys)
        keys.__exit__(None, None, None)
        assert write(judged, to, **given) == found
        assert other.read_bytes() == to.read_bytes()
        return found

    with (
        patch.object(PlainLines, "write", counted),
        patch.object(split, "write_quarantine", in_both_ways),
    ):
        yield told


@pytest.mark.parametrize("rules", [RULES, HELD])
@pytest.mark.parametrize("seed", range(3))
def test_lines_are_the_same_one_by_one_and_at_once(
    seed: int, rules: str, bench: Bench, told_at_once: Counter[str]
) -> None:
    screened = bench.screen(rows(seed=seed).encode(), rules)
    assert told_at_once["plain"] == len(screened.records) > 40
    assert not told_at_once["alone"]


def test_what_is_odd_stands_between_them_as_ever(bench: Bench, told_at_once: Counter[str]) -> None:
    screened = bench.screen(rows(odd=True).encode(), RULES)
    assert told_at_once["plain"] > 40
    assert told_at_once["alone"] > 1
    assert told_at_once.total() == len(screened.records)
    numbers = [record["record_number"] for record in screened.records]
    assert numbers == sorted(numbers)


def test_bytes_that_are_no_text_and_names_that_are_none_are_written_one_by_one(
    bench: Bench, told_at_once: Counter[str]
) -> None:
    content = rows().encode() + b"z,Caf\xe9,2001,3,\n"
    assert bench.screen(content, RULES).records
    assert bench.screen(rows().encode(), RULES, key="caf\udce9.csv").records
    assert not told_at_once["alone"]


@pytest.mark.parametrize(
    "record", [b"a", b"a,b,c", b'"a,b', b'"a"x,b', b'a"x,b', b'"a" ,b', b"", b'a,"b""']
)
def test_what_is_no_row_of_two_plain_cells_is_left_to_others(record: bytes) -> None:
    text = b"1,2" + record + b'"3",4'
    bounds = np.cumsum([0, 3, len(record), 5])
    starts, ends = np.ascontiguousarray(bounds[:-1]), np.ascontiguousarray(bounds[1:])
    found = PlainRecords(np.arange(3), text, 0, starts, ends, ("x", "y"), ",")
    assert found.plain.tolist() == [True, False, True]
    rows = np.array([0, 2])
    assert found.cells_of(rows, ["x", "z"]) == [(b"1",), (b'"3"',)]
    assert found.cells_of(rows, ["z"]) == [(), ()]
