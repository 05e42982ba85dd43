"""Order does not matter: files may come in any order and batches, from two processes at once."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.stored_values import to_json
from movie_pipeline_tests.steps.world import Film, World


@dataclass(frozen=True)
class Version:
    """One file: when it is from, and the films in it with their ratings."""

    minutes: int
    films: tuple[tuple[str, float], ...]

    def outcome(self, world: World, number: int) -> DecidedFile:
        """The file, screened."""
        films = [Film(movie_id, rating) for movie_id, rating in self.films]
        return world.screened(f"file-{number}.csv", films, minutes=self.minutes)


def expected_table(
    outcomes: Sequence[DecidedFile], versions: Sequence[Version]
) -> dict[str, float]:
    """By hand: of each film the latest version, then the highest file id, then the last record."""
    best: dict[str, tuple[int, str, int, float]] = {}
    for outcome, version in zip(outcomes, versions, strict=True):
        for record, (movie_id, rating) in enumerate(version.films):
            candidate = (version.minutes, outcome.landed.file_id, record, rating)
            best[movie_id] = max(best.get(movie_id, candidate), candidate)
    return {movie_id: winner[3] for movie_id, winner in best.items()}


films_of_a_file = st.lists(
    st.tuples(st.sampled_from(["m1", "m2", "m3", "m4"]), st.integers(0, 100).map(float)),
    min_size=1,
    max_size=5,
).map(tuple)
versions_of_files = st.lists(
    st.builds(Version, minutes=st.integers(0, 3), films=films_of_a_file), min_size=1, max_size=5
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(versions=versions_of_files, data=st.data())
def test_any_order_and_any_batches_give_the_same_table_and_every_row_is_accounted_for(
    versions: list[Version], data: st.DataObject
) -> None:
    with TemporaryDirectory() as home:
        world = World(Path(home))
        outcomes = [version.outcome(world, n) for n, version in enumerate(versions)]
        waiting = data.draw(st.permutations(outcomes), label="order")
        while waiting:
            size = data.draw(st.integers(1, len(waiting)), label="batch")
            world.load(*waiting[:size])
            waiting = waiting[size:]
        assert world.table() == expected_table(outcomes, versions)
        for entry in world.ledger.entries():
            assert entry.rows_in == entry.rows_loaded + entry.rows_superseded


LOADER = """
import sys
from pathlib import Path
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.stored_values import from_json
from movie_pipeline_tests.steps.world import World

home, run_id = sys.argv[1:]
batches = from_json(sys.stdin.read(), list[list[DecidedFile]])
world = World(Path(home), warehouse_wait_seconds=60.0)
for batch in batches:
    world.load(*batch, run_id=run_id)
"""


def test_two_processes_that_load_overlapping_files_load_each_of_them_once(world: World) -> None:
    versions = [
        Version(minutes=number % 4, films=(("m1", float(number)), (f"m{number}", 5.0)))
        for number in range(10)
    ]
    outcomes = [version.outcome(world, number) for number, version in enumerate(versions)]
    forwards = [outcomes[start : start + 4] for start in range(0, 10, 2)]
    backwards = [list(reversed(batch)) for batch in reversed(forwards)]
    processes: list[subprocess.Popen[str]] = []
    for run_id, batches in (("run-a", forwards), ("run-b", backwards)):
        process = subprocess.Popen(
            [sys.executable, "-c", LOADER, str(world.settings.home), run_id],
            stdin=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(to_json(batches))
        process.stdin.close()
        processes.append(process)
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    assert world.table() == expected_table(outcomes, versions)
    entries = world.ledger.entries()
    assert len(entries) == world.count("mp_outbox") == len(outcomes)
    rows = world.warehouse.query("select file_id, count(*) as n from movie_data_table group by 1")
    loaded = {entry.file_id: entry.rows_loaded for entry in entries}
    assert all(loaded[name] >= n for name, n in zip(rows["file_id"], rows["n"], strict=True))
