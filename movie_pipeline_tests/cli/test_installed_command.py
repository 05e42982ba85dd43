"""The command as a person starts it, in a process of its own; few, since each takes seconds."""

import json
import os
import subprocess
import sys
from pathlib import Path

from movie_pipeline_tests.samples import one_bad_year

COMMAND = Path(sys.executable).with_name("movie-pipeline")


def run(
    *arguments: str | Path, cwd: Path, **variables: str
) -> "subprocess.CompletedProcess[bytes]":
    """The installed command."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MOVIE_PIPELINE_", "DAGSTER_"))
    }
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**environment, **variables},
        capture_output=True,
        check=False,
    )


def test_an_ingest_prints_json_alone_and_leaves_its_data_in_the_default_home(
    tmp_path: Path,
) -> None:
    name = os.fsdecode(b"na\xefve ?.csv")
    (tmp_path / name).write_bytes(one_bad_year())
    result = run("ingest", name, "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert [file["file"] for file in report["files"]] == ["na\\udcefve ?.csv"]
    assert result.stderr == b""
    assert (tmp_path / "data" / "warehouse.duckdb").exists()
    told = run("quarantine", "--json", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["file"] == "na\\udcefve ?.csv"


def test_nothing_is_said_on_stdout_when_a_command_fails(tmp_path: Path) -> None:
    result = run("status", cwd=tmp_path, MOVIE_PIPELINE_THREADS="many")
    assert result.returncode == 2
    assert result.stdout == b""
    assert b"MOVIE_PIPELINE_THREADS must be a whole number" in result.stderr


LEAVING = """
import atexit, sys
from movie_pipeline.cli import entry_point
class Kept:
    def __del__(self):
        print("taken apart")
kept = Kept()
def main():
    atexit.register(print, "farewell")
    print("x" * 200_000)
    {end}
entry_point.main = main
entry_point.run()
"""


def leave(end: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", LEAVING.format(end=end)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_command_leaves_at_once_when_all_is_said_and_every_farewell_is_over() -> None:
    left = leave("sys.exit(3)")
    assert (left.returncode, left.stderr) == (3, "")
    assert left.stdout.splitlines() == ["x" * 200_000, "farewell"]


def test_an_error_that_escapes_a_command_is_told_as_ever() -> None:
    left = leave("raise ValueError('of a command')")
    assert left.returncode == 1
    assert left.stderr.endswith("ValueError: of a command\n")
    assert left.stdout.splitlines()[1:] == ["farewell", "taken apart"]


def test_commands_that_run_no_job_do_not_import_dagster(tmp_path: Path) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from movie_pipeline.cli import main\n"
        "for command in ['--help'], ['rules'], ['status', '--home', '.']:\n"
        "    result = CliRunner().invoke(main, command)\n"
        "    print(result.exit_code, 'dagster' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert result.stdout.splitlines() == ["0 False"] * 3


def test_status_waits_for_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from movie_pipeline.cli import main\n"
        "result = CliRunner().invoke(main, ['status', '--home', '.'])\n"
        "print(result.exit_code, {'dagster', 'pandas', 'pandera', 'boto3'} & set(sys.modules))"
    )
    # the first one makes the tables of a new home, for which it has to know their columns
    subprocess.run(
        [COMMAND, "status", "--home", "."], cwd=tmp_path, capture_output=True, check=True
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert result.stdout.splitlines() == ["0 set()"]


IMPORTED = """
import atexit, sys
from movie_pipeline.cli import entry_point
command, names = entry_point.main, {unneeded!r}
def main():
    atexit.register(lambda: print(*(name for name in names if sys.modules.get(name) is not None)))
    command()
entry_point.main = main
sys.argv = ["movie-pipeline", "ingest", "movies.csv", "--json"]
entry_point.run()
"""


def test_an_ingest_imports_neither_what_is_for_tests_nor_what_migrates_a_store(
    tmp_path: Path,
) -> None:
    (tmp_path / "movies.csv").write_bytes(one_bad_year())
    code = IMPORTED.format(unneeded=["dagster", "alembic", "coverage", "hypothesis"])
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert result.stdout.splitlines()[-1] == "dagster"
