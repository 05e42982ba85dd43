"""A file screened on Spark is published as one screened in process: rows, records, reasons."""

import contextlib
import io
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import pytest

from movie_pipeline.crash_points import CRASH_AT, CRASH_LOG
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.errors import StoredFileMissing
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.orchestration.spark_on_aws import service_of
from movie_pipeline.orchestration.spark_pipes import Launch, run_here
from movie_pipeline.screening.engine_port import JobStart
from movie_pipeline.spark import screen_file
from movie_pipeline.spark.executor_tasks import on_executors
from movie_pipeline.steps.gate import account_for, violations_of_parts
from movie_pipeline.steps.load import LoadRun, load_batch
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.part_list import list_name, parts_of
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.dqdl.spark_samples import PACKAGES, needs_spark, spark
from movie_pipeline_tests.samples import REPOSITORY
from movie_pipeline_tests.spark.both_ways import BothWays
from movie_pipeline_tests.spark.role_of_jobs import (
    NOTED,
    grants_of_jobs,
    needs_in,
    noting,
    unused,
)
from movie_pipeline_tests.spark.two_hosts import two_hosts
from movie_pipeline_tests.standins.aws import Endpoint
from movie_pipeline_tests.standins.permissions import denied
from movie_pipeline_tests.standins.spark_modules import modules_in
from movie_pipeline_tests.standins.spark_services import SparkServices, service_settings
from movie_pipeline_tests.tabular.staging import ALIEN, DATA, HEADER, packed
from movie_pipeline_tests.tabular.test_chunk_reader import ODD
from movie_pipeline_tests.tabular.test_read_in_pieces import samples
from movie_pipeline_tests.tabular.test_zip_archives import archive

pytestmark = [
    needs_spark,
    pytest.mark.long,
    # pyspark leaves it to the collector to close what it fetched rows by
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:Warning"),
]
RULES = MOVIES.ruleset.read_text(encoding="utf-8")
LONG = "ROUNDS" in os.environ


def sample(rows: int) -> bytes:
    text = io.BytesIO()
    write_sample(text, rows=rows, seed=4)
    return text.getvalue()


def hostile() -> bytes:
    odd = (record for name, record in ODD.items() if name != "never closed")
    return HEADER.encode() + b"".join(record + ALIEN.encode() for record in odd)


REFERENCES = """,
    ReferentialIntegrity "movie_title" "known.certificate" >= 0.0,
    (ColumnValues "imdb_rating" > 9.9) OR (IsComplete "movie_id")
]"""


def assert_alike(
    both: BothWays, contents: Mapping[str, bytes], rules: str = RULES
) -> dict[str, FileState]:
    here, on_spark = both.screen(contents, rules)
    for one, other in zip(here, on_spark, strict=True):
        assert other.without_the_engine() == one.without_the_engine()
        read = other.decided.state in {FileState.LOADED, FileState.HELD}
        assert other.decided.summary.screened_by.startswith("Spark 4") == read
    return {one.decided.landed.key: one.decided.state for one in on_spark}


