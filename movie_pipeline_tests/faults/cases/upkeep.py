"""Years: upkeep killed at its effects, and warehouse, records and files lost, older or damaged."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from movie_pipeline import crash_points
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import WarehouseError
from movie_pipeline.ledger.decision_records import find_decisions
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.backup import back_up, restore
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.rebuild import rebuild
from movie_pipeline.upkeep.verify import verify
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases.common import (
    SMALL,
    AnyWorld,
    Past,
    begun,
    grown,
    seen,
)
from movie_pipeline_tests.faults.cases.crashes import effects
from movie_pipeline_tests.faults.children import Ended, in_child, start
from movie_pipeline_tests.faults.fault import AWS, BOTH, FOLDER, Bench, Fault
from movie_pipeline_tests.faults.state import check_end, same
from movie_pipeline_tests.faults.world import LocalWorld

LOST = ("movie_data_table", "mp_load_ledger", "mp_reason_counts", "mp_resolutions", "mp_replays")
_DRAWN = {FOLDER: 24, AWS: 6}
"""Points of all effects that are drawn by the seed, for each command, where not all are asked."""


def parts_of(world: AnyWorld) -> Parts:
    """What upkeep works on."""
    deployment = world.deployment
    return Parts(deployment.storage, deployment.warehouse, deployment.settings, MOVIES)


# --- a world with a past, and what is lost of it -------------------------------------------------


def _loaded(bench: Bench) -> tuple[AnyWorld, Past]:
    """A world in which two batches came to their end."""
    return grown(bench, "two batches loaded", _load_two)


def _load_two(bench: Bench) -> tuple[AnyWorld, Past]:
    world, past = begun(bench, SMALL)
    if isinstance(world, LocalWorld):
        in_child(lambda: back_up(parts_of(world), world.home / "copy.duckdb"))
    in_child(lambda: job.run_job(world.deployment))
    return world, past


def _outside(world: AnyWorld, *statements: str) -> None:
    """What somebody beside the pipeline does to the database."""
    for text in statements:
        with world.deployment.warehouse.writing() as session:
            session.run_text(text, name="from outside")  # pyright: ignore[reportAttributeAccessIssue]


def _lose_tables(world: AnyWorld, _: Past) -> None:
    """Rows, ledger and output are gone; what was told is not."""
    _outside(world, *(f"delete from {table}" for table in LOST))
    storage = world.deployment.storage
    for name in storage.names(Area.OUTPUT):
        storage.remove(Area.OUTPUT, name)


def _lose_batch(world: AnyWorld, past: Past) -> None:
    """The warehouse is as it was before the batch, but for what was told."""
    ids = ", ".join(f"'{sent.file_id}'" for sent in past.sent)
    _outside(
        world,
        *(f"delete from {table} where file_id in ({ids})" for table in LOST[:-1]),
        "update mp_warehouse set generation = 1",
    )


def _older_file(world: AnyWorld, past: Past) -> None:
    """The copy of a backup is put back by hand."""
    if isinstance(world, LocalWorld):
        shutil.copyfile(world.home / "copy.duckdb", world.home / "warehouse.duckdb")
    else:
        _lose_batch(world, past)


def _remove_warehouse(world: AnyWorld, past: Past) -> None:
    if isinstance(world, LocalWorld):
        (world.home / "warehouse.duckdb").unlink()
    else:
        del past
        _outside(world, *(f"drop table {table} cascade" for table in (*LOST, "mp_warehouse")))


def _nothing(*_: object) -> None:
    """All stands as it was loaded."""


# --- the commands --------------------------------------------------------------------------------


def _rebuild(world: AnyWorld) -> None:
    report = rebuild(parts_of(world))
    assert report.swapped, report.caught_up.problems


def _repair(world: AnyWorld) -> None:
    verify(parts_of(world), repair=True)


def _restore(world: AnyWorld) -> None:
    assert isinstance(world, LocalWorld)
    assert not restore(parts_of(world), world.home / "copy.duckdb").caught_up.problems


def _whole(world: AnyWorld, past: Past) -> None:
    """The oracle's end, but for notices, of which those of a lost warehouse are lost."""
    check_end(seen(world), past.batches, notices=False)


@dataclass(frozen=True)
class Command:
    """A command of upkeep: what went wrong before it, what it does, and what must stand then."""

    before: Callable[[AnyWorld, Past], None]
    work: Callable[[AnyWorld], None]
    check: Callable[[AnyWorld, Past], None]
    worlds: tuple[str, ...] = BOTH


