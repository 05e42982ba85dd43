"""Random histories: senders, ticks, runs, crashes and repairs in any order, drawn by hypothesis.

After every step the world is safe and all is accounted for; healed, its state is the oracle's.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from movie_pipeline import crash_points
from movie_pipeline.steps.discover import Batch, fix_batch
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases.common import seen
from movie_pipeline_tests.faults.children import in_child, start
from movie_pipeline_tests.faults.fault import Bench, Fault, counted
from movie_pipeline_tests.faults.oracle import Record, Sent
from movie_pipeline_tests.faults.state import check_end, check_safe
from movie_pipeline_tests.faults.world import LocalWorld, film, films

KEYS = st.sampled_from(["a.csv", "b.csv", "c.csv"])
POINTS = (
    "storage.fetch.after",
    "work.fetched.json.after",
    "storage.put.output.after",
    "work.outcomes.json.after",
    "sql.load/insert_staged.after",
    "load.before_commit",
    "load.committed",
    "storage.aside.after",
    "archive.settled",
    "archive.marked",
    "work.remove.after",
    "alerts.after",
    "outbox.marked",
)


def _film(movie_id: str, tenths: int, *, bad: bool) -> Record:
    return film(movie_id, "5.0" if bad else f"{7.6 + tenths / 10:.1f}")


FILMS = st.lists(
    st.builds(
        _film,
        st.sampled_from(["m1", "m2", "m3"]),
        st.integers(0, 20),
        bad=st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=4,
)
FILES = st.one_of(
    FILMS.map(lambda rows: films(*rows)),
    st.sampled_from([b"\x89PNG\xff", films(*(film(f"h{number}") for number in range(12)))]),
)


class History(RuleBasedStateMachine):
    """One world and what its senders did."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.world = LocalWorld(Path(tempfile.mkdtemp(dir=self.folder)) / "home")
        self.world.landing.mkdir(parents=True)
        self.lying: dict[str, Sent] = {}
        self.sent: dict[str, Sent] = {}
        self.works = 0
        self.touched = False

    @rule(key=KEYS, content=FILES, minutes=st.integers(-9, 9))
    def put(self, key: str, content: bytes, minutes: int) -> None:
        """A new file, or a new version under an old name; its time is older or newer."""
        # the versions of one name must differ, or they are one file
        sent = self.world.put(key, content, minutes * 1000 + len(self.sent))
        self.lying[key] = self.sent[sent.file_id] = sent

    @precondition(lambda self: self.sent)
    @rule(key=KEYS, data=st.data(), minutes=st.integers(-9, 9))
    def double(self, key: str, data: st.DataObject, minutes: int) -> None:
        """The bytes of an earlier file again."""
        again = data.draw(st.sampled_from(sorted(self.sent.values(), key=lambda s: s.file_id)))
        self.put(key, again.content, minutes)

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        """A sender takes a file back."""
        self.world.delete(key)
        self.lying.pop(key, None)

    @rule()
    def tick(self) -> None:
        """A batch is fixed; the run that takes it comes later."""
        self.works += 1
        storage = self.world.deployment.storage
        work_folder = WorkFolder.at(work_root(self.world.deployment.settings), f"w{self.works}")
        fix_batch(work_folder, Batch.of(storage.landed()))

    @rule()
    def run(self) -> None:
        """The run of the last tick, perhaps once more."""
        self._in_child(lambda: job.run_job(self.world.deployment, work=f"w{self.works}"))

    @rule(point=st.sampled_from(POINTS))
    def crash(self, point: str) -> None:
        """The same, killed."""

        def work() -> None:
            crash_points.arm(crash_at=point)
            job.run_job(self.world.deployment, work=f"w{self.works}")

        ended = start(work).wait()
        self.touched = True
        assert ended.killed or ended.code == 0, ended.trace

    @rule()
    def reconcile(self) -> None:
        """What the ledger has left to do is done, without a run."""
        self._in_child(lambda: job.close_what_is_open(self.world.deployment))

    def _in_child(self, work: Callable[[], Any]) -> None:
        in_child(work)
        self.touched = True

    @invariant()
    def safe(self) -> None:
        """Safe at every moment, and every record accounted for."""
        if self.touched:
            check_safe(seen(self.world), [])

    def teardown(self) -> None:
        """Heal: nothing disturbs any more, until nothing waits."""
        for number in range(2):
            in_child(lambda number=number: job.run_job(self.world.deployment, work=f"heal{number}"))
        state = seen(self.world)
        decided = {key: sent for key, sent in self.sent.items() if key in state.entries}
        decided |= {sent.file_id: sent for sent in self.lying.values()}
        check_end(state, [list(decided.values())], in_order=False)


def _histories(bench: Bench, number: str) -> None:
    machine = type("Seeded", (History,), {"folder": bench.folder})
    run_state_machine_as_test(
        seed(bench.seed * 1000 + int(number))(machine),
        settings=settings(
            max_examples=1 if bench.short else 3,
            stateful_step_count=10,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


FAULTS = (
    Fault(
        "H01",
        "random histories of all of this",
        "a hypothesis state machine, ten steps each",
        _histories,
        counted(8, 2),
    ),
)
