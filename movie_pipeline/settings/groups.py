"""The groups of settings, each of one subject: defaults, meanings, and what cannot be.

A field's variable is its name in capitals, or the one that stands at the field.
"""

import re
from dataclasses import astuple, dataclass
from itertools import permutations
from pathlib import Path

from movie_pipeline.errors import SettingsError
from movie_pipeline.memory_limit import memory_bytes
from movie_pipeline.settings.variables import PREFIX, setting

ROLE = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+"
"""ARN of a role."""
_TOPIC = r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+"
_MASTER = (
    r"(local(\[[0-9*]+\])?|local-cluster\[[0-9]+,[0-9]+,[0-9]+\]|yarn"
    r"|spark://[^\s]+|k8s://[^\s]+|glue|emr-serverless)?"
)
_NEEDED_BY = {"glue": ("glue_job",), "emr-serverless": ("application", "role_arn", "code")}
"""What must be known of a job that a service of AWS runs."""
_URL_OR_NONE = r"(https?://[^\s]+)?"


@dataclass(frozen=True)
class AreaNames:
    """The folders or prefixes of the four areas."""

    landing: str = "input"
    """Where files arrive."""
    output: str = "output"
    """Where clean data goes."""
    quarantine: str = "badrecords"
    """Where records set apart go."""
    history: str = "history"
    """Where processed files go."""

    def __post_init__(self) -> None:
        names: tuple[str, ...] = astuple(self)
        if len(set(names)) != len(names):
            raise SettingsError(
                "landing, output, quarantine and history must have different names, but they are "
                f"{', '.join(names)}: set {PREFIX}LANDING, _OUTPUT, _QUARANTINE and _HISTORY apart."
            )
        for name in names:
            if name.startswith(".") or not all(name.split("/")) or ".." in name.split("/"):
                raise SettingsError(
                    f"the area name {name!r} must be a plain relative name, such as input_data."
                )
        for inner, outer in permutations(names, 2):
            if inner.startswith(f"{outer}/"):
                raise SettingsError(
                    f"the area {inner} lies inside the area {outer}, so that its files would be "
                    f"listed there too: set {PREFIX}LANDING, _OUTPUT, _QUARANTINE and _HISTORY "
                    "apart."
                )


@dataclass(frozen=True)
class DiscoverySettings:
    """When a landed file is noticed."""

    settle_seconds: float = 2.0
    """A file younger than this is taken to be still being written."""
    wakeup_queue: str = setting(
        "",
        form=_URL_OR_NONE,
        example="https://sqs.us-east-1.amazonaws.com/123456789012/landed",
    )
    """URL of the SQS queue that is told of landed files; empty: none."""
    listing_seconds: float = 60.0
    """With a wake-up queue, how often landing is listed although no message came."""


@dataclass(frozen=True)
class ReadingSettings:
    """How files are read, and what is too much."""

    lenient_columns: tuple[str, ...] = ()
    """Number columns whose unreadable values leave the row in: kept as text, and counted."""
    sources: Path | None = None
    """A TOML file that declares encoding, delimiter and more of the files of single senders."""
    max_record_bytes: int = 1_048_576
    """A longer record is set apart."""
    max_columns: int = 2_000
    """A file with more columns is rejected."""
    max_content_bytes: int = 64_000_000_000
    """A compressed file that becomes larger is rejected."""
    max_compression_ratio: int = 200
    """A compressed file of which one byte becomes more is rejected."""


@dataclass(frozen=True)
class BatchSettings:
    """How files become runs, and how often a run is tried."""

    max_files: int = setting(400, "BATCH_FILES")
    """The most files in one run."""
    max_bytes: int = setting(256_000_000, "BATCH_BYTES")
    """The most bytes in one run, a single larger file excepted."""
    in_flight: int = setting(4, "BATCHES_IN_FLIGHT")
    """The most ingest runs at work at once."""
    max_attempts: int = 5
    """Failed runs after which people are told, or a file that fails alone is rejected."""
    retry_seconds: float = 30.0
    """Wait before the next attempt; doubled for each further one while the world is to blame."""
    max_retry_seconds: float = 300.0
    """The longest such wait."""


@dataclass(frozen=True)
class EngineSettings:
    """What DuckDB may take of the machine."""

    memory_limit: str = "512MB"
    """Beyond it, it spills into the work folder."""
    memory_budget: str = ""
    """What all ingest runs at once may take; empty: what container or machine have for them."""
    threads: int = 0
    """0 takes one per core."""
    rule_seconds: float = 300.0
    """How long one rule may take of a file; one that takes longer could not be evaluated."""
    query_seconds: float = 300.0
    """How long a person's query may take."""
    query_bytes: int = 1_000_000_000
    """How large its answer may become."""

    def __post_init__(self) -> None:
        if self.memory_budget and memory_bytes(self.memory_budget) is None:
            raise SettingsError(
                f"{PREFIX}MEMORY_BUDGET must be a number of KB, MB or GB, such as 3GB, but is "
                f"{self.memory_budget!r}."
            )
        if memory_bytes(self.memory_limit) is None:
            raise SettingsError(
                f"{PREFIX}MEMORY_LIMIT must be a number of KB, MB or GB, such as 512MB, but is "
                f"{self.memory_limit!r}."
            )
        if not self.rule_seconds or not self.query_seconds:
            raise SettingsError(
                f"{PREFIX}RULE_SECONDS and {PREFIX}QUERY_SECONDS must be more than zero: without "
                "them a rule or a query could run for ever."
            )


