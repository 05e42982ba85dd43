"""A Glue that runs: ministack takes and keeps the run, a process of its own does the job.

ministack says of every Spark job that it succeeded, and runs nothing.
"""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from movie_pipeline_tests.samples import REPOSITORY
from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.ministack import Ministack

JOB = "movie-pipeline-judge-rows"
JUDGE_BY_DUCKDB = Path(__file__).with_name("glue_job.py")


@dataclass
class RunningGlue:
    """boto3's client of Glue, as far as Pipes uses it.

    Attributes:
        services: where the job is known.
        s3: where the job finds its rows.
        script: what it runs.
        started: the parameters of each start.
    """

    services: Ministack
    s3: Endpoint
    script: Path = JUDGE_BY_DUCKDB
    started: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def __post_init__(self) -> None:
        self._client = self.services.client("glue")
        self._client.create_job(
            Name=JOB,
            Role="arn:aws:iam::123456789012:role/glue",
            Command={"Name": "glueetl", "ScriptLocation": "s3://movies-plain/judge_rows.py"},
        )
        self.meta = self._client.meta
        self._failed = ""

    def start_job_run(self, **parameters: object) -> dict[str, Any]:
        """Start it where it is known, and do it to its end."""
        self.started.append(parameters)
        answer: dict[str, Any] = self._client.start_job_run(**parameters)
        told = cast("dict[str, str]", parameters["Arguments"])
        arguments = [part for pair in told.items() for part in pair]
        done = subprocess.run(
            [sys.executable, str(self.script), *arguments],
            env={**os.environ, **self.s3.variables(), "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=False,
        )
        self._failed = done.stderr if done.returncode else ""
        return answer

    def get_job_run(self, **parameters: object) -> dict[str, Any]:
        """How the run stands."""
        answer = self._client.get_job_run(**parameters)
        answer["JobRun"]["JobRunState"] = "FAILED" if self._failed else "SUCCEEDED"
        answer["JobRun"]["ErrorMessage"] = self._failed
        return answer
