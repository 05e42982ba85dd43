"""The jobs of a dataset beside the ingest job: which they are, and what their failure means.

When people are told of a failure is notice_sensors.py's matter.
"""

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.orchestration.assets.asset_names import REFRESH_JOB
from movie_pipeline.orchestration.assets.decision_jobs import REJUDGE_JOB, RETRACT_JOB
from movie_pipeline.orchestration.assets.replay_job import REPLAY_JOB
from movie_pipeline.orchestration.checks.warehouse_checks import CHECK_JOB
from movie_pipeline.orchestration.dataset_scope import scoped_name
from movie_pipeline.orchestration.sensors.clean_up_job import CLEAN_UP_JOB
from movie_pipeline.orchestration.sensors.reconcile_job import RECONCILE_JOB

AUTOMATED = "__ASSET_JOB"
"""What Dagster calls the job of runs that an automation launches, or a person by Materialize."""

_VIEWS = (
    "Views or catalog may show less than what is loaded, which is not touched. Stale views are "
    "refreshed by the reconciler too, every five minutes."
)
_BY_HAND = "Nothing is half done. When the cause is removed, launch it again."
_MEANINGS = {
    REFRESH_JOB: _VIEWS,
    RECONCILE_JOB: "What is open stays open; it is launched again within five minutes.",
    CLEAN_UP_JOB: "Nothing more was removed; it is launched again the next night.",
    CHECK_JOB: "What the checks of the table say is old; it is launched again within the hour.",
    REPLAY_JOB: _BY_HAND,
    RETRACT_JOB: _BY_HAND,
    REJUDGE_JOB: _BY_HAND,
}
_REPEATED = (REFRESH_JOB, RECONCILE_JOB, CLEAN_UP_JOB, CHECK_JOB)


def meaning_of_failure(run: dg.DagsterRun, dataset: Dataset) -> str:
    """What the failure of a run means; empty where it is no job of the dataset but ingest."""
    if run.job_name == AUTOMATED:
        ours = {dataset.table, *dataset.view_names, dataset.raw_catalog_asset}
        ours.add(scoped_name(dataset, "warehouse_catalog"))
        selected = {key.to_user_string() for key in run.asset_selection or ()}
        checked = {key.asset_key.to_user_string() for key in run.asset_check_selection or ()}
        return _VIEWS if (selected | checked) & ours else ""
    return next(
        (said for name, said in _MEANINGS.items() if run.job_name == scoped_name(dataset, name)), ""
    )


def is_repeated(run: dg.DagsterRun, dataset: Dataset) -> bool:
    """Whether it is launched again by itself, so that one notice has to do for many failures."""
    names = {AUTOMATED, *(scoped_name(dataset, name) for name in _REPEATED)}
    return run.job_name in names
