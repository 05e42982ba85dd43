"""A burst: very many files land at once in a fresh home, and Dagster takes them as it always does.

Prints files and rows a minute, runs and their overhead, memory, notices, ticks, and how the UI
answered meanwhile. Every file must be loaded once, else it fails. Generating is not counted.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg

from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.deployments import deployment_from
from movie_pipeline.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent
SECONDS_BETWEEN_LOOKS = 2.0
PAGE_TIMEOUT = 60
SAMPLES = 50
"""Different files; the others have the same films under other titles."""
RUNS_PAGE = {
    "query": "{ runsOrError(limit: 25) { ... on Runs "
    "{ results { id status startTime tags { key } } } } "
    "assetNodes { id assetMaterializations(limit: 1) { timestamp } } }"
}
"""What a page of the UI asks: the newest runs, and the newest materialization of every asset."""
_TITLE = re.compile(rb'(\.jpg",)(?=[^,])')


def main() -> int:
    """Run it, print what was measured, and fail where a file is missing or twice."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=10_000)
    arguments.add_argument("--rows", type=int, default=1_000)
    arguments.add_argument("--limit-minutes", type=float, default=120.0)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-burst-") as folder:
        home = Path(folder) / "home"
        environment = prepare(home)
        generate(home / "waiting", options.files, options.rows)
        with dagster(home, environment) as (process, url):
            watch = Watch(process.pid, url)
            (home / "waiting").rename(home / "input")
            started = time.monotonic()
            seconds = watch.until_empty(home / "input", started, options.limit_minutes * 60)
            wait_for_notices(home)
            watch.look()
        return report(home, environment, watch, options, seconds)


def prepare(home: Path) -> dict[str, str]:
    """A home and a Dagster home of their own, and the environment that names them."""
    instance = home / "dagster"
    instance.mkdir(parents=True)
    shutil.copyfile(PROJECT / "dagster.yaml", instance / "dagster.yaml")
    environment = os.environ | {
        "MOVIE_PIPELINE_HOME": str(home),
        "DAGSTER_HOME": str(instance),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])),
    }
    subprocess.run([_tool("dagster"), "instance", "info"], env=environment, check=True, stdout=-3)
    return environment


def generate(folder: Path, files: int, rows: int) -> None:
    """Write the files; each has films of its own, as its number stands in every title."""
    folder.mkdir(parents=True)
    samples: list[bytes] = []
    for seed in range(min(files, SAMPLES)):
        path = folder / "sample.csv"
        write_sample(path, rows=rows, seed=seed)
        samples.append(path.read_bytes())
        path.unlink()
    for number in range(files):
        content = _TITLE.sub(rb"\g<1>%d " % number, samples[number % SAMPLES])
        (folder / f"movies-{number:06}.csv").write_bytes(content)


