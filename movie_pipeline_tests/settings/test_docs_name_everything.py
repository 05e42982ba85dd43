"""Every setting, command and asset is named in the README or the docs; a test fails by its name."""

import re
from functools import cache

import pytest

from movie_pipeline.cli import main
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.settings import Settings
from movie_pipeline.settings.variables import variables_of
from movie_pipeline_tests.samples import REPOSITORY

ASSETS = (
    "landing_movies",
    "raw_movies",
    "quarantined_movies",
    "validated_movies",
    "movie_data_table",
    "archived_files",
    *MOVIES.view_names,
    "raw_movies_catalog",
    "warehouse_catalog",
)
CHECKS = (
    "every_file_readable",
    "every_record_accounted_for",
    "movie_contract",
    "unique_movie_id",
    "freshness",
    "quarantine_backlog",
    "no_file_waits",
)


@cache
def documentation() -> str:
    """All that a user may read."""
    pages = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages if page.exists())


@pytest.mark.parametrize("variable", [one.name for one in variables_of(Settings)])
def test_the_docs_name_the_variable(variable: str) -> None:
    assert re.search(rf"\b{variable}\b", documentation()), f"no page names {variable}"


@pytest.mark.parametrize("command", sorted(main.commands))
def test_the_docs_name_the_command(command: str) -> None:
    assert f"movie-pipeline {command}" in documentation(), f"no page names {command}"


@pytest.mark.parametrize("name", [*ASSETS, *CHECKS])
def test_the_docs_name_the_asset_or_check(name: str) -> None:
    assert re.search(rf"\b{name}\b", documentation()), f"no page names {name}"
