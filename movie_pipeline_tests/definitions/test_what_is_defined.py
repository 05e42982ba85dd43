"""What the code location holds: a picture of its graph, and what every asset must have."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from syrupy.assertion import SnapshotAssertion

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.definitions import build_definitions
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.orchestration.checks.rule_checks import check_name
from movie_pipeline.settings import Settings
from movie_pipeline_tests.home import Home


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    deployment = Home(Path("nowhere")).deployment
    return build_definitions(deployment, read_ruleset(MOVIES.ruleset))


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    """Every asset, by name."""
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def test_the_graph(definitions: dg.Definitions, snapshot: SnapshotAssertion) -> None:
    graph = definitions.resolve_asset_graph()
    told: dict[str, Any] = {}
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        told[key.to_user_string()] = {
            "after": sorted(parent.to_user_string() for parent in node.parent_keys),
            "group": node.group_name,
            "kinds": sorted(node.kinds),
            "owners": list(node.owners),
            "pools": sorted(node.pools or ()),
            "checks": sorted(check.name for check in node.check_keys),
        }
    assert told == snapshot


def test_jobs_and_sensors(definitions: dg.Definitions, snapshot: SnapshotAssertion) -> None:
    repository = definitions.get_repository_def()
    jobs = {
        job.name: sorted(node.name for node in job.nodes)
        for job in repository.get_all_jobs()
        if not job.name.startswith("__")
    }
    sensors = {
        sensor.name: (sensor.default_status.value, sensor.minimum_interval_seconds)
        for sensor in repository.sensor_defs
    }
    assert {"jobs": jobs, "sensors": sensors} == snapshot


def test_every_asset_says_what_it_is_whose_and_of_what_kind(
    specs: dict[str, dg.AssetSpec],
) -> None:
    assert len(specs) == 11
    for name, spec in specs.items():
        assert len(spec.description or "") > 40, name
        assert spec.owners == ["team:movie-data"], name
        assert spec.kinds, name
        assert spec.group_name not in (None, "default"), name


def test_every_asset_of_ours_refers_to_its_code(specs: dict[str, dg.AssetSpec]) -> None:
    for name, spec in specs.items():
        if name == "landing_movies":  # others make it
            continue
        references = spec.metadata["dagster/code_references"].code_references
        (reference,) = references
        path = Path(reference.file_path)
        assert path.parts[-4:-1] == ("movie_pipeline", "orchestration", "assets"), name
        lines: list[str] = path.read_text().splitlines()
        assert lines[reference.line_number - 1].lstrip().startswith(("@", "def ")), name


def test_the_two_gates_block_and_no_other_check_does(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {key.name for key in graph.asset_check_keys if graph.get(key).blocking}
    assert blocking == {"every_record_accounted_for", "movie_contract"}


def test_every_rule_is_a_check_with_its_text_and_meaning(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    described = {
        key.name: graph.get(key).description or ""
        for key in graph.asset_check_keys
        if key.asset_key == dg.AssetKey("validated_movies")
    }
    for rule in read_ruleset(MOVIES.ruleset):
        text, _, meaning = described[check_name(rule)].partition("\n\n")
        assert text == str(rule)
        assert meaning


def test_check_names_are_stable_readable_and_different() -> None:
    ruleset = parse_ruleset(
        'Rules = [RowCount > 0, ColumnValues "a" > 1, ColumnValues "a" > 1.0, '
        f'ColumnValues "{"x" * 80}" in ["日本", "\'quoted\'"]]'
    )
    names = [check_name(rule) for rule in ruleset]
    assert len(set(names)) == 4
    assert names[0] == "rowcount_0_0f4306"
    assert all(name.isascii() and name.isidentifier() and len(name) <= 60 for name in names)


def test_the_definitions_build_without_touching_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    definitions = build_definitions(
        Home(home).deployment, parse_ruleset('Rules = [ColumnValues "x" > 1]')
    )
    dg.Definitions.validate_loadable(definitions)
    assert not home.exists()


def test_all_resources_are_of_one_deployment() -> None:
    settings = Settings(home=Path("nowhere"))
    resources = build_definitions(
        Home(settings.home).deployment, read_ruleset(MOVIES.ruleset)
    ).resources
    assert set(resources or {}) == {
        "batch",
        "dataset",
        "lease",
        "ruleset",
        "settings",
        "storage",
        "wakeups",
        "warehouse",
        "catalog",
        "cluster",
        "alerts",
        "events",
    }
