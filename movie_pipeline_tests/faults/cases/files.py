"""Faults of files on their way: taken away, overwritten, half written, cut short, no room."""

import resource
import shutil
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from movie_pipeline.errors import NoRoom, StoredFileRefused
from movie_pipeline.steps import fetch
from movie_pipeline.steps.discover import Batch, fix_batch
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline.storage.storage_port import Area, LandedFile, Storage
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.aws_world import AwsFaultWorld
from movie_pipeline_tests.faults.cases.common import (
    SMALL,
    begun,
    empty,
    end,
    in_child,
    run,
    run_over,
    safe,
)
from movie_pipeline_tests.faults.cases.wrapped import FetchHooked, WrappedStorage
from movie_pipeline_tests.faults.children import start
from movie_pipeline_tests.faults.fault import AWS, BOTH, Bench, Fault, named
from movie_pipeline_tests.faults.oracle import Sent
from movie_pipeline_tests.faults.world import LocalWorld, film, films
from movie_pipeline_tests.standins.hooks import error, hooked


def _taken_away(bench: Bench, when: str) -> None:
    """F12: the batch is fixed, and then a file of it is no longer there."""
    world, past = begun(bench, SMALL)
    batch = Batch.of(world.deployment.storage.landed())
    fix_batch(WorkFolder.at(work_root(world.deployment.settings), "batch"), batch)
    gone, *others = past.sent
    if when == "archived":
        run(world, work="another")
        run(world)
        end(world, past.batches)
        return
    world.delete(gone.key)
    if when == "all deleted":
        for sent in others:
            world.delete(sent.key)
        others = []
    run(world)
    end(world, [past.old, others])


def _overwritten_before_read(bench: Bench, _: str) -> None:
    """F13: the version that was listed is not the one that lies there when it is read."""
    world, past = begun(bench, SMALL)
    old = next(sent for sent in past.sent if sent.key == "some bad.csv")
    new = films(film("m5", "9.3"), film("m6", "6.1"), film("m7", year="GP"), film("m8", title=""))
    assert len(new) == len(old.content), "the size must not give it away"

    def overwrite(file: LandedFile) -> None:
        if file.file_id == old.file_id:
            world.put(old.key, new, 20)

    deployment = replace(
        world.deployment, storage=FetchHooked(world.deployment.storage, before=overwrite)
    )
    in_child(lambda: job.run_job(deployment))
    sent = world.deployment.storage.landed()
    run(world, work="next")
    others = [file for file in past.sent if file is not old]
    newer = [Sent(file.file_id, file.key, new, file.modified_at) for file in sent]
    end(world, [past.old, others, newer])


def _overwritten_before_archive(bench: Bench, when: str) -> None:
    """F14: the sender replaces a file between its load and its archiving."""
    alone = {"movies.csv": SMALL["movies.csv"]}
    world, past = begun(bench, SMALL if when == "after the load" else alone)
    old = next(sent for sent in past.sent if sent.key == "movies.csv")
    new = films(film("m1", "9.2"), film("m13"))
    if when == "killed while settling":
        # the moment at which the file lies twice, or nowhere in sight
        point = "storage.settle.copied" if bench.world == AWS else "storage.aside.after"
        assert run_over(world.deployment, crash_at=point).killed
    else:
        in_child(lambda: job.load(world.deployment, job.prepare(world.deployment)))
    newer = world.put(old.key, new, 30)
    safe(world, [newer])
    in_child(lambda: job.finish(world.deployment))
    run(world, work="next")
    end(world, [past.old, past.sent, [newer]])


def _same_second(bench: Bench, _: str) -> None:
    """F16: two files of one second, one name the beginning of the other."""
    world = empty(bench)
    both = [
        world.put("movies", films(film("m1"), film("m2", "8.0")), 1),
        world.put("movies.csv", films(film("m2", "9.0")), 1),
    ]
    run(world)
    end(world, [both])


def _half_written(bench: Bench, how: str) -> None:
    """F17: a sender who writes slowly, or under a name that says so."""
    world = empty(bench, settle_seconds=0.6)
    assert isinstance(world, LocalWorld), "objects appear whole"
    whole = films(*(film(f"m{number}") for number in range(8)))
    world.landing.mkdir(parents=True)
    path = world.landing / ("movies.csv.part" if how == "renamed" else "movies.csv")

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            for start in range(0, len(whole), 40):
                file.write(whole[start : start + 40])
                time.sleep(0.15)
        if how == "renamed":
            path.rename(world.landing / "movies.csv")

    writer = threading.Thread(target=write)
    taken: list[int] = []
    writer.start()
    while writer.is_alive():
        taken += [file.size for file in world.deployment.storage.landed()]
        time.sleep(0.05)
    writer.join()
    assert set(taken) <= {len(whole)}, f"a half written file was taken: {taken[0]} bytes"
    time.sleep(0.8)
    (file,) = world.deployment.storage.landed()
    run(world)
    end(world, [[Sent(file.file_id, file.key, whole, file.modified_at)]])


