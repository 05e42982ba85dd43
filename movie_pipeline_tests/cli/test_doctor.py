"""`doctor`: what it finds of warehouse, settings, and Dagster's daemon, and what to do."""

import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat
from dagster_shared.error import SerializableErrorInfo

from movie_pipeline_tests.cli.conftest import CommandLine, Ingested


def test_the_doctor_says_what_is_amiss_and_what_to_do(
    ingested: Ingested, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MOVIE_PIPELINE_BATCH_FILES", "7")
    well = ingested.command.json("doctor")["findings"]
    told = {finding["what"]: finding["found"] for finding in well}
    assert told["MOVIE_PIPELINE_BATCH_FILES"] == "7 (from the environment)"
    assert told["warehouse"].startswith("is at version ")
    assert "0 whole files wait" in told["landing"]
    assert told["ruleset"] == "4 rules"
    rules = tmp_path / "rules.dqdl"
    rules.write_text("Rules = [ RowCount >")
    monkeypatch.setenv("MOVIE_PIPELINE_RULESET", str(rules))
    result = ingested.command.here("doctor")
    assert f"LOOK ruleset: {rules}: line 1, column 21: " in result.stdout
    monkeypatch.delenv("MOVIE_PIPELINE_RULESET")
    sources = tmp_path / "sources.toml"
    sources.write_text('[a]\nfiles = "a*"\n[b]\nfiles = "b*"\n')
    monkeypatch.setenv("MOVIE_PIPELINE_SOURCES", str(sources))
    looked = ingested.command.json("doctor")["findings"]
    assert {"sources": f"{sources} declares 2"}.items() <= {
        one["what"]: one["found"] for one in looked
    }.items()
    sources.write_text('[a]\nfiles = "a*"\npadd = true\n')
    result = ingested.command.here("doctor")
    assert "LOOK sources" in result.stdout
    assert "line 3: source 'a' declares 'padd'" in result.stdout
    monkeypatch.delenv("MOVIE_PIPELINE_SOURCES")
    monkeypatch.setenv("MOVIE_PIPELINE_BATCHFILES", "7")
    result = ingested.command.here("doctor")
    assert result.exit_code == 1
    assert "LOOK MOVIE_PIPELINE_BATCHFILES: is no setting. To do: look for a slip" in result.stdout


def test_the_doctor_says_who_holds_the_warehouse(ingested: Ingested) -> None:
    command = ingested.command
    told = {one["what"]: one for one in command.json("doctor")["findings"]}
    assert told["lock"]["found"] == "nobody holds the warehouse"
    holding = (
        "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True);"
        "time.sleep(600)"
    )
    path = str(command.folder / "warehouse.duckdb")
    with subprocess.Popen([sys.executable, "-c", holding, path], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            held = {one["what"]: one for one in command.json("doctor")["findings"]}["lock"]
        finally:
            other.kill()
    assert str(other.pid) in held["found"]
    assert held["to_do"] == "wait for that program, or close it"


def test_the_doctor_tells_of_the_daemon_and_of_the_last_look_at_landing(
    ingested: Ingested, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    def told() -> dict[str, dict[str, str]]:
        found = ingested.command.json("doctor")["findings"]
        return {one["what"]: one for one in found if one["what"] in {"daemon", "last tick"}}

    assert told()["daemon"]["found"].startswith("has never run here")
    assert told()["last tick"]["found"] == "the sensor landing has not looked at landing yet"
    with dg.DagsterInstance.get() as instance:
        sensed = landing_state(instance)
        beat(instance, seconds_ago=7200)
        looked(instance, sensed, seconds_ago=7200, said="No file waits.")
    silent = told()
    assert silent["daemon"]["found"] == "does not run, last heard 2 hours ago"
    assert "start `make run`" in silent["daemon"]["to_do"]
    assert silent["last tick"]["found"].endswith("looked at landing 2 hours ago: No file waits.")
    with dg.DagsterInstance.get() as instance:
        beat(instance, seconds_ago=5)
        looked(instance, sensed, seconds_ago=5, said="")
    failed = told()
    assert failed["daemon"]["found"].startswith("runs, last heard ")
    assert failed["daemon"]["to_do"] == ""
    assert "and failed" in failed["last tick"]["found"]
    assert failed["last tick"]["to_do"] == "its page in the UI says why: landing"


def landing_state(instance: dg.DagsterInstance) -> InstigatorState:
    """The landing sensor, switched on, as the daemon notes it."""
    origin = RemoteInstigatorOrigin(
        RemoteRepositoryOrigin(
            InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="films")), "__repository__"
        ),
        "landing",
    )
    state = InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.RUNNING)
    instance.add_instigator_state(state)
    return state


def beat(instance: dg.DagsterInstance, *, seconds_ago: float) -> None:
    """Every daemon says that it was alive then."""
    for kind in instance.get_required_daemon_types():
        instance.add_daemon_heartbeat(
            DaemonHeartbeat(time.time() - seconds_ago, kind, daemon_id="one", errors=[])
        )


def looked(
    instance: dg.DagsterInstance, state: InstigatorState, *, seconds_ago: float, said: str
) -> None:
    """A tick of that sensor; without a word it failed."""
    instance.create_tick(
        TickData(
            state.instigator_origin_id,
            "landing",
            InstigatorType.SENSOR,
            TickStatus.SKIPPED if said else TickStatus.FAILURE,
            time.time() - seconds_ago,
            skip_reason=said or None,
            error=None if said else SerializableErrorInfo("a fault of the store", [], "OSError"),
            selector_id=state.selector_id,
        )
    )


def test_the_doctor_makes_no_home(command: CommandLine) -> None:
    assert command.here("doctor").exit_code == 1
    assert not command.folder.exists()
