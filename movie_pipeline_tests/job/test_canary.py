"""Row values stay where they belong: warehouse, output and quarantine, and nowhere else.

A canary stands in every column of rows that load, rows that fail every rule, records that cannot be
read and a file that is held; then everything else that a run leaves behind is searched for it.
"""

import json
import re
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._serdes import serialize_value

from movie_pipeline.run_once import ingest_files
from movie_pipeline.steps.notify import drain
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
from movie_pipeline_tests.samples import Film, film_file

TABLES = ("mp_load_ledger", "mp_outbox")
LOGS = ("alerts.jsonl", "events.jsonl")
NUMBER = "780511"
MEASURING = ("Mean", "Sum", "StandardDeviation", "Variance")
"""Kinds whose metrics are made of values."""


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


def tell(home: Home) -> None:
    """Send the notices that wait, as the sensor does."""
    deployment = home.deployment
    assert drain(deployment.warehouse, deployment.alerts, deployment.events) == 1


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
    home.drop("good.csv", film_file(everywhere(), everywhere(number="8")))
    home.deployment.warehouse.prepare()
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        # DuckDB's error quotes the value that comes twice
        connection.execute("create unique index one_title on movie_data_table (movie_title)")
    with dg.DagsterInstance.ephemeral() as instance:
        result = home.run(instance=instance)
        logged = [serialize_value(entry) for entry in instance.all_logs(result.run_id)]
    assert not result.success
    assert "insert_staged" in "".join(logged)
    assert CANARY not in "".join(logged)


@pytest.mark.parametrize("passes", [True, False], ids=["loaded", "held"])
def test_a_number_that_a_rule_measured_is_kept_in_the_ledger_and_told_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, passes: bool
) -> None:
    """Of a short file each of these metrics is a cell, or is worked out from few."""
    home = Home(tmp_path)
    home.drop("short.csv", film_file(Film("a", votes=NUMBER), Film("b", votes="0")))
    bound = ">= 0" if passes else "< 0"
    measuring = [f'{kind} "votes" {bound}' for kind in MEASURING]
    measuring += [
        f'ColumnValues "votes" between {"-1 and 9999999" if passes else "-2 and -1"}',
        f'CustomSql "select max(votes) from primary" {bound}',
        f'CustomSql "select max(votes) / 3 from primary" {bound}',
        f'AggregateMatch "sum(votes)" "avg(imdb_rating)" {bound}',
        f'(Sum "votes" {bound}) or (RowCount > 99)',
        f'ColumnLength "genre" {"> 0" if passes else "> 9"}',
    ]
    with dg.DagsterInstance.ephemeral() as instance:
        result = home.run(f"Rules = [ {', '.join(measuring)} ]", instance=instance)
        assert result.success
        told = "".join(serialize_value(entry) for entry in instance.all_logs(result.run_id))
    tell(home)
    entry = home.entries()["short.csv"]
    assert entry.state == ("LOADED" if passes else "HELD")
    told += caplog.text + entry.reason + repr(home.query("select * from mp_outbox"))
    told += "".join((tmp_path / name).read_text() for name in LOGS)
    kept = {name: value for rule in entry.summary.rules for name, value in rule.metrics.items()}
    assert kept["Column.votes.Maximum"] == kept["Column.votes.Sum"] == float(NUMBER)
    values = {f"{value:{form}}" for value in kept.values() for form in ("", ".6g", ".15g")}
    long_ones = {text for text in values if len(text) > 3}
    assert NUMBER in long_ones
    found = [
        text
        for text in sorted(long_ones)
        if re.search(rf"(?<![\w.-]){re.escape(text)}(?![\w-])", told)
    ]
    assert found == []
    assert "Column.votes" not in told


def test_a_number_of_rows_is_told(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop("short.csv", film_file(Film("a"), Film("b", votes="")))
    result = home.run('Rules = [ RowCount > 0, Completeness "votes" > 0.1 ]')
    checks = result.get_asset_check_evaluations()
    shown = {n: v.value for c in checks for n, v in c.metadata.items() if n.startswith("metric")}
    assert shown == {
        "metric: Dataset.*.RowCount": 2.0,
        "metric: Column.votes.Completeness": 0.5,
    }
    tell(home)
    [notice] = home.notices()
    assert [rule["metrics"] for rule in notice.details["rules"]] == [
        {"Dataset.*.RowCount": 2.0},
        {"Column.votes.Completeness": 0.5},
    ]
