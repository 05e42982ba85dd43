"""What earlier files told: metrics for rules that compare, columns that are compared."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.earlier_files import EarlierFiles
from movie_pipeline.ledger.file_summary import FileColumn, FileSummary, RuleAnswer, RuleState
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.tabular.column_mapping import MappedColumn
from movie_pipeline_tests.steps.bench import Bench

HEADER = "movie_id,title,year,rating,votes\n"
ROW = "a,Alpha,1999,8.1,10\n"


def _entry(age_days: int, summary: FileSummary | None = None) -> LedgerEntry:
    moment = datetime(2026, 1, 31, tzinfo=UTC) - timedelta(days=age_days)
    return LedgerEntry(
        file_id=f"file{age_days}",
        store="local",
        key=f"movies-{age_days}.csv",
        version="1",
        size=1,
        content_sha256="",
        file_version=moment,
        batch_id="b",
        run_id="r",
        attempt=1,
        ruleset_sha256="",
        state=FileState.LOADED,
        summary=summary or FileSummary(),
        committed_at=moment,
    )


def _measured(rows: float, times: int = 1) -> FileSummary:
    answer = RuleAnswer(
        rule="RowCount > 0",
        outcome=RuleState.PASSED,
        failing_rows=None,
        metrics={"Dataset.*.RowCount": rows},
        reason="",
    )
    return FileSummary(rules=(answer,) * times)


def test_metrics_come_newest_first_and_each_file_once() -> None:
    earlier = EarlierFiles.of(
        [_entry(0, _measured(7.0, times=2)), _entry(1, _measured(5.0)), _entry(2)]
    )
    assert earlier.metrics == {"Dataset.*.RowCount": [7.0, 5.0]}


def test_the_columns_of_a_source_are_those_of_its_newest_judged_file() -> None:
    old = FileColumn("Title", "movie_title", is_contract=True)
    new = FileColumn("Name", "movie_title", is_contract=True)
    earlier = EarlierFiles.of(
        [
            _entry(0, FileSummary(source="movies-#.csv")),
            _entry(1, FileSummary(source="movies-#.csv", mapping=(new,))),
            _entry(2, FileSummary(source="movies-#.csv", mapping=(old,))),
        ]
    )
    assert earlier.columns == {"movies-#.csv": [MappedColumn(*new)]}


def test_a_source_that_was_never_seen_has_no_changes() -> None:
    assert EarlierFiles().changes("movies-#.csv", [MappedColumn("a", "a", is_contract=False)]) == ()


def test_a_file_of_the_same_source_announces_what_changed_in_its_columns(bench: Bench) -> None:
    first = bench.screen((HEADER + ROW).encode(), key="movies-1.csv").decided
    earlier = EarlierFiles.of([_entry(1, first.summary)])
    changed = "movie_id,title,year,rating,No_of_Votes,studio\na,Alpha,1999,8.1,10,Acme\n"
    outcome = _screened_after(bench, earlier, changed, "movies-2.csv")
    assert "column votes seems to be called No_of_Votes now" in outcome
    assert "column studio is new" in outcome
    others = _screened_after(bench, earlier, changed, "series-2.csv")
    assert not [note for note in others if note.startswith("column ")]


def test_a_dynamic_rule_compares_a_file_with_the_ones_before(bench: Bench) -> None:
    earlier = EarlierFiles.of([_entry(1, _measured(100.0)), _entry(2, _measured(300.0))])
    ruleset = "Rules = [RowCount > 0.5 * avg(last(10))]"
    held = _outcome_after(bench, earlier, HEADER + ROW, "movies.csv", ruleset)
    assert held.state is FileState.HELD
    assert "RowCount is 1" in held.reason
    loaded = _outcome_after(bench, EarlierFiles(), HEADER + ROW, "movies-again.csv", ruleset)
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
    assert screened.decided.summary.source == "vendor"


def _screened_after(bench: Bench, earlier: EarlierFiles, text: str, key: str) -> list[str]:
    notes = _outcome_after(bench, earlier, text, key, "Rules = [RowCount > 0]").summary.notes
    return [note for note in notes if note.startswith("column")]


def _outcome_after(
    bench: Bench, earlier: EarlierFiles, text: str, key: str, rules: str
) -> DecidedFile:
    screened = bench.screen(text.encode(), key=key)
    settings = bench.deployment.settings
    work_folder = bench.work_folder_of(screened.read.landed)
    ruleset = parse_ruleset(rules)
    (outcome,) = screen_batch(
        [screened.read],
        work_folder,
        bench.deployment.storage,
        ruleset,
        settings,
        bench.deployment.dataset,
        earlier=earlier,
    )
    return outcome