@dataclass(frozen=True)
class DigestSettings:
    """When many files are told of in one notice."""

    files: int = setting(10, "DIGEST_FILES")
    """Batches of more files than this are told in one digest instead of one notice each."""
    quiet_seconds: float = setting(60.0, "DIGEST_QUIET_SECONDS")
    """A digest waits until no ingest run was at work for this long; one of trouble no longer."""
    longest_seconds: float = setting(3600.0, "DIGEST_LONGEST_SECONDS")
    """No digest waits longer than this."""


@dataclass(frozen=True)
class CheckSettings:
    """When the checks of the table warn."""

    freshness_hours: float = 24.0
    """The table counts as stale when nothing was loaded for this long."""
    backlog_rows: int = 10_000
    """Quarantined rows waiting above which the backlog check warns."""


@dataclass(frozen=True)
class CatalogueSettings:
    """How the assets are shown in the UI's catalogue."""

    owners: tuple[str, ...] = ("team:movie-data",)
    """Whom to ask about the assets: e-mail addresses, or teams as team:name."""

    def __post_init__(self) -> None:
        for owner in self.owners:
            if not re.fullmatch(r"team:[\w -]+|[^@\s]+@[^@\s]+", owner):
                raise SettingsError(
                    f"{PREFIX}OWNERS must be e-mail addresses or teams such as team:movie-data, "
                    f"with commas between them, but has {owner!r}."
                )


@dataclass(frozen=True)
class RetentionSettings:
    """After how many days things are removed; 0 keeps them."""

    keep_runs_days: float = 30.0
    """Dagster's runs that succeeded."""
    keep_failed_runs_days: float = 90.0
    """Dagster's runs that failed."""
    keep_output_days: float = 0.0
    """The Parquet files of loaded files."""
    keep_notices_days: float = 90.0
    """Sent notices in the outbox."""


