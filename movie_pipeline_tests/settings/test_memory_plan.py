"""Memory by plan: no more runs at once than the machine or the container has memory for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.deployments import deployment_from
from movie_pipeline.errors import SettingsError
from movie_pipeline.memory_limit import memory_bytes
from movie_pipeline.settings import Settings
from movie_pipeline.settings.memory_plan import (
    BESIDE_ENGINE,
    CODE_SERVER,
    LEAST_LIMIT,
    SERVICES,
    budget_of_machine,
    runs_and_limit,
)

GIB = 2**30


def machine(physical: int, **limits: str) -> int:
    """The budget of a machine with so much memory, and what its container is told."""

    def read(path: Path) -> str:
        if path.name.replace(".", "_") not in limits:
            raise FileNotFoundError(path)
        return limits[path.name.replace(".", "_")]

    return budget_of_machine(read, physical)


def test_the_recommended_machine_has_memory_for_what_is_at_work_at_once() -> None:
    runs, limit = runs_and_limit(machine(4 * GIB), 4, "512MB")
    assert (runs, limit) == (3, "512MB")
    assert runs * (BESIDE_ENGINE + 512_000_000) + SERVICES <= 4 * GIB
    container = machine(4 * GIB, memory_max=f"{2304 * 2**20}\n")
    assert container == 2304 * 2**20 - CODE_SERVER
    assert runs_and_limit(container, 4, "512MB") == (2, "512MB")


def test_a_large_machine_has_as_many_runs_as_are_wanted() -> None:
    assert runs_and_limit(machine(64 * GIB, memory_max="max\n"), 4, "2GiB") == (4, "2GiB")


def test_an_older_container_is_known_and_a_limit_beyond_the_machine_is_none() -> None:
    assert machine(4 * GIB, memory_limit_in_bytes=str(GIB)) == GIB - CODE_SERVER
    unlimited = machine(4 * GIB, memory_limit_in_bytes="9223372036854771712")
    assert unlimited == 4 * GIB - SERVICES


@given(
    budget=st.integers(-(10**9), 10**11),
    wanted=st.integers(1, 16),
    limit=st.sampled_from(["64MB", "512MB", "1GiB", "1.5 GB"]),
)
def test_what_is_at_work_at_once_fits_the_budget_down_to_one_small_run(
    budget: int, wanted: int, limit: str
) -> None:
    runs, given_limit = runs_and_limit(budget, wanted, limit)
    each = BESIDE_ENGINE + (memory_bytes(given_limit) or 0)
    assert 1 <= runs <= wanted
    assert each <= BESIDE_ENGINE + (memory_bytes(limit) or 0)
    assert runs * each <= budget or (runs == 1 and each <= BESIDE_ENGINE + LEAST_LIMIT)


def test_a_deployment_takes_the_budget_that_is_set(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path).with_values(memory_budget="2GB")
    fitted = deployment_from(settings).settings
    assert (fitted.batches.in_flight, fitted.engine.memory_limit) == (2, "512MB")
    fitted = deployment_from(settings.with_values(memory_budget="600MB")).settings
    assert (fitted.batches.in_flight, fitted.engine.memory_limit) == (1, "200MB")


def test_datasets_side_by_side_share_the_budget() -> None:
    settings = Settings(datasets=("movies", "other")).with_values(memory_budget="4GB")
    assert settings.fitted().batches.in_flight == 2


def test_a_budget_without_a_unit_is_refused() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({"MOVIE_PIPELINE_MEMORY_BUDGET": "4"})
    assert str(raised.value) == (
        "MOVIE_PIPELINE_MEMORY_BUDGET must be a number of KB, MB or GB, such as 3GB, but is '4'."
    )
