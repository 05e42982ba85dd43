"""An instance is made without what a command has no use for, which can be imported afterwards."""

import subprocess
import sys
from pathlib import Path

import dagster as dg

from movie_pipeline.orchestration.instance_in_memory import instance_in_memory

IN_MEMORY = """
import sys
from movie_pipeline.orchestration.instance_in_memory import instance_in_memory
with instance_in_memory() as instance:
    print([name for name in UNUSED if name in sys.modules])
from dagster._daemon.controller import DagsterDaemonController
from dagster._daemon.types import DaemonHeartbeat
import dagster._daemon as package
print(package.__file__.endswith("__init__.py"), DaemonHeartbeat.__module__)
"""
ON_DISK = """
import sys
import dagster as dg
from movie_pipeline.orchestration.storage_imports import import_storage
import_storage(migrates=True)
with dg.DagsterInstance.local_temp(sys.argv[1]) as instance:
    stands_at, newest = instance.event_log_storage.alembic_version()
    print(stands_at == newest, [name for name in UNUSED if name in sys.modules])
import mako.ext.pygmentplugin
print(mako.ext.pygmentplugin.__name__)
"""
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


def said_by(program: str, tmp_path: Path, unused: tuple[str, ...] = ()) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", f"UNUSED = {unused!r}\n{program}", tmp_path],
        capture_output=True,
        check=True,
        text=True,
    )
    return result.stdout.splitlines()


def test_an_instance_in_memory_imports_neither_alembic_nor_the_daemon(tmp_path: Path) -> None:
    unused = ("alembic", "mako", "dagster._daemon", "dagster._daemon.controller", "structlog")
    assert said_by(IN_MEMORY, tmp_path, unused) == ["[]", "True dagster._daemon.types"]


def test_an_instance_on_disk_imports_neither_the_daemon_nor_pygments(tmp_path: Path) -> None:
    unused = ("pygments", "dagster._daemon", "dagster._daemon.controller", "structlog")
    assert said_by(ON_DISK, tmp_path, unused) == ["True []", "mako.ext.pygmentplugin"]


def test_a_store_on_disk_is_migrated_in_the_same_process_as_ever(tmp_path: Path) -> None:
    said = said_by(BOTH, tmp_path)
    assert (said[0], said[-1]) == ("True False", "migrated True")
