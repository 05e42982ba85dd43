"""The commands of a correction, as a person gives them: look, write a template, try, replay."""

import csv
import json
from pathlib import Path

from movie_pipeline_tests.cli.conftest import CommandLine
from movie_pipeline_tests.samples import low_ratings, one_bad_year

WHY = "looked up"


def ingested(command: CommandLine, content: bytes, tmp_path: Path, rules: str = "") -> None:
    """A file that was ingested."""
    path = tmp_path / "movies.csv"
    path.write_bytes(content)
    options = ["--ruleset", str(tmp_path / "rules.dqdl")] if rules else []
    (tmp_path / "rules.dqdl").write_text(rules)
    command.here("ingest", path, *options)


def corrected(command: CommandLine, tmp_path: Path) -> Path:
    """The template, with its one value corrected."""
    path = tmp_path / "corrections.csv"
    told = command.here("quarantine", "--file", "movies.csv", "--template", path)
    assert "has 1 cell to look at" in told.stdout
    with path.open(newline="") as file:
        header, (quarantine_id, column, value, reason) = csv.reader(file)
    assert header == ["quarantine_id", "column", "value", "reason"]
    assert (column, value) == ("release_year", "PG")
    assert reason == 'release_year: "PG" is not a whole number'
    path.write_text(f"quarantine_id,column,value\n{quarantine_id},release_year,1995\n")
    return path


def test_from_the_template_to_the_table(command: CommandLine, tmp_path: Path) -> None:
    ingested(command, one_bad_year(), tmp_path)
    path = corrected(command, tmp_path)
    before = sorted(command.folder.rglob("*"))
    asked = ("replay", "--corrections", path, "--why", WHY, "--by", "ana")

    dry = command.here(*asked, "--dry-run", "--json")
    assert dry.exit_code == 0
    (told,) = json.loads(dry.stdout)["replays"]
    assert (told["file"], told["replayed"], told["state"]) == ("movies.csv", 1, None)
    assert sorted(command.folder.rglob("*")) == before
    assert command.json("query", "select * from mp_replays") == []

    result = command.here(*asked, "--json")
    assert result.exit_code == 0
    (told,) = json.loads(result.stdout)["replays"]
    counts = ("replayed", "corrected", "loaded", "superseded", "quarantined_again", "held_again")
    assert [told[name] for name in counts] == [1, 1, 1, 0, 0, 0]
    assert told["state"] == "LOADED"
    years = "select movies from mv_yearly_trends where release_year = 1995"
    assert command.json("query", years) == [{"movies": 1}]

    assert "no record is in quarantine." in command.here("quarantine").stdout
    shown = command.here("quarantine", "--all").stdout
    for part in (f"LOADED by run {told['run_id']}", "'PG' -> '1995'", "ana, ", WHY):
        assert part in shown
    line = json.loads(command.here("quarantine", "--all", "--json").stdout)
    assert line["resolution"]["corrections"] == {"release_year": {"from": "PG", "to": "1995"}}

    again = command.here(*asked, "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)["replays"] == [told]


def test_a_replay_that_is_held_again_ends_with_3_and_an_accepted_one_with_0(
    command: CommandLine, tmp_path: Path
) -> None:
    rules = "Rules = [RowCount > 10]"
    ingested(command, low_ratings(), tmp_path, rules)
    (tmp_path / "same.dqdl").write_text(rules)
    held = command.here("replay", "--file", "movies.csv", "--ruleset", tmp_path / "same.dqdl")
    assert held.exit_code == 3
    assert "HELD" in held.stdout
    refused = command.here("replay", "--file", "movies.csv", "--accept")
    assert refused.exit_code == 2
    assert "needs a reason: say why" in " ".join(refused.stderr.split())
    accepted = command.here(
        "replay", "--file", "movies.csv", "--accept", "--why", "short", "--json"
    )
    assert accepted.exit_code == 0
    (told,) = json.loads(accepted.stdout)["replays"]
    assert (told["accepted"], told["state"], told["held_again"]) == (True, "LOADED", 0)
    nothing = command.here("replay", "--where", "state = 'HELD'")
    assert nothing.exit_code == 0
    assert "no open record is among those asked for." in nothing.stdout
