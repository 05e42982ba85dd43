"""F68 and F69: the reports for senders, killed at each effect, and refused by the store."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

from movie_pipeline import crash_points
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.steps.tell_sender import Teller
from movie_pipeline.steps.work_folder import work_root
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases.common import SMALL, AnyWorld, Past, begun, end, safe
from movie_pipeline_tests.faults.cases.wrapped import WrappedStorage
from movie_pipeline_tests.faults.children import in_child, start
from movie_pipeline_tests.faults.fault import BOTH, Bench, Fault
from movie_pipeline_tests.faults.oracle import Account, expect
from movie_pipeline_tests.faults.state import same

RUN, RECONCILER = "a run: ", "the reconciler: "


def _points(bench: Bench) -> list[str]:
    """The effects from the first report to the last, by whom they are made again after."""
    world, _ = begun(bench, SMALL)
    log = bench.folder / "points"

    def logged() -> None:
        crash_points.arm(log=log)
        job.run_job(world.deployment, telling=True)

    in_child(logged)
    points = log.read_text(encoding="utf-8").splitlines()
    first = points.index("report.before")
    last = max(place for place, point in enumerate(points) if point.startswith("report.after"))
    effects = [point for point in points[first : last + 1] if not point.startswith("sql.")]
    if bench.short:
        effects = effects[:: max(1, len(effects) // 3)]
    return [f"{after}{point}" for after in (RUN, RECONCILER) for point in effects]


def _killed(bench: Bench, case: str) -> None:
    world, past = begun(bench, SMALL)
    after, point = next(
        (whom, case.removeprefix(whom)) for whom in (RUN, RECONCILER) if case.startswith(whom)
    )

    def work() -> None:
        crash_points.arm(crash_at=point)
        job.run_job(world.deployment, telling=True)

    ended = start(work).wait()
    assert ended.killed or bench.without, f"at {point} the job was not killed: {ended.trace}"
    safe(world, past.all)
    if after == RUN:
        in_child(lambda: job.run_job(world.deployment, run_id="run-2", telling=True))
    else:
        in_child(lambda: job.close_what_is_open(world.deployment, telling=True))
        in_child(lambda: job.close_what_is_open(world.deployment, telling=True))
    end(world, past.batches)
    _told_once(world, past)


class _NoReports(WrappedStorage):
    """A store that takes everything but reports."""

    def put(self, area: Area, name: str, source: Path) -> str:
        if name.startswith("reports/"):
            raise OSError(28, "No space left on device")
        return self.real.put(area, name, source)


def _refused(bench: Bench, _: str) -> None:
    """No file is kept from loading or from history; the command makes the report later."""
    world, past = begun(bench, SMALL)
    refusing = replace(world.deployment, storage=_NoReports(world.deployment.storage))
    in_child(lambda: job.run_job(refusing, telling=True))
    end(world, past.batches)
    same("reports", _reports(world.deployment.storage), {})

    def make_them() -> None:
        deployment = world.deployment
        teller = Teller(deployment.storage, deployment.settings, deployment.dataset)
        for entry in Ledger(deployment.warehouse).entries(limit=1000):
            if entry.rows_quarantined or entry.rows_held or str(entry.state) == "REJECTED":
                teller.put(entry)

    in_child(make_them)
    end(world, past.batches)
    _told_once(world, past)


def _told_once(world: AnyWorld, past: Past) -> None:
    """Each file with anything set apart has one whole report, with the oracle's counts."""
    accounts = expect([past.sent]).accounts
    wanted = {
        file_id: _report_of(account)
        for file_id, account in accounts.items()
        if account.quarantined or account.held or account.state == "REJECTED"
    }
    found = _reports(world.deployment.storage)
    same("reports", {file_id: found.get(file_id) for file_id in wanted}, wanted)
    old = {sent.file_id for sent in past.old}
    same("reports of nothing", sorted(found.keys() - wanted.keys() - old), [])
    left = work_root(world.deployment.settings).glob("report-*")
    same("folders that a report left", sorted(path.name for path in left), [])


def _report_of(account: Account) -> tuple[int, int, int | None]:
    """Rows, those that need nothing, and those in the correction file; None where there is none."""
    apart = account.quarantined + account.held
    accepted = account.loaded + account.superseded
    return account.rows_in, accepted, apart if account.state != "REJECTED" else None


def _reports(storage: Storage) -> dict[str, tuple[int, int, int | None]]:
    """The same of what stands there; what is not whole fails."""
    texts: dict[str, str] = {}
    for name in storage.names(Area.QUARANTINE, "reports/"):
        with storage.reading(Area.QUARANTINE, name) as path:
            texts[name.removeprefix("reports/")] = path.read_text(encoding="utf-8-sig")
    found: dict[str, tuple[int, int, int | None]] = {}
    for name, text in texts.items():
        if not name.endswith(".html"):
            continue
        file_id = name.removesuffix(".html")
        assert text.rstrip().endswith("</html>"), f"{name} is cut off"
        assert f"{file_id}.json" in texts, f"{name} is there before what it links to"
        report = json.loads(texts[f"{file_id}.json"])
        rows = None
        if report["correction_file"]:
            corrections = texts[report["correction_file"]]
            rows = sum(1 for _ in csv.reader(io.StringIO(corrections))) - 1
        found[file_id] = (report["rows"], report["rows_accepted"], rows)
    return found


FAULTS = (
    Fault(
        "F68",
        "kill -9 at each effect of the reports for senders",
        "crash points, taken from a run without faults; then another run, or the reconciler alone",
        _killed,
        _points,
        worlds=BOTH,
    ),
    Fault("F69", "the store takes no report", "a store that refuses them", _refused),
)
