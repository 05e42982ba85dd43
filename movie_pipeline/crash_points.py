"""Labelled points at which a test may kill the process: one before and after every effect.

Below all other layers, as each of them has effects. The list of points is taken from a run that
logs them, so that a new effect is covered; otherwise a point costs one test of a constant.
"""

import os
import signal
import threading
from collections import Counter
from pathlib import Path

CRASH_AT = "MOVIE_PIPELINE_CRASH_AT"
"""Environment variable: the point to die at, `label` or `label#3` for its third passing."""
CRASH_LOG = "MOVIE_PIPELINE_CRASH_LOG"
"""Environment variable: a file that gets the points passed, one a line."""

_crash_at = os.environ.get(CRASH_AT, "")
_log = os.environ.get(CRASH_LOG, "")
_armed = bool(_crash_at or _log)
_passed: Counter[str] = Counter()
_passing = threading.Lock()


def crash_point(label: str) -> None:
    """Die here if a test says so."""
    if _armed:
        _pass(label)


def arm(*, crash_at: str = "", log: Path | None = None) -> None:
    """Set what the variables set, for a process that was forked rather than started."""
    global _armed, _crash_at, _log  # noqa: PLW0603 - the state of the process, for tests alone
    _crash_at, _log = crash_at, str(log) if log else ""
    _armed = bool(_crash_at or _log)
    _passed.clear()


def _pass(label: str) -> None:
    with _passing:
        _passed[label] += 1
        name = label if _passed[label] == 1 else f"{label}#{_passed[label]}"
        _note(name)
    if name == _crash_at:
        os.kill(os.getpid(), signal.SIGKILL)


def _note(name: str) -> None:
    if _log:
        with Path(_log).open("a", encoding="utf-8") as log:
            log.write(f"{name}\n")
