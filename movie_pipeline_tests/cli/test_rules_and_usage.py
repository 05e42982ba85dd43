"""Rulesets, settings and usage: wrong ones are exit code 2 and a sentence that names the place."""

import json
from pathlib import Path

import pytest

from movie_pipeline.cli import main
from movie_pipeline_tests.cli.conftest import CommandLine
from movie_pipeline_tests.samples import clean_movies

WRONG = 'Rules = [\n    RowCount > 0,\n    IsComplet "movie_title"\n]\n'


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.dqdl"
    path.write_text(WRONG)
    return path


def test_rules_lists_the_shipped_rules_and_what_they_demand(command: CommandLine) -> None:
    result = command.run("rules")
    assert result.exit_code == 0
    for text in ("RowCount > 0", 'Uniqueness "movie_id" > 0.99', "holds the file"):
        assert text in result.stdout


def test_rules_as_json_has_hash_rules_and_warnings(command: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "rules.dqdl"
    path.write_text('Rules = [RowCount > 0, IsComplete "movie_title"]')
    result = command.run("rules", path, "--json")
    told = json.loads(result.stdout)
    assert list(told) == ["sha256", "rules", "warnings"]
    assert len(told["sha256"]) == 64
    assert [(rule["rule"], rule["failure"]) for rule in told["rules"]] == [
        ("RowCount > 0", "holds the file"),
        ('IsComplete "movie_title"', "sets rows apart"),
    ]
    assert all(rule["meaning"] for rule in told["rules"])


def test_a_wrong_ruleset_is_refused_by_line_column_caret_and_hint(
    command: CommandLine, wrong: Path
) -> None:
    result = command.run("rules", wrong)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[0].startswith(f"{wrong}: line 3, column 5: ")
    assert "IsComplet" in lines[0]
    assert lines[1] == '      IsComplet "movie_title"'
    assert lines[2] == "      ^"
    assert lines[3].startswith("  hint: ")
    assert "IsComplete" in lines[3]
    assert result.stdout == ""


def test_a_wrong_ruleset_stops_an_ingest_before_anything_lands(
    command: CommandLine, wrong: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(clean_movies())
    result = command.here("ingest", path, "--ruleset", wrong)
    assert result.exit_code == 2
    assert "line 3, column 5" in result.stderr
    assert not command.folder.exists()


def test_a_ruleset_that_is_no_text_is_refused(command: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "rules.dqdl"
    path.write_bytes(b"\xff\xfe\x00")
    result = command.run("rules", path)
    assert result.exit_code == 2
    assert "it is not UTF-8 text" in " ".join(result.stderr.split())


def test_a_ruleset_that_is_not_there_is_refused_with_the_way_out(
    command: CommandLine, tmp_path: Path
) -> None:
    result = command.run("rules", tmp_path / "nowhere.dqdl")
    assert result.exit_code == 2
    assert "No such file or directory" in " ".join(result.stderr.split())
    assert "MOVIE_PIPELINE_RULESET" in result.stderr


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("BATCH_FILES", "many", "MOVIE_PIPELINE_BATCH_FILES must be a whole number"),
        ("RETRY_SECONDS", "-1", "MOVIE_PIPELINE_RETRY_SECONDS must be a number of zero or more"),
        ("DEPLOYMENT", "moon", "MOVIE_PIPELINE_DEPLOYMENT is 'moon'"),
        ("OUTPUT", "input", "must have different names"),
    ],
)
def test_unusable_settings_are_refused_by_name(
    command: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    sentence: str,
) -> None:
    monkeypatch.setenv(f"MOVIE_PIPELINE_{variable}", value)
    result = command.here("status")
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["ingest"],
        ["ingest", "/no/such/file.csv"],
        ["query"],
        ["sample", "--rows", "3"],
        ["sample", "--rows", "-1", "--out", "x.csv"],
        ["no-such-command"],
        ["status", "--limit", "few"],
    ],
)
def test_wrong_usage_is_exit_code_2(command: CommandLine, arguments: list[str]) -> None:
    result = command.run(*arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.output


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_explains_itself(command: CommandLine, name: str) -> None:
    result = command.run(name, "--help")
    assert result.exit_code == 0
    assert f"{name} [OPTIONS]" in result.stdout
    assert name in command.run("--help").stdout


def test_a_sample_is_the_same_for_the_same_seed(command: CommandLine, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.csv", "same.csv", "other.csv", "longer.csv")]
    for path, rows, seed in zip(paths, (500, 500, 500, 600), (7, 7, 8, 7), strict=True):
        result = command.run("sample", "--rows", str(rows), "--seed", str(seed), "--out", path)
        assert result.exit_code == 0
        assert result.stderr == (
            f"PASS: {rows:,} movies in {path}. Next: movie-pipeline check {path}\n"
        )
    one, same, other, longer = (path.read_bytes() for path in paths)
    assert one == same
    assert one != other
    assert longer.startswith(one)
    assert one.splitlines()[0] == (
        b"Poster_Link,Series_Title,Released_Year,Certificate,Runtime,Genre,IMDB_Rating,Overview,"
        b"Meta_score,Director,Star1,Star2,Star3,Star4,No_of_Votes,Gross"
    )


def test_a_sample_of_no_rows_is_a_header(command: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    assert command.run("sample", "--rows", "0", "--out", path).exit_code == 0
    assert path.read_bytes().count(b"\n") == 1


def test_a_sample_replaces_no_other_file_and_the_same_one_may_lie_there(
    command: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "sample.csv"
    path.write_bytes(b"a sender's\n")
    result = command.run("sample", "--rows", "2", "--out", path)
    assert result.exit_code == 1
    said = " ".join(result.stderr.split())
    assert f"another file lies at {path}; it was left alone" in said.replace("/ ", "/")
    assert path.read_bytes() == b"a sender's\n"
    path.unlink()
    for _ in range(2):
        assert command.run("sample", "--rows", "2", "--out", path).exit_code == 0
    assert list(tmp_path.iterdir()) == [path]


def test_a_sample_where_no_folder_is_says_so(command: CommandLine, tmp_path: Path) -> None:
    result = command.run("sample", "--rows", "2", "--out", tmp_path / "none" / "sample.csv")
    assert result.exit_code == 2
    assert "none: make it, or name another place with --out." in " ".join(result.stderr.split())
