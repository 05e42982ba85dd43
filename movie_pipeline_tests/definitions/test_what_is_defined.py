"""What the code location holds: a picture of its graph, and what every asset must have."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._config.pythonic_config.resource import get_resource_type_name
from syrupy.assertion import SnapshotAssertion

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.definitions import build_definitions
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.errors import SettingsError
from movie_pipeline.orchestration.assets.asset_names import Shown
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.view_assets import view_assets
from movie_pipeline.orchestration.checks.rule_checks import check_names
from movie_pipeline.settings import Settings
from movie_pipeline_tests.home import Home

LAUNCHED = {
    "ingest_movies": "resources.batch.config",
    "replay_quarantined": "ops.land_replays.config",
    "retract_file": "ops.take_back.config",
    "rejudge_history": "ops.judge_again.config",
}
"""Where the jobs that people launch are configured."""


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
    for name, rule in check_names(read_ruleset(MOVIES.ruleset)).items():
        text, _, meaning = described[name].partition("\n\n")
        assert text == str(rule)
        assert meaning


def test_check_names_say_what_is_asked_and_are_different() -> None:
    ruleset = parse_ruleset(
        'Rules = [RowCount > 0, ColumnValues "a" > 1, ColumnValues "a" < 9, '
        '(IsComplete "b") OR (IsUnique "Größe c"), CustomSql "select a from primary", '
        f'ColumnValues "{"x" * 80}" in ["日本", "\'quoted\'"]]'
    )
    names = list(check_names(ruleset))
    assert names[:5] == [
        "row_count",
        "column_values_a",
        "column_values_a_2",
        "is_complete_b_or_is_unique_gr_e_c",
        "custom_sql",
    ]
    assert all(name.isascii() and name.isidentifier() and len(name) <= 64 for name in names)


def test_a_check_keeps_its_name_and_so_its_history_when_a_bound_or_threshold_changes() -> None:
    before = parse_ruleset('Rules = [ColumnValues "r" between 7.5 and 10, Completeness "t" > 0.95]')
    after = parse_ruleset('Rules = [ColumnValues "r" between 7.0 and 9, Completeness "t" > 0.9]')
    assert list(check_names(before)) == list(check_names(after))


def test_a_label_names_the_check_of_its_rule() -> None:
    (name,) = check_names(
        parse_ruleset('Rules = [ColumnValues "r" > 7.5 labels=["check"="Good enough?"]]')
    )
    assert name == "good_enough"


def test_the_definitions_build_without_touching_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    definitions = build_definitions(
        Home(home).deployment, parse_ruleset('Rules = [ColumnValues "x" > 1]')
    )
    dg.Definitions.validate_loadable(definitions)
    assert not home.exists()


def test_every_resource_is_shown_by_its_class_and_says_what_it_is(
    definitions: dg.Definitions,
) -> None:
    shown = {
        name: (get_resource_type_name(one).rpartition(".")[2], one.description)
        for name, one in definitions.get_repository_def().get_top_level_resources().items()
    }
    assert {name: kind for name, (kind, _) in shown.items()} == {
        "batch": "IngestBatch",
        "dataset": "Dataset",
        "lease": "held_lease",
        "ruleset": "Ruleset",
        "settings": "Settings",
        "storage": "FolderStorage",
        "wakeups": "NoWakeups",
        "warehouse": "DuckDBWarehouse",
        "catalog": "FolderCatalog",
        "engine": "InProcess",
        "alerts": "AlertLog",
        "events": "EventLog",
    }
    for name, (_, description) in shown.items():
        assert description, name
        assert "\n    " not in description, name  # the UI would show it as code
    assert "nowhere/input`" in str(shown["storage"][1])
    assert "MOVIE_PIPELINE_SETTLE_SECONDS: `0.0`" in str(shown["settings"][1])
    assert "MOVIE_PIPELINE_BATCH_FILES" not in str(shown["settings"][1])  # as it is by default


def test_every_field_of_a_launch_says_what_it_is_for(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    configured: dict[str, Any] = {}
    for job, step in LAUNCHED.items():
        found: Any = repository.get_job(job).run_config_schema.config_type
        for part in step.split("."):
            found = found.fields[part].config_type
        configured[job] = found.fields
    for job, fields in configured.items():
        for name, field in fields.items():
            assert len(field.description or "") > 10, (job, name)
    # what the Launchpad writes down by itself, or scaffolds, has a place for all that may be said
    written: Any = IngestBatch.to_config_schema().config_type
    fields = written.fields
    assert {name for name, field in fields.items() if field.default_provided} == set(fields)
    must = {
        job: {n for n, f in fields.items() if f.is_required} for job, fields in configured.items()
    }
    assert must == {
        "ingest_movies": set(),
        "replay_quarantined": set(),
        "retract_file": {"file", "because"},
        "rejudge_history": {"ruleset"},
    }


def test_assets_show_the_warehouse_that_they_are_in_and_whom_to_ask() -> None:
    settings = Settings(home=Path("nowhere")).with_values(owners=("ana@example.com", "team:films"))
    deployment = replace(Home(Path("nowhere")).deployment, settings=settings)
    graph = build_definitions(
        deployment, parse_ruleset("Rules = [RowCount > 0]")
    ).resolve_asset_graph()
    table = graph.get(dg.AssetKey("movie_data_table"))
    assert set(table.owners) == {"ana@example.com", "team:films"}
    assert table.kinds == {"duckdb", "table"}
    assert {name: table.tags[name] for name in ("domain", "layer", "tier")} == {
        "domain": "movies",
        "layer": "warehouse",
        "tier": "gold",
    }
    on_aws = Shown(["team:films"], "redshift")
    (view, *_) = view_assets(MOVIES, on_aws)
    assert view.specs_by_key[dg.AssetKey("mv_top_rated_movies")].kinds == {"redshift", "view"}


def test_wrong_owners_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="MOVIE_PIPELINE_OWNERS must be e-mail addresses"):
        Settings().with_values(owners=("ana",))
