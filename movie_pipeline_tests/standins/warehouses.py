"""A RedshiftWarehouse over the stand-in, and a folder that calls itself a bucket.

TLS is left out here, for speed: the tests of signing in have it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import redshift_connector

from movie_pipeline.aws_clients import Clients
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.settings import Settings
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.redshift_connection import Connector, Driver, connect_arguments
from movie_pipeline.warehouse.redshift_warehouse import RedshiftWarehouse
from movie_pipeline.warehouse.transactions import Tries
from movie_pipeline_tests.standins.postgres import PASSWORD, USER, Postgres
from movie_pipeline_tests.standins.redshift import RedshiftStandIn, listening

BUCKET = "s3://movies-test/"
COPY_ROLE = "arn:aws:iam::123456789012:role/movies-redshift"
QUICK = Tries(first_seconds=0.01, longest_seconds=0.1)

_connect: Any = cast("Any", redshift_connector).connect


class BucketFolder(FolderStorage):
    """A folder whose addresses are those of a bucket."""

    def uri(self, area: Area, name: str) -> str:
        return f"{BUCKET}{area}/{name}"

    def bytes_at(self, uri: str) -> bytes:
        """What lies at an address; KeyError where nothing does."""
        area, _, name = uri.removeprefix(BUCKET).partition("/")
        path = Path(super().uri(Area(area), name))
        if not path.is_file():
            raise KeyError(uri)
        return path.read_bytes()


class PlainConnector(Connector):
    """Connects without TLS, as user and password."""

    def _connect(self, *, fresh: bool) -> Driver:
        del fresh
        arguments = connect_arguments(self._settings.redshift)
        return _connect(**{**arguments, "ssl": False, "user": USER, "password": PASSWORD})


def redshift_settings(settings: Settings, standin: RedshiftStandIn) -> Settings:
    """The settings with which this stand-in is found."""
    return settings.with_values(
        redshift_host="127.0.0.1",
        redshift_port=standin.port,
        redshift_database=standin.database,
        redshift_secret_arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:x",  # noqa: S106 - a name
        copy_role_arn=COPY_ROLE,
    )


def warehouse_on(
    standin: RedshiftStandIn, settings: Settings, storage: Storage, dataset: Dataset = MOVIES
) -> RedshiftWarehouse:
    """A warehouse of its own, as another process would have it."""
    settings = redshift_settings(settings, standin)
    clients = Clients()
    connector = PlainConnector(settings, clients)
    return RedshiftWarehouse(settings, storage, clients, dataset, connector=connector, tries=QUICK)


@contextmanager
def redshift_standin(postgres: Postgres, storage: BucketFolder) -> Generator[RedshiftStandIn]:
    """A stand-in whose COPY reads from this folder."""
    with listening(postgres, storage.bytes_at) as standin:
        yield standin
