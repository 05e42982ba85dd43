"""The jobs that change what was decided, from the UI: a file taken back, history judged again.

Ops, as they make no asset of their own; what they do stands in upkeep/.
"""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg
from pydantic import Field

from movie_pipeline.alerts.alerts_port import Alerts, Events
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.errors import DecisionError
from movie_pipeline.orchestration.assets.asset_names import WAREHOUSE_POOL
from movie_pipeline.orchestration.assets.ui_metadata import table
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.orchestration.stoppable_executor import stoppable_executor
from movie_pipeline.replay.replay_request import login_name
from movie_pipeline.settings import Settings
from movie_pipeline.steps.reconcile import reconcile
from movie_pipeline.steps.tell_sender import Teller
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.rejudge import AT_ONCE, Rejudged, rejudge, to_judge
from movie_pipeline.upkeep.retract import Wish, retract
from movie_pipeline.warehouse.warehouse_port import Warehouse

RETRACT_JOB, REJUDGE_JOB = "retract_file", "rejudge_history"


class RetractConfig(dg.Config):
    """Which file is taken back, by whom and why."""

    file: str = Field(description="The file's name, or its file_id where several have the name.")
    because: str = Field(description="The reason; kept for ever.")
    by: str = Field(default="", description="Who asks; empty: the login name of the server.")
    dry_run: bool = Field(default=False, description="Only say what would go and come back.")


class RejudgeConfig(dg.Config):
    """Which files are judged again, by what, for whom and why."""

    ruleset: str = Field(description="Path of the DQDL file to judge by, where Dagster runs.")
    source: str = Field(default="", description="Only files of this source; empty: of all.")
    file: str = Field(default="", description="Only this file: its name or file_id.")
    because: str = Field(default="", description="The reason; empty: that ruleset.")
    by: str = Field(default="", description="Who asks; empty: the login name of the server.")
    files_in_a_run: int = Field(
        default=AT_ONCE,
        description="After so many files the run ends; launch it again, and it goes on. 0: all.",
    )
    dry_run: bool = Field(default=False, description="Only say what would change.")


def retract_file(
    context: dg.OpExecutionContext,
    config: RetractConfig,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
    alerts: dg.ResourceParam[Alerts],
    events: dg.ResourceParam[Events],
) -> None:
    """Take a file back, and say what went and what came back."""
    warehouse.prepare()
    wish = Wish(by=config.by.strip() or login_name(), why=config.because)
    parts = Parts(storage, warehouse, settings, dataset)
    told = retract(parts, config.file.strip(), wish, dry_run=config.dry_run)
    sentence = f"{told.entry.shown_name}: {told.entry.reason}"
    context.log_event(
        dg.AssetObservation(
            dataset.table,
            description=f"Would be: {sentence}" if config.dry_run else sentence,
            metadata={
                "file_id": told.entry.file_id,
                "rows_gone": told.rows_gone,
                "rows_back": sum(told.rows_back.values()),
                "records_closed": told.records_closed,
                "replays": len(told.replays),
                "retracted_before": told.before,
                "dry_run": config.dry_run,
            },
        )
    )
    if not config.dry_run:
        _close(context, parts, alerts, events)


def rejudge_history(
    context: dg.OpExecutionContext,
    config: RejudgeConfig,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
    alerts: dg.ResourceParam[Alerts],
    events: dg.ResourceParam[Events],
) -> None:
    """Judge files again, and say what changed, and how many are left for the next run."""
    warehouse.prepare()
    parts = Parts(storage, warehouse, settings, dataset)
    path = Path(config.ruleset.strip())
    ruleset = read_ruleset(path)
    wish = Wish(
        by=config.by.strip() or login_name(), why=config.because or f"the ruleset {path.name}"
    )
    chosen = to_judge(parts, ruleset, source=config.source.strip(), name=config.file.strip())
    taken = chosen[: config.files_in_a_run] if config.files_in_a_run else chosen
    told = list(rejudge(parts, taken, ruleset, wish, dry_run=config.dry_run))
    done = [one for one in told if not one.problem]
    context.log_event(
        dg.AssetObservation(
            dataset.table,
            description=_sentence(done, len(chosen) - len(taken), dry_run=config.dry_run),
            metadata={
                "files": table([_row(one) for one in told]),
                "files_left": len(chosen) - len(taken),
                "loaded_to_apart": sum(one.loaded_to_apart for one in done),
                "apart_to_loaded": sum(one.apart_to_loaded for one in done),
                "dry_run": config.dry_run,
            },
        )
    )
    if not config.dry_run:
        _close(context, parts, alerts, events)
    problems = [f"{one.file} ({one.file_id}): {one.problem}" for one in told if one.problem]
    if problems:
        raise DecisionError(
            f"{len(problems)} of {len(told)} files could not be judged again and are as they were: "
            + " ".join(problems[:9])
        )


def _close(context: dg.OpExecutionContext, parts: Parts, alerts: Alerts, events: Events) -> None:
    """Keep the records, refresh the views, tell senders, send the notices.

    What fails is tried again.
    """
    teller = Teller(parts.storage, parts.settings, parts.dataset)
    report = reconcile(parts.storage, parts.warehouse, alerts, events, teller=teller)
    for problem in (*report.problems, *report.untold):
        context.log.warning("%s", problem)
    for view in report.refreshed:
        context.log_event(dg.AssetMaterialization(view, description="refreshed: rows changed"))


def _sentence(done: Sequence[Rejudged], left: int, *, dry_run: bool) -> str:
    files = "1 file" if len(done) == 1 else f"{len(done):,} files"
    changed = f"{files} {'would be' if dry_run else 'were'} judged again"
    return f"{changed}; {left:,} are left: launch the job again" if left else changed


def _row(one: Rejudged) -> dict[str, str | int | float | None]:
    return {
        "file": one.file,
        "before": one.state_before,
        "now": one.state,
        "loaded -> set apart": one.loaded_to_apart,
        "set apart -> loaded": one.apart_to_loaded,
        "problem": one.problem,
    }


def retract_job(dataset: Dataset) -> dg.JobDefinition:
    """The job that takes a file of a dataset back: one step."""
    step = dg.op(
        name=scoped_name(dataset, "take_back"),
        pool=WAREHOUSE_POOL,
        description=(
            "Takes a file back: its rows go, what they had superseded comes back, and ledger, "
            "notice and record say so. Fails where it cannot be done; then nothing was done."
        ),
    )(scoped(dataset, retract_file))
    return dg.GraphDefinition(name=scoped_name(dataset, RETRACT_JOB), node_defs=[step]).to_job(
        executor_def=stoppable_executor,
        description="Take a wrongly loaded file back, or one that is held. Say which, and why.",
    )


def rejudge_job(dataset: Dataset) -> dg.JobDefinition:
    """The job that judges the history of a dataset again: one step."""
    step = dg.op(
        name=scoped_name(dataset, "judge_again"),
        pool=WAREHOUSE_POOL,
        description=(
            "Judges files of history by another ruleset, each in one transaction. A run that was "
            "ended goes on when it is launched again."
        ),
    )(scoped(dataset, rejudge_history))
    return dg.GraphDefinition(name=scoped_name(dataset, REJUDGE_JOB), node_defs=[step]).to_job(
        executor_def=stoppable_executor,
        description=(
            "Judge all of history, one source or one file again by another ruleset, as if it had "
            "judged them from the start. Look first with dry_run."
        ),
    )
