"""Dagster Pipes to a Glue job: context and messages lie where the rows do, in one place of S3.

The one module that knows dagster-aws; loaded only where a job is started.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster_aws.pipes import PipesGlueClient, PipesS3ContextInjector, PipesS3MessageReader
from dagster_pipes import PipesBlobStoreMessageWriter

from movie_pipeline.screening.cluster_port import JobRun


class _Messages(PipesS3MessageReader):
    """Dagster's own, with a place of ours instead of one at the top of the bucket."""

    def __init__(self, *, prefix: str, **arguments: Any) -> None:  # noqa: ANN401 - the base's
        super().__init__(**arguments)
        self._prefix = prefix

    @property
    def expected_writer_count(self) -> int:
        """One, said without Dagster's warning that asking is a preview."""
        return 1

    @contextmanager
    def get_params(self) -> Generator[dict[str, Any]]:
        yield {
            "bucket": self.bucket,
            "key_prefix": self._prefix,
            PipesBlobStoreMessageWriter.INCLUDE_STDIO_IN_MESSAGES_KEY: False,
        }


def run_glue_job(step: dg.OpExecutionContext, run: JobRun) -> list[Any]:
    """Start a Glue job for a step, wait for its end, and return what it reported."""
    s3 = run.client("s3")
    client = PipesGlueClient(
        context_injector=PipesS3ContextInjector(
            bucket=run.bucket, client=s3, key_prefix=run.prefix
        ),
        message_reader=_Messages(
            prefix=f"{run.prefix}messages", bucket=run.bucket, client=s3, interval=run.interval
        ),
        client=run.client("glue"),
    )
    minutes = max(1, round(run.seconds / 60))
    done = client.run(
        context=step,
        start_job_run_params={"JobName": run.job, "Timeout": minutes},
        extras=dict(run.extras),
    )
    return list(done.get_custom_messages())
