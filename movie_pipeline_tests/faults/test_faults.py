"""The short set of the matrix, and guards switched off: what `make faults` does at length."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from movie_pipeline_tests.faults.faults import FAULTS
from movie_pipeline_tests.faults.matrix import (
    Matrix,
    Order,
    memory,
    mutants,
    red_by_guard,
    scores,
)
from movie_pipeline_tests.faults.mutations import MUTATIONS
from movie_pipeline_tests.faults.warm import Warm

MOST = defaultdict(lambda: 1, {"F01": 6, "F02": 2, "F42": 2})
"""The cases that a test run has time for, of each fault, spread over its list."""
DEAR = {"F03", "F05", "F07b"}
"""Ticks of the real sensor loop take seconds each: F04 and F06 are enough of them here."""
GUARDS = ("ledger check", "stale", "outbox in the transaction", "conditional settle")


@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    with tempfile.TemporaryDirectory(prefix="faults-", dir=memory()) as shared:
        yield Matrix(Path(shared), processes=1)


def few(orders: list[Order]) -> list[Order]:
    """Some cases of each fault, spread over its list."""
    by_fault: dict[str, list[Order]] = {}
    for order in orders:
        by_fault.setdefault(order.fault, []).append(order)
    chosen: list[Order] = []
    for fault, of_fault in by_fault.items():
        step = max(1, len(of_fault) // MOST[fault])
        chosen += of_fault[::step][: MOST[fault]]
    return chosen


def test_every_fault_is_survived(matrix: Matrix) -> None:
    chosen = [fault for fault in FAULTS.values() if not fault.only_full and fault.id not in DEAR]
    found = scores(matrix.run(few(matrix.cases(chosen))))
    lost = {name: score.lost for name, score in found.items() if score.lost}
    assert not lost, "\n".join(
        f"{name} {case}: {why}" for name, cases in lost.items() for case, why in cases.items()
    )
    assert found.keys() == {fault.id for fault in chosen}


def test_without_a_guard_a_fault_is_not_survived(matrix: Matrix) -> None:
    red = red_by_guard(matrix.run(mutants(GUARDS)))
    assert [name for name in GUARDS if not red[name]] == []


def test_the_points_to_die_at_cover_every_effect_of_the_job(matrix: Matrix) -> None:
    with Warm(matrix.shared) as warm:
        points = set(warm.ask(cases="F01", seed=1, extent="full").value)
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


def test_every_mutation_tries_cases_that_there_are() -> None:
    tried = Counter(fault for mutation in MUTATIONS.values() for fault, _ in mutation.tried)
    assert set(tried) <= set(FAULTS)
