"""Which steps are tried again at once: those whose error says that seconds may mend it.

A RetryPolicy of Dagster's repeats a step after any error, and after the interrupt by which a run is
canceled. When a whole run is tried again is run_queue.py's matter.
"""

import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import dagster as dg

from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.stop_signals import heeding_stops

RETRY = dg.RetryPolicy(
    max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""How often a step is tried again, and after what waits."""

Step = TypeVar("Step", bound=Callable[..., Any])


def retrying(step: Step) -> Step:
    """The step, tried again after an error that is retryable, and after nothing else.

    Args:
        step: safe to repeat; where it yields, then nothing before it is sure of all.
    """

    def returning(*args: object, **named: object) -> object:
        with _another_try_asked_for():
            return step(*args, **named)

    def yielding(*args: object, **named: object) -> Iterator[object]:
        with _another_try_asked_for():
            yield from step(*args, **named)

    # Dagster asks whether a function yields, and links an asset to where its code says it stands
    wrapped: Any = wraps(step)(yielding if inspect.isgeneratorfunction(step) else returning)
    place: Any = step
    wrapped.__code__ = wrapped.__code__.replace(
        co_filename=place.__code__.co_filename, co_firstlineno=place.__code__.co_firstlineno
    )
    return wrapped


@contextmanager
def _another_try_asked_for() -> Generator[None]:
    try:
        with heeding_stops():
            yield
    except MoviePipelineError as error:
        if not error.retryable:
            raise
        failed_before = dg.OpExecutionContext.get().retry_number
        raise dg.RetryRequested(
            max_retries=RETRY.max_retries,
            seconds_to_wait=RETRY.calculate_delay(failed_before + 1),
        ) from error