def test_a_batch_is_published_the_same_whichever_of_two_attempts_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a task is started once more, because it seems slow: each of them wrote something."""

    def twice(context: Any, task: Any, items: Any) -> list[Any]:  # noqa: ANN401 - of any kind
        attempts = [on_executors(context, task, items) for _ in range(2)]
        return [attempts[place % 2][place] for place in range(len(items))]

    monkeypatch.setattr(screen_file, "on_executors", twice)
    content = sample(120)
    known = tmp_path / "known.csv"
    known.write_text("certificate,age\nPG,8\nR,17\nnot rated,0\n")
    references = (f"known={known}",)
    both = BothWays(tmp_path, spark_piece_bytes=len(content) // 3, reference_datasets=references)
    contents = {
        "a-sample.csv": content,
        "hostile.csv": hostile(),
        "only a header.csv": HEADER.encode(),
        "json.csv.gz": packed(b'[{"title": "Alien", "rating": 8.5}, {"title": "Heat"}]'),
        "parts.zip": archive({"1.csv": HEADER + ALIEN, "2.csv": HEADER + "Heat,nineties,8\n"}),
    }
    assert assert_alike(both, contents, RULES.replace("]", REFERENCES)) == {
        "a-sample.csv": FileState.LOADED,
        "hostile.csv": FileState.HELD,
        "only a header.csv": FileState.REJECTED,
        "json.csv.gz": FileState.LOADED,
        "parts.zip": FileState.LOADED,
    }
    assert spark().catalog.listTables("global_temp") == []
    staged = list(tmp_path.glob("output/spark/*/*/*/*.staged.parquet"))
    assert len(staged) == 2 * len({str(path).rpartition("-")[0] for path in staged}) > 8


def test_what_executors_published_is_not_read_again_before_it_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = sample(300)
    both = BothWays(tmp_path, spark_piece_bytes=len(content) // 4)
    read: list[str] = []
    for verb in ("reading", "bytes_of"):
        monkeypatch.setattr(FolderStorage, verb, noting_names(getattr(FolderStorage, verb), read))
    decided = both.on_spark({"a.csv": content}, RULES)
    [file] = decided
    storage = both.deployment.storage
    assert account_for(file, storage).balanced
    assert violations_of_parts(file, storage) == {}
    lists = [str(file.output_name), str(file.quarantine_name)]
    assert {name for name in read if name.startswith("parts/")} == {*lists}
    parts = [
        parts_of(storage, area, name)
        for area, name in zip((Area.OUTPUT, Area.QUARANTINE), lists, strict=True)
    ]
    assert [len(side) > 2 for side in parts] == [True, True]
    assert lists[0] == lists[1] == list_name(parts[0][0].name)
    [entry] = load_batch(both.deployment.warehouse, decided, LoadRun("b", "r"), lambda _: [])
    assert {part.name for part in parts[0]} <= {*read}
    assert entry.rows_loaded + entry.rows_superseded == sum(part.count or 0 for part in parts[0])
    cut = tmp_path / "badrecords" / parts[1][1].name
    cut.write_bytes(cut.read_bytes()[:-1])
    assert account_for(file, storage).set_apart == entry.rows_quarantined - (parts[1][1].count or 0)
    (tmp_path / "output" / parts[0][1].name).unlink()
    with pytest.raises(StoredFileMissing, match="it was removed, or never put"):
        account_for(file, storage)


def noting_names(verb: Callable[..., Any], noted: list[str]) -> Callable[..., Any]:
    """A verb of a store that notes the names that it is called with."""

    def call(storage: FolderStorage, area: Area, name: str, *others: object) -> Any:  # noqa: ANN401 - of any verb
        noted.append(name)
        return verb(storage, area, name, *others)

    return call


HOSTILE_SETTINGS = """
spark.sql.ansi.enabled true
spark.sql.session.timeZone America/St_Johns
spark.sql.caseSensitive true
spark.sql.legacy.timeParserPolicy LEGACY
spark.sql.parser.escapedStringLiterals true
spark.speculation true
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
spark.sql.shuffle.partitions 1
"""


DOING_TWICE = """
spark.speculation true
spark.speculation.interval 10ms
spark.speculation.multiplier 1.01
spark.speculation.quantile 0.1
spark.speculation.minTaskRuntime 0ms
spark.eventLog.enabled true
spark.eventLog.dir EVENTS
spark.eventLog.compress false
"""
"""Of tasks that take as long as others, most are started once more; where that is done is noted."""

NOT_SEEN = {
    "ReadReferenceDatasets",  # they are a setting
    "WriteWhereTheyAreAsked",  # s3:AbortMultipartUpload: files above 256 MB go in parts
    "PublishParts",  # likewise
    "TellWhatIsNotThere",  # S3 looks at it itself
    "ReadTheCode",  # what starts the job reads it
    "FindTheCode",
    "WriteLogsOfGlue",
    "EncryptLogs",
}
"""Grants of the role that no call of the program needs."""


def test_a_job_on_glue_whose_workers_die_under_hostile_settings_answers_the_same(
    tmp_path: Path, seaweed: Endpoint
) -> None:
    """Its arguments are as Glue hands them on, and its modules those of the archive alone."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "spark-defaults.conf").write_text(HOSTILE_SETTINGS)
    passed, python = tmp_path / "passed", modules_in(tmp_path)
    script = str(shutil.copy(REPOSITORY / "deploy" / "spark" / "job.py", tmp_path))
    services = SparkServices(
        seaweed,
        lambda told, _: [str(python), script, *told],
        variables={
            "PYTHONPATH": f"{noting(tmp_path)}{os.pathsep}{PACKAGES}",  # Spark's own is there
            NOTED: str(tmp_path / "noted"),
            "PYSPARK_PYTHON": str(python),
            "PYSPARK_SUBMIT_ARGS": "--master local[1,4] pyspark-shell",
            "SPARK_CONF_DIR": str(tmp_path / "conf"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            CRASH_LOG: str(passed),
            CRASH_AT: "spark.read.after#2",
        },
    )
    content = sample(80)
    on_glue: dict[str, Any] = service_settings("glue")
    both = BothWays(tmp_path, seaweed, spark_piece_bytes=len(content) // 2, **on_glue)
    launch = service_of(both.deployment.settings, services.clients).run
    alike = both.screen({"a.csv": content}, RULES, run_job=lambda job: [in_a_run(job, launch)])
    here, on_spark = ([one.without_the_engine() for one in side] for side in alike)
    assert on_spark == here
    points = passed.read_text().splitlines()
    assert "spark.read.after#2" in points
    names = both.deployment.storage.names(Area.OUTPUT, "spark")
    staged = [name for name in names if name.endswith(".staged.parquet")]
    assert len(staged) > points.count("spark.split.after") > 0
    needs, grants = needs_in(tmp_path / "noted"), grants_of_jobs(both.deployment.settings)
    assert denied(needs, grants) == []
    assert {sid for sid, _ in unused(needs, grants)} == NOT_SEEN
    not_needed = {*unused(needs, grants)}
    assert not_needed.isdisjoint(
        (sid, action)
        for sid in ("WriteWhereTheyAreAsked", "PublishParts")
        for action in ("s3:GetObject", "s3:PutObject")
    )


@pytest.mark.skipif(not LONG, reason="takes long: make conformance does it")
def test_a_program_of_this_machine_answers_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{PACKAGES}{os.pathsep}{REPOSITORY}")
    both = BothWays(tmp_path)
    alike = both.screen({"a.csv": sample(80)}, RULES, run_job=lambda job: [in_a_run(job)])
    here, on_spark = ([one.without_the_engine() for one in side] for side in alike)
    assert on_spark == here


@pytest.mark.skipif(not LONG, reason="takes long: make conformance does it")
def test_an_executor_killed_on_a_cluster_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{PACKAGES}{os.pathsep}{REPOSITORY}")
    content = sample(3_000)
    master = "local-cluster[2,1,1024]"
    both = BothWays(tmp_path, spark=master, spark_piece_bytes=len(content) // 12)
    over = threading.Event()
    killed: list[int] = []

    def kill_one_executor() -> None:
        while not over.wait(0.1):
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    backend = "CoarseGrainedExecutorBackend" in " ".join(process.cmdline())
                    staged = list(tmp_path.glob("output/spark/*/*/*/*.staged.parquet"))
                    if backend and staged:
                        process.kill()
                        killed.append(process.pid)
                        return

    killing = threading.Thread(target=kill_one_executor)
    killing.start()
    try:
        alike = both.screen({"a.csv": content}, RULES, run_job=lambda job: [in_a_run(job)])
    finally:
        over.set()
        killing.join()
    here, on_spark = ([one.without_the_engine() for one in side] for side in alike)
    assert killed
    assert on_spark == here


@pytest.mark.skipif(not LONG, reason="takes long: make conformance does it")
def test_a_piece_whose_first_attempt_stands_still_is_read_by_a_second_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("conf", "events", "cluster"):
        (tmp_path / folder).mkdir()
    settings = DOING_TWICE.replace("EVENTS", (tmp_path / "events").as_uri())
    (tmp_path / "conf" / "spark-defaults.conf").write_text(settings)
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path / "conf"))
    monkeypatch.delenv("SPARK_LOCAL_IP", raising=False)
    monkeypatch.setenv("PYTHONPATH", f"{PACKAGES}{os.pathsep}{REPOSITORY}")
    content = sample(3_000)
    over = threading.Event()
    still: list[psutil.Process] = []

    def let_one_worker_stand_still() -> None:
        while not over.wait(0.02):
            if not list(tmp_path.glob("output/spark/*/*/*/*.staged.parquet")):
                continue
            for process in psutil.process_iter():
                with contextlib.suppress(psutil.Error):
                    if (worker := one_of_python(process)) is not None:
                        worker.suspend()
                        still.append(worker)
                        return

    standing = threading.Thread(target=let_one_worker_stand_still)
    with two_hosts(tmp_path / "cluster") as master:
        both = BothWays(tmp_path, spark=master, spark_piece_bytes=len(content) // 12)
        standing.start()
        try:
            alike = both.screen({"a.csv": content}, RULES, run_job=lambda job: [in_a_run(job)])
        finally:
            over.set()
            standing.join()
            for worker in still:
                with contextlib.suppress(psutil.Error):
                    worker.kill()
    here, on_spark = ([one.without_the_engine() for one in side] for side in alike)
    assert still
    assert on_spark == here
    assert any('"Speculative":true' in started for started in tasks_noted_in(tmp_path / "events"))


def one_of_python(executor: psutil.Process) -> psutil.Process | None:
    """A worker of Python's at work for an executor on the second host; None where it is another."""
    command = " ".join(executor.cmdline())
    if "CoarseGrainedExecutorBackend" not in command or "127.0.0.3" not in command:
        return None
    workers = [one for daemon in executor.children() for one in daemon.children()]
    return workers[0] if workers else None


def tasks_noted_in(events: Path) -> Iterator[str]:
    """What Spark noted of each task that it started."""
    for log in events.rglob("*"):
        if log.is_file():
            lines = log.read_text(encoding="utf-8").splitlines()
            yield from (line for line in lines if '"Event":"SparkListenerTaskStart"' in line)


@pytest.mark.skipif(not LONG, reason="takes long: make conformance does it")
def test_files_of_all_shapes_are_published_the_same(tmp_path: Path) -> None:
    plain = {
        f"{number}.csv": values.values[0]
        for number, values in enumerate(samples())
        if values.values[1] == samples_declare_nothing()
    }
    assert_alike(BothWays(tmp_path, spark_piece_bytes=600), plain)


def in_a_run(job: JobStart, launch: Launch = run_here) -> Mapping[str, Any]:
    """Run a job by its program, started by Dagster Pipes, and return what it said."""
    said: list[Mapping[str, Any]] = []

    @dg.op
    def step(context: dg.OpExecutionContext) -> None:
        said.extend(launch(context, job))

    @dg.job
    def run() -> None:
        step()

    assert run.execute_in_process().success
    [one] = said
    return one


def samples_declare_nothing() -> object:
    return next(iter(samples())).values[1]


@pytest.mark.skipif(not LONG, reason="takes long: make conformance does it")
@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*.[cjt]s*")))
def test_a_real_file_is_published_the_same(name: str, tmp_path: Path) -> None:
    content = (DATA / name).read_bytes()
    both = BothWays(tmp_path, spark_piece_bytes=len(content) // 3)
    assert_alike(both, {name: content})
