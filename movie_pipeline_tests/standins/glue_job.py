"""The script of a Glue job with DuckDB in the place of Glue's engine: the same pipe and rules.

It runs as a process of its own, given its arguments as Glue gives them.
"""

import runpy
import tempfile
from pathlib import Path
from typing import Any, cast

import boto3
import duckdb

from movie_pipeline.dqdl import judge, parse_ruleset
from movie_pipeline_tests.samples import REPOSITORY


def evaluate_on_duckdb(rows: str, ruleset: str, failing: str) -> dict[str, Any]:
    """What Glue would be asked; its answer in Glue's words."""
    s3 = cast("Any", boto3).client("s3")
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as connection:
        here, apart = Path(name, "rows.parquet"), Path(name, "part-0.snappy.parquet")
        s3.download_file(*_place(rows), str(here))
        connection.execute(f"CREATE TABLE rows AS SELECT * FROM read_parquet('{here}')")
        with judge(parse_ruleset(ruleset), connection, "rows") as judged:
            lists = judged.lists_sql
            connection.execute(
                f"COPY (SELECT _record_number AS record_number, {lists['DataQualityRulesFail']} "
                f"AS rules FROM rows WHERE {judged.fails_sql}) TO '{apart}' (FORMAT parquet)"
            )
            bucket, key = _place(failing)
            s3.upload_file(str(apart), bucket, f"{key}/{apart.name}")
            s3.put_object(Bucket=bucket, Key=f"{key}/_SUCCESS")
            return {
                "rows": judged.rows,
                "failing_rows": judged.failing_rows,
                "rules": [
                    {
                        "rule": outcome.rule.replace(" ", "  "),  # laid out in its own way
                        "passed": outcome.outcome == "Passed",
                        "metrics": outcome.metrics,
                        "judges_rows": outcome.failing_rows is not None,
                    }
                    for outcome in judged.rules
                ],
            }


def _place(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


if __name__ == "__main__":
    script = runpy.run_path(str(REPOSITORY / "deploy" / "glue" / "judge_rows.py"))
    script["answer"](evaluate_on_duckdb)
