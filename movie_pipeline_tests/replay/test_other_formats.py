"""Records of files that are no CSV: set apart by their numbers, and replayed."""

import io
import json
from typing import Any

import pytest

from movie_pipeline.arrow import pa
from movie_pipeline_tests.parquet_files import pq
from movie_pipeline_tests.replay.world import WHY, ReplayHome

pytestmark = pytest.mark.long

TITLES = ["Alien", "The Moon Flight", "Heat"]
YEARS = [1979, 3000, 1995]


def parquet() -> bytes:
    table: Any = pa.table(
        {"movie_id": ["a", "b", "c"], "title": TITLES, "year": YEARS, "rating": [8.5, 7.125, 8.3]}
    )
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def by_columns() -> bytes:
    columns = {
        "movie_id": ["a", "b", "c"],
        "title": TITLES,
        "year": YEARS,
        "rating": [8.5, 7.125, 8.3],
    }
    by_key = {name: dict(enumerate(values)) for name, values in columns.items()}
    return json.dumps(by_key).encode()


@pytest.mark.parametrize(
    ("name", "content"), [("movies.parquet", parquet()), ("movies.json", by_columns())]
)
def test_a_record_is_set_apart_by_its_number_and_comes_back_by_a_replay(
    name: str, content: bytes, home: ReplayHome
) -> None:
    entry = home.ingest(name, content)
    assert (entry.state, entry.rows_in, entry.rows_loaded) == ("LOADED", 3, 2)
    (record,) = home.quarantined(entry)
    assert record["record_number"] == 2
    assert record["columns"] == {
        "movie_id": "b",
        "title": "The Moon Flight",
        "year": "3000",
        "rating": "7.1250" if name.endswith("parquet") else "7.125",
    }
    told = home.query("select count(*) as films from movie_data_table where imdb_rating > 8")
    assert told == [{"films": 2}]
    corrections = home.corrections((record["quarantine_id"], "release_year", "1995"))
    (replayed,) = home.replay(corrections=corrections, why=WHY)
    assert (replayed.state, replayed.rows_loaded) == ("LOADED", 1)
    (film,) = home.query(
        "select release_year, imdb_rating from movie_data_table where movie_id = 'b'"
    )
    assert film == {"release_year": 1995, "imdb_rating": 7.125}
    assert home.open_ids() == []
