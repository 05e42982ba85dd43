"""Calls side by side: their order, their errors, and that they are under way at the same time."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from movie_pipeline.errors import StoredFileMissing
from movie_pipeline.settings import Settings
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.side_by_side import reading_side_by_side, side_by_side
from movie_pipeline.storage.storage_port import Area


@pytest.mark.parametrize("at_once", [1, 3])
def test_the_answers_come_in_the_order_of_the_items(at_once: int) -> None:
    assert side_by_side(str, range(20), at_once=at_once) == [str(number) for number in range(20)]


def test_as_many_as_are_said_are_under_way_at_once() -> None:
    together = threading.Barrier(3, timeout=30)

    def wait_for_two_others(_: int) -> int:
        return together.wait()

    assert sorted(side_by_side(wait_for_two_others, range(3), at_once=3)) == [0, 1, 2]


def test_one_at_a_time_stays_in_the_thread_of_the_caller() -> None:
    def thread(_: int) -> threading.Thread:
        return threading.current_thread()

    assert set(side_by_side(thread, range(5), at_once=1)) == {threading.current_thread()}


def test_after_an_error_one_at_a_time_the_next_does_not_begin() -> None:
    begun: list[int] = []

    def fail_at_five(number: int) -> None:
        begun.append(number)
        if number == 5:
            raise ValueError(str(number))

    with pytest.raises(ValueError, match=r"^5$"):
        side_by_side(fail_at_five, range(1000), at_once=1)
    assert begun == [0, 1, 2, 3, 4, 5]


def test_after_an_error_what_is_under_way_is_awaited_and_nothing_begins() -> None:
    begun: list[int] = []
    ended: list[int] = []
    together = threading.Barrier(2, timeout=30)
    failing: list[threading.Thread] = []

    def fail_beside_another(number: int) -> None:
        begun.append(number)
        if number == 0:
            failing.append(threading.current_thread())
        if number < 2:
            together.wait()
        if number == 0:
            raise ValueError(str(number))
        if number == 1:
            failing[0].join(30)  # it has met all that waited by then
        ended.append(number)

    with pytest.raises(ValueError, match=r"^0$"):
        side_by_side(fail_beside_another, range(1000), at_once=2)
    assert sorted(begun) == [0, 1]
    assert ended == [1]


def test_of_two_errors_that_of_the_first_item_is_told() -> None:
    together = threading.Barrier(2, timeout=30)
    second_fails = threading.Event()

    def fail(number: int) -> None:
        together.wait()
        if number == 0:
            assert second_fails.wait(30)
        second_fails.set()
        raise ValueError(str(number))

    with pytest.raises(ValueError, match=r"^0$"):
        side_by_side(fail, range(2), at_once=2)


def test_an_error_that_overtakes_an_earlier_item_is_told_all_the_same() -> None:
    first_is_under_way, second_failed = threading.Event(), threading.Event()

    def fail_second(number: int) -> int:
        if number == 0:
            first_is_under_way.set()
            assert second_failed.wait(30)
            return number
        assert first_is_under_way.wait(30)
        second_failed.set()
        raise ValueError(str(number))

    with pytest.raises(ValueError, match=r"^1$"):
        side_by_side(fail_second, range(2), at_once=2)


class ReadTogether(FolderStorage):
    """A folder that brings no file before another is asked for, and says which are open."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.open: list[str] = []
        self._together = threading.Barrier(2, timeout=30)

    @property
    def at_once(self) -> int:
        return 2

    @contextmanager
    def reading(self, area: Area, name: str) -> Generator[Path]:
        self._together.wait()
        with super().reading(area, name) as path:
            self.open.append(name)
            yield path
            self.open.remove(name)


def test_files_are_brought_at_the_same_time_and_are_there_together(tmp_path: Path) -> None:
    storage = ReadTogether(Settings(home=tmp_path))
    names = ["a", "b", "c", "d"]
    for name in names:
        (tmp_path / "source").write_text(name)
        storage.put(Area.OUTPUT, name, tmp_path / "source")
    with reading_side_by_side(storage, Area.OUTPUT, names) as paths:
        assert [path.read_text() for path in paths] == names
        assert sorted(storage.open) == names
    assert storage.open == []


def test_where_one_of_them_cannot_be_brought_the_others_are_let_go(tmp_path: Path) -> None:
    storage = ReadTogether(Settings(home=tmp_path))
    (tmp_path / "source").write_text("a")
    storage.put(Area.OUTPUT, "a", tmp_path / "source")
    missing = pytest.raises(StoredFileMissing, match="b is not in")
    with missing, reading_side_by_side(storage, Area.OUTPUT, ["a", "b"]):
        pass
    assert "b" not in storage.open
