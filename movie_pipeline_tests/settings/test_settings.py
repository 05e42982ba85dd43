"""The settings: defaults, how the environment is read, and the sentence of each error."""

from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.deployments import deployment_from
from movie_pipeline.errors import SettingsError
from movie_pipeline.settings import Settings
from movie_pipeline.settings.variables import variables_of

DEFAULTS: dict[str, Any] = {
    "home": Path("data"),
    "deployment": "local",
    "ruleset": None,
    "landing": "input",
    "output": "output",
    "quarantine": "badrecords",
    "history": "history",
    "lenient_columns": (),
    "settle_seconds": 2.0,
    "batch_files": 400,
    "batch_bytes": 256_000_000,
    "batches_in_flight": 4,
    "max_attempts": 5,
    "retry_seconds": 30.0,
    "memory_limit": "512MB",
    "threads": 0,
    "warehouse_wait_seconds": 30.0,
    "digest_files": 10,
    "freshness_hours": 24.0,
    "backlog_rows": 10_000,
    "listing_seconds": 60.0,
    "event_bus": "default",
    "glue_database": "movie_database",
    "crawler_seconds": 900.0,
    "redshift_port": 5439,
    "redshift_database": "movies",
    "redshift_ssl_mode": "verify-full",
    "redshift_connect_seconds": 60.0,
    "redshift_statement_seconds": 900.0,
}


def read(**values: str) -> Settings:
    """Settings from these variables alone."""
    environment = {f"MOVIE_PIPELINE_{name.upper()}": value for name, value in values.items()}
    return Settings.from_environment(environment)


def value(settings: Settings, name: str) -> object:
    """What the variable of this name, in small letters, set."""
    (variable,) = (one for one in variables_of(Settings) if one.flat_name == name)
    return variable.value_in(settings)


def test_without_any_variable_every_setting_has_its_default() -> None:
    settings = read()
    assert {name: value(settings, name) for name in DEFAULTS} == DEFAULTS


def test_no_two_settings_have_the_same_variable() -> None:
    names = [variable.name for variable in variables_of(Settings)]
    assert sorted(names) == sorted(set(names))


def test_other_values_are_given_by_the_variables_names_and_leave_the_rest() -> None:
    settings = read(batch_files="7", threads="2")
    other = settings.with_values(batch_files=8, home=Path("films"), redshift_port=1)
    assert (other.batches.max_files, other.home, other.redshift.port) == (8, Path("films"), 1)
    assert other.with_values(batch_files=7, home=Path("data"), redshift_port=5439) == settings


def test_a_setting_that_there_is_not_cannot_be_given() -> None:
    with pytest.raises(TypeError, match=r"^there is no setting batch_fils, max_files$"):
        read().with_values(batch_fils=8, max_files=8, threads=1)


def test_an_empty_or_blank_variable_is_as_good_as_none() -> None:
    assert read(home="", batch_files="  ") == read()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("home", "/srv/films", Path("/srv/films")),
        ("home", "~/films", Path("~/films").expanduser()),
        ("landing", "input_data", "input_data"),
        ("lenient_columns", " votes, gross_usd ,", ("votes", "gross_usd")),
        ("settle_seconds", "0", 0.0),
        ("settle_seconds", "1.5", 1.5),
        ("batch_files", "7", 7),
        ("batch_bytes", "1_000", 1000),
        ("memory_limit", "2 GiB", "2 GiB"),
    ],
)
def test_a_variable_is_read_by_the_type_of_its_default(
    name: str, text: str, expected: object
) -> None:
    found = value(read(**{name: text}), name)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("name", [name for name in DEFAULTS if DEFAULTS[name] not in {None, ()}])
def test_every_number_refuses_what_is_none(name: str) -> None:
    default = DEFAULTS[name]
    if not isinstance(default, int | float):
        assert value(read(**{name: str(default)}), name) == default
        return
    kind = "a whole number" if isinstance(default, int) else "a number"
    for text in ("many", "-1", "nan" if isinstance(default, float) else "1.5", "1e"):
        with pytest.raises(SettingsError) as caught:
            read(**{name: text})
        assert str(caught.value) == (
            f"MOVIE_PIPELINE_{name.upper()} must be {kind} of zero or more, but is {text!r}; "
            f"the default is {default}."
        )


def test_two_areas_of_one_name_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"must have different names, but they are same, out"):
        read(landing="same", output="out", quarantine="same")


