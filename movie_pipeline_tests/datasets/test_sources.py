"""What is declared about single senders of files, and which file is whose."""

import re
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.datasets.ruleset_files import source_rulesets
from movie_pipeline.datasets.sources import Sources, read_sources, refuse_unknown_datasets
from movie_pipeline.errors import RulesetError, SettingsError
from movie_pipeline.tabular.reading_limits import NOTHING_DECLARED, SourceOptions
from movie_pipeline_tests.books import BOOKS


def _declare(tmp_path: Path, text: str) -> Sources:
    path = tmp_path / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return read_sources(path, MOVIES)


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
    sources = read_sources(None, MOVIES)
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
        (
            "[v]\nfiles='*'\nencodign='utf-8'",
            "line 3: source 'v' declares 'encodign', but only files, dataset, ruleset, members, ",
        ),
        ("[v]\nfiles='*'\nencodign='utf-8'", "Did you mean encoding? docs/sources.md says what"),
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
        (
            "[v]\nfiles='*'\n[v.dates]\nday=3",
            (
                "line 3: source 'v' declares dates = { day = 3 }, but the form of 'day' is 3, and "
                "must be a text such as '%d.%m.%Y'."
            ),
        ),
        (
            "[v]\nfiles='*'\n[v.dates]\nday='%d.%m.%y'",
            (
                "source 'v' declares dates = { day = '%d.%m.%y' }, but of the form '%d.%m.%y' of "
                "'day' %y is not one of %Y, %m, %d, %b, %B."
            ),
        ),
        (
            "[v]\nfiles='*'\n[v.dates]\nRelease_Year='%Y-%m-%d'",
            "but 'Release_Year' is a column of the movie contract, which has no dates. Only a",
        ),
        (
            "[v]\nfiles='*'\n[v.dates]\n" + "\n".join(f"d{i}='%Y%m%d'" for i in range(46)),
            "but 46 columns are more than the 45 that a row can be judged by. Leave",
        ),
        ("[v", "cannot be read"),
        (
            "[a]\nfiles='x-*'\n[b]\n\nfiles='x-*'",
            "sources.toml, line 5: source 'b' declares files = 'x-*', but so does source 'a'",
        ),
        ("[v]\nfiles='*'\nheader='yes'", "header = 'yes', but it must be 'none'."),
        (
            "[v]\nfiles='*'\nheader='none'",
            (
                "line 3: source 'v' declares header = 'none', but then columns must be declared, "
                "which no header names. List the columns in the file's order, such as columns = "
                "['movie_title', 'imdb_rating'], or give places, such as columns = { movie_title = "
                "2 }."
            ),
        ),
        (
            "[v]\nfiles='*'\nheader='none'\ncolumns={movie_title=1}",
            "line 4: source 'v' declares columns = { movie_title = 1 }, but imdb_rating must be",
        ),
        (
            "[v]\nfiles='*'\nheader='none'\ncolumns={movie_title='a', imdb_rating=2}",
            "but movie_title has a name, and no header that holds it. List",
        ),
        (
            "[v]\nfiles='*'\nheader='none'\nheader_line=3\ncolumns=['title', 'rating']",
            "line 4: source 'v' declares header_line = 3, but header = \"none\" says that there is",
        ),
        (
            "[v]\nfiles='*'\ncolumns=['title', 'rating']",
            'but a list names the columns of files without a header. Declare header = "none" too',
        ),
        (
            "[v]\nfiles='*'\nheader='none'\ncolumns=['title', 'rating', 'title']",
            "but 'title' is there twice. What is left aside may be called \"\".",
        ),
        (
            "[v]\nfiles='*'\ncolumns={movie_title=0}",
            "must be the name that the file has for it, or",
        ),
        ("[v]\nfiles='*'\n[v.columns]\nmovie_title=1\nvotes=1", "but two columns have the same"),
        ("[v]\nfiles='*'\ncomment=' # '", "but it must be what comment lines begin with, such as"),
        (
            "[v]\nfiles='*'\ndelimiter=';'\ncomment=';'",
            "line 4: source 'v' declares comment = ';', but a row could begin so: with its first",
        ),
        ("[v]\nfiles='*'\nfooter=51", "must be a number of lines up to 50, or what the first of"),
        ("[v]\nfiles='*'\nquote='none'\nescape='backslash'", 'declare escape = "anywhere".'),
        ("[v]\nfiles='*'\nquote=\"'\"\ndelimiter=\"'\"", "but it holds the quote. Declare another"),
        (
            "[v]\nfiles='*'\nlenient=['genre']",
            "but genre is no number column of the movie contract, and only these can be",
        ),
        ("[v]\nfiles='*'\nunits={genre='of 5'}", "that fits what it counts, and genre = 'of 5' is"),
        (
            "[v]\nfiles='*'\ncomplete='soon'",
            "complete = 'soon', but it must be 'done' or 'manifest'.",
        ),
    ],
)
def test_a_wrong_declaration_is_refused_by_name(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        _declare(tmp_path, text)
    assert sentence in str(refusal.value)
    assert "sources.toml" in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "[a]\nfiles='a'\n['the vendor']\nfiles='*'\npad='x'",
        "\n[a]\nfiles='a'\n['the vendor'.dates]\npad='%Y%m%d'\n['the vendor']\nfiles='b'\n pad='x'",
        "'the vendor'.files='*'\n'the vendor'.pad='x'",
    ],
)
def test_the_line_is_told_however_a_table_is_written(tmp_path: Path, text: str) -> None:
    lines = [number for number, line in enumerate(text.splitlines(), 1) if "pad" in line]
    with pytest.raises(SettingsError) as refusal:
        _declare(tmp_path, text)
    told = re.search(r"line (\d+): source 'the vendor'", str(refusal.value))
    assert told is not None
    if not text.startswith("'the"):  # keys with dots: the table's first line
        assert int(told[1]) == lines[-1]


