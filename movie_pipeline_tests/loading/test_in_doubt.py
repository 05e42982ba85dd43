"""Errors around the commit: whatever the warehouse said, the ledger is the truth."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, suppress

import pandas as pd
import pytest

from movie_pipeline.errors import WarehouseError
from movie_pipeline.interfaces import Warehouse, WarehouseColumn, WarehouseSession
from movie_pipeline.loading.load import LoadRun, load_batch
from movie_pipeline_tests.loading.world import Film, World

RUN = LoadRun(batch_id="b", run_id="r")


class Doubtful:
    """A warehouse whose answers around a commit are not to be trusted."""

    def __init__(self, warehouse: Warehouse, *, commits: bool, raises: bool) -> None:
        self._warehouse = warehouse
        self._commits, self._raises = commits, raises

    def prepare(self) -> None:
        self._warehouse.prepare()

    @contextmanager
    def writing(self) -> Generator[WarehouseSession]:
        with suppress(TimeoutError), self._warehouse.writing() as session:
            yield session
            self._before_commit()
        if self._raises:
            raise WarehouseError("the connection was lost during COMMIT")

    def _before_commit(self) -> None:
        if not self._commits:
            raise TimeoutError

    def reading(self) -> AbstractContextManager[WarehouseSession]:
        return self._warehouse.reading()

    def refresh(self, view: str) -> None:
        self._warehouse.refresh(view)

    def query(self, text: str) -> pd.DataFrame:
        return self._warehouse.query(text)

    def columns(self, table: str) -> list[WarehouseColumn]:
        return self._warehouse.columns(table)


class Away(Doubtful):
    """A warehouse that cannot be reached any more when it is asked."""

    def reading(self) -> AbstractContextManager[WarehouseSession]:
        raise WarehouseError("no route to the warehouse")


def test_a_commit_whose_answer_was_lost_counts_as_loaded(world: World) -> None:
    doubtful = Doubtful(world.warehouse, commits=True, raises=True)
    [entry] = load_batch(doubtful, [world.screened("a.csv", [Film("m1")])], RUN, lambda _: [])
    assert entry.rows_loaded == 1
    assert sorted(world.table()) == ["m1"]


def test_a_commit_that_never_arrived_is_the_error_it_was(world: World) -> None:
    doubtful = Doubtful(world.warehouse, commits=False, raises=True)
    with pytest.raises(WarehouseError, match="the connection was lost during COMMIT"):
        load_batch(doubtful, [world.screened("a.csv", [Film("m1")])], RUN, lambda _: [])
    assert world.table() == {}


def test_a_commit_that_was_reported_but_never_happened_is_an_error(world: World) -> None:
    doubtful = Doubtful(world.warehouse, commits=False, raises=False)
    with pytest.raises(WarehouseError, match="reported a commit, but the ledger does not hold"):
        load_batch(doubtful, [world.screened("a.csv", [Film("m1")])], RUN, lambda _: [])


def test_where_the_ledger_cannot_be_asked_the_first_error_is_told(world: World) -> None:
    away = Away(world.warehouse, commits=True, raises=True)
    with pytest.raises(WarehouseError, match="the connection was lost during COMMIT"):
        load_batch(away, [world.screened("a.csv", [Film("m1")])], RUN, lambda _: [])
    assert sorted(world.table()) == ["m1"]
