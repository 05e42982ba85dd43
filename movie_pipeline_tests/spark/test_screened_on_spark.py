"""A file screened on Spark is published as one screened in process: rows, records, reasons."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline_tests.dqdl.spark_samples import needs_spark
from movie_pipeline_tests.spark.both_ways import BothWays
from movie_pipeline_tests.tabular.staging import ALIEN, DATA, HEADER, packed
from movie_pipeline_tests.tabular.test_chunk_reader import ODD
from movie_pipeline_tests.tabular.test_read_in_pieces import samples

pytestmark = [
    needs_spark,
    pytest.mark.long,
    # pyspark leaves it to the collector to close what it fetched rows by
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:Warning"),
]
RULES = MOVIES.ruleset.read_text(encoding="utf-8")
LONG = "ROUNDS" in os.environ


def sample(rows: int) -> bytes:
    text = io.BytesIO()
    write_sample(text, rows=rows, seed=4)
    return text.getvalue()


def hostile() -> bytes:
    odd = (record for name, record in ODD.items() if name != "never closed")
    return HEADER.encode() + b"".join(record + ALIEN.encode() for record in odd)


def assert_alike(both: BothWays, contents: Mapping[str, bytes]) -> dict[str, FileState]:
    here, on_spark = both.screen(contents, RULES)
    for one, other in zip(here, on_spark, strict=True):
        assert other.without_the_engine() == one.without_the_engine()
        read = other.decided.state in {FileState.LOADED, FileState.HELD}
        assert other.decided.summary.screened_by.startswith("Spark 4") == read
    return {one.decided.landed.key: one.decided.state for one in on_spark}


def test_a_batch_is_published_the_same(tmp_path: Path) -> None:
    content = sample(120)
    both = BothWays(tmp_path, spark_piece_bytes=len(content) // 3)
    contents = {
        "a-sample.csv": content,
        "hostile.csv": hostile(),
        "only a header.csv": HEADER.encode(),
        "json.csv.gz": packed(b'[{"title": "Alien", "rating": 8.5}, {"title": "Heat"}]'),
    }
    assert assert_alike(both, contents) == {
        "a-sample.csv": FileState.LOADED,
        "hostile.csv": FileState.HELD,
        "only a header.csv": FileState.REJECTED,
        "json.csv.gz": FileState.LOADED,
    }


@pytest.mark.skipif(not LONG, reason="takes long: make conformance does it")
def test_files_of_all_shapes_are_published_the_same(tmp_path: Path) -> None:
    plain = {
        f"{number}.csv": values.values[0]
        for number, values in enumerate(samples())
        if values.values[1] == samples_declare_nothing()
    }
    assert_alike(BothWays(tmp_path, spark_piece_bytes=600), plain)


def samples_declare_nothing() -> object:
    return next(iter(samples())).values[1]


@pytest.mark.skipif(not LONG, reason="takes long: make conformance does it")
@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*.[cjt]s*")))
def test_a_real_file_is_published_the_same(name: str, tmp_path: Path) -> None:
    content = (DATA / name).read_bytes()
    both = BothWays(tmp_path, spark_piece_bytes=len(content) // 3)
    assert_alike(both, {name: content})
