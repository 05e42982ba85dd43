"""Dagster Pipes to a Glue job: context and messages lie where the rows do, in one place of S3.

The one module that knows dagster-aws; loaded only where a job is started.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dagster_aws.pipes import PipesGlueClient, PipesS3ContextInjector, PipesS3MessageReader
from dagster_pipes import PipesBlobStoreMessageWriter

from movie_pipeline.aws_clients import Clients


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


@dataclass(frozen=True)
class GlueRun:
    """One run of a job to be started.

    Attributes:
        job: its name.
        bucket: where context and messages go.
        prefix: the place in it, with a slash at the end.
        seconds: how long it may take.
        extras: what the job is told.
    """

    job: str
    bucket: str
    prefix: str
    seconds: float
    extras: dict[str, Any]

    def messages(self, clients: Clients, step: Any, interval: float) -> list[Any]:  # noqa: ANN401
        """Start it, wait for its end, and return what it reported.

        Args:
            clients: boto3's.
            step: Dagster's context of the step.
            interval: seconds between two looks for messages.
        """
        s3 = clients("s3")
        client = PipesGlueClient(
            context_injector=PipesS3ContextInjector(
                bucket=self.bucket, client=s3, key_prefix=self.prefix
            ),
            message_reader=_Messages(
                prefix=f"{self.prefix}messages", bucket=self.bucket, client=s3, interval=interval
            ),
            client=clients("glue"),
        )
        minutes = max(1, round(self.seconds / 60))
        done = client.run(
            context=step,
            start_job_run_params={"JobName": self.job, "Timeout": minutes},
            extras=self.extras,
        )
        return list(done.get_custom_messages())
