"""What earlier files told: metrics for rules that compare, columns that are compared."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.earlier_files import Past
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.tabular.column_mapping import MappedColumn
from movie_pipeline_tests.steps.bench import Bench

HEADER = "movie_id,title,year,rating,votes\n"
ROW = "a,Alpha,1999,8.1,10\n"


def _entry(age_days: int, **summary: Any) -> LedgerEntry:  # noqa: ANN401 - any summary
    moment = datetime(2026, 1, 31, tzinfo=UTC) - timedelta(days=age_days)
    return LedgerEntry(
        file_id=f"file{age_days}",
        store="local",
        object_key=f"movies-{age_days}.csv",
        version="1",
        size_bytes=1,
        content_sha256="",
        file_version=moment,
        batch_id="b",
        run_id="r",
        attempt=1,
        ruleset_sha256="",
        state=FileState.LOADED,
        summary=summary,
        committed_at=moment,
    )


def _measured(rows: float) -> dict[str, Any]:
    return {"rules": [{"rule": "RowCount > 0", "metrics": {"Dataset.*.RowCount": rows}}]}


def test_metrics_come_newest_first_and_each_file_once() -> None:
    twice = {"rules": [*_measured(7.0)["rules"], *_measured(7.0)["rules"]]}
    past = Past.of([_entry(0, **twice), _entry(1, **_measured(5.0)), _entry(2)])
    assert past.metrics == {"Dataset.*.RowCount": [7.0, 5.0]}


def test_the_columns_of_a_source_are_those_of_its_newest_judged_file() -> None:
    old, new = [["Title", "movie_title", True]], [["Name", "movie_title", True]]
    past = Past.of(
        [
            _entry(0, source="movies-#.csv"),
            _entry(1, source="movies-#.csv", mapping=new),
            _entry(2, source="movies-#.csv", mapping=old),
        ]
    )
    assert past.columns == {"movies-#.csv": [MappedColumn("Name", "movie_title", is_contract=True)]}


def test_a_source_that_was_never_seen_has_no_changes() -> None:
    assert Past().changes("movies-#.csv", [MappedColumn("a", "a", is_contract=False)]) == ()


def test_a_file_of_the_same_source_announces_what_changed_in_its_columns(bench: Bench) -> None:
    first = bench.screen((HEADER + ROW).encode(), key="movies-1.csv").outcome
    past = Past.of([_entry(1, **first.summary)])
    changed = "movie_id,title,year,rating,No_of_Votes,studio\na,Alpha,1999,8.1,10,Acme\n"
    outcome = _screened_after(bench, past, changed, "movies-2.csv")
    assert "column votes seems to be called No_of_Votes now" in outcome
    assert "column studio is new" in outcome
    assert _screened_after(bench, past, changed, "series-2.csv") == []


def test_a_dynamic_rule_compares_a_file_with_the_ones_before(bench: Bench) -> None:
    past = Past.of([_entry(1, **_measured(100.0)), _entry(2, **_measured(300.0))])
    ruleset = "Rules = [RowCount > 0.5 * avg(last(10))]"
    held = _outcome_after(bench, past, HEADER + ROW, "movies.csv", ruleset)
    assert held.state is FileState.HELD
    assert "RowCount is 1" in held.reason
    loaded = _outcome_after(bench, Past(), HEADER + ROW, "movies-again.csv", ruleset)
    assert loaded.state is FileState.LOADED


def test_what_a_source_declares_is_how_its_files_are_read(tmp_path: Path) -> None:
    declared = tmp_path / "sources.toml"
    declared.write_text(
        '[vendor]\nfiles = "vendor-*"\nencoding = "windows-1252"\n', encoding="utf-8"
    )
    bench = Bench(tmp_path / "home", sources=declared)
    content = (HEADER + "a,Žižek,1979,8.1,10\n").encode("windows-1252")
    screened = bench.screen(content, key="vendor-7.csv")
    assert screened.rows["movie_title"].tolist() == ["Žižek"]
    assert screened.outcome.summary["source"] == "vendor"


def _screened_after(bench: Bench, past: Past, text: str, key: str) -> list[str]:
    notes = _outcome_after(bench, past, text, key, "Rules = [RowCount > 0]").summary["notes"]
    return [note for note in notes if note.startswith("column")]


def _outcome_after(bench: Bench, past: Past, text: str, key: str, rules: str) -> Any:  # noqa: ANN401
    screened = bench.screen(text.encode(), key=key)
    settings = bench.deployment.settings
    workspace = bench.workspace_of(screened.fetched.landed)
    ruleset = parse_ruleset(rules)
    (outcome,) = screen_batch(
        [screened.fetched],
        workspace,
        bench.deployment.storage,
        ruleset,
        settings,
        dataset=bench.deployment.dataset,
        past=past,
    )
    return outcome
