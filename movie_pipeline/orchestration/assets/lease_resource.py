"""Every run holds a lease while its process lives, whatever job it is of: a resource around others.

What a lease is stands in steps/run_lease.py; who looks at it in
orchestration/sensors/landing_sensor.py.
"""

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

    def hold(context: dg.InitResourceContext) -> None:
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

    return dg.ResourceDefinition(hold, description="Says that the run's process is alive.")


def during_the_lease(part: object, lease: str = LEASE_RESOURCE) -> dg.ResourceDefinition:
    """A part of the world; whoever takes it in a run holds the run's lease.

    Args:
        part: what is given to those who ask.
        lease: the name of the lease's resource.
    """
    return dg.ResourceDefinition(
        lambda _: part,
        required_resource_keys={lease},
        description=(type(part).__doc__ or "").partition("\n")[0],
    )
