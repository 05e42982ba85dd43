"""COPY's manifest: exactly the files of a batch, their sizes, and that all of them must be there.

Never a prefix: one would take every name that begins alike.
"""

import hashlib
import json
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from movie_pipeline.errors import StorageError
from movie_pipeline.storage.storage_port import Area, Storage

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
