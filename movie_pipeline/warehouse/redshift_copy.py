"""What COPY reads: a manifest of exactly the files of a batch, their sizes, and that all are there.

Never a prefix: one would take every name that begins alike.
"""

import hashlib
import json
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from movie_pipeline.errors import StorageError
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse import parquet_rows
from movie_pipeline.warehouse.warehouse_port import WarehouseColumn

FOLDER = "manifests"
"""Where manifests lie in the output area, for as long as COPY reads them."""


@contextmanager
def manifest_of(storage: Storage, names: Sequence[str]) -> Generator[str]:
    """The address of a manifest of these files of the output area.

    Its name is made of theirs: where it stays behind after a crash or an error, the next try at the
    same files replaces it. Nobody else reads it, as the writer lock is held meanwhile.
    """
    text = manifest_text(storage, names)
    name = f"{FOLDER}/{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
        path = Path(folder) / "manifest.json"
        path.write_text(text, encoding="utf-8")
        address = storage.put(Area.OUTPUT, name, path)
    yield address
    with suppress(StorageError):  # it harms nobody, and the rows are what matters
        storage.remove(Area.OUTPUT, name)


@contextmanager
def in_present_form(
    storage: Storage, names: Sequence[str], columns: Sequence[WarehouseColumn]
) -> Generator[list[str]]:
    """Files of the output area that have exactly these columns: the same, or copies of older forms.

    COPY maps by position, so every file's schema is looked at before. The copies are removed.

    Raises:
        BatchRefused: a file has other columns, or is no Parquet file.
    """

    def schema(name: str) -> Any:  # noqa: ANN401 - Arrow's, untyped
        found = parquet_rows.schema_at_end(lambda size: storage.tail(Area.OUTPUT, name, size), name)
        parquet_rows.expect_columns(found, name, columns)
        return found

    schemas = side_by_side(schema, names, at_once=storage.at_once)
    fitting: list[str] = []
    copies: list[str] = []
    for name, found in zip(names, schemas, strict=True):
        if parquet_rows.is_of_present_form(found, columns):
            fitting.append(name)
        else:
            copies.append(_put_rewritten(storage, name, columns))
            fitting.append(copies[-1])
    yield fitting
    for name in copies:
        with suppress(StorageError):
            storage.remove(Area.OUTPUT, name)


def _put_rewritten(storage: Storage, name: str, columns: Sequence[WarehouseColumn]) -> str:
    copy = f"{FOLDER}/{hashlib.sha256(name.encode()).hexdigest()[:32]}.parquet"
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
        path = Path(folder) / "rows.parquet"
        with storage.reading(Area.OUTPUT, name) as original:
            parquet_rows.rewritten(original, name, columns, path)
        storage.put(Area.OUTPUT, copy, path)
    return copy


def manifest_text(storage: Storage, names: Sequence[str]) -> str:
    """Each file once, mandatory, with its bytes: COPY of Parquet demands them."""
    entries = [
        {
            "url": storage.uri(Area.OUTPUT, name),
            "mandatory": True,
            "meta": {"content_length": storage.size(Area.OUTPUT, name)},
        }
        for name in dict.fromkeys(names)
    ]
    return json.dumps({"entries": entries}, indent=1)
