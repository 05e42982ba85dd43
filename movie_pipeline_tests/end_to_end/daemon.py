"""What Dagster's daemon does, done by hand in this process: ticks of sensors, and their runs."""

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.definitions import REFRESH_JOB, build_definitions
from movie_pipeline.deployments import Deployment
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline_tests.home import QUIET


class _Noting(logging.Handler):
    """Keeps what is warned of."""

    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self._kept.append(record.getMessage())


class HandDaemon:
    """The real definitions over a deployment, and an instance of their own.

    Attributes:
        role: who is at work: `sensor` or `worker`, '' between them.
        results: the runs so far.
        warnings: what sensors warned of.
    """

    def __init__(self, deployment: Deployment, rules: str, instance: dg.DagsterInstance) -> None:
        self.deployment = deployment
        self.definitions = build_definitions(deployment, parse_ruleset(rules))
        self.instance = instance
        self.role = ""
        self.results: list[dg.ExecuteInProcessResult] = []
        self.warnings: list[str] = []
        self._cursors: dict[str, str | None] = {}

    def look(self) -> list[dg.ExecuteInProcessResult]:
        """A tick of the landing sensor, and the runs that it requests."""
        return [self._run(one.job_name or MOVIES.ingest_job, one) for one in self.tick("landing")]

    def ingest(self, file_ids: Sequence[str]) -> dg.ExecuteInProcessResult:
        """The job over these files, as a person launches it."""
        batch = IngestBatch(files=list(file_ids))
        config = dg.RunConfig(resources={"batch": batch})
        return self._run(MOVIES.ingest_job, dg.RunRequest(run_config=config))

    def follow(self) -> None:
        """What automation does after a load, and the tick that sends the notices."""
        self._run(REFRESH_JOB, dg.RunRequest())
        self.tick("notices")

    def launch(self, job: str, **config: object) -> dg.ExecuteInProcessResult:
        """Any job."""
        return self._run(job, dg.RunRequest(run_config=config))

    def by_hand(self, work: Callable[[], object]) -> None:
        """What a person does with the rights of runs, such as a command."""
        with self._as("worker"):
            work()

    def tick(self, name: str) -> Sequence[dg.RunRequest]:
        """A sensor, asked once."""
        sensor: Any = self.definitions.resolve_sensor_def(name)
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self._cursors.get(name),
            resources={
                name: each
                for name, each in (self.definitions.resources or {}).items()
                if name != "batch"  # a run's
            },
        )
        with self._as("sensor"), context:
            context.log.addHandler(_Noting(self.warnings))
            answer = sensor(context)
        self._cursors[name] = context.cursor
        if isinstance(answer, dg.RunRequest):
            return [answer]
        return (answer.run_requests or []) if isinstance(answer, dg.SensorResult) else []

    def _run(self, job: str, wanted: dg.RunRequest) -> dg.ExecuteInProcessResult:
        config: Mapping[str, Any] = wanted.run_config
        with self._as("worker"):
            result = self.definitions.resolve_job_def(job).execute_in_process(
                instance=self.instance,
                run_config={**config, **QUIET},
                tags=dict(wanted.tags),
                raise_on_error=False,
            )
        self.results.append(result)
        return result

    @contextmanager
    def _as(self, role: str) -> Generator[None]:
        self.role = role
        try:
            yield
        finally:
            self.role = ""
