"""What `movie-pipeline doctor` looks at: each finding a line, and where it is amiss, what to do.

It looks and changes nothing; every part goes on where another fails.
"""

import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from movie_pipeline.datasets.chosen import chosen_datasets
from movie_pipeline.datasets.ruleset_files import read_ruleset, source_rulesets
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.errors import MoviePipelineError, WarehouseBusy
from movie_pipeline.private_files import open_to_others
from movie_pipeline.settings import Settings
from movie_pipeline.settings.variables import PREFIX, variables_of
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse

_PROGRAMS = ("movie-pipeline", "dagster", "duckdb", "pyarrow", "pandas")
_LEAST_FREE = 2_000_000_000
"""Bytes below which a warning is due: staging a file takes some times its size."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: in a word or two.
        found: what it is.
        to_do: what to do about it; empty where it is well.
    """

    what: str
    found: str
    to_do: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing is to be done."""
        return not self.to_do


def look(
    settings: Settings,
    storage: Storage,
    warehouse: Warehouse,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Finding]:
    """Look at everything that a deployment stands on.

    Args:
        settings: how it is set.
        storage: where its files lie.
        warehouse: where its ledger is.
        environment: where the settings came from.
    """
    yield from _programs()
    yield from _settings(settings, environment)
    yield from _rulesets(settings)
    yield from _sources(settings)
    if settings.deployment == "local":
        yield from _home(settings)
        if not settings.home.is_dir():
            return  # looking makes no home
    yield _landing(storage)
    yield from _warehouse(warehouse)
    yield _dagster(environment)


def _programs() -> Iterator[Finding]:
    yield Finding("Python", platform.python_version())
    for name in _PROGRAMS:
        try:
            yield Finding(name, version(name))
        except PackageNotFoundError:
            yield Finding(name, "is not installed", "run make install, and use .venv/bin")


def _settings(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    known = {variable.name: variable for variable in variables_of(type(settings))}
    for name, variable in known.items():
        if environment.get(name, "").strip():
            yield Finding(name, f"{variable.value_in(settings)} (from the environment)")
    yield Finding("settings", f"{len(known)} in all; those not named above have their defaults")
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known and not name.startswith(f"{PREFIX}CRASH"):
            yield Finding(
                name, "is no setting", "look for a slip of the key: docs/settings.md has them all"
            )


def _rulesets(settings: Settings) -> Iterator[Finding]:
    for dataset in chosen_datasets(settings):
        path = settings.ruleset or dataset.ruleset
        try:
            ruleset = read_ruleset(path)
        except MoviePipelineError as error:
            first, _, _ = str(error).partition("\n")
            yield Finding("ruleset", first, f"movie-pipeline rules {path} shows where")
            continue
        count = sum(1 for _ in ruleset)
        yield Finding("ruleset", f"{count} rules" if count != 1 else "1 rule")


def _sources(settings: Settings) -> Iterator[Finding]:
    path = settings.reading.sources
    if path is None:
        return
    declared = 0
    try:
        for dataset in chosen_datasets(settings):
            sources = read_sources(path, dataset)
            source_rulesets(sources)
            declared += len(sources.declared)
    except MoviePipelineError as error:
        yield Finding("sources", str(error), "the sentence says what; docs/sources.md has all keys")
        return
    yield Finding("sources", f"{path} declares {declared:,}")


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home.absolute()
    if not home.is_dir():
        yield Finding("home", f"{home} is not there yet", "ingest a file, or start `make run`")
        return
    if os.access(home, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("home", str(home))
    else:
        yield Finding("home", f"{home} cannot be written", "give this user the right to write it")
    if open_to_others(home, [home / settings.areas.landing]):
        yield Finding("rights", "other users can read the home", f"chmod -R go= {home}")
    free = shutil.disk_usage(home).free
    few = free < _LEAST_FREE
    yield Finding(
        "space", f"{free / 1e9:,.1f} GB free", "make room: a run needs some times a file" * few
    )
    held = (home / "work").glob("lease-*")
    yield Finding("runs", f"{sum(1 for _ in held)} at work, or left by a crash for a day at most")


def _landing(storage: Storage) -> Finding:
    unseen: list[str] = []
    try:
        page = storage.oldest(1, warn=unseen.append)
        uri = storage.uri(Area.LANDING, "")
    except MoviePipelineError as error:
        return Finding("landing", str(error), "see that the store can be reached, and its rights")
    waiting = len(page.files) + page.more
    return Finding("landing", f"{uri}: {waiting:,} whole files wait")


def _warehouse(warehouse: Warehouse) -> Iterator[Finding]:
    try:
        plan = warehouse.upgrade_plan()
    except WarehouseBusy as error:
        yield Finding("lock", str(error), "wait for that program, or close it")
        return
    except MoviePipelineError as error:
        yield Finding("warehouse", str(error), "the sentence says what to do")
        return
    yield Finding("lock", "nobody holds the warehouse")
    if plan.steps:
        yield Finding(
            "warehouse",
            f"is at version {plan.found or 'none'}, this program at {plan.known}",
            "the next command upgrades it; movie-pipeline upgrade --dry-run says how",
        )
    else:
        yield Finding("warehouse", f"is at version {plan.known}")


def _dagster(environment: Mapping[str, str]) -> Finding:
    home = environment.get("DAGSTER_HOME", "")
    if not home:
        return Finding("Dagster", "no DAGSTER_HOME: commands run without a UI's history")
    if not (Path(home) / "dagster.yaml").is_file():
        return Finding(
            "Dagster", f"{home} has no dagster.yaml", "copy the project's there, as make run does"
        )
    return Finding("Dagster", home)
