"""The program of a job, without Spark: what it lets out where it fails."""

from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.settings import Settings
from movie_pipeline.spark import __main__ as program
from movie_pipeline.spark.job_world import JobWorld


def test_what_an_error_quotes_stays_in_the_log_of_spark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> Any:  # noqa: ANN401 - as the real one
        raise ValueError("a cell: SSN-CANARY")

    monkeypatch.setattr(program, "_session", fail)
    told: list[str] = []
    settings = Settings(home=tmp_path).with_values(spark="local[1]")
    world = JobWorld.of(settings.as_environment(), "spark/batch/1")
    assert not program._answers(world, told.append)
    assert told == []
    assert "ValueError: a cell: SSN-CANARY" in capsys.readouterr().err
