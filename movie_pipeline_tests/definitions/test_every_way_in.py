"""The same code location by every loader: workspace.yaml, dagster, dg, and an installed wheel."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from movie_pipeline_tests.built_wheel import LICENCES, built_wheel
from movie_pipeline_tests.samples import REPOSITORY

pytestmark = pytest.mark.long

BIN = Path(sys.executable).parent


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Nothing of the machine's own settings, and a Dagster home of the test's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MOVIE_PIPELINE_", "DAGSTER_", "PYTHON"))
    }
    home = folder / "dagster_home"
    home.mkdir(exist_ok=True)
    return {
        **kept,
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "MOVIE_PIPELINE_HOME": str(folder / "data"),
        **more,
    }


def run(*command: str | Path, cwd: Path, env: Mapping[str, str]) -> str:
    """What a command says on both streams; it must succeed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


LOCATION = "Validation successful for code location movie_pipeline."


def test_workspace_yaml_loads_the_location_movie_pipeline(tmp_path: Path) -> None:
    said = run(
        *(BIN / "dagster", "definitions", "validate", "-w", "workspace.yaml"),
        cwd=REPOSITORY,
        env=environment(tmp_path),
    )
    assert LOCATION in said


def test_plain_dagster_loads_the_same_location(tmp_path: Path) -> None:
    said = run(
        *(BIN / "dagster", "definitions", "validate"), cwd=REPOSITORY, env=environment(tmp_path)
    )
    assert LOCATION in said


def test_dg_loads_it(tmp_path: Path) -> None:
    said = run(BIN / "dg", "check", "defs", cwd=REPOSITORY, env=environment(tmp_path))
    assert "All component YAML validated" in said or "definitions loaded successfully" in said


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_every_sql_file_the_rules_and_the_aliases(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
    ours = {f"movie_pipeline/sql/{path.relative_to(REPOSITORY / 'sql')}" for path in sql_files()}
    ours |= {
        str(path.relative_to(REPOSITORY))
        for path in (REPOSITORY / "movie_pipeline" / "datasets").rglob("*.sql")
    }
    assert len(ours) > 25
    assert {name for name in names if name.endswith(".sql")} == ours
    for name in (
        "datasets/movies/ruleset.dqdl",
        "datasets/movies/aliases.toml",
        "tabular/letter_pairs.json",
        "py.typed",
    ):
        assert f"movie_pipeline/{name}" in names
    (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
    assert {f"{info}/licenses/{name}" for name in LICENCES} <= names
    assert not [name for name in names if "tests" in name or "benchmarks" in name]


def sql_files() -> list[Path]:
    """Every SQL file of the checkout."""
    return sorted((REPOSITORY / "sql").rglob("*.sql"))


ASSETS = """
import json, movie_pipeline
from movie_pipeline.definitions import defs
from movie_pipeline.warehouse.sql_files import sql_folder
found = defs()
print(json.dumps({
    "package": movie_pipeline.__file__,
    "sql": str(sql_folder()),
    "assets": sorted(spec.key.to_user_string() for spec in found.resolve_all_asset_specs()),
    "checks": sorted(str(key) for key in found.resolve_asset_graph().asset_check_keys),
}))
"""


def test_an_installed_wheel_defines_the_same_assets_from_any_folder(
    wheel: Path, tmp_path: Path
) -> None:
    installed = tmp_path / "installed"
    run(
        *(BIN / "uv", "pip", "install", "--quiet", "--no-deps", "--offline"),
        *("--python", sys.executable, "--target", installed, wheel),
        cwd=tmp_path,
        env=environment(tmp_path),
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    # the installed copy comes before the checkout, which an editable install puts at the end
    env = environment(tmp_path, PYTHONPATH=str(installed))
    of_wheel = json.loads(run(sys.executable, "-c", ASSETS, cwd=elsewhere, env=env))
    of_checkout = json.loads(
        run(sys.executable, "-c", ASSETS, cwd=REPOSITORY, env=environment(tmp_path))
    )
    assert Path(of_wheel["package"]).is_relative_to(installed)
    assert Path(of_wheel["sql"]).is_relative_to(installed)
    assert Path(of_checkout["sql"]) == REPOSITORY / "sql"
    for what in ("assets", "checks"):
        assert of_wheel[what] == of_checkout[what]
    assert len(of_wheel["assets"]) == 11
    said = run(
        *(BIN / "dagster", "definitions", "validate", "-m", "movie_pipeline.definitions"),
        cwd=elsewhere,
        env=env,
    )
    assert "Validation successful" in said
