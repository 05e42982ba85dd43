"""An instance in memory is made without what migrates a store, and keeps nobody from migrating."""

import subprocess
import sys
from pathlib import Path

import dagster as dg

from movie_pipeline.orchestration.instance_in_memory import instance_in_memory

BOTH = """
import sys
import dagster as dg
from movie_pipeline.orchestration.instance_in_memory import instance_in_memory
with instance_in_memory() as instance:
    print(instance.is_ephemeral, "alembic" in sys.modules)
with dg.DagsterInstance.local_temp(sys.argv[1]) as instance:
    instance.upgrade()
    stands_at, newest = instance.event_log_storage.alembic_version()
    print("migrated" if stands_at == newest else stands_at, "alembic" in sys.modules)
"""


@dg.op
def nothing() -> None:
    pass


@dg.job
def a_job() -> None:
    nothing()


def test_runs_are_known_to_the_instance_and_gone_with_it() -> None:
    with instance_in_memory() as instance:
        ran = a_job.execute_in_process(instance=instance)
        assert [run.run_id for run in instance.get_runs()] == [ran.run_id]
    with instance_in_memory() as another:
        assert another.get_runs() == []


def test_a_store_on_disk_is_migrated_in_the_same_process_as_ever(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", BOTH, tmp_path], capture_output=True, check=True, text=True
    )
    said = result.stdout.splitlines()
    assert (said[0], said[-1]) == ("True False", "migrated True")
