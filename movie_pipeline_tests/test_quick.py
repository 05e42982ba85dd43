"""Quick tests are told from the others by what they import, and held to it while they run."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from movie_pipeline_tests.quick import nothing_slow, reaches_slow

HERE = Path(__file__).parent


def test_a_file_that_imports_something_slow_itself_is_not_quick() -> None:
    assert reaches_slow(Path(__file__))


def test_a_file_that_imports_it_by_way_of_others_is_not_quick() -> None:
    assert "dagster" not in (HERE / "replay" / "test_corrected.py").read_text().split()
    assert reaches_slow(HERE / "replay" / "test_corrected.py")


def test_a_fixture_that_starts_servers_makes_its_tests_slow(request: pytest.FixtureRequest) -> None:
    assert reaches_slow(HERE / "contracts" / "conftest.py")
    assert request.node.get_closest_marker("quick") is None


def test_the_plain_parts_are_tested_quickly() -> None:
    for part in ("tabular", "dqdl", "ledger", "steps", "warehouse"):
        files = sorted((HERE / part).glob("test_*.py"))
        assert [file for file in files if not reaches_slow(file)], f"no test of {part} is quick"


def test_a_quick_test_can_start_neither_a_process_nor_a_server() -> None:
    with nothing_slow("a test"), pytest.raises(AssertionError, match=r"^a test is taken .*Popen"):
        subprocess.run([sys.executable, "-c", ""], check=True)
    with (
        nothing_slow("a test"),
        socket.socket() as one,
        pytest.raises(AssertionError, match=r"a process or a server \(socket\.bind\)"),
    ):
        one.bind(("127.0.0.1", 0))


def test_other_tests_can(tmp_path: Path) -> None:
    with nothing_slow("a test"):
        pass
    subprocess.run([sys.executable, "-c", f"open({str(tmp_path / 'x')!r}, 'w')"], check=True)
    assert (tmp_path / "x").exists()
