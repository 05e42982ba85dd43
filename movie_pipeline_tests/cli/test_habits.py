"""What people expect of a command line: a last line, filters, a story, formats, standard input."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from movie_pipeline.cli import COMMANDS, main
from movie_pipeline.cli.printing import WIDTH_OF_A_PIPE
from movie_pipeline_tests.cli.conftest import CommandLine, Ingested
from movie_pipeline_tests.samples import (
    Film,
    clean_movies,
    film_file,
    low_ratings,
    one_bad_year,
    without_ratings,
)

FULL_DISK = """
import resource, signal
from movie_pipeline.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
main()
"""
"""The commands where no file may become larger than 50 kB."""
SQL = "select movie_title, release_year from movie_data_table order by 1 limit 2"


def last_line(text: str) -> str:
    return text.rstrip("\n").rpartition("\n")[2]


def test_an_ingest_ends_with_what_it_came_to_and_the_next_step(
    ingested: Ingested, tmp_path: Path
) -> None:
    source = ingested.sources / "rejected.csv"
    told = CliRunner().invoke(main, ["ingest", str(source), "--home", str(tmp_path)])
    assert last_line(told.stdout).startswith(
        "FAILED: rejected.csv could not be read. Next: movie-pipeline report "
    )
    # who sends a held file again learns that it was not taken for nothing
    held = tmp_path / "held.csv"
    held.write_bytes(film_file(Film("a", title=""), Film("b")))
    for name in ("held.csv", "again.csv"):
        held = held.rename(tmp_path / name)
        told = CliRunner().invoke(main, ["ingest", str(held), "--home", str(tmp_path / "home")])
    assert last_line(told.stdout).startswith(
        "PASS: the bytes of again.csv came before, and nothing was loaded. Next: movie-pipeline "
    )


def test_a_check_ends_with_what_it_came_to(command: CommandLine, tmp_path: Path) -> None:
    rules = tmp_path / "rules.dqdl"
    rules.write_text("Rules = [RowCount <= 3]")
    path = tmp_path / "sent it.csv"
    typed = f"'{path}'"  # as a shell takes it
    report = f"movie-pipeline check {typed} --report PAGE"
    for content, line in (
        (clean_movies(3), f"PASS: 3 rows would load. Next: movie-pipeline ingest {typed}"),
        (one_bad_year(), f"WARN: 2 rows would load, 1 row would be set apart. Next: {report}"),
        (low_ratings(), f"HELD: sent it.csv would wait as a whole. Next: {report}"),
        (without_ratings(), f"FAILED: sent it.csv could not be read. Next: {report}"),
    ):
        path.write_bytes(content)
        result = command.run("check", path, "--ruleset", rules)
        assert last_line(result.stdout) == line
    page = tmp_path / "page.html"
    told = last_line(command.run("check", path, "--report", page).stdout)
    assert told == f"FAILED: sent it.csv could not be read. Next: correct what {page} says"
    piped = CliRunner().invoke(main, ["check", "-"], input=without_ratings()).stdout
    assert last_line(piped).endswith("Next: movie-pipeline check - --report PAGE")
    seen = last_line(command.run("inspect", path).stdout)
    assert (
        seen
        == f"FAILED: sent it.csv could not be read. Next: movie-pipeline inspect {typed} --declare"
    )


ENDINGS: dict[str, tuple[list[str], str, int]] = {
    "backup": (["{new}/copy.duckdb"], "PASS: ", 0),
    "check": (["{sources}/apart.csv", "--ruleset", "{rules}"], "WARN: ", 0),
    "clean-up": (["--dry-run"], "PASS: ", 0),
    "dismiss": (["clean.csv", "--why", "x"], "FAILED: it cannot be done as asked", 2),
    "doctor": ([], "PASS: ", 0),
    "evaluate": (["{sources}/held.csv", "--ruleset", "{rules}"], "FAILED: 1 of 2 rules", 1),
    "ingest": (["{sources}/held.csv", "--ruleset", "{rules}"], "HELD: held.csv waits as", 3),
    "inspect": (["{sources}/apart.csv"], "WARN: apart.csv can be read, not all", 0),
    "profile": (["{sources}/clean.csv"], "PASS: ", 0),
    "quarantine": ([], "WARN: 5 records shown, to be corrected.", 0),
    "query": ([SQL], "PASS: ", 0),
    "rebuild": (["--dry-run"], "PASS: nothing would differ", 0),
    "reconcile": ([], "PASS: all is closed", 0),
    "rejudge": (["--ruleset", "{rules}", "--dry-run"], "PASS: ", 0),
    "replay": (["--file", "held.csv", "--dry-run"], "PASS: 4 records would be replayed", 0),
    "report": (["apart.csv", "--out", "{new}"], "PASS: the report of apart.csv is made", 0),
    "restore": (["{sources}/clean.csv"], "FAILED: ", 1),
    "retract": (["apart.csv", "--why", "x", "--dry-run"], "PASS: apart.csv would be", 0),
    "rules": (["{rules}"], "PASS: 2 rules. Next: ", 0),
    "sample": (["--rows", "1", "--out", "{new}/sample.csv"], "PASS: 1 movies in ", 0),
    "show": (["held.csv"], "WARN: held.csv is HELD. Next: movie-pipeline report ", 0),
    "status": ([], "WARN: 2 files wait as a whole. Next: ", 0),
    "upgrade": (["--dry-run"], "PASS: the warehouse is at version ", 0),
    "verify": ([], "PASS: 5 files, 0 disagreements", 0),
}
WITHOUT_HOME = {"check", "evaluate", "inspect", "profile", "rules", "sample"}


def test_there_is_an_ending_for_every_command() -> None:
    assert set(ENDINGS) == {command.name for command in COMMANDS}


@pytest.mark.parametrize("name", ENDINGS)
def test_every_command_ends_in_one_of_four_words_as_its_exit_code_says(
    ingested: Ingested, tmp_path: Path, name: str
) -> None:
    rules = ingested.sources.parent / "rules.dqdl"
    places = {"new": tmp_path, "sources": ingested.sources, "rules": rules}
    arguments, ending, code = ENDINGS[name]
    asked = [name, *(one.format(**places) for one in arguments)]
    if name not in WITHOUT_HOME:
        home = tmp_path / "home" if name == "ingest" else ingested.command.folder
        asked += ["--home", str(home)]
    told = CliRunner().invoke(main, asked)
    last = last_line(told.output)
    assert told.exit_code == code, told.output
    assert last.startswith(ending), told.output
    assert (code == 0) is last.startswith(("PASS", "WARN"))
    assert told.stdout.count(last) + told.stderr.count(last) == 1


def test_a_quiet_command_gives_its_answer_and_no_last_line(ingested: Ingested) -> None:
    loud, quiet = (ingested.command.here("status", *option) for option in ((), ("-q",)))
    assert loud.stdout == quiet.stdout + last_line(loud.stdout) + "\n"


def test_a_verbose_command_says_its_steps_and_where_an_error_came_from(tmp_path: Path) -> None:
    source, home = tmp_path / "a.csv", str(tmp_path / "home")
    source.write_bytes(clean_movies(3))
    told = CliRunner().invoke(main, ["ingest", str(source), "--home", home, "-v", "--json"])
    assert json.loads(told.stdout)["files"][0]["state"] == "LOADED"
    steps = ["Ingesting: landing", "Ingesting: views and catalog", "Ingesting: notices"]
    assert [step for step in steps if step in told.stderr.splitlines()] == steps
    wrong = CliRunner().invoke(main, ["show", "nowhere.csv", "--home", home, "-v"])
    assert "Traceback" in wrong.stderr
    assert "show_command.py" in wrong.stderr
    plain = CliRunner().invoke(main, ["show", "nowhere.csv", "--home", home])
    assert "Traceback" not in plain.stderr


def test_tables_are_as_wide_as_columns_says_and_wide_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for columns, longest in (("60", 60), ("120", 120), ("", WIDTH_OF_A_PIPE)):
        monkeypatch.setenv("COLUMNS", columns)
        lines = CliRunner().invoke(main, ["rules"]).stdout.splitlines()
        table = [len(line) for line in lines if line[:1] in "┏┃│└"]
        assert max(table) <= longest
        assert max(table) > longest / 2


def test_status_is_asked_by_state_file_and_time(ingested: Ingested) -> None:
    command = ingested.command
    held = command.json("status", "--state", "held")["files"]
    assert [file["file"] for file in held] == ["held.csv"]
    (named,) = command.json("status", "--file", "apart.csv")["files"]
    assert command.json("status", "--file", named["file_id"])["files"] == [named]
    assert command.json("status", "--file", "apart.csv", "--state", "HELD")["files"] == []
    assert command.json("status", "--since", "2999-01-01")["files"] == []
    assert len(command.json("status", "--since", "1d")["files"]) >= 5
    wrong = command.here("status", "--since", "yesterday")
    assert wrong.exit_code == 2
    assert "'yesterday' is no moment" in wrong.stderr


def test_the_story_of_a_file_says_when_by_what_and_where_everything_lies(
    ingested: Ingested,
) -> None:
    (story,) = ingested.command.json("show", "apart.csv")["files"]
    assert story["state"] == "LOADED"
    assert set(story["places"]) == {"original", "rows", "set apart", "report"}
    assert all(Path(place).is_file() for place in story["places"].values())
    shown = ingested.command.here("show", "apart.csv")
    for word in ("apart.csv", "LOADED", story["file_id"], story["run_id"], "set apart", "report"):
        assert word in shown.stdout
    assert "rows       3 in, 2 loaded, 1 quarantined\n" in shown.stdout
    assert f"good rows  {story['places']['rows']}\n" in shown.stdout
    nowhere = ingested.command.here("show", "nowhere.csv")
    assert nowhere.exit_code == 2


def test_a_query_is_printed_as_csv_and_as_markdown(ingested: Ingested) -> None:
    told = ingested.command.here("query", SQL, "--csv").stdout
    header, *rows = csv.reader(io.StringIO(told))
    assert header == ["movie_title", "release_year"]
    assert len(rows) == 2
    marked = ingested.command.here("query", SQL, "--markdown").stdout.splitlines()
    assert marked[:2] == ["| movie_title | release_year |", "| --- | --- |"]
    assert len(marked) == 4
    assert ingested.command.here("query", SQL, "--csv", "--json").exit_code == 2


def test_a_query_comes_from_a_file_or_the_standard_input(
    ingested: Ingested, tmp_path: Path
) -> None:
    path = tmp_path / "question.sql"
    path.write_text(SQL)
    expected = ingested.command.here("query", SQL, "--csv").stdout
    assert ingested.command.here("query", "--from", path, "--csv").stdout == expected
    home = str(ingested.command.folder)
    piped = CliRunner().invoke(main, ["query", "-", "--csv", "--home", home], input=SQL)
    assert piped.stdout == expected
    assert ingested.command.here("query").exit_code == 2
    assert ingested.command.here("query", SQL, "--from", path).exit_code == 2


def test_a_changed_ruleset_says_what_it_would_decide_otherwise(
    command: CommandLine, tmp_path: Path
) -> None:
    old, new = tmp_path / "old.dqdl", tmp_path / "new.dqdl"
    old.write_text('Rules = [RowCount > 0, ColumnValues "imdb_rating" > 7]')
    new.write_text('Rules = [RowCount > 0, ColumnValues "imdb_rating" > 8.5]')
    path = tmp_path / "sent.csv"
    path.write_bytes(low_ratings())
    told = json.loads(command.run("rules", "diff", old, new, "--on", path, "--json").stdout)
    assert told["added"] == ['ColumnValues "imdb_rating" > 8.5']
    assert told["removed"] == ['ColumnValues "imdb_rating" > 7']
    (file,) = told["files"]
    assert (file["differs"], file["good_before"], file["good"]) == (True, 3, 1)
    shown = command.run("rules", "diff", old, new, "--on", path)
    assert last_line(shown.stdout) == (
        "WARN: 1 of 1 file would be decided otherwise. "
        f"Next: movie-pipeline rejudge --dry-run --ruleset {new}"
    )
    assert command.run("rules", "diff", old, old).stdout == "PASS: both have the same rules.\n"
    # a file of the ledger by its name, wherever its bytes lie now
    command.here("ingest", path)
    path.unlink()
    landed = command.json("rules", "diff", old, new, "--on", path.name)["files"]
    assert landed == [file]
    nowhere = command.here("rules", "diff", old, new, "--on", "nowhere.csv")
    assert nowhere.exit_code == 2
    assert "nowhere.csv is neither a file that landed nor a file here" in nowhere.stderr
    assert command.run("rules", "diff", old).exit_code == 2
    assert command.run("rules", old, new).exit_code == 2


def test_a_profile_suggests_a_ruleset_that_the_file_keeps_and_check_takes(
    command: CommandLine, tmp_path: Path
) -> None:
    path, rules = tmp_path / "sent.csv", tmp_path / "rules.dqdl"
    films = [
        Film(f"f{place}", f"Film {place}", str(1950 + place), genre=("War", "Drama")[place % 2])
        for place in range(20)
    ]
    path.write_bytes(film_file(*films))
    told = json.loads(command.run("profile", path, "--rules", rules, "--json").stdout)
    columns = {column["name"]: column for column in told["columns"]}
    assert (columns["release_year"]["low"], columns["release_year"]["high"]) == (1950, 1969)
    assert (columns["genre"]["distinct"], columns["genre"]["missing"]) == (2, 0)
    suggested = {one["rule"]: one["sets apart"] for one in told["suggestions"]}
    assert suggested['IsUnique "movie_id"'] == 0
    assert suggested['ColumnValues "release_year" >= 1950'] == 0
    assert suggested['ColumnValues "genre" in ["Drama","War"]'] == 0
    assert command.run("check", path, "--ruleset", rules).exit_code == 0
    shown = command.run("profile", path)
    assert "Suggested rules" in shown.stdout
    path.write_bytes(film_file(*(Film(f"f{n}", f"Film {n}" if n else "") for n in range(2001))))
    page = tmp_path / "profile.html"
    told = command.run("profile", path, "--html", page).stdout
    assert "<dd>99.9% (1 without)</dd>" in page.read_text("utf-8")
    assert "99.9%" in told  # 2,000 of 2,001 are not all
    assert "100.0% of rows" not in told
    assert "9 long" in told
    path.write_bytes(b"")
    refused = command.run("profile", path)
    assert refused.exit_code == 3
    assert refused.stderr.splitlines()[0].startswith("The file is empty: it has 0 bytes.")
    assert last_line(refused.stderr) == (
        "FAILED: the file could not be read. Next: movie-pipeline inspect FILE"
    )


def test_a_table_is_profiled_as_it_is_and_its_ruleset_is_one_for_evaluate(
    ingested: Ingested, tmp_path: Path
) -> None:
    rules, page, plain = tmp_path / "r.dqdl", tmp_path / "p.html", tmp_path / "<b>books.csv"
    plain.write_text(
        "isbn,price,sold,in print\n"
        + "".join(f"i{n},{n}.50,2026-01-{n % 28 + 1:02},{n % 2 == 0}\n" for n in range(40))
    )
    asked = ["profile", plain, "--as-is", "--rules", rules, "--html", page, "--json"]
    told = json.loads(ingested.command.run(*asked).stdout)
    columns = {column["name"]: column for column in told["columns"]}
    assert [columns[name]["type"] for name in ("price", "sold", "in print")] == [
        *("DOUBLE", "DATE", "BOOLEAN"),
    ]
    assert sum(columns["price"]["counts"]) == 40
    assert {one["sets apart"] for one in told["suggestions"]} <= {0, None}
    assert ingested.command.run("evaluate", plain, "--ruleset", rules).exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "<b>" not in html
    assert html.count("<svg ") == 4
    assert "http" not in html.replace("http-equiv", "")
    of_table = ingested.command.json("profile", "movie_data_table")
    assert of_table["rows"] == 5
    assert {"movie_id", "loaded_at"} <= {column["name"] for column in of_table["columns"]}
    parquet = next((ingested.command.folder / "output").rglob("*.parquet"))
    assert ingested.command.run("profile", parquet).exit_code == 0
    nothing = ingested.command.here("profile", "no_such_table")
    assert nothing.exit_code == 2
    assert "no_such_table" in nothing.stderr


def test_the_first_rows_with_a_fault_are_listed_by_line_and_as_json(
    command: CommandLine, tmp_path: Path
) -> None:
    rules, folder = tmp_path / "rules.dqdl", tmp_path / "sent"
    rules.write_text('Rules = [ColumnValues "imdb_rating" > 8.5]')
    folder.mkdir()
    (folder / "a.csv").write_bytes(one_bad_year())
    (folder / "b.csv").write_bytes(low_ratings())
    result = command.run("check", folder, "--ruleset", rules, "--json")
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["file"], second["file"], result.exit_code) == ("a.csv", "b.csv", 0)
    year = first["rows"][1]
    assert (year["line"], year["record"], year["cells"]["movie_id"]) == (3, 2, "b")
    assert {"column": "release_year", "value": "PG"}.items() <= year["problems"][0].items()
    assert [row["line"] for row in second["rows"]] == [3, 4, 5]
    shown = command.run("check", folder / "b.csv", "--ruleset", rules, "--limit", "2")
    assert "The first 2 rows with a fault" in shown.stdout
    assert shown.stdout.count("must be above 8.5") == 2
    both = command.run("check", folder, "--ruleset", rules).stdout
    assert last_line(both).startswith("WARN: 1 row would load, 6 rows would be set apart. Next: ")

    seen = command.run("inspect", folder, "--json").stdout.splitlines()
    assert [json.loads(line)["file"] for line in seen] == ["a.csv", "b.csv"]
    (problem,) = json.loads(seen[0])["problems"]
    assert (problem["record"], problem["messages"]) == (
        2,
        ['release_year: "PG" is not a whole number'],
    )
    assert json.loads(seen[1])["problems"] == []
    few = json.loads(command.run("inspect", folder / "a.csv", "--limit", "0", "--json").stdout)
    assert len(few["problems"]) == 1


def test_files_come_from_the_standard_input_and_from_folders(tmp_path: Path) -> None:
    rules = tmp_path / "rules.dqdl"
    rules.write_text("Rules = [RowCount > 0]")
    content = clean_movies(3)
    named = CliRunner().invoke(main, ["rules", "-"], input=rules.read_text())
    assert last_line(named.stdout).startswith("PASS: 1 rule.")
    wrong = CliRunner().invoke(main, ["rules", "-"], input="Rules = [")
    assert wrong.stderr.startswith("the standard input: line 1, column 10: ")
    written = CliRunner().invoke(main, ["sample", "--rows", "2", "--out", "-"])
    assert written.stdout.count("\r\n") == 3 or written.stdout.count("\n") == 3
    assert written.stderr == "PASS: 2 movies written.\n"
    reported = CliRunner().invoke(
        main,
        ["report", "-", "--out", str(tmp_path), "--home", str(tmp_path / "none")],
        input=content,
    )
    assert reported.stdout == f"{tmp_path / 'stdin.report.html'}\n"
    for asked in ("check", "profile", "inspect", "evaluate"):
        judging = ["--ruleset", str(rules)] if asked in {"check", "evaluate"} else []
        arguments = [asked, "-", *judging]
        told = CliRunner().invoke(main, arguments, input=content)
        assert told.exit_code == 0, told.output
        assert "stdin.csv" in told.stdout or asked == "inspect"
    folder = tmp_path / "sent"
    folder.mkdir()
    (folder / "b.csv").write_bytes(content)
    (folder / "a.csv").write_bytes(one_bad_year())
    (folder / ".hidden").write_bytes(b"x")
    home = tmp_path / "home"
    report = CliRunner().invoke(main, ["ingest", str(folder), "--home", str(home), "--json"])
    assert [file["file"] for file in json.loads(report.stdout)["files"]] == ["a.csv", "b.csv"]
    piped = CliRunner().invoke(
        main, ["ingest", "-", "--home", str(home), "--json"], input=film_file(Film("x", "Piped"))
    )
    assert [file["file"] for file in json.loads(piped.stdout)["files"]] == ["stdin.csv"]
    (tmp_path / "nothing").mkdir()
    empty = CliRunner().invoke(main, ["ingest", str(tmp_path / "nothing")])
    assert empty.exit_code == 2
    assert "has no file in it" in empty.stderr


def test_a_table_for_people_rounds_numbers_and_csv_does_not(ingested: Ingested) -> None:
    sql = "select 2 / 3.0e0 as third"
    assert "0.6666666667 " in ingested.command.here("query", sql).stdout
    assert "0.6666666666666666" in ingested.command.here("query", sql, "--csv").stdout


def test_rows_too_wide_for_a_table_are_printed_one_below_the_other(
    ingested: Ingested, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = ingested.command.here(
        "query", "select * from movie_data_table order by 1 limit 2"
    ).stdout
    assert max(map(len, told.splitlines())) <= 80
    assert "movie_title      " in told
    assert [line[:6] for line in told.splitlines() if "──" in line] == ["row 1 ", "row 2 "]
    few = ingested.command.here("query", SQL).stdout
    assert "┃ movie_title" in few
    named = ingested.command.here("query", "month.sql")
    assert "is month.sql a file? --from month.sql reads the query from it." in named.stderr


def test_a_disk_without_room_and_a_place_that_is_not_there_are_told_in_a_sentence(
    command: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "sent.csv"
    path.write_bytes(clean_movies(2000))
    full = [sys.executable, "-c", FULL_DISK]
    for asked in (["check", path], ["inspect", path], ["profile", path], ["check", "-"]):
        told = subprocess.run(
            [*full, *map(str, asked)], input=path.read_bytes(), capture_output=True, check=False
        )
        said = told.stderr.decode()
        assert told.returncode == 1, said
        assert "a file may not become as large as it must on this disk; make room, and give" in said
        assert "Traceback" not in said
    nowhere = command.run("profile", path, "--rules", tmp_path / "none" / "r.dqdl")
    assert nowhere.exit_code == 2
    assert f"{tmp_path / 'none' / 'r.dqdl'}: No such file or directory." in nowhere.stderr


def test_every_command_is_listed_with_a_whole_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    listed = CliRunner().invoke(main, ["--help"]).stdout.partition("Commands:")[2]
    assert "..." not in listed
    assert listed.count(".\n") == len(main.commands)
