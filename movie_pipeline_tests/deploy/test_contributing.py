"""What contributors are given: the hooks, the workflow and the forms do what the pages say."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from movie_pipeline_tests.samples import REPOSITORY

FORMS = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def plain(name: str) -> dict[str, Any]:
    """A YAML file as plain values."""
    return yaml.safe_load((REPOSITORY / name).read_text(encoding="utf-8"))


def test_the_hooks_run_the_parts_of_make_check_and_nothing_that_is_fetched() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    parts = re.search(r"^check: ([a-z ]+?) ##", makefile, re.MULTILINE)
    assert parts
    (local,) = plain(".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    assert [hook["entry"] for hook in local["hooks"]] == [f"make {one}" for one in parts[1].split()]
    assert {hook["language"] for hook in local["hooks"]} == {"system"}


def test_the_workflow_runs_what_runs_on_every_machine_and_may_only_read() -> None:
    workflow = plain(".github/workflows/ci.yml")
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == ["bash .ci/run"]
    assert (REPOSITORY / ".ci" / "run").is_file()
    assert all(
        re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in steps if "uses" in step
    )


@pytest.mark.parametrize(
    "path", [one for one in FORMS if one.stem != "config"], ids=lambda p: p.stem
)
def test_a_form_has_what_the_code_host_needs(path: Path) -> None:
    form = plain(f".github/ISSUE_TEMPLATE/{path.name}")
    assert {"name", "description", "body"} <= set(form)
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert all(part["attributes"]["label"] for part in asked)
    assert len({part["id"] for part in asked}) == len(asked)
