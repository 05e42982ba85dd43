"""Row values stay where they belong: warehouse, output and quarantine, and nowhere else.

A canary stands in every column of rows that load, rows that fail every rule, records that cannot be
read and a file that is held; then everything else that a run leaves behind is searched for it.
"""

import json
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._serdes import serialize_value

from movie_pipeline.run_once import ingest_files
from movie_pipeline_tests.canaries import (
    CANARY,
    FILES,
    RULES,
    CanaryContract,
    LeftBehind,
    everywhere,
    in_folder,
)
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import film_file

TABLES = ("mp_load_ledger", "mp_outbox")
LOGS = ("alerts.jsonl", "events.jsonl")


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> LeftBehind:
    folder = tmp_path_factory.mktemp("canary")
    rules = folder / "rules.dqdl"
    rules.write_text(RULES)
    sources = [folder / name for name in FILES]
    for path in sources:
        path.write_bytes(FILES[path.name])
    home = Home(folder / "home", ruleset=rules, digest_files=2)
    ingest_files(sources[:3], home.settings)
    ingest_files(sources[3:], home.settings)
    entries = home.entries()
    return LeftBehind(
        states={name: str(entry.state) for name, entry in entries.items()},
        apart={name: json.dumps(home.quarantined(entry)) for name, entry in entries.items()},
        traces={
            **{name: repr(home.query(f"select * from {name}")).encode() for name in TABLES},
            **{name: (home.settings.home / name).read_bytes() for name in LOGS},
            **{
                name: content
                for folder in ("catalog", "work")
                for name, content in in_folder(home.settings.home / folder)
            },
        },
    )


class TestCanary(CanaryContract):
    """On one machine."""


def test_events_metadata_and_logs_of_a_run_hold_no_row_value(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path)
    for name, content in FILES.items():
        home.drop(name, content)
    with dg.DagsterInstance.ephemeral() as instance:
        result = home.run(RULES, instance=instance)
        assert result.success
        logged = [serialize_value(entry) for entry in instance.all_logs(result.run_id)]
    printed = capfd.readouterr()
    assert len(logged) > 50
    assert "apart.csv" in "".join(logged)
    for text in (*logged, caplog.text, printed.out, printed.err):
        assert CANARY not in text


def test_a_load_that_fails_tells_no_row_value(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop("good.csv", film_file(everywhere()))
    home.deployment.warehouse.prepare()
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("alter table movie_data_table alter genre type integer")
    with dg.DagsterInstance.ephemeral() as instance:
        result = home.run(instance=instance)
        logged = [serialize_value(entry) for entry in instance.all_logs(result.run_id)]
    assert not result.success
    assert "insert_staged" in "".join(logged)
    assert CANARY not in "".join(logged)
