"""The commands of README and docs are run as they stand there, and answer what is printed there.

Left out is what needs a cloud, ends by Ctrl-C, or has a test of its own.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from movie_pipeline.cli import COMMANDS, main
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline_tests.docs.test_pages import CODE, DOCS, section, text_of
from movie_pipeline_tests.samples import REPOSITORY, clean_movies

README = REPOSITORY / "README.md"
OPERATIONS, REPLAY, CHANGED, UPGRADING = (
    DOCS / f"{name}.md" for name in ("operations", "replay", "changed-decisions", "upgrading")
)
REFERENCE = DOCS / "command-line.md"
PUBLIC = "imdb_movies_rating.csv"
COLUMNS = 98
"""The printed tables are so wide."""
PROGRAM = re.compile(r"(?:\.venv/bin/)?movie-pipeline |make ingest FILE=|python -m json\.tool ")
NOT_RUN = re.compile(
    r"make (?!ingest)|cp |export |\.venv/bin/dagster |pre-commit |python -m movie_pipeline_tests"
    r"|MOVIE_PIPELINE_\w+=\S+( make run)?$"
)
"""What ends by Ctrl-C, takes an hour, is a setting, or is what other tests do."""
VARIES = re.compile(r"\b[0-9a-f]{16,32}\b|\b[0-9a-f]{4}\.\.\.")
"""Ids, and ids that are cut off."""


def blocks(page: Path) -> list[list[str]]:
    """The fenced blocks of a page without a language, as lines."""
    found = (block.splitlines() for block in CODE.findall(text_of(page)))
    return [lines[1:-1] for lines in found if lines[0] == "```"]


def commands(lines: list[str]) -> Iterator[str]:
    """The commands of a block; one may go on over lines within quotes."""
    waiting = ""
    for line in lines:
        waiting = f"{waiting}\n{line}" if waiting else line
        if waiting.count('"') % 2 == 0:
            if waiting.strip():
                yield waiting
            waiting = ""


def of_a_page(page: Path) -> list[str]:
    """All commands of a page that are run."""
    return [
        command
        for lines in blocks(page)
        if PROGRAM.match(lines[0])
        for command in commands(lines)
        if PROGRAM.match(command)
    ]


def ran(command: str) -> tuple[int, str]:
    """A command as a shell would run it here; its exit code, and what it printed."""
    words = shlex.split(command, comments=True)
    if words[0] == "python":
        done = subprocess.run(
            [sys.executable, *words[1:]], check=False, capture_output=True, text=True
        )
        return done.returncode, done.stdout + done.stderr
    if words[0] == "make":  # what the Makefile's target does
        words = ["movie-pipeline", "ingest", words[2].removeprefix("FILE=")]
    result = CliRunner().invoke(main, words[1:])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def public_file(path: Path) -> None:
    """An invented file with what the README says of the public one: its rows, year and repairs."""
    lines = ["Series_Title,Released_Year,Runtime,Genre,IMDB_Rating,No_of_Votes,Gross"]
    for number in range(1000):
        year = "PG" if number == 966 else str(1920 + number % 100)
        gross = f'"{number + 1:,},341,469"' if number < 831 else ""
        lines.append(
            f"Film {number},{year},{number % 90 + 80} min,Drama,8.1,{25_000 + number},{gross}"
        )
    path.write_text("\n".join([*lines, ""]))


def year_looked_up() -> None:
    """What a person does with the template: the right value in place of PG."""
    template = Path("corrections.csv")
    template.write_text(template.read_text().replace(",PG,", ",1995,"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages name, as the present one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    public_file(tmp_path / PUBLIC)
    for name, rules in {
        "strict": MOVIES.ruleset.read_text().replace("7.5", "8.0"),
        "stricter": 'Rules = [ColumnValues "imdb_rating" > 8.2]',
        "vendor": "Rules = [RowCount > 1]",
        "loose": "Rules = [RowCount > 0]",
        "long": "Rules = [RowCount > 5]",
    }.items():
        (tmp_path / f"{name}.dqdl").write_text(rules)
    send(1)
    return tmp_path


def send(first: int) -> None:
    """Another version of the file that the pages call movies.csv: three films."""
    Path("movies.csv").write_bytes(clean_movies(3, first=first))


def land(first: int, ruleset: str) -> None:
    """The same, and it is judged."""
    send(first)
    assert ran(f"movie-pipeline ingest movies.csv --ruleset {ruleset}.dqdl")[0] in {0, 3}


BEFORE: Mapping[Path, Callable[[], object]] = {
    README: lambda: None,
    OPERATIONS: lambda: land(1, "long"),
    REPLAY: lambda: (ran(f"movie-pipeline ingest {PUBLIC}"), land(1, "long")),
    CHANGED: lambda: land(1, "loose"),
    UPGRADING: lambda: land(1, "loose"),
}
AFTER: Mapping[str, Callable[[], object]] = {
    f"movie-pipeline quarantine --file {PUBLIC} --template corrections.csv": year_looked_up,
    'movie-pipeline retract movies.csv --why "the wrong month"': lambda: land(50, "loose"),
    "movie-pipeline replay --file movies.csv": lambda: land(60, "long"),
    "movie-pipeline replay --file movies.csv --ruleset loose.dqdl": lambda: land(70, "long"),
}
"""What becomes of the world after a command, before the next one is tried."""
SET_ASIDE = re.compile("movie-pipeline replay --file movies.csv( |$)")
"""A file that is held may be held again."""


@pytest.mark.parametrize("page", BEFORE, ids=lambda page: page.stem)
@pytest.mark.usefixtures("here")
def test_the_commands_of_a_page_do_what_they_are_there_for(page: Path) -> None:
    BEFORE[page]()
    found = of_a_page(page)
    assert found
    for command in found:
        code, printed = ran(command)
        assert code == 0 or (code == 3 and SET_ASIDE.match(command)), f"{command}\n{printed}"
        assert "Traceback" not in printed
        AFTER.get(command.partition("#")[0].strip(), lambda: None)()


def test_every_page_with_commands_is_run_or_is_held_by_other_tests() -> None:
    others = {
        "aws": "needs a cloud",
        "command-line": "synopses, held against the commands below",
        "datasets": "its dataset is one of the tests'",
        "reliability": "the matrix itself",
    }
    for page in sorted(DOCS.glob("*.md")):
        if of_a_page(page):
            assert page in BEFORE or page.stem in others, page


def test_what_is_not_run_of_these_pages_is_known() -> None:
    for page in BEFORE:
        for lines in blocks(page):
            if PROGRAM.match(lines[0]):
                for command in commands(lines):
                    known = PROGRAM.match(command) or NOT_RUN.match(command)
                    assert known, f"{page.stem}: {command}"


def answer_on(page: Path, command: str) -> str:
    """The block that stands behind the block of a command."""
    found = blocks(page)
    place = next(number for number, lines in enumerate(found) if lines[0] == command)
    return "\n".join(found[place + 1])


def same_but_for_ids(text: str) -> str:
    return VARIES.sub("ID", "\n".join(line.rstrip() for line in text.strip().splitlines()))


@pytest.mark.usefixtures("here")
def test_the_printed_answers_are_what_the_commands_answer() -> None:
    make = f"make ingest FILE={PUBLIC}"
    _, printed = ran(make)
    assert same_but_for_ids(printed) == same_but_for_ids(answer_on(README, make))

    asked = f"movie-pipeline quarantine --file {PUBLIC} --template corrections.csv"
    assert ran(asked)[0] == 0
    written = Path("corrections.csv").read_text()
    shown = answer_on(REPLAY, asked)
    assert re.sub("^[0-9a-f]{4}[0-9a-f]*,", "ID,", written, flags=re.MULTILINE).strip() == (
        same_but_for_ids(shown)
    )

    Path("bad.dqdl").write_text('Rules = [ ColumnValue "imdb_rating" > 5 ]\n')
    code, told = ran("movie-pipeline rules bad.dqdl")
    assert code == 2
    wrong = next("\n".join(lines) for lines in blocks(REFERENCE) if lines[0].startswith("bad.dqdl"))
    assert told.strip() == wrong.strip()


def test_the_shipped_ruleset_stands_in_the_readme() -> None:
    rules = next("\n".join(lines) for lines in blocks(README) if lines[0] == "Rules = [")
    assert list(map(str, parse_ruleset(rules))) == list(map(str, read_ruleset(MOVIES.ruleset)))


def test_the_readme_says_what_every_command_is_for() -> None:
    listed = section(README, "Other commands")
    for command in COMMANDS:
        assert re.search(rf"^\|.*[ `]{command.name}\b.*\|.+\|$", listed, re.MULTILINE), command.name


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_reference_names_every_option_of_a_command_and_no_other(command: click.Command) -> None:
    described = section(REFERENCE, str(command.name))
    synopsis = CODE.findall(described)[0]
    options = {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
        if name.startswith("--")
    }
    common = {"--dataset", "--quiet", "--verbose"}
    assert set(re.findall(r"--[a-z][a-z-]*", synopsis)) == options - common
