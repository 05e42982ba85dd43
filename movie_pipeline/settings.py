"""The settings: each read from the environment once, with its default and its meaning.

Nothing else reads the environment (crash points for tests apart). Values that cannot be used raise
SettingsError naming the variable.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from movie_pipeline.errors import SettingsError

PREFIX = "MOVIE_PIPELINE_"
_MEMORY = re.compile(r"[0-9]+(\.[0-9]+)? ?[KMGT]i?B", re.IGNORECASE)
DEFAULT_RULESET = Path(__file__).with_name("movies.dqdl")


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
    batch_files: int = 100
    """The most files in one run."""
    batch_bytes: int = 256_000_000
    """The most bytes in one run, a single larger file excepted."""
    batches_in_flight: int = 4
    """The most ingest runs queued or running at once."""
    max_attempts: int = 5
    """Failed runs after which a file is left alone and people are told."""
    retry_seconds: float = 30.0
    """Wait before the second attempt; doubled for each further one."""
    memory_limit: str = "512MB"
    """DuckDB's memory limit; beyond it, it spills into the work folder."""
    threads: int = 0
    """DuckDB's threads; 0 takes one per core."""
    warehouse_wait_seconds: float = 30.0
    """How long to wait for a warehouse that another process holds."""
    digest_files: int = 10
    """Batches of more files than this are told in one digest instead of one notice each."""
    freshness_hours: float = 24.0
    """The table counts as stale when nothing was loaded for this long."""
    backlog_rows: int = 10_000
    """Quarantined rows waiting above which the backlog check warns."""

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
        if not _MEMORY.fullmatch(self.memory_limit):
            raise SettingsError(
                f"{PREFIX}MEMORY_LIMIT must be a number of KB, MB or GB, such as 512MB, but is "
                f"{self.memory_limit!r}."
            )
        for area in areas:
            if not area or area.startswith(("/", ".")) or ".." in area.split("/"):
                raise SettingsError(
                    f"the area name {area!r} must be a plain relative name, such as input_data."
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
