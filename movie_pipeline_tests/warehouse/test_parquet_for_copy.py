"""The Parquet that screening writes is what COPY takes: by position, physical types, bytes."""

import re
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline_tests.steps.bench import Bench

PHYSICAL = {
    "varchar": ("BYTE_ARRAY", "String"),
    "integer": ("INT32", "None"),
    "bigint": ("INT64", "None"),
    "double precision": ("DOUBLE", "None"),
    "timestamp": ("INT64", "Timestamp(isAdjustedToUTC=false, timeUnit=microseconds"),
}
"""Of each type of staging: the physical and the logical type that COPY maps to it."""


def staging_columns() -> list[tuple[str, str]]:
    tree = sqlglot.parse_one(Statements(MOVIES).text("load/create_staging"), read="redshift")
    return [
        (column.name, re.sub(r"\(\d+\)", "", column.args["kind"].sql("redshift").lower()))
        for column in tree.find_all(exp.ColumnDef)
    ]


def test_a_screened_file_is_what_copy_takes_into_staging(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    content = (
        b"Series_Title,Released_Year,Runtime,IMDB_Rating,Meta_score,No_of_Votes,Gross,Mood\n"
        b'"Stalker  ",1979,162 min,8.1,85,"141,000","$ 1,000",calm\n'
    )
    screened = bench.screen(content)
    assert screened.decided.output_name is not None
    with bench.deployment.storage.reading(Area.OUTPUT, screened.decided.output_name) as path:
        schema: Any = cast("Any", pq).ParquetFile(path).schema
    found = [schema.column(place) for place in range(len(schema))]
    wanted = staging_columns()
    assert [column.name for column in found] == [name for name, _ in wanted]
    for column, (name, kind) in zip(found, wanted, strict=True):
        physical, logical = PHYSICAL[kind]
        assert column.physical_type == physical, f"{name} is {kind} in staging"
        assert str(column.logical_type).startswith(logical), f"{name} is {kind} in staging"
        assert column.max_repetition_level == 0, f"{name} is no plain column"


def test_no_key_ends_in_blanks_which_redshift_does_not_see(tmp_path: Path) -> None:
    """'a' and 'a ' are one film to Redshift, and two to a de-duplication that compares texts."""
    rows = "".join(
        f"{key},A,8.0\n" for key in ("k1", "k1 ", '"k1\t"', "k1\N{NO-BREAK SPACE}", " k1")
    )
    screened = Bench(tmp_path).screen(f"movie_id,movie_title,imdb_rating\n{rows}".encode())
    assert {str(key) for key in screened.rows["movie_id"]} <= {"k1"}
