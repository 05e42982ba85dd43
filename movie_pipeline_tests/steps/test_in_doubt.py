"""Errors around the commit: whatever the warehouse said, the ledger is the truth."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, cast

import pytest

from movie_pipeline.errors import WarehouseBusy, WarehouseConflict, WarehouseError
from movie_pipeline.steps.load import LoadRun, load_batch
from movie_pipeline.warehouse.transactions import Tries
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession
from movie_pipeline_tests.steps.world import Film, World

RUN = LoadRun(batch_id="b", run_id="r")


class Doubtful:
    """A warehouse whose answers around a commit are not to be trusted."""

    def __init__(self, warehouse: Warehouse, *, commits: bool, raises: bool) -> None:
        self._warehouse = warehouse
        self._commits, self._raises = commits, raises

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else is asked of it
        return getattr(self._warehouse, name)

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


def taken(double: Doubtful) -> Warehouse:
    """The double, for what takes a warehouse: it passes on whatever it does not do itself."""
    return cast("Warehouse", double)


class Away(Doubtful):
    """A warehouse that cannot be reached any more when it is asked."""

    def reading(self) -> AbstractContextManager[WarehouseSession]:
        raise WarehouseError("no route to the warehouse")


def test_a_commit_whose_answer_was_lost_counts_as_loaded(world: World) -> None:
    doubtful = Doubtful(world.warehouse, commits=True, raises=True)
    [entry] = load_batch(
        taken(doubtful), [world.screened("a.csv", [Film("m1")])], RUN, lambda _: []
    )
    assert entry.rows_loaded == 1
    assert sorted(world.table()) == ["m1"]


def test_a_commit_that_never_arrived_is_the_error_it_was(world: World) -> None:
    doubtful = Doubtful(world.warehouse, commits=False, raises=True)
    with pytest.raises(WarehouseError, match="the connection was lost during COMMIT"):
        load_batch(taken(doubtful), [world.screened("a.csv", [Film("m1")])], RUN, lambda _: [])
    assert world.table() == {}


def test_a_commit_that_was_reported_but_never_happened_is_an_error(world: World) -> None:
    doubtful = Doubtful(world.warehouse, commits=False, raises=False)
    with pytest.raises(WarehouseError, match="reported a commit, but the ledger does not hold"):
        load_batch(taken(doubtful), [world.screened("a.csv", [Film("m1")])], RUN, lambda _: [])


def test_where_the_ledger_cannot_be_asked_the_first_error_is_told(world: World) -> None:
    away = Away(world.warehouse, commits=True, raises=True)
    with pytest.raises(WarehouseError, match="the connection was lost during COMMIT"):
        load_batch(taken(away), [world.screened("a.csv", [Film("m1")])], RUN, lambda _: [])
    assert sorted(world.table()) == ["m1"]


class Conflicting(Doubtful):
    """A warehouse that goes through these errors, one a transaction, before it behaves."""

    def __init__(self, warehouse: Warehouse, *errors: WarehouseError, commits: bool) -> None:
        super().__init__(warehouse, commits=commits, raises=True)
        self.errors = list(errors)

    @contextmanager
    def writing(self) -> Generator[WarehouseSession]:
        if not self.errors:
            with self._warehouse.writing() as session:
                yield session
            return
        with suppress(WarehouseError), super().writing() as session:
            yield session
        raise self.errors.pop(0)


class OnceAway(Conflicting):
    """A warehouse that cannot be asked while it has errors left."""

    def reading(self) -> AbstractContextManager[WarehouseSession]:
        if self.errors:
            raise WarehouseBusy("no route to the warehouse")
        return super().reading()


def a_conflict() -> WarehouseError:
    return WarehouseConflict("the warehouse undid the transaction")


def tries(waited: list[float], most: int = 4) -> Tries:
    return Tries(most=most, first_seconds=1.0, longest_seconds=2.0, sleep=waited.append)


def test_a_transaction_that_was_undone_is_tried_again_as_a_whole(world: World) -> None:
    conflicting = Conflicting(world.warehouse, *(a_conflict() for _ in range(3)), commits=False)
    waited: list[float] = []
    outcome = world.screened("a.csv", [Film("m1")])
    [entry] = load_batch(taken(conflicting), [outcome], RUN, lambda _: [], tries=tries(waited))
    assert entry.rows_loaded == 1
    assert sorted(world.table()) == ["m1"]
    assert len(waited) == 3
    assert all(0 <= wait <= bound for wait, bound in zip(waited, (1.0, 2.0, 2.0), strict=True))


def test_a_transaction_is_not_tried_for_ever(world: World) -> None:
    conflicting = Conflicting(world.warehouse, *(a_conflict() for _ in range(9)), commits=False)
    outcome = world.screened("a.csv", [Film("m1")])
    with pytest.raises(WarehouseConflict, match="undid the transaction"):
        load_batch(taken(conflicting), [outcome], RUN, lambda _: [], tries=tries([]))
    assert len(conflicting.errors) == 5
    assert world.table() == {}


def test_an_error_that_is_no_conflict_is_not_tried_again(world: World) -> None:
    conflicting = Conflicting(world.warehouse, WarehouseError("no such table"), commits=False)
    waited: list[float] = []
    with pytest.raises(WarehouseError, match="no such table"):
        load_batch(
            taken(conflicting),
            [world.screened("a.csv", [Film("m1")])],
            RUN,
            lambda _: [],
            tries=tries(waited),
        )
    assert waited == []


def test_a_lost_answer_is_looked_up_once_the_warehouse_can_be_asked(world: World) -> None:
    """The commit is there, the ledger cannot be read, then the lock cannot be had, then all is."""
    busy = WarehouseBusy("held by another")
    away = OnceAway(world.warehouse, a_conflict(), busy, busy, commits=True)
    outcome = world.screened("a.csv", [Film("m1")])
    [entry] = load_batch(taken(away), [outcome], RUN, lambda _: [], tries=tries([]))
    assert entry.rows_loaded == 1
    assert sorted(world.table()) == ["m1"]
    assert world.count("mp_load_ledger") == 1


def test_a_lock_that_is_not_to_be_had_at_all_is_not_waited_for_again(world: World) -> None:
    busy = Conflicting(world.warehouse, WarehouseBusy("held by another"), commits=False)
    waited: list[float] = []
    with pytest.raises(WarehouseBusy, match="held by another"):
        load_batch(
            taken(busy),
            [world.screened("a.csv", [Film("m1")])],
            RUN,
            lambda _: [],
            tries=tries(waited),
        )
    assert waited == []


def test_where_nobody_can_be_asked_the_lost_answer_is_told_in_the_end(world: World) -> None:
    busy = [WarehouseBusy("no route to the warehouse") for _ in range(9)]
    away = OnceAway(world.warehouse, a_conflict(), *busy, commits=True)
    outcome = world.screened("a.csv", [Film("m1")])
    with pytest.raises(WarehouseConflict, match="undid the transaction"):
        load_batch(taken(away), [outcome], RUN, lambda _: [], tries=tries([]))
    assert sorted(world.table()) == ["m1"]
