"""The code location: deployments, their assets, checks, jobs and sensors put together.

Nothing is decided here but what belongs together; tests build the same over resources of their own.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg

from movie_pipeline.datasets.chosen import chosen_datasets
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.ruleset_files import read_ruleset, source_rulesets
from movie_pipeline.datasets.sources import read_sources, refuse_unknown_datasets
from movie_pipeline.deployments import Deployment, deployments_from
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.orchestration.assets.asset_names import REFRESH_JOB, Shown
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.catalog_assets import (
    raw_catalog_asset,
    warehouse_catalog_asset,
)
from movie_pipeline.orchestration.assets.decision_jobs import rejudge_job, retract_job
from movie_pipeline.orchestration.assets.landing_asset import landing_asset
from movie_pipeline.orchestration.assets.lease_resource import (
    LEASE_RESOURCE,
    lease_of_the_run,
    resource_of,
)
from movie_pipeline.orchestration.assets.load_assets import archive_asset, table_asset
from movie_pipeline.orchestration.assets.raw_asset import raw_asset
from movie_pipeline.orchestration.assets.replay_job import replay_job
from movie_pipeline.orchestration.assets.screening_assets import screening_assets
from movie_pipeline.orchestration.assets.view_assets import view_assets
from movie_pipeline.orchestration.checks.gate_checks import load_gate
from movie_pipeline.orchestration.checks.readable_check import readable_check
from movie_pipeline.orchestration.checks.rule_checks import rule_checks
from movie_pipeline.orchestration.checks.warehouse_checks import (
    check_job,
    check_schedule,
    warehouse_checks,
)
from movie_pipeline.orchestration.dataset_scope import scoped_name
from movie_pipeline.orchestration.migration_scripts import read_migration_scripts_once
from movie_pipeline.orchestration.run_processes import fork_runs
from movie_pipeline.orchestration.sensors.clean_up_job import clean_up_job, clean_up_schedule
from movie_pipeline.orchestration.sensors.landing_sensor import landing_sensor
from movie_pipeline.orchestration.sensors.notice_sensors import failed_jobs_sensor, notices_sensor
from movie_pipeline.orchestration.sensors.reconcile_job import (
    reconcile_at_start,
    reconcile_job,
    reconcile_schedule,
)
from movie_pipeline.orchestration.stoppable_executor import stoppable_executor
from movie_pipeline.private_files import keep_files_private
from movie_pipeline.settings import Settings
from movie_pipeline.settings.variables import set_otherwise
from movie_pipeline.steps.work_folder import work_root
from movie_pipeline.storage.storage_port import Area


def build_definitions(
    deployment: Deployment, ruleset: Ruleset, *others: tuple[Deployment, Ruleset]
) -> dg.Definitions:
    """Everything Dagster is to know, over the deployments of one or more datasets.

    Args:
        deployment: of the first dataset.
        ruleset: what its files are judged by.
        others: the same of other datasets beside it.
    """
    parts = [_dataset_parts(*each) for each in ((deployment, ruleset), *others)]
    return dg.Definitions(
        assets=[asset for part in parts for asset in part.assets],
        asset_checks=[check for part in parts for check in part.checks],
        jobs=[job for part in parts for job in part.jobs],
        schedules=[schedule for part in parts for schedule in part.schedules],
        sensors=[sensor for part in parts for sensor in part.sensors],
        resources={name: each for part in parts for name, each in part.resources.items()},
        executor=stoppable_executor,
    )


@dataclass(frozen=True)
class _DatasetParts:
    """What Dagster is to know of one dataset."""

    assets: Sequence[Any]
    checks: Sequence[dg.AssetChecksDefinition]
    jobs: Sequence[Any]
    schedules: Sequence[dg.ScheduleDefinition]
    sensors: Sequence[Any]
    resources: Mapping[str, object]


def _dataset_parts(deployment: Deployment, ruleset: Ruleset) -> _DatasetParts:
    dataset, shown = deployment.dataset, Shown.of(deployment.settings)
    ingested = [
        raw_asset(dataset, shown),
        screening_assets(dataset, shown),
        table_asset(dataset, deployment.settings),
        archive_asset(dataset, shown),
    ]
    following = [
        *view_assets(dataset, shown),
        raw_catalog_asset(dataset, shown),
        warehouse_catalog_asset(dataset, shown),
    ]
    return _DatasetParts(
        assets=[landing_asset(dataset, shown), *_with_code_references([*ingested, *following])],
        checks=[
            readable_check(dataset),
            rule_checks(_with_rules_of_sources(ruleset, deployment), dataset),
            load_gate(dataset),
            warehouse_checks(dataset),
        ],
        jobs=[
            _ingest_job(dataset, ingested),
            _refresh_job(dataset, following),
            check_job(dataset),
            reconcile_job(dataset),
            replay_job(dataset),
            retract_job(dataset),
            rejudge_job(dataset),
            clean_up_job(dataset),
        ],
        schedules=[
            check_schedule(dataset),
            reconcile_schedule(dataset),
            clean_up_schedule(dataset),
        ],
        sensors=[
            landing_sensor(dataset, 5 if deployment.settings.discovery.wakeup_queue else 10),
            notices_sensor(dataset),
            failed_jobs_sensor(dataset),
            reconcile_at_start(dataset),
            dg.AutomationConditionSensorDefinition(
                f"{dataset.row}_automation",
                target=dg.AssetSelection.assets(*following),
                default_status=dg.DefaultSensorStatus.RUNNING,
                minimum_interval_seconds=10,
            ),
        ],
        resources={
            scoped_name(dataset, name): each
            for name, each in _resources(deployment, ruleset).items()
        },
    )


def _with_rules_of_sources(ruleset: Ruleset, deployment: Deployment) -> Ruleset:
    """All rules that files may be judged by; those of the dataset stand first."""
    sources = read_sources(deployment.settings.reading.sources, deployment.dataset)
    others = source_rulesets(sources).values()
    return replace(ruleset, rules=(*ruleset, *(rule for each in others for rule in each)))


def _ingest_job(dataset: Dataset, assets: Sequence[dg.AssetsDefinition]) -> Any:  # noqa: ANN401 - a type that Dagster does not export
    return dg.define_asset_job(
        dataset.ingest_job,
        selection=dg.AssetSelection.assets(*assets) | dg.AssetSelection.checks_for_assets(*assets),
        executor_def=stoppable_executor,
        description="Take a batch of landed files from landing to warehouse and archive.",
    )


def _refresh_job(dataset: Dataset, assets: Sequence[dg.AssetsDefinition]) -> Any:  # noqa: ANN401 - likewise
    return dg.define_asset_job(
        scoped_name(dataset, REFRESH_JOB),
        selection=dg.AssetSelection.assets(*assets),
        executor_def=stoppable_executor,
        description="Bring the views and the catalog up to what is loaded.",
    )


def _resources(deployment: Deployment, ruleset: Ruleset) -> Mapping[str, object]:
    lease = scoped_name(deployment.dataset, LEASE_RESOURCE)
    settings, of_sensors = deployment.settings, deployment.of_sensors
    places = {area.name.lower(): deployment.storage.uri(area, "") for area in Area}
    return {
        "batch": IngestBatch.configure_at_launch(),
        "dataset": resource_of(deployment.dataset),
        "ruleset": resource_of(ruleset, facts={"from": deployment.ruleset}),
        "settings": resource_of(settings, facts=set_otherwise(settings)),
        LEASE_RESOURCE: lease_of_the_run(work_root(settings)),
        "storage": resource_of(
            deployment.storage, of_sensors=of_sensors.storage, lease=lease, facts=places
        ),
        "wakeups": resource_of(deployment.wakeups, of_sensors=of_sensors.wakeups),
        "warehouse": resource_of(
            deployment.warehouse, of_sensors=of_sensors.warehouse, lease=lease
        ),
        "catalog": resource_of(deployment.catalog),
        "engine": resource_of(deployment.engine),
        "alerts": resource_of(deployment.alerts, of_sensors=of_sensors.alerts),
        "events": resource_of(deployment.events, of_sensors=of_sensors.events),
    }


def from_settings(settings: Settings) -> dg.Definitions:
    """The definitions of the deployments and the rulesets that the settings name."""
    known = [dataset.name for dataset in chosen_datasets(settings)]
    for dataset in chosen_datasets(settings):
        refuse_unknown_datasets(read_sources(settings.reading.sources, dataset), known)
    first, *others = [
        (deployment, read_ruleset(deployment.ruleset)) for deployment in deployments_from(settings)
    ]
    return build_definitions(*first, *others)


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
    keep_files_private()  # of the code server and of its runs
    fork_runs()
    read_migration_scripts_once()
    return from_settings(Settings.from_environment())
