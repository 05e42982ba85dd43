"""How long the digests of batches wait at this moment: as long as ingest runs are active, longer.

What is waited for stands in ledger/digests.py.
"""

import time

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.ledger.digests import DigestTiming
from movie_pipeline.orchestration.sensors.past_runs import ran_since
from movie_pipeline.settings.groups import DigestSettings


def digest_timing_now(
    instance: dg.DagsterInstance,
    dataset: Dataset,
    settings: DigestSettings,
    *,
    now: float | None = None,
) -> DigestTiming:
    """What the settings say, and whether more batches are on their way; 0 s waits for none."""
    quiet = settings.quiet_seconds
    more_comes = quiet > 0 and ran_since(instance, dataset, (now or time.time()) - quiet)
    return DigestTiming.of(settings, more_comes=more_comes)