def test_a_table_may_be_about_another_dataset(tmp_path: Path) -> None:
    text = """
        [films]
        files = "*.csv"
        dataset = "movies"
        columns = { movie_title = "Film" }

        [shelf]
        files = "*"
        dataset = "books"
        columns = { isbn = "Mark" }
        """
    movies = _declare(tmp_path, text)
    assert [source.name for source in movies.declared] == ["films"]
    books = read_sources(tmp_path / "sources.toml", BOOKS)
    assert [source.name for source in books.declared] == ["shelf"]
    refuse_unknown_datasets(movies, ["movies", "books"])
    with pytest.raises(
        SettingsError,
        match=r"sources.toml, line 9: source 'shelf' declares dataset = 'books', but MOVIE_",
    ):
        refuse_unknown_datasets(movies, ["movies"])


def test_columns_go_by_name_or_place_and_a_list_names_all(tmp_path: Path) -> None:
    sources = _declare(
        tmp_path,
        """
        [one]
        files = "one"
        columns = { movie_title = "Film", votes = 3 }

        [two]
        files = "two"
        header = "none"
        columns = ["title", "", "rating"]
        """,
    )
    assert sources.of("one").options == SourceOptions(columns={"movie_title": "Film", "votes": 3})
    assert sources.of("two").options == SourceOptions(header="none", names=["title", "", "rating"])


def test_a_source_may_have_rules_of_its_own(tmp_path: Path) -> None:
    text = "[v]\nfiles = 'v-*'\nruleset = 'rules/v.dqdl'\n"
    with pytest.raises(
        SettingsError, match=r"line 3: source 'v' declares its ruleset, but there is"
    ):
        source_rulesets(_declare(tmp_path, text))
    (tmp_path / "rules").mkdir()
    path = tmp_path / "rules" / "v.dqdl"
    path.write_text("Rules = [RowCount > 3]")
    assert [str(rule) for rule in source_rulesets(_declare(tmp_path, text))["v"]] == [
        "RowCount > 3"
    ]
    path.write_text("Rules = [RowCont > 3]")
    with pytest.raises(RulesetError, match=r"v\.dqdl"):
        source_rulesets(_declare(tmp_path, text))


def test_a_missing_sources_file_is_told_with_its_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MOVIE_PIPELINE_SOURCES must be the path of a TOML"):
        read_sources(tmp_path / "nowhere.toml", MOVIES)


def test_a_source_declares_the_form_of_the_dates_in_its_columns(tmp_path: Path) -> None:
    declared = _declare(
        tmp_path, '[v]\nfiles = "*"\ndates = { "Date Published" = "%d.%m.%Y", seen = "%Y%m%d" }\n'
    )
    assert declared.of("a.csv").options == SourceOptions(
        dates={"Date Published": "%d.%m.%Y", "seen": "%Y%m%d"}
    )
