"""What is declared about single senders of files, and which file is whose."""

from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.sources import Sources, read_sources
from movie_pipeline.errors import SettingsError
from movie_pipeline.tabular.reading_limits import NOTHING_DECLARED, SourceOptions


def _declare(tmp_path: Path, text: str) -> Sources:
    path = tmp_path / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return read_sources(path, MOVIES.contract)


def test_a_file_takes_what_the_first_fitting_source_declares(tmp_path: Path) -> None:
    sources = _declare(
        tmp_path,
        """
        [vendor]
        files = "vendor-*.csv"
        encoding = "windows-1252"
        delimiter = ";"
        salvage = true

        [everyone]
        files = "*"
        decimal = ","
        """,
    )
    vendor = sources.of("vendor-2024.csv")
    assert vendor.name == "vendor"
    assert vendor.options == SourceOptions(encoding="windows-1252", delimiter=";", salvage=True)
    assert sources.of("other.csv").options == SourceOptions(decimal=",")


def test_without_a_declaration_names_that_differ_in_digits_are_one_source() -> None:
    sources = read_sources(None, MOVIES.contract)
    assert sources.of("movies-2024-01-31.csv").name == "movies-#.csv"
    assert sources.of("movies-2024-02-01.csv") == sources.of("movies-2025-11-30.csv").__class__(
        "movies-#.csv", "movies-2024-02-01.csv", NOTHING_DECLARED
    )
    assert sources.of("series-1.csv").name != sources.of("movies-1.csv").name


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[vendor]\nencoding = 'utf-8'", "must be a table that says which files are its own"),
        ("vendor = 3", "must be a table that says which files are its own"),
        ("[v]\nfiles='*'\nencodign='utf-8'", "declares 'encodign', but only files, encoding, "),
        (
            "[v]\nfiles='*'\nencoding='klingon'",
            "encoding = 'klingon', but it must be one that Python",
        ),
        (
            "[v]\nfiles='*'\ndelimiter='123456789'",
            "delimiter = '123456789', but it must be a text of up to 8 characters",
        ),
        ("[v]\nfiles='*'\nheader_line=0", "header_line = 0, but it must be a line number from 1"),
        ("[v]\nfiles='*'\nheader_line=true", "header_line = True, but it must be a line number"),
        ("[v]\nfiles='*'\nescape='slash'", "escape = 'slash', but it must be 'doubled' or"),
        ("[v]\nfiles='*'\nsalvage='yes'", "salvage = 'yes', but it must be true or false"),
        (
            "[v]\nfiles='*'\ndates='%d.%m.%Y'",
            "but it must be a table of columns and forms, such as",
        ),
        ("[v]\nfiles='*'\n[v.dates]\nday=3", "dates = { 'day' = 3 }, but a form is a text such as"),
        (
            "[v]\nfiles='*'\n[v.dates]\nday='%d.%m.%y'",
            (
                "source 'v' declares dates = { 'day' = '%d.%m.%y' }, but of the form '%d.%m.%y' %y "
                "is not one of %Y, %m, %d, %b, %B."
            ),
        ),
        (
            "[v]\nfiles='*'\n[v.dates]\nRelease_Year='%Y-%m-%d'",
            "but 'Release_Year' is a column of the movie contract, which has no dates. Only a",
        ),
        (
            "[v]\nfiles='*'\n[v.dates]\n" + "\n".join(f"d{i}='%Y%m%d'" for i in range(46)),
            "declares dates for 46 columns, more than the 45 that a row can be judged by. Leave",
        ),
        ("[v", "cannot be read"),
    ],
)
def test_a_wrong_declaration_is_refused_by_name(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        _declare(tmp_path, text)
    assert sentence in str(refusal.value)
    assert "sources.toml" in str(refusal.value)


def test_a_missing_sources_file_is_told_with_its_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MOVIE_PIPELINE_SOURCES must be the path of a TOML"):
        read_sources(tmp_path / "nowhere.toml", MOVIES.contract)


def test_a_source_declares_the_form_of_the_dates_in_its_columns(tmp_path: Path) -> None:
    declared = _declare(
        tmp_path, '[v]\nfiles = "*"\ndates = { "Date Published" = "%d.%m.%Y", seen = "%Y%m%d" }\n'
    )
    assert declared.of("a.csv").options == SourceOptions(
        dates={"Date Published": "%d.%m.%Y", "seen": "%Y%m%d"}
    )
