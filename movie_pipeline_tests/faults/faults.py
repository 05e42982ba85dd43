"""All faults of the matrix by id, in its order."""

from collections.abc import Mapping, Sequence

from movie_pipeline_tests.faults import histories
from movie_pipeline_tests.faults.cases import (
    arrivals,
    clean_up,
    concurrency,
    crashes,
    daemon,
    data,
    decisions,
    files,
    last_word,
    redshift,
    replays,
    reports,
    services,
    stops,
    upgrades,
    upkeep,
)
from movie_pipeline_tests.faults.fault import Fault

ALL: Sequence[Fault] = (
    *crashes.FAULTS,
    *histories.FAULTS,
    *daemon.FAULTS,
    *files.FAULTS,
    *data.FAULTS,
    *arrivals.FAULTS,
    *decisions.FAULTS,
    *last_word.FAULTS,
    *concurrency.FAULTS,
    *replays.FAULTS,
    *reports.FAULTS,
    *clean_up.FAULTS,
    *redshift.FAULTS,
    *services.FAULTS,
    *upgrades.FAULTS,
    *stops.FAULTS,
    *upkeep.FAULTS,
)
"""All faults; no two of them have the same id."""

FAULTS: Mapping[str, Fault] = {fault.id: fault for fault in sorted(ALL, key=lambda one: one.id)}
