"""Faults of Redshift: answers lost at COMMIT and before, conflicts, a COPY that loses rows.

The driver is real; a stand-in between it and PostgreSQL does what goes wrong.
"""

from collections.abc import Callable

from movie_pipeline.deployments import Deployment
from movie_pipeline.warehouse import redshift_connection
from movie_pipeline.warehouse.redshift_warehouse import RedshiftWarehouse
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.aws_world import AwsFaultWorld
from movie_pipeline_tests.faults.cases.common import SMALL, begun, healed, run, safe
from movie_pipeline_tests.faults.children import Ended, in_child, start
from movie_pipeline_tests.faults.fault import AWS, Bench, Fault, named
from movie_pipeline_tests.standins.postgres import USER
from movie_pipeline_tests.standins.redshift import Cut, Failure, Faults

EVERY_TRY = 8
"""As often as a load is tried."""
LOST_AT = ("lock table", "copy ", "insert into movie_data_table", "insert into mp_load")
CONFLICTS = {
    "1023 at commit": Failure("commit", "XX000", "1023", "Serializable isolation violation", 3),
    "40001 at delete": Failure("delete from movie", "40001", "could not serialize access", "", 3),
    "conflict at insert": Failure(
        "insert into movie",
        "XX000",
        "could not complete because of conflict with concurrent transaction",
        "",
        3,
    ),
    "deadlock at lock": Failure("lock table", "40P01", "deadlock detected", "", 3),
}
"""Errors that each three tries meet."""


def _through(
    world: AwsFaultWorld, arm: Callable[[Deployment, Faults], object], **settings: float
) -> Ended:
    """Screen, then load while something goes wrong; what the stand-in was told must be used up."""

    def work() -> None:
        with world.faulty_redshift(**settings) as (deployment, faults):
            outcomes = job.prepare(deployment)
            arm(deployment, faults)
            job.load(deployment, outcomes)
            left = [failure.statement for failure in faults.failures if failure.times]
            left += [*map(str, faults.commits), *filter(None, [faults.lose_answer_to])]
            assert left == [], "what the stand-in was told did not happen"

    return start(work).wait()


def _survive(bench: Bench, arm: Callable[[Deployment, Faults], object], **settings: float) -> None:
    """The load succeeds in spite of it, and its files are in the table once."""
    world, past = begun(bench, SMALL)
    assert isinstance(world, AwsFaultWorld)
    ended = _through(world, arm, **settings)
    assert ended.code == 0, ended.trace
    state = safe(world, past.all)
    assert len(state.entries) == len(past.all), "the load said that it succeeded"
    healed(world, past.batches)


def conflicts(bench: Bench, how: str) -> None:
    """F22: three tries end in a conflict, the fourth loads."""
    failure = CONFLICTS[how]
    _survive(bench, lambda _, faults: faults.failures.append(failure))


def _lost_commit(bench: Bench, how: str) -> None:
    """F23 to F25: COMMIT's answer, or COMMIT itself, is lost with the connection."""
    cuts = {
        "the answer": [Cut.AFTER],
        "every answer": [Cut.AFTER] * EVERY_TRY,
        "COMMIT": [Cut.BEFORE],
        "COMMIT twice, then the answer": [Cut.BEFORE, Cut.BEFORE, Cut.AFTER],
        "half of the answer": [Cut.MIDDLE],
    }[how]

    def arm(_: Deployment, faults: Faults) -> None:
        # where the first answer is looked up in the ledger, nobody commits again
        faults.commits.extend(cuts)

    if how == "every answer":
        _every_answer_lost(bench, arm)
    else:
        _survive(bench, arm)


def _every_answer_lost(bench: Bench, arm: Callable[[Deployment, Faults], object]) -> None:
    """No COMMIT is ever answered: the ledger says that the first one did it."""
    world, past = begun(bench, SMALL)
    assert isinstance(world, AwsFaultWorld)

    def work() -> int:
        with world.faulty_redshift() as (deployment, faults):
            outcomes = job.prepare(deployment)
            arm(deployment, faults)
            job.load(deployment, outcomes)
            return len(faults.commits)

    assert in_child(work) == EVERY_TRY - 1, "what was committed was committed again"
    safe(world, past.all)
    healed(world, past.batches)


def _lost_at_statement(bench: Bench, statement: str) -> None:
    """F24: the connection is lost on the way to COMMIT."""
    if statement not in LOST_AT:
        _lost_commit(bench, statement)
        return

    def arm(_: Deployment, faults: Faults) -> None:
        faults.lose_answer_to = statement

    _survive(bench, arm)


def _hangs(bench: Bench, how: str) -> None:
    """F26: nobody answers, and nobody says so."""
    cut = Cut.HANG_BEFORE if how == "before COMMIT" else Cut.HANG_AFTER

    def arm(_: Deployment, faults: Faults) -> None:
        redshift_connection.READ_GRACE_SECONDS = 0.5
        faults.commits.append(cut)

    _survive(bench, arm, redshift_statement_seconds=2.0)


def stale_password(bench: Bench) -> None:
    """F28: the password that was kept is taken no more; the secret has the new one."""

    def arm(deployment: Deployment, __: Faults) -> None:
        warehouse = deployment.warehouse
        assert isinstance(warehouse, RedshiftWarehouse)
        warehouse._connector._login = (USER, "no longer")

    _survive(bench, arm)


def _fewer_rows(bench: Bench, how: str) -> None:
    """F29: COPY loads fewer rows than were written, whether the warehouse counts them or not."""
    world, past = begun(bench, SMALL)
    assert isinstance(world, AwsFaultWorld)

    def arm(_: Deployment, faults: Faults) -> None:
        faults.lose_rows = 1
        faults.count_lost_rows = how == "counted as loaded"

    ended = _through(world, arm)
    assert "staging holds" in ended.trace, ended.trace or "nobody noticed"
    state = safe(world, past.all)
    assert len(state.entries) == len(past.old), "something of the batch was loaded"
    run(world, work="next")
    healed(world, past.batches)


FAULTS = (
    Fault(
        "F23",
        "COMMIT's answer is lost",
        "the connection cut after COMMIT; at every try",
        _lost_commit,
        named("the answer", "every answer"),
        worlds=(AWS,),
    ),
    Fault(
        "F24",
        "COMMIT, or a statement before it, never arrives",
        "the connection cut before it",
        _lost_at_statement,
        named("COMMIT", "COMMIT twice, then the answer", *LOST_AT),
        worlds=(AWS,),
    ),
    Fault(
        "F25",
        "an answer is torn",
        "three bytes of COMMIT's answer, then the end",
        _lost_commit,
        named("half of the answer"),
        worlds=(AWS,),
    ),
    Fault(
        "F26",
        "the warehouse does not answer",
        "COMMIT swallowed, or its answer",
        _hangs,
        named("before COMMIT", "after COMMIT"),
        worlds=(AWS,),
    ),
    Fault(
        "F29",
        "COPY loads fewer rows than were sent",
        "a row lost on the way, counted or not",
        _fewer_rows,
        named("not counted", "counted as loaded"),
        worlds=(AWS,),
    ),
)
