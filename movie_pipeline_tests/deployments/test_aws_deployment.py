"""The AWS deployment put together: the same keys as the local one, loaded only when chosen."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.aws_clients import Clients
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.definitions import build_definitions
from movie_pipeline.deployments import Deployment, deployment_from
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.errors import StorageError
from movie_pipeline.orchestration.sensors.landing_sensor import landing_sensor
from movie_pipeline.settings import Settings
from movie_pipeline.storage.s3_storage import S3Storage
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import LENIENT_RULES
from movie_pipeline_tests.standins.buckets import bucket_settings

ENVIRONMENT = {
    "MOVIE_PIPELINE_DEPLOYMENT": "aws",
    "MOVIE_PIPELINE_BUCKET": "movies-gds",
    "MOVIE_PIPELINE_SUCCESS_TOPIC": "arn:aws:sns:us-east-1:123456789012:success",
    "MOVIE_PIPELINE_FAILURE_TOPIC": "arn:aws:sns:us-east-1:123456789012:failure",
    "MOVIE_PIPELINE_REDSHIFT_HOST": "localhost",
    "MOVIE_PIPELINE_REDSHIFT_DATABASE": "movies",
    "MOVIE_PIPELINE_REDSHIFT_WORKGROUP": "movies",
    "MOVIE_PIPELINE_COPY_ROLE_ARN": "arn:aws:iam::123456789012:role/copy",
}


def on_aws(**variables: str) -> Deployment:
    """The deployment that these variables name."""
    return deployment_from(Settings.from_environment({**ENVIRONMENT, **variables}))


def test_both_worlds_answer_every_interface(tmp_path: Path) -> None:
    worlds = [Home(tmp_path).deployment, on_aws()]
    for field in fields(Deployment):
        kinds = {type(getattr(world, field.name)).__module__ for world in worlds}
        # the engine is a setting in both, and roles are AWS's
        if field.name not in {"settings", "dataset", "engine", "with_the_rights_of_sensors"}:
            assert len(kinds) == 2, field.name


def test_the_definitions_are_the_same_on_aws_and_nothing_is_asked_for_while_they_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a client was made while loading")

    monkeypatch.setattr(Clients, "__call__", refuse)
    ruleset = parse_ruleset(LENIENT_RULES)
    worlds = [build_definitions(world, ruleset) for world in (Home(tmp_path).deployment, on_aws())]
    keys = [sorted(map(str, world.resolve_all_asset_keys())) for world in worlds]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("queue", "seconds"),
    [("", 10), ("https://sqs.us-east-1.amazonaws.com/123456789012/landed", 5)],
)
def test_the_landing_sensor_ticks_faster_where_a_queue_wakes_it(queue: str, seconds: int) -> None:
    deployment = on_aws(MOVIE_PIPELINE_WAKEUP_QUEUE=queue)
    definitions = build_definitions(deployment, parse_ruleset(LENIENT_RULES))
    sensor: Any = definitions.resolve_sensor_def("landing")
    assert sensor.minimum_interval_seconds == seconds
    assert landing_sensor(MOVIES).minimum_interval_seconds == 10


def test_the_local_world_loads_nothing_of_aws() -> None:
    script = (
        "import sys, movie_pipeline.definitions;"
        "print([name for name in sys.modules if name == 'movie_pipeline.aws_clients'"
        " or name.split('.')[0] in {'boto3', 'botocore', 'redshift_connector'}])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout == "[]\n"


def without_aws(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """An environment in which boto3 finds nothing but these."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    silent = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
    for name, value in {**silent, "AWS_EC2_METADATA_DISABLED": "true", **variables}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_either_variable_sets_the_region(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    without_aws(monkeypatch, **{variable: "eu-central-1"})
    assert Clients()("sqs").meta.region_name == "eu-central-1"


@pytest.mark.parametrize("role_arn", ["", "arn:aws:iam::123456789012:role/movies-worker"])
def test_without_credentials_the_sentence_says_where_they_come_from(
    monkeypatch: pytest.MonkeyPatch, role_arn: str
) -> None:
    without_aws(monkeypatch, AWS_REGION="eu-central-1")
    storage = S3Storage(bucket_settings(), Clients(role_arn))
    with pytest.raises(StorageError, match=r"no AWS credentials were found; see that the process"):
        storage.landed()


def test_a_client_is_made_once_patient_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    without_aws(monkeypatch, AWS_REGION="eu-central-1")
    clients = Clients()
    sqs = clients("sqs")
    assert clients("sqs") is sqs
    config = sqs.meta.config
    assert config.retries["mode"] == "standard"
    assert config.retries["total_max_attempts"] == 6
    assert "movie-pipeline/" in config.user_agent
    assert (config.connect_timeout, config.read_timeout) == (10, 60)
