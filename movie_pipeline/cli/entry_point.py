"""The way into the command line, and out of it at once.

What a command says and does is the matter of `cli`.
"""

import atexit
import gc
import os
import sys
import threading
from typing import Any, NoReturn, cast

from movie_pipeline.cli import main
from movie_pipeline.cycles import look_for_cycles_seldom

_SHORT_SECONDS = 4.0
_OF_TESTS = ("coverage", "hypothesis")
"""pandera imports one, numba the other."""


def run() -> NoReturn:
    """Run the command that the arguments name, and end the process.

    Objects are looked through for cycles only where a command takes long, and then seldom, as it
    makes many that live to its end; and nothing is taken apart afterwards: together more than a
    second of a small `ingest`. What libraries import for the sake of tests, where it is installed,
    they do without: a tenth of a second.
    """
    gc.disable()
    for name in _OF_TESTS:
        cast("dict[str, Any]", sys.modules).setdefault(name, None)  # as if it were not installed
    collecting = threading.Timer(_SHORT_SECONDS, _look_for_cycles)
    collecting.daemon = True
    collecting.start()
    ended = _LeaveAtOnce(collecting)
    atexit.register(ended)  # before a command registers anything, so that it is called last
    try:
        main()
    except SystemExit as leaving:
        ended.code = leaving.code
        raise
    raise AssertionError("the command line ended without a code")


def _look_for_cycles() -> None:
    look_for_cycles_seldom()
    gc.enable()


class _LeaveAtOnce:
    """Ends the process where the command said with what code; else it ends as usual."""

    def __init__(self, collecting: threading.Timer) -> None:
        self._collecting = collecting
        self.code: object = None

    def __call__(self) -> None:
        if not isinstance(self.code, int):
            self._collecting.cancel()
            self._collecting.join()
            gc.enable()
            return
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            return  # as usual: the interpreter tells of a pipe that nobody reads
        os._exit(self.code)