@dataclass(frozen=True)
class S3Settings:
    """The bucket of which the areas are prefixes."""

    bucket: str = setting("", form=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", example="movies-gds")
    """Its name."""
    kms_key_id: str = ""
    """The KMS key that objects are encrypted with; empty: as the bucket says."""


@dataclass(frozen=True)
class AlertSettings:
    """Whom AWS tells."""

    success_topic: str = setting(
        "", form=_TOPIC, example="arn:aws:sns:us-east-1:123456789012:movies-pipeline-success"
    )
    """ARN of the SNS topic of notices that all is well."""
    failure_topic: str = setting(
        "", form=_TOPIC, example="arn:aws:sns:us-east-1:123456789012:movies-pipeline-failure"
    )
    """ARN of the SNS topic of notices of failed rules and failed jobs."""
    event_bus: str = setting("default", form=r"[A-Za-z0-9._:/-]+", example="default")
    """Name or ARN of the EventBridge bus that events are put on."""
    ui_url: str = setting("", form=_URL_OR_NONE, example="https://dagster.example.com")
    """Address of the Dagster UI, for the links in notices; empty: no links."""


@dataclass(frozen=True)
class GlueSettings:
    """Glue's catalog and crawlers."""

    database: str = setting(
        "movie_database", "GLUE_DATABASE", form=r"[a-z0-9_-]{1,255}", example="movie_database"
    )
    """The database that holds the tables' descriptions."""
    raw_crawler: str = ""
    """The crawler of the raw files; empty: none is started."""
    warehouse_crawler: str = ""
    """The crawler of the warehouse; empty: none is started."""
    crawler_seconds: float = 900.0
    """How long to wait for a crawler."""


@dataclass(frozen=True)
class SparkSettings:
    """Where Spark is, and what is screened there."""

    master: str = setting("", "SPARK", form=_MASTER, example="local[2]")
    """Where large batches are screened: local[2] for a Spark on this machine, the address of a
    cluster, as spark-submit takes it, glue or emr-serverless; empty: in process."""
    from_bytes: int = setting(10_000_000_000, "SPARK_FROM_BYTES")
    """How many bytes the files of a batch must have together for that."""
    piece_bytes: int = setting(64_000_000, "SPARK_PIECE_BYTES")
    """About how many bytes of a file one task reads."""
    seconds: float = setting(14_400.0, "SPARK_SECONDS")
    """How long one job may take."""
    glue_job: str = setting(
        "", "SPARK_GLUE_JOB", form=r"[A-Za-z0-9_.-]{0,255}", example="movie-pipeline-screening"
    )
    """With glue: the job's name."""
    application: str = setting(
        "", "SPARK_APPLICATION", form=r"[0-9a-z]{0,64}", example="00f5trm1fv0d3p09"
    )
    """With emr-serverless: the application's id."""
    role_arn: str = setting(
        "",
        "SPARK_ROLE_ARN",
        form=rf"({ROLE})?",
        example="arn:aws:iam::123456789012:role/movies-spark",
    )
    """With emr-serverless: the role that its jobs take."""
    code: str = setting(
        "", "SPARK_CODE", form=r"(s3://[A-Za-z0-9._/-]+)?", example="s3://movies-gds/deploy/spark"
    )
    """With emr-serverless: where the job's script and the archive with its modules lie."""

    @property
    def is_service(self) -> bool:
        """Whether a service of AWS runs the jobs."""
        return self.master in _NEEDED_BY

    def __post_init__(self) -> None:
        if not re.fullmatch(_MASTER, self.master):
            raise SettingsError(
                f"{PREFIX}SPARK must be empty, a Spark on this machine such as local[2], a "
                "cluster such as spark://host:7077, yarn or k8s://https://host:6443, glue or "
                f"emr-serverless, but is {self.master!r}."
            )
        missing = [name for name in _NEEDED_BY.get(self.master, ()) if not getattr(self, name)]
        if missing:
            variables = ", ".join(
                self.__dataclass_fields__[n].metadata["variable"] for n in missing
            )
            raise SettingsError(
                f"{PREFIX}SPARK is {self.master}, and so these must be set as well, each with "
                f"{PREFIX} before it: {variables}. docs/aws.md says where their values are from."
            )
        if not self.piece_bytes or not self.seconds:
            raise SettingsError(
                f"{PREFIX}SPARK_PIECE_BYTES and {PREFIX}SPARK_SECONDS must be more than zero."
            )


@dataclass(frozen=True)
class RedshiftSettings:
    """Where the warehouse is on AWS, and who signs in."""

    host: str = setting(
        "",
        "REDSHIFT_HOST",
        form=r"[A-Za-z0-9.-]+",
        example="movies.123456789012.us-east-1.redshift-serverless.amazonaws.com",
    )
    """Address of the cluster or the Serverless workgroup."""
    port: int = setting(5439, "REDSHIFT_PORT")
    """Its port."""
    database: str = setting(
        "movies", "REDSHIFT_DATABASE", form=r"[A-Za-z0-9_$-]+", example="movies"
    )
    """The database that holds the tables."""
    workgroup: str = setting("", "REDSHIFT_WORKGROUP")
    """A Serverless workgroup: sign in to it with the credentials of this process's role."""
    cluster: str = setting("", "REDSHIFT_CLUSTER")
    """A cluster's identifier: sign in to it with the credentials of this process's role."""
    user: str = setting("", "REDSHIFT_USER")
    """The database user to sign in to a cluster as."""
    secret_arn: str = setting("", "REDSHIFT_SECRET_ARN")
    """A secret with user and password, to sign in with these instead."""
    ssl_mode: str = setting(
        "verify-full", "REDSHIFT_SSL_MODE", form=r"verify-full|verify-ca", example="verify-full"
    )
    """How the warehouse's certificate is checked: verify-full, or verify-ca without the name."""
    connect_seconds: float = setting(60.0, "REDSHIFT_CONNECT_SECONDS")
    """How long one try to connect may take; a sleeping workgroup takes some."""
    statement_seconds: float = setting(900.0, "REDSHIFT_STATEMENT_SECONDS")
    """How long one statement may take."""
    copy_role_arn: str = setting(
        "",
        form=ROLE,
        example="arn:aws:iam::123456789012:role/movies-redshift",
    )
    """The role of the warehouse that COPY reads the output area with."""

    def check_sign_in(self) -> None:
        """Refuse what leaves open how to sign in, or for how long to wait.

        Raises:
            SettingsError: no way to sign in, or more than one; no user; no time-out.
        """
        if sum(map(bool, (self.workgroup, self.cluster, self.secret_arn))) != 1:
            raise SettingsError(
                f"exactly one of {PREFIX}REDSHIFT_WORKGROUP, _REDSHIFT_CLUSTER and "
                "_REDSHIFT_SECRET_ARN must be set: it says how to sign in to Redshift."
            )
        if self.cluster and not self.user:
            raise SettingsError(
                f"{PREFIX}REDSHIFT_USER must be set where {PREFIX}REDSHIFT_CLUSTER is: credentials "
                "are asked for a database user."
            )
        if not self.connect_seconds or not self.statement_seconds:
            raise SettingsError(
                f"{PREFIX}REDSHIFT_CONNECT_SECONDS and _REDSHIFT_STATEMENT_SECONDS must be more "
                "than zero: without them a lost connection would be waited for for ever."
            )