COMMANDS = {
    "rebuild": Command(_lose_tables, _rebuild, _whole),
    "rebuild of what stands": Command(_nothing, _rebuild, _whole),
    "repair": Command(_lose_batch, _repair, _whole),
    "restore": Command(_nothing, _restore, _whole, worlds=(FOLDER,)),
}


def _killed_cases(bench: Bench) -> list[str]:
    """Every effect of each command, as a run without faults passes them."""
    found: list[str] = []
    for name, command in COMMANDS.items():
        if bench.world not in command.worlds:
            continue
        shutil.rmtree(bench.folder / "home", ignore_errors=True)
        world, past = _loaded(bench)
        in_child(partial(command.before, world, past))
        log = bench.folder / f"points of {name}"
        in_child(partial(_logged, log, command, world))
        points = effects(log.read_text(encoding="utf-8").splitlines())
        if bench.extent != "everything":
            most = min(len(points), 2 if bench.short else _DRAWN[bench.world])
            points = sorted(random.Random(bench.seed).sample(points, most), key=points.index)
        found += [f"{name}: {point}" for point in points]
    return found


def _logged(log: Path, command: Command, world: AnyWorld) -> None:
    crash_points.arm(log=log)
    command.work(world)


def _killed(bench: Bench, case: str) -> None:
    """Y01: the same command, given again, ends what was begun; nobody saw a half of it."""
    name, _, point = case.partition(": ")
    command = COMMANDS[name]
    world, past = _loaded(bench)
    in_child(lambda: command.before(world, past))
    ended = _armed(world, command.work, point)
    if not bench.without:
        assert ended.killed, f"at {point} {name} was not killed: {ended.trace}"
    if name == "rebuild of what stands":
        _whole(world, past)
    in_child(lambda: command.work(world))
    in_child(lambda: job.close_what_is_open(world.deployment))
    command.check(world, past)


def _armed(world: AnyWorld, work: Callable[[AnyWorld], None], point: str) -> Ended:
    def killed() -> None:
        crash_points.arm(crash_at=point)
        work(world)

    return start(killed).wait()


# --- lost, older and damaged ---------------------------------------------------------------------


def _refused(world: AnyWorld) -> None:
    """No job loads into it, and the error says what helps."""
    try:
        world.deployment.warehouse.prepare()
        job.run_job(world.deployment, work="refused")
    except WarehouseError as error:
        _expect_way_out(error)
        return
    raise AssertionError("a job went on as if nothing was missing")


def _expect_way_out(error: WarehouseError) -> None:
    assert "rebuild" in str(error), error


GONE = {"an older copy": _older_file, "removed": _remove_warehouse}


def _gone(bench: Bench, case: str) -> None:
    """Y02: what is missing is noticed at once, and comes back from history."""
    world, past = _loaded(bench)
    in_child(lambda: GONE[case](world, past))
    in_child(lambda: _refused(world))
    in_child(lambda: (_repair if case == "an older copy" else _rebuild)(world))
    in_child(lambda: job.close_what_is_open(world.deployment))
    _whole(world, past)


def _swap_letter(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)


