"""The short set of the matrix, and guards switched off: what `make faults` does at length."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from movie_pipeline_tests.faults.aws_world import tell_servers
from movie_pipeline_tests.faults.fault import AWS, FOLDER
from movie_pipeline_tests.faults.faults import ALL, FAULTS
from movie_pipeline_tests.faults.matrix import (
    Matrix,
    Order,
    Score,
    memory,
    mutants,
    red_by_guard,
    scores,
)
from movie_pipeline_tests.faults.mutations import MUTATIONS, switched_off
from movie_pipeline_tests.standins.aws_world import AwsServers

pytestmark = pytest.mark.long

MOST = defaultdict(lambda: 1, {"F01": 3, "F02": 2, "F42": 2})
"""The cases that a test run has time for, of each fault, spread over its list."""
DEAR = {"F03", "F04", "F05", "F07b", "F67"}
"""Ticks of the real sensor loop take seconds each: F06 is enough of them here.

job/test_pool_slot.py and job/test_killed_runs.py kill workers, too.
"""
ON_AWS = {
    "F01": 1,
    "F23": 1,
    "F29": 1,
    "F31": 1,
    "F36": 1,
}
"""Over AWS's stand-ins: a kill, and one fault of each service.

The others of `make faults` are tests elsewhere in part.
"""
GUARDS = ("ledger check", "outbox in the transaction")
AWS_GUARD = "delete by ETag"


@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    with (
        tempfile.TemporaryDirectory(prefix="faults-", dir=memory()) as shared,
        Matrix(Path(shared), processes=1) as matrix,
    ):
        yield matrix


def few(orders: list[Order], most: Mapping[str, int] = MOST) -> list[Order]:
    """Some cases of each fault, spread over its list."""
    by_fault: dict[str, list[Order]] = {}
    for order in orders:
        by_fault.setdefault(order.fault, []).append(order)
    chosen: list[Order] = []
    for fault, of_fault in by_fault.items():
        step = max(1, len(of_fault) // most[fault])
        chosen += of_fault[::step][: most[fault]]
    return chosen


def test_every_fault_is_survived(matrix: Matrix) -> None:
    chosen = [
        fault
        for fault in FAULTS.values()
        if FOLDER in fault.worlds and not fault.only_full and fault.id not in DEAR
    ]
    assert_survived(scores(matrix.run(few(matrix.cases(chosen)))), {fault.id for fault in chosen})


def test_faults_of_aws_are_survived_and_without_a_guard_they_are_not(
    matrix: Matrix, aws_servers: AwsServers
) -> None:
    tell_servers(matrix.shared, aws_servers)
    chosen = few(matrix.cases([FAULTS[name] for name in ON_AWS], AWS), ON_AWS)
    found = matrix.run([*chosen, *mutants([AWS_GUARD])])
    assert_survived(scores((order, answer) for order, answer in found if not order.without), ON_AWS)
    assert red_by_guard((o, answer) for o, answer in found if o.without)[AWS_GUARD]


def test_without_a_guard_a_fault_is_not_survived(matrix: Matrix) -> None:
    red = red_by_guard(matrix.run(mutants(GUARDS)))
    assert [name for name in GUARDS if not red[name]] == []


def assert_survived(found: dict[str, Score], tried: Collection[str]) -> None:
    """Each fault was tried, and every case survived."""
    lost = {name: score.lost for name, score in found.items() if score.lost}
    assert not lost, "\n".join(
        f"{name} {case}: {why}" for name, cases in lost.items() for case, why in cases.items()
    )
    assert found.keys() == set(tried)


def test_the_points_to_die_at_cover_every_effect_of_the_job(matrix: Matrix) -> None:
    with matrix.warm() as warm:
        points = set(warm.ask(cases="F01", seed=1, extent="everything", world=FOLDER).value)
    assert points >= {
        "storage.fetch.after",
        "intake.read.after",
        "work.manifest.json.after",
        "screen.judged.after",
        "screen.good.after",
        "screen.quarantine.after",
        "storage.put.output.after",
        "storage.put.quarantine.after",
        "files.copied",
        "sql.copy.before",
        "sql.load/insert_staged.after",
        "sql.outbox/insert.after",
        "load.ledger_written",
        "load.before_commit",
        "sql.commit.after",
        "load.committed",
        "storage.aside.after",
        "storage.settle.after",
        "archive.settled",
        "archive.marked",
        "work.remove.after",
        "refresh.mv_yearly_trends.after",
        "alerts.after",
        "events.after",
        "outbox.marked",
    }
    assert len(points) > 150


def test_no_two_faults_have_the_same_id() -> None:
    assert sorted(fault.id for fault in ALL) == list(FAULTS)


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_guard_that_a_mutation_switches_off_is_there(name: str) -> None:
    with switched_off(name):  # else its cases fail for a name that is no more, and seem noticed
        pass


def test_every_mutation_tries_cases_that_there_are() -> None:
    tried = Counter(fault for mutation in MUTATIONS.values() for fault, _ in mutation.tried)
    assert set(tried) <= set(FAULTS)
