"""What the doctor finds of Dagster's daemon: whether it runs, and its last look at landing."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorState, InstigatorTick, TickStatus

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.orchestration.dataset_scope import scoped_name
from movie_pipeline.reports.doctor_report import Finding

_START = "start `make run`, or the daemon's container: files that land wait meanwhile"


def daemon_findings(instance: dg.DagsterInstance, dataset: Dataset) -> Iterator[Finding]:
    """Look at the daemon of an instance, and at the sensor that looks for a dataset's files."""
    yield _daemon(instance)
    yield _last_tick(instance, scoped_name(dataset, "landing"))


def _daemon(instance: dg.DagsterInstance) -> Finding:
    beats = [beat.timestamp for beat in instance.get_daemon_heartbeats().values()]
    if not beats:
        return Finding("daemon", "has never run here; commands do without it")
    silent = sorted(
        name for name, status in instance.get_daemon_statuses().items() if not status.healthy
    )
    heard = f"last heard {_ago(max(beats))}"
    if len(silent) == len(instance.get_required_daemon_types()):
        return Finding("daemon", f"does not run, {heard}", _START)
    if silent:
        return Finding("daemon", f"{heard}; not well: {', '.join(silent)}", "see its log")
    return Finding("daemon", f"runs, {heard}")


def _last_tick(instance: dg.DagsterInstance, sensor: str) -> Finding:
    states = [one for one in instance.all_instigator_state() if one.instigator_name == sensor]
    ticks = [tick for state in states for tick in _newest(instance, state)]
    if not ticks:
        return Finding("last tick", f"the sensor {sensor} has not looked at landing yet")
    tick = max(ticks, key=lambda each: each.timestamp)
    when = f"the sensor {sensor} looked at landing {_ago(tick.timestamp)}"
    if not any(state.is_running for state in states):
        return Finding("last tick", f"{when}, and is switched off", "switch it on in the UI")
    if tick.status is TickStatus.FAILURE:
        return Finding("last tick", f"{when}, and failed", f"its page in the UI says why: {sensor}")
    return Finding("last tick", f"{when}{_found(tick)}")


def _newest(instance: dg.DagsterInstance, state: InstigatorState) -> list[InstigatorTick]:
    return list(instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1))


def _found(tick: InstigatorTick) -> str:
    if tick.run_ids:
        return f", and launched {len(tick.run_ids)}"
    return f": {tick.tick_data.skip_reason}" if tick.tick_data.skip_reason else ""


def _ago(timestamp: float) -> str:
    seconds = max(0.0, datetime.now(UTC).timestamp() - timestamp)
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count:,} {unit}{'' if count == 1 else 's'} ago"
    return f"{seconds:.0f} seconds ago"
