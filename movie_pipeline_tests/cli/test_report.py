"""The commands that answer a sender: `report`, and `check --report`."""

import json
from pathlib import Path

from movie_pipeline_tests.cli.conftest import CommandLine, Ingested
from movie_pipeline_tests.samples import clean_movies, one_bad_year


def test_a_report_is_made_of_any_file_that_landed_by_name_or_id(
    ingested: Ingested, tmp_path: Path
) -> None:
    for name in ("apart.csv", "clean.csv", "held.csv", "rejected.csv", "copy.csv"):
        (entry,) = [file for file in ingested.report["files"] if file["file"] == name]
        told = ingested.command.json("report", entry["file_id"], "--out", tmp_path)
        assert told["file"] == name
        page = tmp_path / f"{entry['file_id']}.html"
        assert told["page"] == str(page)
        assert f"Report on your file {name}" in page.read_text("utf-8")
    result = ingested.command.here("report", "apart.csv")
    assert result.exit_code == 0
    assert Path(result.stdout.strip()).name.endswith(".html")


def test_a_report_of_a_clean_file_says_that_nothing_is_to_be_done(
    ingested: Ingested, tmp_path: Path
) -> None:
    told = ingested.command.json("report", "copy.csv", "--out", tmp_path)
    report = json.loads(Path(told["page"]).with_suffix(".json").read_bytes())
    assert report["headline"] == "All 3 rows were accepted."
    assert report["to_do"] == "Nothing is to be done."


def test_a_report_of_a_file_that_did_not_land_judges_it(
    command: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "new.csv"
    path.write_bytes(one_bad_year())
    told = command.json("report", path, "--out", tmp_path)
    assert told == {"file": "new.csv", "file_id": "", "page": str(tmp_path / "new.report.html")}
    assert "would be accepted" in Path(told["page"]).read_text("utf-8")
    assert not command.folder.exists()


def test_a_report_of_nothing_is_wrong_usage(command: CommandLine, tmp_path: Path) -> None:
    result = command.here("report", "nowhere.csv")
    assert result.exit_code == 2
    assert result.stderr.replace("\n", " ").strip() == (
        "nowhere.csv is neither a file that landed nor a file here: `movie-pipeline status` lists "
        "what landed. FAILED: it cannot be done as asked. Next: movie-pipeline report --help"
    )
    result = command.run("check", _file(tmp_path), "--report", tmp_path / "no" / "page.html")
    assert result.exit_code == 2
    assert f"there is no folder {tmp_path / 'no'} for the report" in result.stderr.replace(
        "\n", " "
    )


def _file(folder: Path) -> Path:
    path = folder / "clean.csv"
    path.write_bytes(clean_movies())
    return path


def test_check_writes_the_report_before_the_file_is_sent(
    command: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "new.csv"
    path.write_bytes(one_bad_year())
    result = command.run("check", path, "--report", tmp_path / "page.html")
    assert result.exit_code == 0
    assert f"The report: {tmp_path / 'page.html'}" in result.stdout
    assert {each.name for each in tmp_path.iterdir()} >= {
        "page.html",
        "page.json",
        "page.correction.csv",
    }


def test_a_report_of_records_that_are_gone_says_so_and_the_way_out(
    command: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "sent.csv"
    path.write_bytes(one_bad_year())
    command.here("ingest", path)
    (quarantine,) = (command.folder / "badrecords").glob("*.jsonl")
    whole = quarantine.read_bytes()
    for content, problem in ((whole[:50], "is not what was written there"), (None, "was removed")):
        quarantine.unlink()
        if content is not None:
            quarantine.write_bytes(content)
        told = command.here("report", "sent.csv")
        assert told.exit_code == 2
        assert f"{problem}: what was set apart there of sent.csv" in told.stderr
        assert "Put it back from a copy, or have the file sent again." in told.stderr
