"""What a job and its executors reach: the store, the dataset, and a content in it.

All of it is made of the settings, which travel as texts; executors have no other.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from typing_extensions import override

from movie_pipeline.datasets.chosen import chosen_datasets
from movie_pipeline.datasets.dataset import Dataset, Histogram
from movie_pipeline.deployments import storage_of
from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.same_code import code_digest
from movie_pipeline.settings import Settings
from movie_pipeline.storage.storage_port import Area, LandedFile, Storage
from movie_pipeline.tabular import ContentBytes, Engine, TableContract, Typing


@dataclass(frozen=True)
class JobWorld:
    """The world of one job; it is pickled on its way to executors.

    Attributes:
        environment: the settings, as texts.
        place: where the job may write, in the output area.
        contract: what rows must be; executors need not work it out.
        histogram: what is counted of good rows, if anything.
        code: of the driver; an executor that has another does nothing.
    """

    environment: tuple[tuple[str, str], ...]
    place: str
    contract: TableContract
    histogram: Histogram | None
    code: str = field(default_factory=code_digest)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """On an executor.

        Raises:
            ClusterError: it would answer otherwise.
        """
        self.__dict__.update(state)
        if self.code != code_digest():
            raise ClusterError(
                "the executors run other code than the driver of the job on Spark, and might "
                "answer otherwise. Give them the modules of this version: docs/spark.md says how."
            )

    @classmethod
    def of(cls, environment: Mapping[str, str], place: str) -> "JobWorld":
        """The world of a job with these settings."""
        texts = tuple(sorted(environment.items()))
        dataset = _dataset(texts)
        return cls(texts, place, dataset.contract, dataset.histogram)

    @property
    def settings(self) -> Settings:
        """Those of the deployment."""
        return _settings(self.environment)

    @property
    def storage(self) -> Storage:
        """The deployment's store."""
        return _storage(self.environment)

    @property
    def dataset(self) -> Dataset:
        """What rows are; for the driver, since to load it takes long."""
        return _dataset(self.environment)

    @property
    def typing(self) -> Typing:
        """How rows are typed; an executor's task has one thread."""
        settings = self.settings
        engine = Engine(settings.engine.memory_limit, threads=1)
        return Typing(self.contract, engine)


@cache
def _settings(environment: tuple[tuple[str, str], ...]) -> Settings:
    return Settings.from_environment(dict(environment))


@cache
def _storage(environment: tuple[tuple[str, str], ...]) -> Storage:
    return storage_of(_settings(environment))


@cache
def _dataset(environment: tuple[tuple[str, str], ...]) -> Dataset:
    return chosen_datasets(_settings(environment))[0]


@dataclass(frozen=True)
class StoredContent:
    """Where a content lies: a landed file, or one that the job unpacked.

    Attributes:
        landed: the version that it is, or is of.
        size: its bytes.
        unpacked: its name in the output area, empty where the file is the content.
    """

    landed: LandedFile
    size: int
    unpacked: str = ""

    def bytes_in(self, storage: Storage) -> ContentBytes:
        """Its bytes."""
        return _StoredBytes(self, storage)


class _StoredBytes(ContentBytes):
    def __init__(self, content: StoredContent, storage: Storage) -> None:
        self._content = content
        self._storage = storage

    @property
    @override
    def size(self) -> int:
        return self._content.size

    @override
    def read(self, start: int, end: int) -> bytes:
        content = self._content
        end = min(end, content.size)
        if content.unpacked:
            return self._storage.bytes_of(Area.OUTPUT, content.unpacked, start, end)
        return self._storage.landed_bytes(content.landed, start, end)


@contextmanager
def scratch_folder() -> Generator[Path]:
    """A folder of this process for as long as the block lasts."""
    with TemporaryDirectory(prefix="movie-pipeline-spark-") as folder:
        yield Path(folder)
