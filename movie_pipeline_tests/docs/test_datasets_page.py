"""docs/datasets.md makes the dataset that the tests have: its files, its text, every attribute."""

import dataclasses
import inspect
import re

import pytest

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline_tests.books import BOOKS
from movie_pipeline_tests.samples import REPOSITORY

PAGE = (REPOSITORY / "docs" / "datasets.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^## \d\. [^`\n]*`([^`\n]+)`\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
"""Of each step that makes a file, the file and what the page says of it."""
FILES = sorted(
    path.relative_to(BOOKS.folder).as_posix()
    for path in BOOKS.folder.rglob("*")
    if path.is_file() and not path.name.startswith("test_") and path.suffix != ".pyc"
)


def test_each_file_of_the_dataset_has_its_step() -> None:
    assert sorted(file for file, _ in STEPS) == FILES


@pytest.mark.parametrize(("file", "step"), STEPS, ids=[file for file, _ in STEPS])
def test_what_a_step_shows_stands_in_the_file(file: str, step: str) -> None:
    there = (BOOKS.folder / file).read_text(encoding="utf-8").splitlines()
    for shown in re.findall(r"```\w+\n(.*?)```", step, re.DOTALL):
        for line in shown.splitlines():
            assert line in there, f"{file} has no line {line!r}"


@pytest.mark.parametrize("attribute", [field.name for field in dataclasses.fields(Dataset)])
def test_each_attribute_of_a_dataset_is_explained(attribute: str) -> None:
    explained = re.search(rf"^\|.*`{attribute}`.*\|.*\|$", PAGE, re.MULTILINE)
    documented = re.search(rf"^\s+{attribute}: ", inspect.getdoc(Dataset) or "", re.MULTILINE)
    assert explained, f"the page says nothing of {attribute}"
    assert documented, f"its docstring says nothing of {attribute}"
