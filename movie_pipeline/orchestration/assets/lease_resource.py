"""Every run holds a lease while its process lives, whatever job it is of: a resource around others.

What a lease is stands in steps/run_lease.py; who looks at it in
orchestration/sensors/landing_sensor.py.
"""

from collections.abc import Generator
from pathlib import Path

import dagster as dg

from movie_pipeline.steps.run_lease import run_lease

LEASE_RESOURCE = "lease"


def lease_of_the_run(root: Path) -> dg.ResourceDefinition:
    """The lease, held from before a run's first step to after its last.

    Args:
        root: where the work folders lie.
    """

    def hold(context: dg.InitResourceContext) -> Generator[None]:
        instance = context.instance
        # no run in a sensor's tick, and nobody asks for one that is kept nowhere
        if context.run is None or instance is None or instance.is_ephemeral:
            yield
            return
        with run_lease(root, context.run.run_id):
            yield

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