def _cut_short(bench: Bench, how: str) -> None:
    """F33: what was read is not what lies there, and no error says so."""
    world, past = begun(bench, SMALL)
    storage = world.deployment.storage
    damaged = {
        "truncated read": lambda: FetchHooked(storage, after=_truncate),
        "empty read": lambda: FetchHooked(storage, after=lambda _, to: to.write_bytes(b"")),
        "truncated output": lambda: _Truncating(storage, Area.OUTPUT),
        "truncated quarantine": lambda: _Truncating(storage, Area.QUARANTINE),
        "torn quarantine": lambda: _Truncating(storage, Area.QUARANTINE, keep=0.99),
    }[how]()
    ended = run_over(replace(world.deployment, storage=damaged))
    assert ended.code == 1, "nobody noticed"
    state = safe(world, past.all)
    assert len(state.entries) == 1, "something was decided over damaged files"
    run(world)
    end(world, past.batches)


def _truncate(_: LandedFile, to: Path) -> None:
    content = to.read_bytes()
    to.write_bytes(content[: content.rindex(b"\n", 0, -1) + 1 if b"\n" in content[:-1] else 3])


class _Truncating(WrappedStorage):
    """What is put into one area loses its end."""

    def __init__(self, real: Storage, area: Area, *, keep: float = 0.5) -> None:
        super().__init__(real)
        self._area, self._keep = area, keep

    def put(self, area: Area, name: str, source: Path) -> str:
        if area is self._area:
            shorter = source.with_suffix(".shorter")
            shutil.copyfile(source, shorter)
            with shorter.open("r+b") as file:
                file.truncate(int(source.stat().st_size * self._keep))
            source = shorter
        return self.real.put(area, name, source)


ENOUGH = 100_000
"""Bytes: below it the warehouse cannot grow, above it the job may succeed."""


def _no_room(bench: Bench, limit: str) -> None:
    """F35: no file may become larger than this; writing more fails as on a full disk."""
    world, past = begun(bench, SMALL)

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
        job.run_job(world.deployment)

    ended = start(work).wait()
    if int(limit) < ENOUGH:
        assert ended.code == 1, f"it did not fail: {ended.code}"
        assert "MoviePipelineError" in ended.trace or "Error: " in ended.trace
    state = safe(world, past.all)
    assert len(state.entries) in {1, 1 + len(past.sent)}, "half of a batch was decided"
    run(world, work="next")
    end(world, past.batches)


def _left_out(bench: Bench, why: str) -> None:
    """F63: one file cannot be had, or has no room; the others load, and it loads afterwards."""
    world, past = begun(bench, SMALL)
    kept = next(sent for sent in past.sent if sent.key == "movies.csv")
    others = [sent for sent in past.sent if sent is not kept]

    def no_room(_: Path, size: int, *__: object, what: str) -> None:
        if size == 2 * len(kept.content):
            raise NoRoom(f"there is no room for {what}")

    def withheld(file: LandedFile) -> None:
        if file.file_id == kept.file_id:
            raise StoredFileRefused(f"{file.key} cannot be read: Permission denied.")

    def archived(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        # of an archive class, as S3 says it of one object
        return error(403, "InvalidObjectState") if "movies.csv" in request.url else None

    def work() -> None:
        deployment = world.deployment
        with ExitStack() as stack:
            if why == "no room":
                stack.enter_context(patch.object(fetch, "expect_room", no_room))
            elif isinstance(world, AwsFaultWorld):
                client = world.client("s3")
                stack.enter_context(hooked(client, "before-send.s3.GetObject", archived))
            else:
                deployment = replace(
                    deployment, storage=FetchHooked(deployment.storage, before=withheld)
                )
            job.run_job(deployment)

    in_child(work)
    state = safe(world, past.all)
    assert set(state.entries) == {sent.file_id for sent in (*past.old, *others)}
    run(world, work="next")
    end(world, [past.old, others, [kept]])


FAULTS = (
    Fault(
        "F12",
        "a file archived or deleted between listing and run",
        "deleted; archived by another run",
        _taken_away,
        named("deleted", "all deleted", "archived"),
        worlds=BOTH,
    ),
    Fault(
        "F13",
        "a file overwritten between listing and reading",
        "put while it is fetched, same size",
        _overwritten_before_read,
        worlds=BOTH,
    ),
    Fault(
        "F14",
        "a file overwritten between commit and archiving",
        "put after the load; kill -9 while it settles",
        _overwritten_before_archive,
        named("after the load", "killed while settling"),
        worlds=BOTH,
    ),
    Fault(
        "F16",
        "two files of the same second and prefix",
        "same time, one name",
        _same_second,
        worlds=BOTH,
    ),
    Fault(
        "F17",
        "a file still being written",
        "slow writer; written as .part and renamed",
        _half_written,
        named("slow", "renamed"),
    ),
    Fault(
        "F33",
        "what was read or written is cut short, without an error",
        "a store that loses the end",
        _cut_short,
        named(
            "truncated read",
            "empty read",
            "truncated output",
            "truncated quarantine",
            "torn quarantine",
        ),
        worlds=BOTH,
    ),
    Fault(
        "F63",
        "one file cannot be had, or has no room",
        "the store refuses it, S3 says it is archived; room for the others alone",
        _left_out,
        named("refused", "no room"),
        worlds=BOTH,
    ),
    Fault(
        "F35",
        "no room on the disk",
        "RLIMIT_FSIZE in the child",
        _no_room,
        lambda bench: ["300", "5000"] if bench.short else ["0", "300", "1500", "5000", "300000"],
    ),
)
