"""What a fault is: a name, how it is injected, and cases that each fail with a sentence or survive.

A case is chosen by its name, so that any process can run any case again.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER, AWS = "folder", "aws"
"""The worlds: a folder with a DuckDB file, and AWS over its stand-ins."""


@dataclass(frozen=True)
class Bench:
    """What a case has to work with.

    Attributes:
        folder: its own, removed afterwards.
        shared: of all cases; what lies there is made once.
        seed: from which all chance is drawn.
        extent: short for what a test run has time for, full, or everything.
        without: the guard that is switched off, '' where all stand.
        world: in which one.
    """

    folder: Path
    shared: Path
    seed: int = 1
    extent: str = "short"
    without: str = ""
    world: str = FOLDER

    @property
    def short(self) -> bool:
        """Whether only what a test run has time for is asked."""
        return self.extent == "short"

    def once(self, name: str, make: Callable[[Path], object]) -> Path:
        """A folder that the first who asks makes; to be copied, not changed."""
        folder = self.shared / name
        if not folder.exists():
            making = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=self.shared))
            make(making)
            try:
                making.rename(folder)
            except OSError:  # another process was faster
                if not folder.exists():
                    raise
        return folder


Run = Callable[[Bench, str], None]
Cases = Callable[[Bench], Sequence[str]]


@dataclass(frozen=True)
class Fault:
    """One line of the matrix.

    Attributes:
        id: F01 and so on, as the reliability page numbers them.
        what: the fault.
        injected: by what means.
        run: one case; it raises where the fault was not survived.
        cases: the names of the cases; what is not asked in a short run is left out there.
        only_full: whether it is left out of a short run as a whole.
        worlds: in which it is injected.
    """

    id: str
    what: str
    injected: str
    run: Run
    cases: Cases = lambda _: ("",)
    only_full: bool = False
    worlds: tuple[str, ...] = (FOLDER,)


BOTH = (FOLDER, AWS)


def named(*names: str) -> Cases:
    """Cases with fixed names."""
    return lambda _: names


def counted(full: int, short: int) -> Cases:
    """So many numbered cases."""
    return lambda bench: [str(number) for number in range(short if bench.short else full)]
