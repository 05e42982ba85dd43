"""How the driver is called: who signs in, TLS, time-outs, keep-alives; and a certificate's name."""

import json
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
import redshift_connector

from movie_pipeline.aws_clients import Clients
from movie_pipeline.errors import WarehouseBusy, WarehouseError
from movie_pipeline.settings import Settings
from movie_pipeline.warehouse.redshift_connection import Connector, connect_arguments
from movie_pipeline_tests.standins.certificates import certificate, driver_is_dated
from movie_pipeline_tests.standins.postgres import PASSWORD, USER, Postgres
from movie_pipeline_tests.standins.redshift import RedshiftStandIn, listening

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"  # noqa: S105 - a name
WORKGROUP = {"redshift_workgroup": "movies"}
CLUSTER = {"redshift_cluster": "movies", "redshift_user": "pipeline"}


def settings(**values: object) -> Settings:
    base: dict[str, Any] = {"redshift_host": "localhost", "warehouse_wait_seconds": 0.2}
    return Settings().with_values(**{**base, **values})


class Secrets(Clients):
    """Clients of which only the secret is asked for."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self.texts = list(texts)
        self.asked = 0

    def __call__(self, service: str) -> Self:
        assert service == "secretsmanager"
        return self

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        assert SecretId == SECRET
        self.asked += 1
        return {"SecretString": self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]}


def a_secret(password: str = PASSWORD) -> str:
    return json.dumps({"username": USER, "password": password})


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        (
            WORKGROUP,
            {"iam": True, "is_serverless": True, "serverless_work_group": "movies"},
        ),
        (CLUSTER, {"iam": True, "cluster_identifier": "movies", "db_user": "pipeline"}),
        ({"redshift_secret_arn": SECRET}, {}),
    ],
)
def test_the_driver_is_given_all_that_it_would_leave_open(
    ways: dict[str, str], expected: dict[str, object]
) -> None:
    assert connect_arguments(settings(**ways).redshift) == {
        "host": "localhost",
        "port": 5439,
        "database": "movies",
        "application_name": "movie_pipeline",
        "ssl": True,
        "sslmode": "verify-full",
        "timeout": 60.0,
        "max_prepared_statements": 0,
        "tcp_keepalive": True,
        "tcp_keepalive_idle": 60,
        "tcp_keepalive_interval": 30,
        "tcp_keepalive_count": 5,
        **expected,
    }


def given(monkeypatch: pytest.MonkeyPatch, *answers: object) -> list[dict[str, Any]]:
    """What the driver is called with; it answers with these, the last one for ever."""
    calls: list[dict[str, Any]] = []

    def connect(**arguments: object) -> object:
        calls.append(arguments)
        answer = answers[min(len(calls), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(redshift_connector, "connect", connect)
    return calls


REFUSED = redshift_connector.InterfaceError({"C": "28000", "M": "password authentication failed"})


def open_once(connector: Connector) -> None:
    with connector.connected():
        pass


@pytest.mark.parametrize("ways", [WORKGROUP, CLUSTER])
def test_credentials_that_are_not_taken_any_more_are_asked_for_anew_once(
    ways: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = given(monkeypatch, REFUSED)
    with pytest.raises(WarehouseError, match="does not let this user in"):
        open_once(Connector(settings(**ways), Secrets("")))
    assert [call["iam_disable_cache"] for call in calls] == [False, True]


def test_a_secret_is_read_when_needed_and_again_when_its_password_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secrets = Secrets(a_secret("old"), a_secret("new"))
    calls = given(monkeypatch, REFUSED)
    connector = Connector(settings(redshift_secret_arn=SECRET), secrets)
    assert secrets.asked == 0
    with pytest.raises(WarehouseError, match="does not let this user in"):
        open_once(connector)
    assert [call["password"] for call in calls] == ["old", "new"]


def test_a_secret_of_another_form_is_refused_without_it() -> None:
    connector = Connector(settings(redshift_secret_arn=SECRET), Secrets('{"user": "hush"}'))
    with pytest.raises(WarehouseError, match="must be a JSON text with username and pas") as caught:
        open_once(connector)
    assert "hush" not in str(caught.value)


def test_a_warehouse_without_an_answer_is_asked_until_the_time_is_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = redshift_connector.InterfaceError("communication error", ConnectionRefusedError())
    calls = given(monkeypatch, lost)
    with pytest.raises(WarehouseBusy, match=r"localhost:5439 took no connection for 0\.2 s"):
        open_once(Connector(settings(**WORKGROUP), Secrets("")))
    assert len(calls) > 1


def test_the_drivers_own_log_is_kept_quiet() -> None:
    logger = logging.getLogger("redshift_connector")
    logger.setLevel(logging.DEBUG)
    Connector(settings(), Secrets(""))
    assert logger.level == logging.WARNING


# --- TLS, with a certificate of our own --------------------------------------------------------


@pytest.fixture
def trusted_host() -> str:
    return "localhost"


@pytest.fixture
def over_tls(
    trusted_host: str, tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedshiftStandIn]:
    """A stand-in that speaks TLS, with a trusted certificate of this host."""
    public, context = certificate(tmp_path, trusted_host)
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    with listening(postgres, dict[str, bytes]().__getitem__, context) as standin:
        yield standin


def connector_to(standin: RedshiftStandIn) -> Connector:
    values = settings(redshift_port=standin.port, redshift_database="x", redshift_secret_arn=SECRET)
    return Connector(values, Secrets(a_secret()))


@driver_is_dated
def test_a_query_goes_over_tls_to_a_host_whose_certificate_names_it(
    over_tls: RedshiftStandIn,
) -> None:
    with connector_to(over_tls).connected() as connection:
        assert connection.execute("select 1 as one", name="x") == (["one"], [(1,)])
        assert isinstance(connection._driver._usock, ssl.SSLSocket)


@driver_is_dated
@pytest.mark.parametrize("trusted_host", ["elsewhere.example.com"])
def test_a_host_whose_certificate_names_another_is_refused(over_tls: RedshiftStandIn) -> None:
    with pytest.raises(WarehouseError, match=r"the certificate .* is not to be trusted \(Hostname"):
        open_once(connector_to(over_tls))


@driver_is_dated
def test_a_certificate_that_nobody_trusts_is_refused(
    over_tls: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(WarehouseError, match=r"is not to be trusted \(self.signed certificate"):
        open_once(connector_to(over_tls))


@driver_is_dated
def test_a_server_without_tls_is_refused(postgres: Postgres) -> None:
    with (
        listening(postgres, dict[str, bytes]().__getitem__) as standin,
        pytest.raises(WarehouseError, match="speaks no TLS"),
    ):
        open_once(connector_to(standin))
