"""What 4, 20 and 40 rules cost on a million rows of Parquet, against reading those rows.

Each number of rules is judged in the same process, in turn with the reading; medians are printed.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from movie_pipeline.dqdl import Ruleset, judge, parse_ruleset

ROWS = 1_000_000
COLUMNS = {"title": "VARCHAR", "rating": "DOUBLE", "year": "INTEGER", "votes": "BIGINT"}
FOUR = [
    "RowCount > 0",
    'ColumnValues "rating" between 7.5 and 10.0',
    'Completeness "title" > 0.95',
    'Uniqueness "title" > 0.99',
]
MORE = [
    'IsComplete "year"',
    'ColumnValues "year" between 1900 and 2030',
    'ColumnValues "votes" > 100',
    'ColumnLength "title" < 120',
    'ColumnValues "title" != ""',
    'Mean "rating" > 5',
    'StandardDeviation "rating" < 3',
    'Sum "votes" > 1000',
    'DistinctValuesCount "year" > 10',
    'ColumnValues "title" matches "[A-Z0-9].*"',
    'ColumnValues "year" != 1888',
    'Completeness "votes" > 0.9 where "year > 1950"',
    'ColumnValues "rating" not in [0, 11]',
    'ColumnCorrelation "rating" "votes" < 0.9',
    'ColumnExists "year"',
    "ColumnCount = 4",
]
THRESHOLDS = [f'ColumnValues "votes" > {number}' for number in range(101, 121)]
COLD = """
import duckdb
from movie_pipeline.dqdl import evaluate, parse_ruleset
connection = duckdb.connect()
rows = connection.sql("select * from read_parquet('{path}') limit 1000")
found = evaluate(parse_ruleset('''{ruleset}'''), rows, connection=connection)
assert len(found.rules) == 20 and found.rows.num_rows == 1000
"""


def main() -> None:
    """Print what each number of rules costs, and a cold start."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-bench-") as folder:
        path = Path(folder) / "rows.parquet"
        connection = duckdb.connect()
        _write_rows(connection, path)
        connection.execute(f"CREATE VIEW films AS SELECT * FROM read_parquet('{path}')")
        reading = _median(lambda: _read(connection), options.rounds)
        print(f"{ROWS:,} rows of {len(COLUMNS)} columns; reading them: {reading:.3f} s")
        for count in (4, 20, 40):
            ruleset = _ruleset(count)
            wall = _median(lambda chosen=ruleset: _judge(connection, chosen), options.rounds)
            print(f"{count:>3} rules: {wall:.3f} s, {wall / reading:.1f} times the reading")
        connection.close()
        cold = _median(lambda: _cold_start(path), options.rounds)
        print(f"a new Python, 20 rules on 1,000 rows: {cold:.2f} s")


def _ruleset(count: int) -> Ruleset:
    rules = [*FOUR, *MORE, *THRESHOLDS][:count]
    return parse_ruleset(f"Rules = [ {', '.join(rules)} ]")


def _write_rows(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    connection.execute(
        f"""
        COPY (
            SELECT 'Film ' || (i * 7919 % {ROWS}) AS title, 1 + (i % 90) / 10.0 AS rating,
                   CAST(1920 + i % 105 AS INTEGER) AS year, 25000 + i * 31 % 2000000 AS votes
            FROM range({ROWS}) AS rows(i)
        ) TO '{path}' (FORMAT parquet)
        """
    )


def _read(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "SELECT max(title), sum(rating), sum(year), sum(votes) FROM films"
    ).fetchall()


def _judge(connection: duckdb.DuckDBPyConnection, ruleset: Ruleset) -> None:
    with judge(ruleset, connection, "films") as judgement:
        connection.execute(f"SELECT count(*) FROM films WHERE {judgement.fails_sql}").fetchall()


def _cold_start(path: Path) -> None:
    rules = ", ".join([*FOUR, *MORE][:20])
    program = COLD.format(path=path, ruleset=f"Rules = [ {rules} ]")
    subprocess.run([sys.executable, "-c", program], check=True)


def _median(work: Callable[[], None], rounds: int) -> float:
    work()
    times: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
