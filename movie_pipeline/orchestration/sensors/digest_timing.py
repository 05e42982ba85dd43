"""How patient the digests of batches are at this moment: as long as ingest runs are at work, more.

What patience means stands in ledger/digests.py.
"""

import time

import dagster as dg

from movie_pipeline.ledger.digests import Patience
from movie_pipeline.orchestration.sensors.past_runs import ran_since
from movie_pipeline.settings.groups import DigestSettings


def patience_now(
    instance: dg.DagsterInstance, settings: DigestSettings, *, now: float | None = None
) -> Patience:
    """What the settings say, and whether more batches are on their way; 0 s waits for none."""
    quiet = settings.quiet_seconds
    more_comes = quiet > 0 and ran_since(instance, (now or time.time()) - quiet)
    return Patience.of(settings, more_comes=more_comes)
