"""The ingest job as Dagster builds it again for a re-execution: from the environment alone."""

import dagster as dg

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.definitions import from_settings
from movie_pipeline.settings import Settings


def ingest_job() -> dg.JobDefinition:
    """The job of the deployment that the environment names."""
    return from_settings(Settings.from_environment()).resolve_job_def(MOVIES.ingest_job)
