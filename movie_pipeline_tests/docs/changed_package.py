"""Run over a changed copy of the package, in a process of its own: what came of the changes.

Nothing of the tests is imported here; test_what_a_change_touches.py makes the copy and asserts.
"""

import json
import sys
from pathlib import Path
from typing import Any

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import deployment_from
from movie_pipeline.orchestration.assets.ui_metadata import dataset_schema
from movie_pipeline.run_once import ingest_files
from movie_pipeline.settings import Settings
from movie_pipeline.warehouse.sql_files import Statements


def found(file: Path, query: str) -> dict[str, Any]:
    """Take a file through the job and look everywhere where a column has to be."""
    settings = Settings.from_environment()
    report = ingest_files([file], settings)
    warehouse = deployment_from(settings).warehouse
    statements = Statements(MOVIES)
    catalog = settings.home / "catalog" / "movies"
    return {
        "state": report["files"][0]["state"],
        "rules": {rule["rule"]: rule["outcome"] for rule in report["files"][0]["rules"]},
        "table": statements.text("tables/data_table"),
        "staging": statements.text("load/create_staging"),
        "columns tab": [column.name for column in dataset_schema(MOVIES, loaded=True).columns],
        "catalog": {path.stem: path.read_text(encoding="utf-8") for path in catalog.glob("*.json")},
        "answer": json.loads(warehouse.query(query).to_json(orient="records")),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(found(Path(sys.argv[1]), sys.argv[2])))
