"""The cluster as a Glue job: rows and ruleset go to S3, the answer comes back by Dagster Pipes.

The job's own script is deploy/glue/judge_rows.py; what its answer means is screening's business.
"""

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typing_extensions import override

from movie_pipeline.aws_clients import Clients, translated
from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.cluster_port import (
    Cluster,
    ClusterAnswer,
    ClusterRule,
    JobRun,
    RunJob,
)
from movie_pipeline.settings import Settings
from movie_pipeline.storage.storage_port import Area, Storage

FOLDER = "glue"
"""In the output area; each run of the job has a place of its own in it, removed at the end."""


class GlueCluster(Cluster):
    """A Glue job that judges the rows of large files.

    Args:
        settings: the job, from which size it judges, how long it may take, and the bucket.
        storage: where rows are put and the answer is read.
        clients: boto3's.
        interval: seconds between two looks for messages of the job.
    """

    def __init__(
        self, settings: Settings, storage: Storage, clients: Clients, *, interval: float = 5.0
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._clients = clients
        self._interval = interval

    @override
    def takes(self, size: int) -> bool:
        return bool(self._settings.glue.job) and size >= self._settings.glue.job_from_bytes

    @override
    def judge(self, rows: Path, ruleset: str, folder: Path, run_job: RunJob) -> ClusterAnswer:
        place = f"{FOLDER}/{uuid.uuid4().hex}"
        try:
            told = self._told(
                run_job,
                place,
                rows=self._storage.put(Area.OUTPUT, f"{place}/rows.parquet", rows),
                ruleset=ruleset,
                failing=self._storage.uri(Area.OUTPUT, f"{place}/failing"),
            )
            return self._answer(told, self._brought(f"{place}/failing", folder))
        finally:
            for name in self._storage.names(Area.OUTPUT, place):
                self._storage.remove(Area.OUTPUT, name)

    def _told(self, run_job: RunJob, place: str, **extras: str) -> Mapping[str, Any]:
        job = self._settings.glue.job
        job_run = JobRun(
            job=job,
            bucket=self._settings.s3.bucket,
            prefix=f"{self._settings.areas.output}/{place}/",
            seconds=self._settings.glue.job_seconds,
            extras=extras,
            client=self._clients,
            interval=self._interval,
        )
        with translated(f"running the Glue job {job}", ClusterError):
            try:
                messages = run_job(job_run)
            except RuntimeError as error:
                raise ClusterError(
                    f"the Glue job {job} did not succeed: {_first_line(error)} Its log in "
                    "CloudWatch says more; the next run starts it again."
                ) from None
        if len(messages) != 1:
            raise ClusterError(
                f"the Glue job {job} succeeded and gave {len(messages)} answers, where one is "
                "expected: see that it runs deploy/glue/judge_rows.py of this version."
            )
        return messages[0]

    def _brought(self, place: str, folder: Path) -> tuple[Path, ...]:
        """The files in which the job names failing rows."""
        names = [name for name in self._storage.names(Area.OUTPUT, place) if _is_parquet(name)]
        brought: list[Path] = []
        for number, name in enumerate(names):
            to = folder / f"failing-{number}.parquet"
            with self._storage.reading(Area.OUTPUT, name) as path:
                shutil.copyfile(path, to)
            brought.append(to)
        return tuple(brought)

    def _answer(self, told: Mapping[str, Any], failing: tuple[Path, ...]) -> ClusterAnswer:
        job = self._settings.glue.job
        try:
            return ClusterAnswer(
                rows=int(told["rows"]),
                rules=tuple(map(_rule, told["rules"])),
                failing_rows=int(told["failing_rows"]),
                failing=failing,
                judged_by=f"the Glue job {job}",
            )
        except (KeyError, TypeError, ValueError):
            raise ClusterError(
                f"the answer of the Glue job {job} cannot be read: see that it runs "
                "deploy/glue/judge_rows.py of this version."
            ) from None


def _rule(told: Mapping[str, Any]) -> ClusterRule:
    return ClusterRule(
        rule=str(told["rule"]),
        passed=bool(told["passed"]),
        metrics={str(name): float(value) for name, value in told["metrics"].items()},
        judges_rows=bool(told["judges_rows"]),
    )


def _is_parquet(name: str) -> bool:
    return name.endswith(".parquet")


def _first_line(error: Exception) -> str:
    """Which run and which status; what follows are words of Spark's, which may quote a row."""
    return str(error).split(" :\n", 1)[0].strip() + "."
