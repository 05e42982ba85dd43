"""Objects put under keys that nobody has: boto3's transfers know no such condition.

One put, or parts that appear at once when all are there; each part with a checksum. Which keys, and
what is said of errors, is the store's affair.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from movie_pipeline.aws_clients import Client

_FREE = "*"
"""What If-None-Match says where no object of any version may lie there."""
_CHECKSUM = "CRC32"


def put_new_object(  # noqa: PLR0913 - an object, and how it is put
    s3: Client,
    source: Path,
    *,
    bucket: str,
    key: str,
    part_bytes: int,
    in_parts_above: int,
    arguments: Mapping[str, str],
) -> str:
    """Put a file under a key that nobody has; return the ETag it got.

    Args:
        s3: boto3's client.
        source: the file.
        bucket: where it goes.
        key: under which key.
        part_bytes: how large a part is.
        in_parts_above: bytes above which it goes in parts.
        arguments: how it is encrypted.

    Raises:
        ClientError: with PreconditionFailed, the key was taken; with ConditionalRequestConflict,
            somebody is taking or removing it now.
    """
    if source.stat().st_size > in_parts_above:
        return _put_in_parts(s3, source, bucket, key, part_bytes, arguments)
    with source.open("rb") as body:
        answer = s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            IfNoneMatch=_FREE,
            ChecksumAlgorithm=_CHECKSUM,
            **arguments,
        )
    return str(answer["ETag"])


def _put_in_parts(  # noqa: PLR0913, PLR0917 - as above
    s3: Client,
    source: Path,
    bucket: str,
    key: str,
    part_bytes: int,
    arguments: Mapping[str, str],
) -> str:
    place = {"Bucket": bucket, "Key": key}
    begun = s3.create_multipart_upload(**place, ChecksumAlgorithm=_CHECKSUM, **arguments)
    upload = {**place, "UploadId": begun["UploadId"]}
    try:
        parts: list[dict[str, Any]] = []
        with source.open("rb") as content:
            while block := content.read(part_bytes):
                number = len(parts) + 1
                part = s3.upload_part(
                    **upload, PartNumber=number, Body=block, ChecksumAlgorithm=_CHECKSUM
                )
                kept = {name: part[name] for name in ("ETag", "ChecksumCRC32") if name in part}
                parts.append({"PartNumber": number, **kept})
        answer = s3.complete_multipart_upload(
            **upload, MultipartUpload={"Parts": parts}, IfNoneMatch=_FREE
        )
    except BaseException:
        with suppress(ClientError, BotoCoreError):  # what stays of it is reported as half written
            s3.abort_multipart_upload(**upload)
        raise
    return str(answer["ETag"])
