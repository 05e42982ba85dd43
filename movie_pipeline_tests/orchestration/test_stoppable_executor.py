"""The executor of all jobs, while another run holds the warehouse's slot."""

import shutil
import threading
from pathlib import Path
from typing import cast

import dagster as dg
import pytest
from dagster._core.execution.plan.active import ActiveExecution

from movie_pipeline.orchestration.stoppable_executor import stoppable_executor
from movie_pipeline_tests.samples import REPOSITORY

POOL = "warehouse"
HELD_SECONDS = 1.5
LOOKS = 20
"""Of a run that sleeps between two claims; one that does not looks 10,000 times a second."""


@dg.op(pool=POOL)
def writes() -> None:
    """A step of which one may be at work."""


@dg.job(executor_def=stoppable_executor)
def one_writer() -> None:
    writes()


def test_a_run_that_waits_for_its_slot_sleeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    looks: list[float] = []
    sleep = ActiveExecution.sleep_til_ready

    def counted(execution: ActiveExecution) -> None:
        looks.append(cast("float", execution.sleep_interval()))
        sleep(execution)

    monkeypatch.setattr(ActiveExecution, "sleep_til_ready", counted)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        slots = instance.event_log_storage
        slots.initialize_concurrency_limit_to_default(POOL)
        assert slots.claim_concurrency_slot(POOL, "another-run", "its_step").is_claimed
        freed = threading.Timer(
            HELD_SECONDS, slots.free_concurrency_slots_for_run, args=["another-run"]
        )
        freed.start()
        result = one_writer.execute_in_process(instance=instance)
        freed.join()
    assert result.success
    assert 0 < len(looks) <= LOOKS
    assert max(looks) > 0
