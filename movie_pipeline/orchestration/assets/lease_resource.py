"""The parts of the world as resources; and the lease that every run holds while its process lives.

What a lease is stands in steps/run_lease.py; who looks at it in
orchestration/sensors/landing_sensor.py.
"""

import inspect
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from movie_pipeline.steps.run_lease import give_up_run_lease, take_run_lease

LEASE_RESOURCE = "lease"
_ENDS = {
    dg.DagsterEventType.RUN_SUCCESS,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.RUN_CANCELED,
}


def lease_of_the_run(root: Path) -> dg.ResourceDefinition:
    """The lease, held from before a run's first step until Dagster has noted the run's end.

    Not only until its last step: a run killed after that would be at work for ever.

    Args:
        root: where the work folders lie.
    """

    def held_lease(context: dg.InitResourceContext) -> None:
        instance, run = context.instance, context.run
        # no run in a sensor's tick, and nobody asks for one that is kept nowhere
        if run is None or instance is None or instance.is_ephemeral:
            return

        def look(entry: dg.EventLogEntry) -> None:
            event = entry.dagster_event
            if event is not None and event.event_type in _ENDS:
                give_up_run_lease(root, run.run_id)

        take_run_lease(root, run.run_id)
        instance.add_event_listener(run.run_id, look)

    return dg.ResourceDefinition(held_lease, description="Says that the run's process is alive.")


def resource_of(
    part: object,
    *,
    of_sensors: object = None,
    lease: str | None = None,
    facts: Mapping[str, object] | None = None,
) -> dg.ResourceDefinition:
    """A part of the world as a resource that the UI calls by its class.

    Nothing of it can be configured at a launch: which store and which warehouse belong together is
    a deployment's matter, not a run's.

    Args:
        part: what is given to those who ask.
        of_sensors: what is given in its place where no run asks.
        lease: the name of the lease's resource, where a run that takes the part is to hold it.
        facts: what is worth knowing of it beside its class.
    """
    kind = type(part)

    def give(context: dg.InitResourceContext) -> object:
        return part if context.run or of_sensors is None else of_sensors

    # as what Dagster shows a resource follows from what its function is called
    give.__name__, give.__module__ = kind.__name__, kind.__module__
    return dg.ResourceDefinition(
        give,
        required_resource_keys={lease} if lease else None,
        description="\n".join(
            [
                inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0],
                *(f"\n{name}: `{fact}`" for name, fact in (facts or {}).items()),
            ]
        ),
    )