LOGS: dict[str, Callable[[Path], object]] = {
    "removed": lambda log: log.unlink(),
    "cut in its middle": lambda log: log.write_bytes(log.read_bytes()[: log.stat().st_size // 2]),
    "its last bytes cut": lambda log: log.write_bytes(log.read_bytes()[:-7]),
    "garbage": lambda log: log.write_bytes(b"garbage" * 500),
    "a letter in it": _swap_letter,
}


def _log_damaged(bench: Bench, case: str) -> None:
    """Y03: killed after the commit, and the log that holds it is damaged: told, or loaded again."""
    damage, _, point = case.partition(" after ")
    world, past = begun(bench, SMALL)
    assert isinstance(world, LocalWorld)
    start(lambda: _run_beside_another_thread(world, point)).wait()
    log = world.home / "warehouse.duckdb.wal"
    assert log.exists(), "the kill left no log"
    LOGS[damage](log)

    def go_on() -> bool:
        try:
            world.deployment.warehouse.prepare()
            job.run_job(world.deployment, work="another")
        except WarehouseError as error:
            _expect_way_out(error)
            return False
        return True

    if not in_child(go_on):
        in_child(lambda: _rebuild(world))
        in_child(lambda: job.run_job(world.deployment, work="after"))
    _whole(world, past)


def _run_beside_another_thread(world: LocalWorld, point: str) -> None:
    """DuckDB empties the log when the last connection of a process is closed."""
    with world.kept_open():
        crash_points.arm(crash_at=point)
        job.run_job(world.deployment)


def _decided(world: AnyWorld) -> str:
    """The newest file of decision records."""
    return max(find_decisions(world.deployment.storage).places.values())


def _rewritten(world: AnyWorld, area: Area, name: str, change: Callable[[bytes], bytes]) -> None:
    storage = world.deployment.storage
    with storage.reading(area, name) as path:
        content = change(path.read_bytes())
    scratch = Path(world.home) / "changed"
    scratch.write_bytes(content)
    storage.put(area, name, scratch)


def _letter(content: bytes) -> bytes:
    place = content.rindex(b'"rows_loaded":') + 14 if b'"rows_loaded":' in content else 40
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def _largest(world: AnyWorld, area: Area) -> str:
    storage = world.deployment.storage
    names = [name for name in storage.names(area) if name.endswith((".parquet", ".jsonl"))]
    return max(names, key=lambda name: storage.size(area, name))


DAMAGES: dict[str, tuple[str, Callable[[AnyWorld], None]]] = {
    "a record removed": (
        "record-missing",
        lambda world: world.deployment.storage.remove(Area.HISTORY, _decided(world)),
    ),
    "a record torn": (
        "record-damaged",
        lambda world: _rewritten(world, Area.HISTORY, _decided(world), lambda had: had[:-9]),
    ),
    "a number in a record": (
        "record-damaged",
        lambda world: _rewritten(world, Area.HISTORY, _decided(world), _letter),
    ),
    "an output torn": (
        "output-changed",
        lambda world: _rewritten(
            world, Area.OUTPUT, _largest(world, Area.OUTPUT), lambda had: had[:-9]
        ),
    ),
    "a letter in an output": (
        "output-changed",
        lambda world: _rewritten(
            world,
            Area.OUTPUT,
            _largest(world, Area.OUTPUT),
            lambda had: had.replace(b"A Film", b"A Film".swapcase()),
        ),
    ),
    "a quarantine file torn": (
        "quarantine-changed",
        lambda world: _rewritten(
            world, Area.QUARANTINE, _largest(world, Area.QUARANTINE), lambda had: had[:-9]
        ),
    ),
    "a letter in a quarantine file": (
        "quarantine-changed",
        lambda world: _rewritten(
            world,
            Area.QUARANTINE,
            _largest(world, Area.QUARANTINE),
            lambda had: had.replace(b"A Film", b"A FILM"),
        ),
    ),
}


def _damaged(bench: Bench, case: str) -> None:
    """Y04: it is named, and does not get into what is made anew."""
    kind, damage = DAMAGES[case]
    world, past = _loaded(bench)
    before = seen(world)
    in_child(lambda: damage(world))
    kinds = in_child(
        lambda: {one.kind for one in verify(parts_of(world), deep=True, repair=True).findings}
    )
    assert kind in kinds, f"nobody noticed: {kinds}"
    in_child(lambda: _rebuild(world))
    in_child(lambda: job.follow(world.deployment))
    after = seen(world)
    same("the table", after.table, before.table)
    same("the views", after.views, before.views)
    same("the entries", after.entries, before.entries)
    check_end(before, past.batches, notices=False)


FAULTS = (
    Fault(
        "Y01",
        "kill -9 at each effect of rebuild, repair and restore",
        "crash points, taken from each command without faults",
        _killed,
        _killed_cases,
        worlds=BOTH,
    ),
    Fault(
        "Y02",
        "the warehouse is removed, or an older copy of it is put back",
        "the file removed or exchanged; rows and entries deleted on Redshift",
        _gone,
        lambda _: list(GONE),
        worlds=BOTH,
    ),
    Fault(
        "Y03",
        "the warehouse's log is damaged after a kill",
        "removed, cut, overwritten",
        _log_damaged,
        lambda bench: [
            f"{damage} after {point}"
            for damage in LOGS
            for point in (
                ("archive.marked",)
                if bench.short
                else ("sql.commit.after", "load.committed", "archive.marked")
            )
        ],
    ),
    Fault(
        "Y04",
        "what is kept beside the warehouse is damaged",
        "records, output and quarantine files removed, cut and changed",
        _damaged,
        lambda _: list(DAMAGES),
        worlds=BOTH,
    ),
)
