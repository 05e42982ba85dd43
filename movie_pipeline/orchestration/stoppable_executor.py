"""The executor of all jobs: Dagster's in-process one, which hears a stop between steps, too.

Dagster's own notes it there and goes on to wait: for a slot of the pool that another run holds, or
until a step is to be tried again. Here a run waits for its slot asleep; and of a step that failed
this one says why in one line.
"""

import time
from collections.abc import Iterator
from typing import Any, cast

import dagster as dg
from dagster._core.errors import raise_execution_interrupts
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor import in_process
from dagster._core.executor.in_process import InProcessExecutor
from typing_extensions import override

from movie_pipeline.cycles import look_for_cycles_seldom
from movie_pipeline.orchestration.sensors.failure_causes import cause_of_failure


class _Turn(InstanceConcurrencyContext):
    """A run's wait for a slot of a pool, asleep.

    Dagster's own says that the next claim is due, however long it is until then: a run that waits
    keeps a whole core busy with asking the clock.
    """

    @override
    def interval_to_next_pending_claim_check(self) -> float:
        due = cast("dict[str, float]", self._pending_timeouts)
        return max(0.0, min(due.values(), default=0.0) - time.time())


setattr(in_process, "InstanceConcurrencyContext", _Turn)  # noqa: B010 - it is no public name


class StoppableExecutor(InProcessExecutor):
    """All steps in one process; an interrupt is raised wherever the run is."""

    @override
    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        look_for_cycles_seldom()
        events = iter(super().execute(plan_context, execution_plan))
        while True:
            with raise_execution_interrupts():  # not while others handle the event
                event = next(events, None)
            if event is None:
                return
            yield event
            if event.is_step_failure:
                # the UI shows the first lines of an error, which are Dagster's
                cause = cause_of_failure(event)
                if not cause.raised:
                    plan_context.log.error("%s", cause.sentence)


_like: Any = dg.in_process_executor


@dg.executor(name="in_process", config_schema=_like.config_schema)
def stoppable_executor(context: dg.InitExecutorContext) -> StoppableExecutor:
    """One process for all steps of a run; it takes the configuration of Dagster's own."""
    retries: Any = context.executor_config["retries"]
    return StoppableExecutor(RetryMode.from_config(retries) or RetryMode.ENABLED)
