"""Work in a process of its own, of which a test asks how much memory it took.

A worker of tests has a peak of its own, and may take what it gave back before without its growing.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

_Given = ParamSpec("_Given")
_Returned = TypeVar("_Returned")


def alone(
    work: Callable[_Given, _Returned], *arguments: _Given.args, **options: _Given.kwargs
) -> _Returned:
    """What a function of a module returns, called in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *arguments, **options).result()