@pytest.mark.parametrize("name", ["/etc", "../up", ".hidden", "a/../b", "a/", "a//b"])
def test_an_area_outside_the_home_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="must be a plain relative name"):
        read(history=name)


def test_an_area_inside_another_is_refused() -> None:
    with pytest.raises(SettingsError, match="area films/done lies inside the area films, so that"):
        read(landing="films", history="films/done")
    assert read(landing="films/new", history="films/done").areas.history == "films/done"


AWS = {
    "deployment": "aws",
    "bucket": "movies-gds",
    "success_topic": "arn:aws:sns:us-east-1:123456789012:movies-pipeline-success",
    "failure_topic": "arn:aws-us-gov:sns:us-gov-west-1:123456789012:movies-pipeline-failure",
    "redshift_host": "movies.123456789012.us-east-1.redshift-serverless.amazonaws.com",
    "redshift_workgroup": "movies",
    "copy_role_arn": "arn:aws:iam::123456789012:role/movies-redshift",
}


def test_the_aws_deployment_needs_a_bucket_two_topics_and_a_warehouse_alone() -> None:
    assert read(**AWS).glue.database == "movie_database"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bucket", ""),
        ("bucket", "s3://movies"),
        ("bucket", "Movies"),
        ("success_topic", ""),
        ("failure_topic", "movies-pipeline-failure"),
        ("wakeup_queue", "arn:aws:sqs:us-east-1:123456789012:landed"),
        ("glue_database", "Movies"),
        ("ui_url", "dagster.example.com"),
        ("event_bus", "a bus"),
        ("redshift_host", ""),
        ("redshift_host", "movies.example.com:5439"),
        ("redshift_database", "movies; drop"),
        ("redshift_ssl_mode", "disable"),
        ("copy_role_arn", ""),
        ("copy_role_arn", "arn:aws:iam::123456789012:role/x' region 'y"),
    ],
)
def test_a_value_that_aws_would_not_take_is_refused(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{**AWS, name: text})
    assert str(caught.value).startswith(
        f"MOVIE_PIPELINE_{name.upper()} must be set to something like "
    )
    assert str(caught.value).endswith(f"for the deployment aws, but is {text!r}.")


@pytest.mark.parametrize(
    "ways",
    [
        {"redshift_workgroup": ""},
        {"redshift_cluster": "c", "redshift_user": "u"},
        {"redshift_secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"},
    ],
)
def test_there_is_exactly_one_way_to_sign_in_to_redshift(ways: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="exactly one of MOVIE_PIPELINE_REDSHIFT_WORKGROUP, "):
        read(**{**AWS, **ways})


def test_a_cluster_needs_a_database_user() -> None:
    cluster = {"redshift_workgroup": "", "redshift_cluster": "movies"}
    with pytest.raises(SettingsError, match="MOVIE_PIPELINE_REDSHIFT_USER must be set where"):
        read(**{**AWS, **cluster})
    assert read(**{**AWS, **cluster, "redshift_user": "pipeline"}).redshift.user == "pipeline"


@pytest.mark.parametrize("name", ["redshift_connect_seconds", "redshift_statement_seconds"])
def test_no_time_out_of_redshift_can_be_turned_off(name: str) -> None:
    with pytest.raises(SettingsError, match="must be more than zero: without them"):
        read(**{**AWS, name: "0"})


def test_the_local_deployment_needs_nothing_of_aws() -> None:
    assert read(bucket="whatever it says").deployment == "local"


def test_the_other_descriptions_names_are_one_setting_each_away() -> None:
    settings = read(landing="input_data", quarantine="bad_data", history="archive")
    assert (settings.areas.landing, settings.areas.quarantine, settings.areas.history) == (
        "input_data",
        "bad_data",
        "archive",
    )


@pytest.mark.parametrize("text", ["much", "512", "-1GB", "1GB; DROP TABLE x"])
def test_a_memory_limit_that_duckdb_would_not_take_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="MOVIE_PIPELINE_MEMORY_LIMIT must be a number of"):
        read(memory_limit=text)


def test_an_unknown_deployment_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"is 'moon', but it must be one of: .*local"):
        deployment_from(read(deployment="moon"))


@pytest.mark.parametrize("name", ["genre", "no_such_column"])
def test_only_a_number_column_of_the_contract_can_be_lenient(name: str) -> None:
    with pytest.raises(SettingsError, match=f"MOVIE_PIPELINE_LENIENT_COLUMNS names {name}, "):
        deployment_from(read(lenient_columns=f"votes,{name}"))
