"""What a column, a view, a kind of rule and a dataset cost: the files that CONTRIBUTING.md names.

The package is copied, those files alone are changed, and a file is taken through the copy's job.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.datasets.chosen import chosen_datasets
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.settings import Settings
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline_tests.books import BOOKS
from movie_pipeline_tests.old_homes import VERSION_1, unpack
from movie_pipeline_tests.samples import REPOSITORY

MOVIES_FOLDER = "datasets/movies"
FAMILY = "dqdl/rules/completeness.py"

COLUMN = """
    studio: Series[str] = text_field("Studio that made it", max_bytes=64)

    class Config("""
MIGRATION = """-- Movies have a studio.
alter table {table} add column studio varchar(64)
"""
VIEW = """
        View("mv_studios", "Movies by studio."),
        View("mv_yearly_trends","""
VIEW_SQL = """
create materialized view mv_studios
diststyle all
auto refresh no
as
select studio, count(*) as movies from movie_data_table group by studio
"""
KIND = """
    RuleKind(
        RuleSyntax("IsCapital", 1, 1, bare=True, where=True, judges_rows=True, routes=True),
        plan=capital,
        meaning=holds("every {columns} must be written in capitals"),
    ),
)
"""
PLAN = '''

def capital(rule: SimpleRule, context: Context) -> Plan:
    """Which of the kept rows have a value in capitals."""
    column = column_of(context, rule.columns[0])
    kept = kept_rows(context, rule)

    def verdict(answers: Answers) -> Verdict:
        return Verdict(passed=not answers.failing, metrics={}, reason=None)

    passes = sql.compared(sql.call("upper", column.sql), "=", column.sql)
    return Plan(verdict, rows=row_outcome(kept, passes), kept=kept)


KINDS = ('''


@dataclass(frozen=True)
class Change:
    """A change to the package.

    Attributes:
        line: what CONTRIBUTING.md calls it.
        edits: of each file, under the package, what stands there and what will; None: a new file.
    """

    line: str
    edits: dict[str, tuple[tuple[str | None, str], ...]]

    def make(self, package: Path) -> None:
        """Change a copy of the package."""
        for name, edits in self.edits.items():
            path = package / name
            for before, after in edits:
                path.parent.mkdir(exist_ok=True)
                text = path.read_text(encoding="utf-8") if before else ""
                assert before is None or text.count(before) == 1
                path.write_text(text.replace(before, after) if before else after, encoding="utf-8")


CHANGES = (
    Change(
        "a column of the movie contract",
        {
            f"{MOVIES_FOLDER}/contract.py": (("\n    class Config(", COLUMN),),
            f"{MOVIES_FOLDER}/aliases.toml": (("\ngenre =", '\nstudio = ["made_by"]\ngenre ='),),
            f"{MOVIES_FOLDER}/sql/migrations/0002_studio.sql": ((None, MIGRATION),),
        },
    ),
    Change(
        "a view",
        {
            f"{MOVIES_FOLDER}/sql/views/mv_studios.sql": ((None, VIEW_SQL),),
            f"{MOVIES_FOLDER}/__init__.py": (('\n        View("mv_yearly_trends",', VIEW),),
        },
    ),
    Change("a kind of rule", {FAMILY: (("\n)\n", KIND), ("\n\nKINDS = (", PLAN))}),
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with all changes, beside a copy of its SQL."""
    folder = tmp_path_factory.mktemp("changed")
    for name in ("movie_pipeline", "sql"):
        shutil.copytree(
            REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for change in CHANGES:
        change.make(folder / "movie_pipeline")
    return folder / "movie_pipeline"


@pytest.fixture(scope="module")
def found(package: Path) -> dict[str, Any]:
    """What came of a file that brings the new column, judged by the new kind of rule."""
    folder = package.parent
    unpack(VERSION_1, folder / "home")
    (folder / "home" / "input" / "late.csv").unlink()
    file, ruleset = folder / "new.csv", folder / "new.dqdl"
    file.write_text("title,rating,made_by\nHeat,8.3,WARNER\nAlien,8.5,FOX\nUp,8.3,Pixar\n")
    ruleset.write_text('Rules = [ RowCount > 0, IsCapital "studio" ]')
    told = subprocess.run(
        [
            sys.executable,
            Path(__file__).with_name("changed_package.py"),
            file,
            "select studio, movies from mv_studios order by studio",
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "MOVIE_PIPELINE_HOME": str(folder / "home"),
            "MOVIE_PIPELINE_RULESET": str(ruleset),
            "MOVIE_PIPELINE_SETTLE_SECONDS": "0",
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def files_named(change: str) -> set[str]:
    """The files of the package that CONTRIBUTING.md's table names for a change."""
    page = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    line = re.search(rf"^\| {change} \| (.*) \|$", page, re.MULTILINE)
    assert line, change
    return set(re.findall(r"`((?:datasets|dqdl)/[^`]+)`", line[1]))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.line)
def test_a_change_touches_the_files_that_contributing_names(change: Change) -> None:
    named = {
        name.replace("<number>_<name>", "0002_studio").replace("<name>", "mv_studios")
        for name in files_named(change.line)
    }
    touched = set(change.edits)
    # of a kind of rule the page names the folder of the families
    assert named == touched or named == {f"{Path(name).parent}/" for name in touched}


def test_nothing_else_of_the_package_was_changed(package: Path) -> None:
    differ = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and _differs(path, package)
    }
    assert differ == {name for change in CHANGES for name in change.edits}


def _differs(path: Path, package: Path) -> bool:
    original = REPOSITORY / "movie_pipeline" / path.relative_to(package)
    return not original.exists() or original.read_bytes() != path.read_bytes()


def test_a_new_column_is_in_the_table_staging_columns_tab_and_catalog(
    found: dict[str, Any],
) -> None:
    assert "studio varchar(64)" in found["table"]
    assert "studio varchar(64)" in found["staging"]
    assert "studio" in found["columns tab"]
    assert '"made_by"' in found["catalog"]["raw_movies"]
    assert '"studio"' in found["catalog"]["movie_data_table"]


def test_a_new_column_is_read_under_its_alias_and_loaded(found: dict[str, Any]) -> None:
    assert found["state"] == "LOADED"
    assert {row["studio"] for row in found["answer"]} == {"WARNER", "FOX", None}


def test_a_new_view_is_made_refreshed_and_described(found: dict[str, Any]) -> None:
    """The movies that an earlier program loaded into this very home have no studio."""
    studios = [(row["studio"], row["movies"]) for row in found["answer"] if row["studio"]]
    assert studios == [("FOX", 1), ("WARNER", 1)]
    assert [row["movies"] for row in found["answer"] if not row["studio"]] == [6]
    assert '"movies"' in found["catalog"]["mv_studios"]


def test_a_new_kind_of_rule_sets_its_row_apart(found: dict[str, Any]) -> None:
    assert found["rules"] == {"RowCount > 0": "Passed", 'IsCapital "studio"': "Failed"}


def test_a_second_dataset_is_a_folder_and_a_word_in_a_setting() -> None:
    settings = Settings(datasets=("movies", "movie_pipeline_tests.books:BOOKS"))
    assert chosen_datasets(settings) == (MOVIES, BOOKS)
    assert "isbn varchar(17) not null" in Statements(BOOKS).text("tables/data_table")
    assert list(Statements(BOOKS).views()) == ["mv_books_by_year"]
