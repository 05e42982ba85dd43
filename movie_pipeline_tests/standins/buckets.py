"""S3 storages for tests: one bucket for all of them, with prefixes that no other test has."""

import uuid
from contextlib import suppress
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from movie_pipeline.settings import Settings
from movie_pipeline.storage.s3_storage import S3Storage
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.standins.aws import Endpoint, pipeline_clients

BUCKET, VERSIONED = "movies-plain", "movies-versioned"


def bucket_settings(bucket: str = BUCKET, /, **settings: object) -> Settings:
    """Settings whose areas lie under a prefix of their own."""
    prefix = uuid.uuid4().hex
    values: dict[str, Any] = {str(area): f"{prefix}/{area}" for area in Area}
    values.update(settings)
    return Settings().with_values(bucket=bucket, **values)


@cache
def make_bucket(endpoint: Endpoint, bucket: str) -> None:
    """Have the bucket there; one of the versioned name keeps versions."""
    s3 = endpoint.client("s3")
    with suppress(ClientError):  # it is there already
        s3.create_bucket(Bucket=bucket)
        if bucket == VERSIONED:
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def s3_storage(
    endpoint: Endpoint,
    settings: Settings | None = None,
    **arguments: Any,  # noqa: ANN401 - S3Storage's
) -> S3Storage:
    """The pipeline's storage in an empty place of a bucket."""
    settings = settings or bucket_settings()
    make_bucket(endpoint, settings.s3.bucket)
    return S3Storage(settings, pipeline_clients(endpoint, "s3"), **arguments)