@contextmanager
def dagster(
    home: Path, environment: dict[str, str]
) -> Generator[tuple[subprocess.Popen[bytes], str]]:
    """Webserver and daemon as `make run` starts them; they end with the block, whatever happens."""
    port = _free_port()
    command = [_tool("dagster"), "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
    url = f"http://127.0.0.1:{port}"
    with (home / "dagster.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=PROJECT, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_for(url, process)
            yield process, url
        finally:
            _stop(process)


class Watch:
    """What is seen from outside while the burst is worked off."""

    def __init__(self, root: int, url: str) -> None:
        self._root = root
        self._url = url
        self.peaks: dict[str, int] = defaultdict(int)
        self.together = 0
        self.cpu_seconds = 0.0
        self.answers: dict[str, list[float]] = defaultdict(list)

    def until_empty(self, landing: Path, started: float, limit: float) -> float:
        """Look until nothing lies in landing; the seconds it took."""
        files = sum(1 for _ in os.scandir(landing))
        while any(True for _ in os.scandir(landing)):
            passed = time.monotonic() - started
            if passed > limit:
                left = sum(1 for _ in os.scandir(landing))
                raise SystemExit(f"{left} of {files} files still lie in landing: given up.")
            self.look()
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return time.monotonic() - started

    def look(self) -> None:
        """Ask the UI for two pages, and the system for everybody's memory and processor time."""
        self._ask("page", f"{self._url}/runs", None)
        self._ask("GraphQL", f"{self._url}/graphql", json.dumps(RUNS_PAGE).encode())
        together, ticks = 0, 0
        for pid in _descendants(self._root):
            with suppress(OSError):
                ticks += _ticks(pid)
                status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
                role = _role(_command(pid), _command(_parent(pid)))
                self.peaks[role] = max(self.peaks[role], _kilobytes(status, "VmHWM"))
                together += _kilobytes(status, "VmRSS")
        self.together = max(self.together, together)
        self.cpu_seconds = max(self.cpu_seconds, ticks / os.sysconf("SC_CLK_TCK"))

    def _ask(self, what: str, url: str, body: bytes | None) -> None:
        request = urllib.request.Request(
            url, data=body, headers={"Content-Type": "application/json"}
        )
        start = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=PAGE_TIMEOUT) as answer:
                answer.read()
        except OSError:
            self.answers[f"{what}, failed"].append(time.monotonic() - start)
        else:
            self.answers[what].append(time.monotonic() - start)


def wait_for_notices(home: Path) -> None:
    """Wait as long as a digest may wait after the last batch, and a tick or two more."""
    deadline = time.monotonic() + Settings().digests.quiet_seconds + 60
    warehouse = deployment_from(Settings(home=home)).warehouse
    waiting = "select count(*) as n from mp_outbox where sent_at is null"
    while int(warehouse.query(waiting)["n"].iloc[0]) and time.monotonic() < deadline:
        time.sleep(5)


def report(
    home: Path,
    environment: dict[str, str],
    watch: Watch,
    options: argparse.Namespace,
    seconds: float,
) -> int:
    """Print what was measured; 1 where a file is missing, twice, or its rows are."""
    deployment = deployment_from(Settings(home=home))
    counted = deployment.warehouse.query(
        "select count(*) as files, count(distinct file_id) as ids, "
        "sum(rows_in)::bigint as rows_in, sum(rows_loaded)::bigint as rows_loaded, "
        "count(archived_at) as archived, "
        "(select count(*) from movie_data_table) as table_rows from mp_load_ledger"
    ).to_dict("records")[0]
    minutes = seconds / 60
    print(
        f"{options.files:,} files of {options.rows:,} rows in {seconds:,.0f} s, "
        f"{os.cpu_count()} cores"
    )
    print(
        f"{options.files / minutes:,.0f} files a minute, "
        f"{options.files * options.rows / minutes:,.0f} rows a minute"
    )
    print(
        f"{watch.cpu_seconds:,.0f} CPU s in all, Dagster's start included: "
        f"{watch.cpu_seconds / options.files * 1000:,.0f} ms a file"
    )
    _tell_runs(environment, options.files)
    for role, peak in sorted(watch.peaks.items()):
        print(f"peak memory, {role}: {peak / 1024:,.0f} MB")
    print(f"peak memory, all at one moment: {watch.together / 1024:,.0f} MB")
    told = Counter(
        json.loads(line)["kind"] for line in (home / "alerts.jsonl").read_text().splitlines()
    )
    print("notices sent: " + (", ".join(f"{n} {kind}" for kind, n in told.items()) or "none"))
    for what, answers in watch.answers.items():
        print(f"the UI's {what}: {_spread(answers)}")
    print(f"ledger and table: {counted}")
    wanted = {
        "files": options.files,
        "ids": options.files,
        "archived": options.files,
        "rows_in": options.files * options.rows,
        "table_rows": counted["rows_loaded"],
    }
    wrong = {
        name: (counted[name], value) for name, value in wanted.items() if counted[name] != value
    }
    print(
        f"WRONG (found, wanted): {wrong}" if wrong else "Every file once, every row accounted for."
    )
    return 1 if wrong else 0


def _tell_runs(environment: dict[str, str], files: int) -> None:
    os.environ["DAGSTER_HOME"] = environment["DAGSTER_HOME"]
    with dg.DagsterInstance.get() as instance:
        runs = instance.get_run_records(dg.RunsFilter(job_name="ingest_movies"))
        others = instance.get_runs_count() - len(runs)
        states = Counter(run.dagster_run.status.value for run in runs)
        walls: list[float] = []
        starting: list[float] = []
        between: list[float] = []
        steps: Counter[str] = Counter()
        for run in runs:
            stats = instance.get_run_stats(run.dagster_run.run_id)
            if stats.launch_time is None or stats.start_time is None or stats.end_time is None:
                continue
            inside = 0.0
            for step in instance.get_run_step_stats(run.dagster_run.run_id):
                if step.start_time and step.end_time:
                    inside += step.end_time - step.start_time
                    steps[step.step_key] += step.end_time - step.start_time
            walls.append(stats.end_time - stats.launch_time)
            starting.append(stats.start_time - stats.launch_time)
            between.append(stats.end_time - stats.start_time - inside)
        print(f"{len(runs)} ingest runs ({dict(states)}) and {others} other runs")
        print(f"a run, launch to end: {_spread(walls)}; {sum(walls) / files * 1000:,.0f} ms a file")
        print(f"overhead of a run, its process starting: {_spread(starting)}")
        print(f"overhead of a run, between and around its steps: {_spread(between)}")
        for name, spent in steps.most_common(6):
            print(f"  step {name}: {spent / files * 1000:,.1f} ms a file")
        for state in instance.all_instigator_state():
            ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id)
            lasted = [t.end_timestamp - t.timestamp for t in ticks if t.end_timestamp]
            if lasted:
                print(f"tick of {state.instigator_name}: {_spread(lasted)}")


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    ordered = sorted(values)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return (
        f"median {statistics.median(ordered):.2f} s, p95 {p95:.2f} s, max {ordered[-1]:.2f} s "
        f"({len(ordered)})"
    )


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def _role(command: str, of_parent: str) -> str:
    forking = "multiprocessing.forkserver"
    if forking in command:
        return "a run" if forking in of_parent else "starter of runs"
    roles = {
        "spawn_main": "a run",
        "execute_run": "a run",
        "webserver": "webserver",
        "daemon": "daemon",
        "code-server": "code server",
        "api grpc": "code server",
    }
    return next((role for words, role in roles.items() if words in command), "others")


def _kilobytes(status: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) if found else 0


def _stat(pid: int) -> list[str]:
    """What the system tells of a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _ticks(pid: int) -> int:
    """Processor time of a process and of its children that ended, in the system's clock ticks."""
    return sum(map(int, _stat(pid)[11:15]))


def _descendants(root: int) -> Iterable[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                children[_parent(int(entry.name))].append(int(entry.name))
    found: list[int] = []
    open_ids = [root]
    while open_ids:
        pid = open_ids.pop()
        found.append(pid)
        open_ids += children[pid]
    return found


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started, by their own ids."""
    ours = list(_descendants(process.pid))
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=20)
    for pid in ours:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            urllib.request.urlopen(f"{url}/server_info", timeout=5).close()
            return
        time.sleep(0.5)
    raise SystemExit("Dagster did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


if __name__ == "__main__":
    sys.exit(main())
