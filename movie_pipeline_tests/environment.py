"""The environment that tests start from: none of the settings of whoever runs them.

What a test needs it sets itself; so it is the same from a Makefile, an editor and a bare pytest.
"""

import os

PREFIXES = ("MOVIE_PIPELINE_", "DAGSTER_", "AWS_")
"""How variables begin that change what the pipeline, Dagster or boto3 does."""


def forget_the_callers() -> None:
    """Take those variables out of this process, and so out of all that it starts."""
    for name in [name for name in os.environ if name.startswith(PREFIXES)]:
        del os.environ[name]
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
