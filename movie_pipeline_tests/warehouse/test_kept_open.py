"""A file that is kept open: how often it is opened, and how."""

import time

import pytest

from movie_pipeline.warehouse.kept_open import KeptOpen


class Handle:
    """A connection to a file."""

    def __init__(self, file: "File") -> None:
        self.file = file
        file.handles.append(self)

    def close(self) -> None:
        self.file.handles.remove(self)


class File:
    """A file that is read by many or written by one process, and notes each opening from cold."""

    def __init__(self) -> None:
        self.handles: list[Handle] = []
        self.openings: list[str] = []
        self.is_held = False

    def open(self, *, read_only: bool) -> Handle:
        if self.is_held:
            raise OSError("held by another")
        if not self.handles:
            self.openings.append("reading" if read_only else "writing")
        elif not read_only and self.openings[-1] == "reading":
            raise AssertionError("it is open for reading")
        return Handle(self)


def use(kept: KeptOpen[Handle], *, read_only: bool) -> None:
    kept.connect(read_only=read_only).close()


def test_outside_a_block_each_use_opens_it() -> None:
    file = File()
    kept = KeptOpen(file.open)
    use(kept, read_only=True)
    use(kept, read_only=True)
    assert file.openings == ["reading", "reading"]
    assert file.handles == []


def test_within_a_block_it_is_opened_once_for_reading_and_once_for_writing() -> None:
    file = File()
    kept = KeptOpen(file.open)
    with kept.block():
        assert file.openings == []
        use(kept, read_only=True)
        with kept.block():
            use(kept, read_only=True)
        use(kept, read_only=False)
        use(kept, read_only=True)
        use(kept, read_only=False)
        assert file.openings == ["reading", "writing"]
    assert file.handles == []


def test_others_are_let_in_where_nobody_uses_it_for_a_while() -> None:
    file = File()
    kept = KeptOpen(file.open)
    with kept.block(idle_seconds=0.02):
        use(kept, read_only=False)
        for _ in range(1_000):
            if not file.handles:
                break
            time.sleep(0.01)
        assert file.handles == []
        with kept.block():
            use(kept, read_only=False)
            time.sleep(0.1)
            assert len(file.handles) == 1, "a block without a limit is not over"
        use(kept, read_only=False)
        assert len(file.openings) in {2, 3}
    assert file.handles == []


def test_a_block_that_fails_lets_go_of_it() -> None:
    file = File()
    kept = KeptOpen(file.open)

    def fail() -> None:
        with kept.block():
            use(kept, read_only=False)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert file.handles == []


def test_who_waits_to_write_keeps_nobody_from_it() -> None:
    file = File()
    kept = KeptOpen(file.open)
    with kept.block():
        use(kept, read_only=True)
        file.is_held = True
        with pytest.raises(OSError, match="held by another"):
            kept.connect(read_only=False)
        assert file.handles == []
