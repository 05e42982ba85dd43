"""The settings: each read from the environment once, with its default and its meaning.

Nothing else reads the environment (crash points for tests apart). Values that cannot be used raise
SettingsError naming the variable.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import permutations
from pathlib import Path

from movie_pipeline.errors import SettingsError

PREFIX = "MOVIE_PIPELINE_"
_MEMORY = re.compile(r"[0-9]+(\.[0-9]+)? ?[KMGT]i?B", re.IGNORECASE)
_AWS_NEEDS = (
    "bucket",
    "success_topic",
    "failure_topic",
    "event_bus",
    "glue_database",
    "redshift_host",
    "redshift_database",
    "redshift_ssl_mode",
    "copy_role_arn",
)
_TOPIC = r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+"
_AWS_FORMS = {
    "bucket": (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "movies-gds"),
    "success_topic": (_TOPIC, "arn:aws:sns:us-east-1:123456789012:movies-pipeline-success"),
    "failure_topic": (_TOPIC, "arn:aws:sns:us-east-1:123456789012:movies-pipeline-failure"),
    "event_bus": (r"[A-Za-z0-9._:/-]+", "default"),
    "glue_database": (r"[a-z0-9_-]{1,255}", "movie_database"),
    "glue_job": (r"[A-Za-z0-9_.-]{1,255}", "movie-pipeline-judge-rows"),
    "wakeup_queue": (r"https?://[^\s]+", "https://sqs.us-east-1.amazonaws.com/123456789012/landed"),
    "ui_url": (r"https?://[^\s]+", "https://dagster.example.com"),
    "redshift_host": (
        r"[A-Za-z0-9.-]+",
        "movies.123456789012.us-east-1.redshift-serverless.amazonaws.com",
    ),
    "redshift_database": (r"[A-Za-z0-9_$-]+", "movies"),
    "redshift_ssl_mode": (r"verify-full|verify-ca", "verify-full"),
    "copy_role_arn": (
        r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+",
        "arn:aws:iam::123456789012:role/movies-redshift",
    ),
}
DEFAULT_RULESET = Path(__file__).parent / "datasets" / "movies" / "ruleset.dqdl"


@dataclass(frozen=True)
class Settings:
    """All settings; `MOVIE_PIPELINE_` plus the field's name in capitals is its variable."""

    home: Path = Path("data")
    """The folder of the local world: landing, output, quarantine, history, warehouse, work."""
    deployment: str = "local"
    """Which world the assets run in."""
    ruleset: Path = DEFAULT_RULESET
    """The DQDL file every row is judged by."""
    landing: str = "input"
    """Name of the landing folder or prefix."""
    output: str = "output"
    """Name of the folder or prefix of clean data."""
    quarantine: str = "badrecords"
    """Name of the folder or prefix of records set apart."""
    history: str = "history"
    """Name of the folder or prefix of processed files."""
    lenient_columns: tuple[str, ...] = ()
    """Number columns whose unreadable values leave the row in: kept as text, and counted."""
    sources: Path | None = None
    """A TOML file that declares encoding, delimiter and more of the files of single senders."""
    reference_datasets: tuple[str, ...] = ()
    """Other datasets that rules may name, each as alias=place."""
    max_record_bytes: int = 1_048_576
    """A longer record is set apart."""
    max_columns: int = 2_000
    """A file with more columns is rejected."""
    max_content_bytes: int = 64_000_000_000
    """A compressed file that becomes larger is rejected."""
    max_compression_ratio: int = 200
    """A compressed file of which one byte becomes more is rejected."""
    settle_seconds: float = 2.0
    """A file younger than this is taken to be still being written."""
    batch_files: int = 400
    """The most files in one run."""
    batch_bytes: int = 256_000_000
    """The most bytes in one run, a single larger file excepted."""
    batches_in_flight: int = 4
    """The most ingest runs queued or running at once."""
    max_attempts: int = 5
    """Failed runs after which people are told, or a file that fails alone is rejected."""
    retry_seconds: float = 30.0
    """Wait before the next attempt; doubled for each further one while the world is to blame."""
    max_retry_seconds: float = 300.0
    """The longest such wait."""
    memory_limit: str = "512MB"
    """DuckDB's memory limit; beyond it, it spills into the work folder."""
    threads: int = 0
    """DuckDB's threads; 0 takes one per core."""
    warehouse_wait_seconds: float = 30.0
    """How long to wait for a warehouse that another process holds."""
    digest_files: int = 10
    """Batches of more files than this are told in one digest instead of one notice each."""
    digest_quiet_seconds: float = 60.0
    """A digest waits until no ingest run was at work for this long; one of trouble no longer."""
    digest_longest_seconds: float = 3600.0
    """No digest waits longer than this."""
    freshness_hours: float = 24.0
    """The table counts as stale when nothing was loaded for this long."""
    backlog_rows: int = 10_000
    """Quarantined rows waiting above which the backlog check warns."""
    bucket: str = ""
    """The S3 bucket of which the areas are prefixes."""
    kms_key_id: str = ""
    """The KMS key that objects are encrypted with; empty: as the bucket says."""
    wakeup_queue: str = ""
    """URL of the SQS queue that is told of landed files; empty: none."""
    listing_seconds: float = 60.0
    """With a wake-up queue, how often landing is listed although no message came."""
    success_topic: str = ""
    """ARN of the SNS topic of notices that all is well."""
    failure_topic: str = ""
    """ARN of the SNS topic of notices of failed rules and failed jobs."""
    event_bus: str = "default"
    """Name or ARN of the EventBridge bus that events are put on."""
    glue_database: str = "movie_database"
    """The Glue database that holds the tables' descriptions."""
    raw_crawler: str = ""
    """The Glue crawler of the raw files; empty: none is started."""
    warehouse_crawler: str = ""
    """The Glue crawler of the warehouse; empty: none is started."""
    crawler_seconds: float = 900.0
    """How long to wait for a crawler."""
    glue_job: str = ""
    """The Glue job that judges the rows of large files; empty: every file is judged in process."""
    glue_job_from_bytes: int = 10_000_000_000
    """How large a file must be for that."""
    glue_job_seconds: float = 7200.0
    """How long one run of it may take."""
    ui_url: str = ""
    """Address of the Dagster UI, for the links in notices; empty: no links."""
    redshift_host: str = ""
    """Address of the cluster or the Serverless workgroup."""
    redshift_port: int = 5439
    """Its port."""
    redshift_database: str = "movies"
    """The database that holds the tables."""
    redshift_workgroup: str = ""
    """A Serverless workgroup: sign in to it with the credentials of this process's role."""
    redshift_cluster: str = ""
    """A cluster's identifier: sign in to it with the credentials of this process's role."""
    redshift_user: str = ""
    """The database user to sign in to a cluster as."""
    redshift_secret_arn: str = ""
    """A secret with user and password, to sign in with these instead."""
    redshift_ssl_mode: str = "verify-full"
    """How the warehouse's certificate is checked: verify-full, or verify-ca without the name."""
    redshift_connect_seconds: float = 60.0
    """How long one try to connect to Redshift may take; a sleeping workgroup takes some."""
    redshift_statement_seconds: float = 900.0
    """How long one statement in Redshift may take."""
    copy_role_arn: str = ""
    """The role of the warehouse that COPY reads the output area with."""
    keep_runs_days: float = 30.0
    """Days after which Dagster's runs that succeeded are removed; 0 keeps them."""
    keep_failed_runs_days: float = 90.0
    """The same for runs that failed."""
    keep_output_days: float = 0.0
    """Days after which the Parquet files of loaded files are removed; 0 keeps them."""
    keep_notices_days: float = 90.0
    """Days after which sent notices are removed from the outbox; 0 keeps them."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings; unset or empty variables take their defaults.

        Raises:
            SettingsError: a value has the wrong form, or two areas share a name.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, object] = {}
        for setting in fields(cls):
            variable = PREFIX + setting.name.upper()
            text = environment.get(variable, "").strip()
            if text:
                values[setting.name] = _parse(variable, text, setting.default)
        settings = cls(**values)  # pyright: ignore[reportArgumentType] - parsed by the defaults' types
        settings._validate()
        return settings

    def _validate(self) -> None:
        areas = (self.landing, self.output, self.quarantine, self.history)
        if len(set(areas)) != len(areas):
            raise SettingsError(
                "landing, output, quarantine and history must have different names, but they are "
                f"{', '.join(areas)}: set {PREFIX}LANDING, _OUTPUT, _QUARANTINE and _HISTORY apart."
            )
        if self.deployment == "aws":
            self._validate_aws()
            self._validate_redshift()
        if not _MEMORY.fullmatch(self.memory_limit):
            raise SettingsError(
                f"{PREFIX}MEMORY_LIMIT must be a number of KB, MB or GB, such as 512MB, but is "
                f"{self.memory_limit!r}."
            )
        for area in areas:
            if area.startswith(".") or not all(area.split("/")) or ".." in area.split("/"):
                raise SettingsError(
                    f"the area name {area!r} must be a plain relative name, such as input_data."
                )
        for inner, outer in permutations(areas, 2):
            if inner.startswith(f"{outer}/"):
                raise SettingsError(
                    f"the area {inner} lies inside the area {outer}, so that its files would be "
                    f"listed there too: set {PREFIX}LANDING, _OUTPUT, _QUARANTINE and _HISTORY "
                    "apart."
                )

    def _validate_aws(self) -> None:
        for name, (form, example) in _AWS_FORMS.items():
            value: str = getattr(self, name)
            if (value or name in _AWS_NEEDS) and not re.fullmatch(form, value):
                raise SettingsError(
                    f"{PREFIX}{name.upper()} must be set to something like {example} for the "
                    f"deployment aws, but is {value!r}."
                )

    def _validate_redshift(self) -> None:
        ways = (self.redshift_workgroup, self.redshift_cluster, self.redshift_secret_arn)
        if sum(map(bool, ways)) != 1:
            raise SettingsError(
                f"exactly one of {PREFIX}REDSHIFT_WORKGROUP, _REDSHIFT_CLUSTER and "
                "_REDSHIFT_SECRET_ARN must be set: it says how to sign in to Redshift."
            )
        if self.redshift_cluster and not self.redshift_user:
            raise SettingsError(
                f"{PREFIX}REDSHIFT_USER must be set where {PREFIX}REDSHIFT_CLUSTER is: credentials "
                "are asked for a database user."
            )
        if not self.redshift_connect_seconds or not self.redshift_statement_seconds:
            raise SettingsError(
                f"{PREFIX}REDSHIFT_CONNECT_SECONDS and _REDSHIFT_STATEMENT_SECONDS must be more "
                "than zero: without them a lost connection would be waited for for ever."
            )


def _parse(variable: str, text: str, default: object) -> object:
    try:
        if default is None or isinstance(default, Path):
            return Path(text).expanduser()
        if isinstance(default, int):
            return _at_least_zero(int(text))
        if isinstance(default, float):
            return _at_least_zero(float(text))
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise SettingsError(
            f"{variable} must be {kind} of zero or more, but is {text!r}; the default is {default}."
        ) from None
    if isinstance(default, tuple):
        return tuple(name.strip() for name in text.split(",") if name.strip())
    return text


def _at_least_zero(value: float) -> float:
    if not value >= 0:
        raise ValueError
    return value
