"""The code location: one deployment, its assets, checks, jobs and sensors put together.

Nothing is decided here but what belongs together; tests build the same over resources of their own.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import dagster as dg

from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.deployments import Deployment, deployment_from
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.catalog_assets import (
    raw_catalog_asset,
    warehouse_catalog_asset,
)
from movie_pipeline.orchestration.assets.landing_asset import landing_asset
from movie_pipeline.orchestration.assets.lease_resource import (
    LEASE_RESOURCE,
    during_the_lease,
    lease_of_the_run,
)
from movie_pipeline.orchestration.assets.load_assets import archive_asset, table_asset
from movie_pipeline.orchestration.assets.raw_asset import raw_asset
from movie_pipeline.orchestration.assets.replay_job import replay_job
from movie_pipeline.orchestration.assets.screening_assets import screening_assets
from movie_pipeline.orchestration.assets.view_assets import view_assets
from movie_pipeline.orchestration.checks.gate_checks import load_gate
from movie_pipeline.orchestration.checks.readable_check import readable_check
from movie_pipeline.orchestration.checks.rule_checks import rule_checks
from movie_pipeline.orchestration.checks.warehouse_checks import warehouse_checks
from movie_pipeline.orchestration.sensors.clean_up_job import clean_up_job, clean_up_schedule
from movie_pipeline.orchestration.sensors.landing_sensor import landing_sensor, landing_sensor_every
from movie_pipeline.orchestration.sensors.notice_sensors import failed_jobs_sensor, notices_sensor
from movie_pipeline.orchestration.sensors.past_runs import INGEST_JOB
from movie_pipeline.orchestration.sensors.reconcile_job import (
    reconcile_at_start,
    reconcile_job,
    reconcile_schedule,
)
from movie_pipeline.settings import Settings
from movie_pipeline.steps.work_folder import work_root

REFRESH_JOB = "refresh_marts_and_catalog"


def build_definitions(deployment: Deployment, ruleset: Ruleset) -> dg.Definitions:
    """Everything Dagster is to know, over one deployment and one ruleset."""
    dataset = deployment.dataset
    ingest_assets = [
        raw_asset(dataset),
        screening_assets(dataset),
        table_asset(dataset),
        archive_asset(dataset),
    ]
    following_assets = [
        *view_assets(dataset),
        raw_catalog_asset(dataset),
        warehouse_catalog_asset(dataset),
    ]
    checks = [
        readable_check(dataset),
        rule_checks(ruleset, dataset),
        load_gate(dataset),
        warehouse_checks(dataset),
    ]
    ingest = dg.AssetSelection.assets(*ingest_assets)
    following = dg.AssetSelection.assets(*following_assets)
    return dg.Definitions(
        assets=[
            landing_asset(dataset),
            *_with_code_references([*ingest_assets, *following_assets]),
        ],
        asset_checks=checks,
        jobs=[
            dg.define_asset_job(
                INGEST_JOB,
                selection=ingest | dg.AssetSelection.checks_for_assets(*ingest_assets),
                executor_def=dg.in_process_executor,
                description="Take a batch of landed files from landing to warehouse and archive.",
            ),
            dg.define_asset_job(
                REFRESH_JOB,
                selection=following,
                executor_def=dg.in_process_executor,
                description="Bring the views and the catalog up to what is loaded.",
            ),
            reconcile_job,
            replay_job,
            clean_up_job,
        ],
        schedules=[reconcile_schedule, clean_up_schedule],
        sensors=[
            landing_sensor_every(5)
            if deployment.settings.discovery.wakeup_queue
            else landing_sensor,
            notices_sensor,
            failed_jobs_sensor,
            reconcile_at_start,
            dg.AutomationConditionSensorDefinition(
                "movie_automation",
                target=following,
                default_status=dg.DefaultSensorStatus.RUNNING,
                minimum_interval_seconds=10,
            ),
        ],
        resources={
            "batch": IngestBatch.configure_at_launch(),
            "dataset": dataset,
            "ruleset": ruleset,
            "settings": deployment.settings,
            LEASE_RESOURCE: lease_of_the_run(work_root(deployment.settings)),
            "storage": during_the_lease(deployment.storage),
            "wakeups": deployment.wakeups,
            "warehouse": during_the_lease(deployment.warehouse),
            "catalog": deployment.catalog,
            "cluster": deployment.cluster,
            "alerts": deployment.alerts,
            "events": deployment.events,
        },
        executor=dg.in_process_executor,
    )


def from_settings(settings: Settings) -> dg.Definitions:
    """The definitions of the deployment and the ruleset that the settings name."""
    deployment = deployment_from(settings)
    return build_definitions(deployment, read_ruleset(deployment.ruleset))


def _with_code_references(
    assets: Sequence[dg.AssetsDefinition],
) -> Sequence[Any]:
    """The assets with a link to their code; Dagster warns, for each, that links are in beta."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.with_source_code_references(assets)


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev` and `dg` load: everything as the environment says."""
    return from_settings(Settings.from_environment())
