"""Tests do not see the settings of whoever runs them."""

import os

import pytest

from movie_pipeline_tests.environment import PREFIXES, forget_the_callers


def test_no_setting_of_the_caller_reaches_a_test() -> None:
    found = {name for name in os.environ if name.startswith(PREFIXES)}
    assert found == {"DAGSTER_DISABLE_TELEMETRY"}


@pytest.mark.parametrize("name", ["MOVIE_PIPELINE_HOME", "DAGSTER_HOME", "AWS_PROFILE"])
def test_what_a_makefile_or_a_shell_exports_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "elsewhere")
    forget_the_callers()
    assert name not in os.environ
    assert "PATH" in os.environ
