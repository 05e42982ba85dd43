"""Reference datasets: rules hold a file against them, and what is wrong with one is said."""

from pathlib import Path

import duckdb
import pytest

from movie_pipeline.deployments import deployment_from
from movie_pipeline.errors import SettingsError
from movie_pipeline.settings import Settings
from movie_pipeline_tests.samples import Film, film_file
from movie_pipeline_tests.steps.bench import Bench, Screened

FILMS = film_file(
    Film("f1", "One", "1999", genre="Drama"),
    Film("f2", "Two", "2001", genre="Noir"),
    Film("f3", "Three", "2001", genre="Drama"),
)
KNOWN_GENRE = 'ReferentialIntegrity "genre" "genres.name"'


def judged(home: Path, rule: str, *datasets: str) -> Screened:
    bench = Bench(home / "home", reference_datasets=datasets)
    return bench.screen(FILMS, f"Rules = [{rule}]")


def csv_at(folder: Path, content: str | bytes, name: str = "genres.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "rule", "state"),
    [
        ("name\nDrama\nNoir\n", f"{KNOWN_GENRE} = 1.0", "LOADED"),
        ("name\nDrama\n", f"{KNOWN_GENRE} = 1.0", "HELD"),
        ("name\nDrama\n", f"{KNOWN_GENRE} > 0.6", "LOADED"),
        ('\ufeffNAME,x\n"Drama",1\nNoir,\n', f"{KNOWN_GENRE} = 1.0", "LOADED"),
        ("name\n", f"{KNOWN_GENRE} = 1.0", "HELD"),
        ("a,b\n1,2\n3,4\n5,6\n", 'RowCountMatch "genres" = 1.0', "LOADED"),
        ("y\n1999\n2001\n", 'ReferentialIntegrity "release_year" "genres.y" = 1.0', "LOADED"),
        (
            "n\n2000\n1000\n",
            'AggregateMatch "sum(votes)" "sum(genres.n)" = 1.0',
            "LOADED",
        ),
        (
            "movie_id,genre\nf1,Drama\nf2,Noir\nf3,Drama\n",
            'DatasetMatch "genres" "movie_id" "genre" = 1.0',
            "LOADED",
        ),
        (
            "name\nDrama\nNoir\n",
            'CustomSql "select count(*) from primary p join genres g on p.genre = g.name" = 3',
            "LOADED",
        ),
    ],
)
def test_a_file_is_held_against_a_csv_whose_cells_are_texts(
    tmp_path: Path, content: str, rule: str, state: str
) -> None:
    screened = judged(tmp_path, rule, f"genres={csv_at(tmp_path, content)}")
    assert (screened.decided.state, screened.decided.rows_in) == (state, 3)


def test_a_parquet_file_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "it's [one].parquet"
    with duckdb.connect() as connection:
        connection.table_function("range", [1995, 2005]).write_parquet(str(path))
    rule = 'ReferentialIntegrity "release_year" "years.range" = 1.0'
    assert judged(tmp_path, rule, f"years={path}").decided.state == "LOADED"


def test_where_no_rule_can_name_a_dataset_none_is_read(tmp_path: Path) -> None:
    assert judged(tmp_path, "RowCount > 0", "genres=nowhere.csv").decided.state == "LOADED"


def test_an_alias_that_is_not_declared_holds_the_file(tmp_path: Path) -> None:
    others = csv_at(tmp_path, "name\n")
    screened = judged(tmp_path, f"{KNOWN_GENRE} = 1.0", f"studios={others}")
    assert screened.decided.state == "HELD"
    assert screened.decided.reason == (
        f"the rule {KNOWN_GENRE} = 1.0 could not be evaluated: genres not found in additional "
        "sources (given: studios)."
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "name,x\nSSN-CANARY\n",
            "a CSV must be UTF-8, comma separated, with a header and as many",
        ),
        (b"name\nSSN-CANARY\xff\n", "a CSV must be UTF-8, comma separated"),
        ('name\n"SSN-CANARY\n', "a CSV must be UTF-8, comma separated"),
        ("", "its header must name every column."),
        ("name,\na,b\n", "its header must name every column."),
        ("name,NAME\na,b\n", "its header names a column twice."),
    ],
)
def test_a_csv_that_cannot_be_read_stops_the_run_with_a_sentence(
    tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    path = csv_at(tmp_path, content)
    with pytest.raises(SettingsError) as raised:
        judged(tmp_path, f"{KNOWN_GENRE} = 1.0", f"genres={path}")
    assert str(raised.value).startswith(
        f"the reference dataset genres ({path}) of MOVIE_PIPELINE_REFERENCE_DATASETS cannot be "
        f"read: {sentence}"
    )
    assert "CANARY" not in str(raised.value)


def test_a_broken_parquet_file_stops_the_run_with_a_sentence(tmp_path: Path) -> None:
    path = csv_at(tmp_path, b"PAR1", "genres.parquet")
    with pytest.raises(SettingsError, match=r"cannot be read: it is no whole Parquet file\."):
        judged(tmp_path, f"{KNOWN_GENRE} = 1.0", f"genres={path}")


def test_a_dataset_that_is_not_there_stops_the_run_and_says_where_it_was_looked_for(
    tmp_path: Path,
) -> None:
    with pytest.raises(SettingsError) as raised:
        judged(tmp_path, f"{KNOWN_GENRE} = 1.0", f"genres={tmp_path}/nowhere.csv")
    assert str(raised.value) == (
        "the reference dataset genres of MOVIE_PIPELINE_REFERENCE_DATASETS is not there: there is "
        f"no file {tmp_path}/nowhere.csv."
    )


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("genres", "but has 'genres'"),
        ("genres=list.xlsx", "but has 'genres=list.xlsx'"),
        ("1=a.csv", "but has '1=a.csv'"),
        ("a=a.csv,A=b.csv", "names A twice, or takes the name of the data itself"),
        ("primary=a.csv", "names primary twice, or takes the name of the data itself"),
    ],
)
def test_what_is_no_list_of_datasets_is_refused_at_the_start(value: str, sentence: str) -> None:
    settings = Settings.from_environment({"MOVIE_PIPELINE_REFERENCE_DATASETS": value})
    with pytest.raises(SettingsError, match="MOVIE_PIPELINE_REFERENCE_DATASETS") as raised:
        deployment_from(settings)
    assert sentence in str(raised.value)
