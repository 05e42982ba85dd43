"""Why a run failed, read from what Dagster keeps of it: whose fault it is, and one safe sentence.

What to do about it is decided in run_queue.py and notice_sensors.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
from dagster._core.events import JobFailureData
from dagster_shared.error import SerializableErrorInfo

from movie_pipeline.errors import Blame, MoviePipelineError
from movie_pipeline.no_room import SAYINGS, no_room_in
from movie_pipeline.orchestration.sensors.past_run import Fault

_FOREIGN_OF_THE_WORLD = (
    "DagsterExecutionInterruptedError",  # Dagster was stopped
    "KeyboardInterrupt",
    "OperationalError",  # the database of Dagster's own runs and events
)
_SAYINGS_OF_THE_WORLD = (
    *SAYINGS,  # that no room is left
    "Read-only file system",
    "Too many open files",
    "Input/output error",
)
_CHECK_FAILED = "DagsterAssetCheckFailedError"


@dataclass(frozen=True)
class Cause:
    """Why a run failed.

    Attributes:
        fault: whose fault it is.
        error_class: the name of the error's class; empty where no error was raised.
        sentence: our own words, without row values.
        raised: the error's own words where it is none of ours, for the person at the terminal who
            ran the job; they may quote a row.
    """

    fault: Fault
    error_class: str
    sentence: str
    raised: str = ""


NEVER_STARTED = Cause(
    Fault.WORLD, "", "the run could not be started; the log of Dagster's daemon says why."
)
CANCELED = Cause(Fault.WORLD, "", "the run was canceled.")
NEVER_BEGAN = Cause(
    Fault.WORLD, "", "the process of the run was killed or crashed before its first step."
)
KILLED = Cause(Fault.KILLED, "", "the process of the run was killed or crashed.")


def cause_of_run(instance: dg.DagsterInstance, record: dg.RunRecord) -> Cause:
    """Why a failed or canceled run failed; costs a question or two to the event log.

    A run that was killed before its first step had touched none of its files.
    """
    run = record.dagster_run
    if run.status is dg.DagsterRunStatus.CANCELED:
        return CANCELED
    if record.start_time is None:
        return NEVER_STARTED
    found = instance.get_records_for_run(
        run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE, limit=1, ascending=False
    )
    for event_record in found.records:
        event = event_record.event_log_entry.dagster_event
        if event is not None and (cause := cause_of_failure(event)) is not KILLED:
            return cause
    began = has_noted(instance, run.run_id, dg.DagsterEventType.STEP_START)
    return KILLED if began else NEVER_BEGAN


def has_noted(instance: dg.DagsterInstance, run_id: str, of_type: dg.DagsterEventType) -> bool:
    """Whether a run has come to such an event."""
    return bool(instance.get_records_for_run(run_id, of_type=of_type, limit=1).records)


def cause_of_failure(event: dg.DagsterEvent) -> Cause:
    """Why a run that had started failed, from the event of its failure or of a step's."""
    if event.is_step_failure:
        return _cause(event.step_failure_data.error)
    data = event.event_specific_data
    if not isinstance(data, JobFailureData):
        return KILLED
    first = data.first_step_failure_event
    return _cause(first.step_failure_data.error if first is not None else data.error)


def _cause(error: SerializableErrorInfo | None) -> Cause:
    if error is None:
        return KILLED
    errors = list(_chain(error))
    ours = _our_errors()
    told = next((one for one in errors if one.cls_name in ours), errors[-1])
    message = _message(told)
    name = told.cls_name or "error"
    kind = ours.get(name)
    fault = Fault.WORLD if _is_of_the_world(errors, kind) else Fault.BATCH
    if kind is not None:
        return Cause(fault, name, message)
    no_room = next((said for one in errors if (said := no_room_in(one.message))), "")
    if no_room:
        return Cause(fault, name, no_room)
    if name == _CHECK_FAILED:
        return Cause(fault, name, " ".join(message.split()))
    return Cause(
        fault,
        name,
        f"an unexpected {name}; its own words may quote a row and stand in the run's log alone.",
        raised=message,
    )


def _chain(error: SerializableErrorInfo) -> Iterator[SerializableErrorInfo]:
    """The error and what caused it, the innermost last."""
    following: SerializableErrorInfo | None = error
    while following is not None:
        yield following
        following = following.cause or following.context


def _is_of_the_world(
    errors: list[SerializableErrorInfo], kind: type[MoviePipelineError] | None
) -> bool:
    for error in errors:
        if error.cls_name in _FOREIGN_OF_THE_WORLD:
            return True
        if any(saying in error.message for saying in _SAYINGS_OF_THE_WORLD):
            return True
    # a ruleset and a setting are mended by people: like the world, they speak against no file
    return kind is not None and kind.blame is not Blame.FILE


def _message(error: SerializableErrorInfo) -> str:
    """The error's words without its class, which Dagster puts before them."""
    return error.message.partition(f"{error.cls_name}: ")[2].strip() or error.message.strip()


def _our_errors(
    kind: type[MoviePipelineError] = MoviePipelineError,
) -> dict[str, type[MoviePipelineError]]:
    """The family of errors by name."""
    found = {kind.__name__: kind}
    for child in kind.__subclasses__():
        found |= _our_errors(child)
    return found
