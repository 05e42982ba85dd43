"""Stops: heard while an engine works, in threads, and told apart from errors."""

import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import local
from movie_pipeline.dqdl.engines.duckdb_engine import new_connection
from movie_pipeline.screening.screening_engine import screening_engine, sealed_engine
from movie_pipeline.settings.groups import EngineSettings
from movie_pipeline.stop_signals import (
    Stopped,
    ended_by_stops,
    heeding_stops,
    raise_if_stopped,
    stopped_by,
)
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.tabular.engine import Engine, engine_connection, shared_engine
from movie_pipeline.warehouse.duckdb_warehouse import DuckDBWarehouse
from movie_pipeline_tests.home import settings_for

ENDLESS = (
    "select count(*) from range(1000000) a, range(1000000) b where hash(a.range * b.range) % 7 = 3"
)
"""Hours for any machine."""
SOON = 30.0
"""Seconds; for a machine with much else to do."""
Ask = Callable[[str], object]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """SIGTERM interrupts, as it does in a run and in a command."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@contextmanager
def stopping(number: int = signal.SIGINT, *, after: float = 0.3) -> Generator[None]:
    """A stop comes in the block, which must end soon."""
    began = time.monotonic()
    timer = threading.Timer(after, os.kill, (os.getpid(), number))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        assert time.monotonic() - began < SOON


def wait_to_be_interrupted() -> None:
    for _ in range(1000):
        time.sleep(0.02)


@contextmanager
def reading(folder: Path) -> Generator[Ask]:
    with engine_connection(Engine(), (folder,)) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


@contextmanager
def reading_beside_others(folder: Path) -> Generator[Ask]:
    engine = Engine()
    with shared_engine(engine, folder), engine_connection(engine, (folder,)) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


@contextmanager
def screening(folder: Path) -> Generator[Ask]:
    with screening_engine(folder, EngineSettings()) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


@contextmanager
def peoples_words(_: Path) -> Generator[Ask]:
    with sealed_engine() as connection:
        yield lambda sql: connection.execute(sql).fetchall()


@contextmanager
def rules(_: Path) -> Generator[Ask]:
    with new_connection() as connection:
        yield lambda sql: connection.execute(sql).fetchall()


@contextmanager
def question(folder: Path) -> Generator[Ask]:
    yield local(settings_for(folder), MOVIES).warehouse.query


@contextmanager
def load(folder: Path) -> Generator[Ask]:
    warehouse = local(settings_for(folder), MOVIES).warehouse
    assert isinstance(warehouse, DuckDBWarehouse)
    with warehouse._transaction(()) as session:
        yield session.execute


@pytest.mark.parametrize(
    "engine",
    [reading, reading_beside_others, screening, peoples_words, rules, question, load],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_long_statement_of_every_engine_is_ended(
    engine: Callable[[Path], AbstractContextManager[Ask]], number: int, tmp_path: Path
) -> None:
    with (
        stopping(number),
        pytest.raises(KeyboardInterrupt),
        heeding_stops(),
        engine(tmp_path) as ask,
    ):
        ask(ENDLESS)


def test_without_a_stop_nothing_is_changed() -> None:
    ended: list[int] = []
    with pytest.raises(ValueError, match="mine"), heeding_stops():
        raise ValueError("mine")
    with ended_by_stops(lambda: ended.append(1)):
        assert stopped_by() is None
        raise_if_stopped()
    assert ended == []
    assert signal.set_wakeup_fd(-1) == -1


def stopped(work: Callable[[], object], number: int = signal.SIGINT) -> BaseException:
    """What comes of some work in a block that a stop comes to."""
    with stopping(number), pytest.raises(KeyboardInterrupt) as found, heeding_stops():
        work()
    return found.value


def note_a_stop() -> None:
    """Wait for a stop, and swallow it."""
    with pytest.raises(KeyboardInterrupt):
        wait_to_be_interrupted()


def test_what_an_engine_raises_in_place_of_the_stop_becomes_the_stop() -> None:
    """DuckDB's binding raises its own error where a handler raised."""

    def swallow() -> None:
        note_a_stop()
        raise RuntimeError("Query interrupted")

    stop = stopped(swallow, signal.SIGTERM)
    assert isinstance(stop, Stopped)
    assert (str(stop), stop.number) == ("stopped by SIGTERM", signal.SIGTERM)


def test_a_stop_that_was_swallowed_whole_is_raised_at_the_end_of_the_block() -> None:
    went_on: list[int | None] = []

    def swallow() -> None:
        note_a_stop()
        went_on.append(stopped_by())

    assert isinstance(stopped(swallow), Stopped)
    assert went_on == [signal.SIGINT]
    assert stopped_by() is None


def test_after_a_stop_no_further_statement_begins() -> None:
    def begin_another() -> None:
        note_a_stop()
        with ended_by_stops(lambda: None):
            pytest.fail("it began")

    stopped(begin_another)


def test_a_call_is_ended_again_until_its_block_is_over() -> None:
    ended: list[int] = []

    def go_on() -> None:
        with ended_by_stops(lambda: ended.append(1)):
            note_a_stop()
            wait = time.monotonic() + SOON
            while len(ended) < 3 and time.monotonic() < wait:
                time.sleep(0.02)

    stopped(go_on)
    assert len(ended) >= 3


def test_a_call_that_cannot_be_ended_keeps_no_other_from_it() -> None:
    ended = threading.Event()

    def fail() -> None:
        raise duckdb.ConnectionException("closed")

    def wait() -> None:
        with ended_by_stops(fail), ended_by_stops(ended.set):
            note_a_stop()
            assert ended.wait(SOON)

    stopped(wait)


def test_threads_hear_of_it() -> None:
    heard: list[BaseException] = []

    def work() -> None:
        try:
            while True:
                raise_if_stopped()
                time.sleep(0.01)
        except Stopped as stop:
            heard.append(stop)

    def wait() -> None:
        with ThreadPoolExecutor(1) as beside:
            beside.submit(work).result()

    stopped(wait)
    assert [str(stop) for stop in heard] == ["stopped by SIGINT"]


def test_calls_to_a_store_that_are_under_way_are_not_awaited() -> None:
    begun: list[int] = []
    never = threading.Event()

    def hang(number: int) -> None:
        begun.append(number)
        never.wait(2 * SOON)

    try:
        with stopping(), pytest.raises(KeyboardInterrupt):
            side_by_side(hang, range(100), at_once=2)
    finally:
        never.set()
    assert sorted(begun) == [0, 1]


def test_other_threads_than_the_main_one_take_no_signal() -> None:
    seen: list[int | None] = []

    def work() -> None:
        with heeding_stops(), ended_by_stops(lambda: None):
            seen.append(stopped_by())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [None]
    assert signal.set_wakeup_fd(-1) == -1
