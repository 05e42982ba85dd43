"""`retract` and `rejudge`: what was decided is changed by a command, and told."""

from pathlib import Path

from movie_pipeline_tests.cli.conftest import CommandLine
from movie_pipeline_tests.samples import Film, film_file


def loaded(command: CommandLine, folder: Path) -> None:
    """Two files of which the second supersedes a row of the first."""
    for name, films in {
        "old.csv": [Film("a", "Old"), Film("b", rating="5.0")],
        "new.csv": [Film("a", "New")],
    }.items():
        path = folder / name
        path.write_bytes(film_file(*films))
        command.json("ingest", path, "--ruleset", rules(folder, "> 1"))


def rules(folder: Path, condition: str) -> Path:
    path = folder / "rules.dqdl"
    path.write_text(f'Rules = [ColumnValues "imdb_rating" {condition}]')
    return path


def test_a_file_is_taken_back_and_history_judged_again(
    command: CommandLine, tmp_path: Path
) -> None:
    loaded(command, tmp_path)
    asked = command.json("retract", "new.csv", "--why", "the wrong month", "--dry-run")
    assert (asked["rows_gone"], asked["rows_back"], asked["dry_run"]) == (1, 1, True)
    assert command.home.titles() == ["A Film", "New"]
    told = command.json("retract", "new.csv", "--why", "the wrong month", "--by", "ana")
    assert {key: told[key] for key in ("file", "state", "rows_gone", "rows_back", "before")} == {
        "file": "new.csv",
        "state": "RETRACTED",
        "rows_gone": 1,
        "rows_back": 1,
        "before": False,
    }
    assert command.home.titles() == ["A Film", "Old"]
    assert command.home.deployment.warehouse.stale_views() == []
    assert "retracted by ana on " in command.home.notices()[-1].text
    assert command.json("retract", "new.csv", "--why", "once more")["before"]

    strict = rules(tmp_path, "> 6")
    asked = command.json("rejudge", "--ruleset", strict, "--dry-run")
    assert asked["totals"]["loaded_to_apart"] == 1
    assert command.home.titles() == ["A Film", "Old"]
    told = command.json("rejudge", "--ruleset", strict, "--why", "stricter")
    assert told["totals"] == {
        "files": 1,
        "problems": 0,
        "loaded_to_apart": 1,
        "apart_to_loaded": 0,
        "rows_loaded": 1,
    }
    assert command.home.titles() == ["Old"]
    assert command.json("rejudge", "--ruleset", strict)["files"] == []
    states = [file["state"] for file in command.json("status")["files"]]
    assert sorted(states) == ["LOADED", "REJUDGED", "RETRACTED"]
    shown = command.here("rejudge", "--ruleset", rules(tmp_path, "> 1"), "--dry-run").stdout
    assert "0 records would be set apart that were loaded, 1 the other way round" in shown


def test_what_cannot_be_done_is_said_and_is_wrong_usage(
    command: CommandLine, tmp_path: Path
) -> None:
    loaded(command, tmp_path)
    for arguments, said in (
        (("retract", "none.csv", "--why", "x"), "no file none.csv is in the ledger"),
        (("retract", "new.csv"), "say why (--why)"),
        (
            ("rejudge", "--ruleset", rules(tmp_path, "> 2"), "--file", "none.csv"),
            "no file none.csv is in the ledger",
        ),
    ):
        result = command.here(*arguments)
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split())
