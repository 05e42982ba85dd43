"""The loading tests' world over a Redshift stand-in, and the race of two loads in it.

The race is a function, so that a longer run than the tests' can call it.
"""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch

from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.steps.load import LoadRun, load_batch
from movie_pipeline.warehouse import redshift_warehouse
from movie_pipeline.warehouse.redshift_connection import RedshiftConnection
from movie_pipeline.warehouse.redshift_warehouse import RedshiftWarehouse
from movie_pipeline.warehouse.upgrading import WarehouseIdentity
from movie_pipeline.warehouse.warehouse_port import WarehouseSession
from movie_pipeline_tests.standins.postgres import Postgres
from movie_pipeline_tests.standins.redshift import RedshiftStandIn
from movie_pipeline_tests.standins.warehouses import (
    BucketFolder,
    redshift_standin,
    warehouse_on,
)
from movie_pipeline_tests.steps.world import Film, World


class RedshiftWorld(World):
    """A folder that calls itself a bucket, and a warehouse on the stand-in."""

    def __init__(
        self, home: Path, postgres_standin: RedshiftStandIn, storage: BucketFolder
    ) -> None:
        super().__init__(home)
        self.standin = postgres_standin
        self.storage = storage
        self.warehouse = self.another_warehouse()  # pyright: ignore[reportAttributeAccessIssue] - the other world's
        self.ledger = Ledger(self.another_warehouse())

    def another_warehouse(self, **settings: object) -> RedshiftWarehouse:
        """A warehouse as another process would have it."""
        chosen = self.settings.with_values(**{"warehouse_wait_seconds": 5.0, **settings})
        return warehouse_on(self.standin, chosen, self.storage)


@contextmanager
def redshift_world(home: Path, postgres: Postgres) -> Generator[RedshiftWorld]:
    """An empty world."""
    storage = BucketFolder(World(home).settings)
    with redshift_standin(postgres, storage) as standin:
        yield RedshiftWorld(home, standin, storage)


class Unlocked(RedshiftWarehouse):
    """What a warehouse would be if writers did not take turns."""

    def _lock(self, connection: RedshiftConnection) -> None:
        """Not at all."""


def race(world: RedshiftWorld, rounds: int, *, locked: bool = True) -> list[str]:
    """Two loads at once, over and over: what they left behind that no order of them would have.

    In each round they share a file, and a film that each has in a file of its own.
    """
    wrong: list[str] = []
    warehouses = [world.another_warehouse() for _ in range(2)]
    for warehouse in warehouses:
        warehouse.prepare()
        if not locked:
            warehouse.__class__ = Unlocked
    with nullcontext() if locked else not_counted():
        _rounds(world, rounds, warehouses, wrong)
    return wrong


@contextmanager
def not_counted() -> Generator[None]:
    """Writers do not count their transactions, by which the second would wait for the first."""

    def uncounted(
        session: WarehouseSession, own: WarehouseIdentity, *_: object
    ) -> WarehouseIdentity:
        del session
        return own

    with patch.object(redshift_warehouse, "advance", uncounted):
        yield


def _rounds(
    world: RedshiftWorld,
    rounds: int,
    warehouses: Sequence[RedshiftWarehouse],
    wrong: list[str],
) -> None:
    expected: dict[str, float | None] = {}
    for number in range(rounds):
        shared = world.screened(f"{number}-s.csv", [Film(f"s{number}", rating=1.0)])
        batches = [
            [
                shared,
                world.screened(
                    f"{number}-{side}.csv",
                    [Film("always", rating=number % 10), Film(f"f{number}", rating=5.0 + side)],
                    minutes=2 * number + side,
                ),
            ]
            for side in range(2)
        ]
        expected |= {f"s{number}": 1.0, f"f{number}": 6.0, "always": float(number % 10)}
        _at_once(warehouses, batches, wrong)
        wrong += _differences(world, expected, files=3 * (number + 1))
        if wrong:
            break


def _at_once(
    warehouses: Sequence[RedshiftWarehouse],
    batches: Sequence[Sequence[DecidedFile]],
    wrong: list[str],
) -> None:
    start = threading.Barrier(len(batches))

    def load(warehouse: RedshiftWarehouse, batch: Sequence[DecidedFile], run_id: str) -> None:
        start.wait()
        try:
            load_batch(warehouse, batch, LoadRun(batch_id=run_id, run_id=run_id), lambda _: [])
        except MoviePipelineError as error:
            wrong.append(str(error))

    threads = [
        threading.Thread(target=load, args=(warehouse, batch, str(side)))
        for side, (warehouse, batch) in enumerate(zip(warehouses, batches, strict=True))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _differences(world: RedshiftWorld, expected: dict[str, float | None], files: int) -> list[str]:
    rows = world.warehouse.query("select movie_id, imdb_rating from movie_data_table")
    entries = world.warehouse.query(
        "select file_id, rows_in, rows_loaded, rows_superseded from mp_load_ledger"
    )
    wrong: list[str] = []
    if sorted(rows["movie_id"]) != sorted(expected):
        wrong.append(f"{len(rows)} rows where {len(expected)} films were loaded")
    if dict(zip(rows["movie_id"], rows["imdb_rating"], strict=True)) != expected:
        wrong.append("a film has not the rating of its latest file")
    if len(entries) != files or entries["file_id"].nunique() != files:
        wrong.append(f"{len(entries)} entries in the ledger for {files} files")
    if (entries["rows_loaded"] + entries["rows_superseded"] != entries["rows_in"]).any():
        wrong.append("an entry's rows do not add up")
    return wrong
