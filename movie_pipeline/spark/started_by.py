"""Who started the program of a job, and is told by Dagster Pipes how it goes.

On this machine context and messages are files, on a service of AWS they lie on S3: the start says
which. Nothing else of Dagster is known to a job.
"""

from contextlib import ExitStack
from typing import Any

import dagster_pipes

from movie_pipeline.aws_clients import Clients

_TOLD_SECONDS = 5.0


def started_by(stack: ExitStack) -> dagster_pipes.PipesContext | None:
    """The pipe that the start names in options or variables, open as long as the stack; if any."""
    ways = (dagster_pipes.PipesCliArgsParamsLoader(), dagster_pipes.PipesEnvVarParamsLoader())
    params = next((way for way in ways if way.is_dagster_pipes_process()), None)
    if params is None:
        return None
    on_s3: dict[str, Any] = {}
    if "bucket" in params.load_context_params():
        s3 = Clients()("s3")
        on_s3["context_loader"] = dagster_pipes.PipesS3ContextLoader(s3)
        on_s3["message_writer"] = dagster_pipes.PipesS3MessageWriter(s3, interval=_TOLD_SECONDS)
    return stack.enter_context(dagster_pipes.open_dagster_pipes(params_loader=params, **on_s3))
