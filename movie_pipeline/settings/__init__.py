"""The settings: each read from the environment once, with its default and its meaning.

Nothing else reads the environment (crash points for tests apart). Values that cannot be used raise
SettingsError naming the variable.
"""

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from movie_pipeline.errors import SettingsError
from movie_pipeline.memory_limit import memory_bytes
from movie_pipeline.settings.groups import (
    ROLE,
    AlertSettings,
    AreaNames,
    BatchSettings,
    CatalogueSettings,
    CheckSettings,
    DigestSettings,
    DiscoverySettings,
    EngineSettings,
    GlueSettings,
    ReadingSettings,
    RedshiftSettings,
    RetentionSettings,
    S3Settings,
    SparkSettings,
)
from movie_pipeline.settings.memory_plan import budget_of_machine, runs_and_limit
from movie_pipeline.settings.variables import setting, variables_of


@dataclass(frozen=True)
class Settings:
    """All settings, in groups of one subject each."""

    home: Path = Path("data")
    """The folder of the local world: landing, output, quarantine, history, warehouse, work."""
    deployment: str = "local"
    """Which world the assets run in."""
    datasets: tuple[str, ...] = ("movies",)
    """What the deployment is for: movies, or where the value of another dataset stands."""
    ruleset: Path | None = None
    """The DQDL file every row of the first dataset is judged by; none: the dataset's own."""
    reference_datasets: tuple[str, ...] = ()
    """Other datasets that rules may name, each as alias=place."""
    worker_role_arn: str = setting(
        "", form=rf"({ROLE})?", example="arn:aws:iam::123456789012:role/movies-worker"
    )
    """On AWS the role that runs and commands take, and sensors do not; empty: all have one."""
    warehouse_wait_seconds: float = 30.0
    """How long to wait for a warehouse that another process holds."""
    areas: AreaNames = field(default_factory=AreaNames)
    discovery: DiscoverySettings = field(default_factory=DiscoverySettings)
    reading: ReadingSettings = field(default_factory=ReadingSettings)
    batches: BatchSettings = field(default_factory=BatchSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    digests: DigestSettings = field(default_factory=DigestSettings)
    checks: CheckSettings = field(default_factory=CheckSettings)
    catalogue: CatalogueSettings = field(default_factory=CatalogueSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    s3: S3Settings = field(default_factory=S3Settings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    glue: GlueSettings = field(default_factory=GlueSettings)
    spark: SparkSettings = field(default_factory=SparkSettings)
    redshift: RedshiftSettings = field(default_factory=RedshiftSettings)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings; unset or empty variables take their defaults.

        Raises:
            SettingsError: a value cannot be used, or values do not fit together.
        """
        environment = os.environ if environment is None else environment
        texts = {
            variable: environment.get(variable.name, "").strip() for variable in variables_of(cls)
        }
        return cls().with_values(
            **{variable.flat_name: variable.read(text) for variable, text in texts.items() if text}
        )

    def as_environment(self) -> dict[str, str]:
        """The variables from which `from_environment` reads these settings, for another process."""
        texts = {
            variable.name: variable.text_of(variable.value_in(self))
            for variable in variables_of(type(self))
        }
        return {name: text for name, text in texts.items() if text}

    def with_values(self, **values: object) -> Self:
        """These settings with other values, each named as its variable, in small letters.

        Raises:
            SettingsError: as `from_environment`.
            TypeError: there is no such setting.
        """
        changes: dict[str, dict[str, object]] = defaultdict(dict)
        for variable in variables_of(type(self)):
            if variable.flat_name in values:
                changes[variable.group][variable.field.name] = values.pop(variable.flat_name)
        if values:
            raise TypeError(f"there is no setting {', '.join(values)}")
        beside = changes.pop("", {})
        groups = {
            group: replace(getattr(self, group), **changed) for group, changed in changes.items()
        }
        return replace(self, **beside, **groups)

    def fitted(self) -> Self:
        """These settings with no more runs, and no larger engine, than there is memory for."""
        budget = memory_bytes(self.engine.memory_budget)
        runs, limit = runs_and_limit(
            # each dataset has runs of its own
            (budget_of_machine() if budget is None else budget) // max(1, len(self.datasets)),
            self.batches.in_flight,
            self.engine.memory_limit,
        )
        return replace(
            self,
            batches=replace(self.batches, in_flight=runs),
            engine=replace(self.engine, memory_limit=limit),
        )

    def __post_init__(self) -> None:
        if self.deployment != "aws":
            if self.spark.is_service:
                raise SettingsError(
                    f"MOVIE_PIPELINE_SPARK is {self.spark.master}, whose jobs reach a bucket and "
                    "no folder here: set MOVIE_PIPELINE_DEPLOYMENT to aws, or "
                    "MOVIE_PIPELINE_SPARK to a Spark of this machine, such as local[2]."
                )
            return
        for variable in variables_of(type(self)):
            variable.check_for_aws(variable.value_in(self))
        self.redshift.check_sign_in()
