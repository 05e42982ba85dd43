"""`movie-pipeline evaluate`: any table by any ruleset, with no movie in sight."""

import csv
import json
from pathlib import Path
from typing import Any, cast

import pytest
from pyarrow import parquet

from movie_pipeline_tests.cli.conftest import CommandLine

BOOKS = "isbn,pages,lang\n1,300,en\n2,,de\n2,120,xx\n"
RULES = """Rules = [
    IsComplete "pages" labels=["team"="dq"],
    IsUnique "isbn" where "lang = 'en'",
    ReferentialIntegrity "lang" "langs.code" >= 0.5,
    RowCount = 3
]
"""


@pytest.fixture
def books(tmp_path: Path) -> Path:
    path = tmp_path / "books.csv"
    path.write_text(BOOKS, encoding="utf-8")
    (tmp_path / "langs.csv").write_text("code\nen\nde\n", encoding="utf-8")
    (tmp_path / "rules.dqdl").write_text(RULES, encoding="utf-8")
    return path


def test_a_failing_rule_is_exit_code_1_and_shown(command: CommandLine, books: Path) -> None:
    folder = books.parent
    langs = f"langs={folder / 'langs.csv'}"
    result = command.run("evaluate", books, "--ruleset", folder / "rules.dqdl", "--source", langs)
    assert result.exit_code == 1, result.stderr
    for text in ("books.csv", "1 of 3 rows have no pages.", "Column.pages.Completeness", "Passed"):
        assert text in result.stdout


def test_json_has_outcomes_metrics_and_labels(command: CommandLine, books: Path) -> None:
    folder = books.parent
    langs = f"langs={folder / 'langs.csv'}"
    result = command.run(
        "evaluate", books, "--ruleset", folder / "rules.dqdl", "--source", langs, "--json"
    )
    told = json.loads(result.stdout)
    assert list(told) == ["passed", "rows", "failing_rows", "rules", "metrics", "warnings"]
    assert (told["passed"], told["rows"], told["failing_rows"]) == (False, 3, 1)
    assert [rule["outcome"] for rule in told["rules"]] == ["Failed", "Passed", "Passed", "Passed"]
    assert told["rules"][0]["labels"] == {"team": "dq"}
    assert told["rules"][2]["metrics"] == {"Column.langs.ReferentialIntegrity": 2 / 3}


def test_every_rule_passing_is_exit_code_0(command: CommandLine, books: Path) -> None:
    rules = books.parent / "good.dqdl"
    rules.write_text("Rules = [ RowCount = 3 ]", encoding="utf-8")
    assert command.run("evaluate", books, "--ruleset", rules).exit_code == 0


def test_a_rule_that_takes_too_long_is_stopped_and_the_others_are_judged(
    command: CommandLine, books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_PIPELINE_RULE_SECONDS", "0.5")
    rules = books.parent / "endless.dqdl"
    endless = "with recursive t as (select 1 as n union all select n + 1 from t)"
    rules.write_text(
        f'Rules = [ CustomSql "{endless} select count(*) from t" > 1, RowCount = 3 ]',
        encoding="utf-8",
    )
    result = command.run("evaluate", books, "--ruleset", rules, "--json")
    assert result.exit_code == 1
    culprit, count = json.loads(result.stdout)["rules"]
    assert "it was stopped after 0.5 s, the most that a rule may take" in culprit["reason"]
    assert count["outcome"] == "Passed"


@pytest.mark.parametrize("name", ["out.parquet", "out.csv"])
def test_rows_are_written_with_glues_four_columns(
    command: CommandLine, books: Path, name: str
) -> None:
    folder, out = books.parent, books.parent / name
    langs = f"langs={folder / 'langs.csv'}"
    result = command.run(
        *("evaluate", books, "--ruleset", folder / "rules.dqdl", "--source", langs),
        *("--rows", out, "--filtered-rows", "SKIPPED"),
    )
    assert "shows the rows" in " ".join(result.stdout.split())
    assert "OUT.csv" not in result.stdout
    unique = 'IsUnique "isbn" where "lang = \'en\'"'
    complete = 'IsComplete "pages" labels=["team"="dq"]'
    if name.endswith(".csv"):
        with out.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        lists = [json.loads(row["DataQualityRulesFail"]) for row in rows]
        skipped = [json.loads(row["DataQualityRulesSkip"]) for row in rows]
        results = [row["DataQualityEvaluationResult"] for row in rows]
    else:
        table = cast("Any", parquet).read_table(out).to_pydict()
        lists, skipped = table["DataQualityRulesFail"], table["DataQualityRulesSkip"]
        results = table["DataQualityEvaluationResult"]
    assert lists == [[], [complete], []]
    assert [unique in row for row in skipped] == [False, True, True]
    assert results == ["Passed", "Failed", "Passed"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "langs"], "a source is given as ALIAS=PATH, and langs is not"),
        (["--source", "langs=nowhere.csv"], "there is no file nowhere.csv"),
        (["--rows", "books.csv"], "which is the table itself"),
        (["--rows", "out.xlsx"], "rows are written to a file that ends in one of"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_a_sentence(
    command: CommandLine, books: Path, arguments: list[str], said: str
) -> None:
    given = [str(books) if argument == books.name else argument for argument in arguments]
    result = command.run("evaluate", books, "--ruleset", books.parent / "rules.dqdl", *given)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_rule_that_is_not_supported_stops_all_or_fails_alone(
    command: CommandLine, books: Path
) -> None:
    rules = books.parent / "some.dqdl"
    rules.write_text(
        'Rules = [ RowCount = 3, FileSize > 5 B, IsComplete "isbn" ]', encoding="utf-8"
    )
    refused = command.run("evaluate", books, "--ruleset", rules)
    assert refused.exit_code == 2
    assert "FileSize is not judged here" in refused.stderr
    judged = command.run(
        "evaluate", books, "--ruleset", rules, "--unsupported-rules", "fail", "--json"
    )
    told = json.loads(judged.stdout)
    assert judged.exit_code == 1
    assert [(r["outcome"], r["evaluated"]) for r in told["rules"]] == [
        ("Passed", True),
        ("Failed", False),
        ("Passed", True),
    ]
    assert told["failing_rows"] == 0


def test_a_table_that_is_none_is_told_in_a_sentence(command: CommandLine, tmp_path: Path) -> None:
    table, rules = tmp_path / "x.parquet", tmp_path / "r.dqdl"
    table.write_text("secret", encoding="utf-8")
    rules.write_text("Rules = [ RowCount > 0 ]", encoding="utf-8")
    result = command.run("evaluate", table, "--ruleset", rules)
    assert result.exit_code == 2
    assert "cannot be read as Parquet" in result.stderr
    assert "secret" not in result.stderr
