"""The package's own SQL is translated beforehand, and what is shipped is what sqlglot says."""

from pathlib import Path
from unittest.mock import patch

import pytest
import sqlglot
from sqlglot import Dialect

from movie_pipeline.warehouse import worked_out
from movie_pipeline.warehouse.duckdb_sql import to_duckdb
from movie_pipeline_tests.warehouse.translations import ask_all


@pytest.fixture
def a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was asked yet."""
    monkeypatch.setattr(worked_out, "_kept", {})


def test_what_is_shipped_is_what_sqlglot_makes_of_the_files_today() -> None:
    anew = worked_out.worked_out_anew(ask_all)
    assert worked_out.ANSWERS.read_bytes() == anew, "out of date: `make translations`, and look"


@pytest.mark.usefixtures("a_new_process")
def test_no_sql_of_the_package_is_parsed_at_a_start() -> None:
    with patch.object(Dialect, "parse", side_effect=AssertionError):
        ask_all()


@pytest.mark.usefixtures("a_new_process")
def test_a_text_that_is_not_the_packages_is_worked_out_once() -> None:
    text = "select 1 as a /* nobody ships this */"
    with patch.object(sqlglot, "parse", wraps=sqlglot.parse) as parse:
        assert [" ".join(to_duckdb(text).split()) for _ in range(2)] == ["SELECT 1 AS a"] * 2
    assert parse.call_count == 1


@pytest.mark.usefixtures("a_new_process")
@pytest.mark.parametrize("content", [None, b"{", b"[]"], ids=["missing", "cut off", "other"])
def test_without_the_file_all_is_worked_out(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "worked_out.json"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr(worked_out, "ANSWERS", file)
    worked_out._found.cache_clear()
    try:
        assert to_duckdb("lock table mp_writer_lock") == "UPDATE mp_writer_lock SET x = x + 1"
    finally:
        worked_out._found.cache_clear()
