"""The page of declarations has every key, with an example that is one."""

import re
import tomllib
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.source_keys import KEYS
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline_tests.samples import REPOSITORY

PAGE = (REPOSITORY / "docs" / "sources.md").read_text(encoding="utf-8")
KEY = re.compile(r"^### `(\w+)`$(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_tells_of_every_key_and_of_no_other() -> None:
    told = [name for name, _ in KEY.findall(PAGE)]
    assert sorted(told) == sorted(KEYS)


@pytest.mark.parametrize(
    ("name", "text"), KEY.findall(PAGE), ids=lambda each: each if "\n" not in each else ""
)
def test_each_key_has_an_example_that_can_be_declared(name: str, text: str, tmp_path: Path) -> None:
    [example] = EXAMPLE.findall(text)
    path = tmp_path / "sources.toml"
    path.write_text(example, encoding="utf-8")
    assert read_sources(path, MOVIES).declared
    assert any(name in table for table in tomllib.loads(example).values())


def test_the_first_example_can_be_declared(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(EXAMPLE.findall(PAGE)[0], encoding="utf-8")
    assert read_sources(path, MOVIES).of("vendor-1.csv").name == "vendor"
