"""The job that asks for replays from the UI: it lands their files, and the landing sensor goes on.

An op, as it makes no asset of its own; what a replay is stands in replay/.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
from pydantic import Field

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.file_names import printable_name
from movie_pipeline.orchestration.assets.ui_metadata import table
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.orchestration.stoppable_executor import stoppable_executor
from movie_pipeline.replay.land_replay import RequestedReplay, request_replay
from movie_pipeline.replay.replay_plan import plan_replays
from movie_pipeline.replay.replay_request import ReplayRequest, login_name
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.warehouse.warehouse_port import Warehouse

REPLAY_JOB = "replay_quarantined"


class ReplayConfig(dg.Config):
    """Which records are replayed, how corrected, and judged by what."""

    file: str = Field(
        default="",
        description="A file's name or file_id; records of its earlier replays count too.",
    )
    where: str = Field(
        default="",
        description=(
            "A condition over the records, such as reason like '%not a number%' or state = 'HELD'; "
            "true takes all that are open."
        ),
    )
    corrections: str = Field(
        default="",
        description=(
            "Path of a CSV of quarantine_id, column and value, where Dagster runs. "
            "`movie-pipeline quarantine --template` writes one to edit."
        ),
    )
    ruleset: str = Field(
        default="",
        description="Path of a DQDL file to judge by; empty: the ruleset in use.",
    )
    accept: bool = Field(
        default=False,
        description="Held files load, whatever held them; rows still fail single by single.",
    )
    by: str = Field(default="", description="Who asks; empty: the login name of the server.")
    why: str = Field(
        default="",
        description="The reason, kept for ever; needed with corrections and accept.",
    )

    def request(self) -> ReplayRequest:
        """The same as the command line would say it."""
        return ReplayRequest(
            file=self.file.strip(),
            where=self.where.strip(),
            corrections=Path(self.corrections) if self.corrections.strip() else None,
            ruleset=Path(self.ruleset) if self.ruleset.strip() else None,
            accept=self.accept,
            by=self.by.strip() or login_name(),
            why=self.why,
        )


def land_replays(
    context: dg.OpExecutionContext,
    config: ReplayConfig,
    dataset: dg.ResourceParam[Dataset],
    storage: dg.ResourceParam[Storage],
    warehouse: dg.ResourceParam[Warehouse],
) -> None:
    """Ask for the replays, and say which."""
    warehouse.prepare()
    with TemporaryDirectory(prefix="movie-pipeline-replay-") as folder:
        plan = plan_replays(config.request(), storage, warehouse, dataset, Path(folder))
        requested = [request_replay(draft, storage, warehouse) for draft in plan.drafts]
    context.log_event(
        dg.AssetObservation(
            dataset.quarantined_asset,
            description=_sentence(requested),
            metadata={
                "replays": table([_row(one) for one in requested]),
                "left_open": plan.left_open,
                "superseded": plan.superseded,
                "gone": len(plan.gone),
                "replayed_before": table([{"replay": replay_id} for replay_id in plan.done]),
            },
        )
    )
    for sentence in plan.gone:
        context.log.warning("%s", sentence)
    context.log.info("%s", _sentence(requested))


def _sentence(requested: Sequence[RequestedReplay]) -> str:
    records = sum(one.replay.row_count for one in requested if one.landed is not None)
    if not records:
        return "No open record is among those asked for, that was not replayed already."
    landed = "1 record" if records == 1 else f"{records:,} records"
    return f"{landed} landed again; the landing sensor launches the run that judges what landed."


def _row(one: RequestedReplay) -> dict[str, str | int | float | None]:
    replay = one.replay
    return {
        "file": printable_name(replay.root_key),
        "records": replay.row_count,
        "corrected": replay.corrected_count,
        "accepted": "yes" if replay.accepted else "no",
        "landed as": replay.key if one.landed else "decided before",
        "asked for by": replay.requested_by,
    }


def replay_job(dataset: Dataset) -> dg.JobDefinition:
    """The job over a dataset's records: one step."""
    step = dg.op(
        name=scoped_name(dataset, "land_replays"),
        description=(
            "Puts quarantined or held records back into landing, as they were or corrected; the "
            "landing sensor launches the run that judges them. Fails where nothing can be done as "
            "asked; then nothing was done."
        ),
    )(scoped(dataset, land_replays))
    return dg.GraphDefinition(name=scoped_name(dataset, REPLAY_JOB), node_defs=[step]).to_job(
        executor_def=stoppable_executor,
        description=(
            "Take quarantined or held records through the same assets again, as they were or "
            "corrected. Say which: a file, a condition (where) or corrections."
        ),
    )
