"""A process reads the scripts of Dagster's migrations once, and sees what a store is as ever."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from alembic.script import ScriptDirectory
from dagster._core.storage import sql
from sqlalchemy import create_engine, text

from movie_pipeline.orchestration.migration_scripts import read_migration_scripts_once

OPEN_STORES = """
import sys
import dagster as dg
from alembic.script import ScriptDirectory
from movie_pipeline.orchestration.migration_scripts import (
    read_migration_scripts,
    read_migration_scripts_once,
)
read, reads = ScriptDirectory._load_revisions, []
ScriptDirectory._load_revisions = lambda scripts: [reads.append(scripts)] and read(scripts)
def opened():
    reads.clear()
    with dg.DagsterInstance.local_temp(sys.argv[1]) as instance:
        stores = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
        return all(newest == now for now, newest in [s.alembic_version() for s in stores])
opened()
print(opened(), len(reads) > 1)
read_migration_scripts_once()
read_migration_scripts()
read_migration_scripts_once()
print(opened(), len(reads))
"""


def test_the_scripts_are_read_no_more_however_many_stores_are_opened(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", OPEN_STORES, tmp_path], capture_output=True, check=True, text=True
    )
    assert result.stdout.splitlines() == ["True True", "True 0"]


def versions_of(home: Path) -> list[Any]:
    """Where each store stands, and the newest form there is."""
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        stores: Any = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
        return [store.alembic_version() for store in stores]


def test_a_store_of_an_older_form_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "ScriptDirectory", ScriptDirectory)
    read_migration_scripts_once()
    (_, newest), *others = versions_of(tmp_path)
    engine = create_engine(f"sqlite:///{tmp_path / 'history' / 'runs.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'a-former-one'"))
    engine.dispose()
    assert versions_of(tmp_path) == [("a-former-one", newest), *others]
