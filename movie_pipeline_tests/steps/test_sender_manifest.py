"""A source that says in a manifest what is in a file: another one waits, and is told."""

import hashlib
import json
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.steps.arrivals import arrivals
from movie_pipeline.steps.discover import Batch
from movie_pipeline.steps.fetch import FetchedFile, LeftOutFile, fetch_batch
from movie_pipeline.steps.read import ReadFile, Reading, read_batch
from movie_pipeline.steps.sender_manifest import bytes_as_said, sender_manifests
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline_tests.samples import clean_movies
from movie_pipeline_tests.upkeep.world import Years

THREE = clean_movies(3)
SHA256 = hashlib.sha256(THREE).hexdigest()


class Sending:
    """A source whose files have manifests, and one step after the other."""

    def __init__(self, folder: Path) -> None:
        self.years = Years(folder / "home")
        path = folder / "sources.toml"
        path.write_text('[ftp]\nfiles = "ftp-*"\ncomplete = "manifest"\n')
        self.sources = read_sources(path, MOVIES)
        self._work = WorkFolder.at(folder, "batch")

    def send(self, content: bytes, said: object) -> None:
        """A file after its manifest."""
        text = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.years.drop("ftp-1.csv.manifest", text)
        self.years.drop("ftp-1.csv", content)

    def taken(self) -> list[str]:
        """The files that may be taken."""
        found = arrivals(self.years.storage.landed(), self.sources)
        return [file.key for file in found.whole]

    def read(self) -> Reading:
        """What becomes of the one file."""
        storage = self.years.storage
        batch = Batch.of(arrivals(storage.landed(), self.sources).whole)
        said = sender_manifests(batch, self._work, storage, self.sources)
        fetched = fetch_batch(batch, self._work, storage, self.years.ledger)
        fetched = bytes_as_said(fetched, said)
        [read] = read_batch(fetched, self._work, self.years.settings, MOVIES, manifests=said)
        return read


@pytest.fixture
def sending(tmp_path: Path) -> Sending:
    return Sending(tmp_path)


def test_a_file_waits_for_its_manifest(sending: Sending) -> None:
    sending.years.drop("ftp-1.csv", THREE)
    assert sending.taken() == []
    sending.years.drop("ftp-1.csv.manifest", b"{}")
    assert sending.taken() == ["ftp-1.csv"], "and the manifest is no file"


@pytest.mark.parametrize(
    "said",
    [
        {"rows": 3},
        {"size": len(THREE)},
        {"sha256": SHA256.upper(), "sent by": "anybody"},
        {"rows": 3, "size": len(THREE), "sha256": SHA256},
    ],
)
def test_a_file_that_is_as_its_manifest_says_is_read(sending: Sending, said: object) -> None:
    sending.send(THREE, said)
    assert isinstance(sending.read(), ReadFile)


@pytest.mark.parametrize(
    ("said", "denied"),
    [
        ({"rows": 4}, "says 4 rows, and there are 3"),
        ({"size": 5_000}, f"says 5,000 bytes, and {len(THREE)} lie there"),
        ({"sha256": "0" * 64}, "says another sha256 than the bytes have that lie there"),
        ({"rows": 3, "size": 5_000}, "says 5,000 bytes"),
        (b"rows=3", "cannot be taken: it is no JSON"),
        ([3], "cannot be taken: it is no JSON object"),
        ({}, "cannot be taken: it says none of rows, size and sha256"),
        ({"rows": "3"}, "cannot be taken: its rows is no whole number"),
        ({"size": True}, "cannot be taken: its size is no whole number"),
        ({"sha256": "abc"}, "cannot be taken: its sha256 is not 64 hexadecimal digits"),
        (b" " * 64_001, "cannot be taken: it has more than 64,000 bytes"),
    ],
)
def test_a_file_that_is_not_as_its_manifest_says_waits_and_is_told(
    sending: Sending, said: object, denied: str
) -> None:
    sending.send(THREE, said)
    found = sending.read()
    assert isinstance(found, LeftOutFile)
    assert found.why.startswith(f"its manifest ftp-1.csv.manifest {denied}")
    assert found.why.endswith(
        ". It waits: the rest of it may still come, else its sender must send it, or the manifest, "
        "again."
    )


def test_a_source_without_manifests_has_none(sending: Sending) -> None:
    sending.years.drop("other.csv", THREE)
    sending.years.drop("other.csv.manifest", b'{"rows": 9}')
    landed = sending.years.storage.landed()
    assert sending.taken() == ["other.csv", "other.csv.manifest"]
    work = WorkFolder.at(sending.years.settings.home, "other")
    batch = Batch.of(landed[:1])
    assert sender_manifests(batch, work, sending.years.storage, sending.sources) == {}
    [fetched] = fetch_batch(batch, work, sending.years.storage, sending.years.ledger)
    assert isinstance(fetched, FetchedFile)
