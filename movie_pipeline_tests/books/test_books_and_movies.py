"""Books through the same assets, sensors and command line: alone, and beside movies."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from movie_pipeline.cli import main
from movie_pipeline.datasets.chosen import chosen_dataset, chosen_datasets
from movie_pipeline.definitions import REFRESH_JOB, from_settings
from movie_pipeline.deployments import aws, deployments_from
from movie_pipeline.errors import SettingsError
from movie_pipeline.ledger.ledger import FileState, Ledger
from movie_pipeline.orchestration.dataset_scope import scoped_name
from movie_pipeline.settings import Settings
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.books import BOOKS
from movie_pipeline_tests.home import QUIET, materialized, settings_for
from movie_pipeline_tests.samples import clean_movies

BOOKS_PLACE = "movie_pipeline_tests.books:BOOKS"
SHELF = (
    b"ISBN-13;Book Title;Author;List Price;Page Count;Year;Sold;Shelf\n"
    b"978-0140447934;War and Peace;Leo Tolstoy;14,90;1440;1869;36000000;A 3\n"
    b"978-0141439587;Emma;Jane Austen;9,5;474;1815;;B 1\n"
    b"978-0000000001;The Golden Folio;Anon;900;12;1815;1;Vault\n"
    b";Nameless;Nobody;5;10;1900;1;C 9\n"
)
"""Two good books, one above the price that the rules allow, one without its key."""


@dataclass(frozen=True)
class Shop:
    """A deployment for these datasets."""

    settings: Settings
    instance: dg.DagsterInstance

    @property
    def definitions(self) -> dg.Definitions:
        """All of it, as Dagster loads it."""
        return from_settings(self.settings)

    def deliver(self, folder: str, name: str, content: bytes) -> None:
        """Put a file where its sender puts it."""
        landing = self.settings.home / folder
        landing.mkdir(parents=True, exist_ok=True)
        (landing / name).write_bytes(content)

    def tick(self, sensor: str) -> dg.SensorResult | dg.SkipReason:
        """What a landing sensor says now."""
        repository = self.definitions.get_repository_def()
        with dg.build_sensor_context(
            instance=self.instance, repository_def=repository, resources=dict(self._resources())
        ) as context:
            answer = repository.get_sensor_def(sensor)(context)
        assert isinstance(answer, dg.SensorResult | dg.SkipReason)
        return answer

    def _resources(self) -> Iterator[tuple[str, object]]:
        for deployment in deployments_from(self.settings):
            for name in ("dataset", "settings", "storage", "warehouse", "wakeups"):
                yield scoped_name(deployment.dataset, name), getattr(deployment, name)

    def run(self, job: str, config: Any = None) -> dg.ExecuteInProcessResult:  # noqa: ANN401 - a run's config, as Dagster has it
        """A job in this process."""
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, run_config={**(config or {}), **QUIET}, raise_on_error=False
        )

    def ingest(self, sensor: str, job: str) -> dg.ExecuteInProcessResult:
        """The one run that a landing sensor asks for."""
        answer = self.tick(sensor)
        assert isinstance(answer, dg.SensorResult), answer
        [request] = answer.run_requests or []
        return self.run(job, request.run_config)


@pytest.fixture(params=[(BOOKS_PLACE,), ("movies", BOOKS_PLACE)], ids=["alone", "beside movies"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Shop(settings_for(tmp_path / "home", datasets=request.param), instance)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Shop]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Shop(settings_for(tmp_path / "home", datasets=("movies", BOOKS_PLACE)), instance)


def rows(shop: Shop, text: str) -> list[tuple[Any, ...]]:
    """The answer of the warehouse of books."""
    settings, _ = chosen_dataset(shop.settings, "books")
    [deployment] = deployments_from(settings)
    return [tuple(row) for row in deployment.warehouse.query(text).to_numpy().tolist()]


def test_a_file_of_books_is_judged_loaded_quarantined_and_shown_in_its_view(shop: Shop) -> None:
    shop.deliver("books/input", "shelf.csv", SHELF)
    result = shop.ingest("books_landing", "ingest_books")
    assert result.success
    made = materialized(result)
    assert made == [
        "raw_books",
        "quarantined_books",
        "validated_books",
        "book_data_table",
        "books_archived_files",
    ]
    checks = {one.check_name: one.passed for one in result.get_asset_check_evaluations()}
    assert checks["every_record_accounted_for"]
    assert checks["book_contract"]
    assert checks["unique_isbn"]
    assert not checks["column_values_price"]
    assert rows(shop, "select isbn, price from book_data_table order by 1") == [
        ("978-0140447934", 14.9),
        ("978-0141439587", 9.5),
    ]
    [quarantined] = (shop.settings.home / "books" / "badrecords").glob("*.jsonl")
    reasons = [json.loads(line)["reasons"] for line in quarantined.read_text().splitlines()]
    assert [reason["rule"] for one in reasons for reason in one] == [
        'ColumnValues "price" <= 500',
        "book_contract",
    ]
    assert shop.run(f"books_{REFRESH_JOB}").success
    view = "select published_year, books, average_price from mv_books_by_year order by 1"
    assert rows(shop, view) == [(1815, 1, 9.5), (1869, 1, 14.9)]
    assert not list((shop.settings.home / "books" / "input").iterdir()), "it is archived"
    assert isinstance(shop.tick("books_landing"), dg.SkipReason)


def test_the_same_name_lands_in_both_and_neither_sees_the_others(both: Shop) -> None:
    both.deliver("input", "new.csv", clean_movies(3))
    both.deliver("books/input", "new.csv", SHELF)
    assert both.ingest("landing", "ingest_movies").success
    assert both.ingest("books_landing", "ingest_books").success
    movies, books = deployments_from(both.settings)
    for deployment, table, count in (
        (movies, "movie_data_table", 3),
        (books, "book_data_table", 2),
    ):
        [entry] = Ledger(deployment.warehouse).entries()
        assert (entry.key, entry.state, entry.rows_loaded) == ("new.csv", FileState.LOADED, count)
        counted = deployment.warehouse.query(f"select count(*) as n from {table}")
        assert counted["n"].tolist() == [count]
    there = movies.warehouse.query("select count(*) as n from books.book_data_table")
    assert there["n"].tolist() == [2], "one file holds both"
    assert movies.warehouse.columns("book_data_table") == []
    told = (both.settings.home / "alerts.jsonl").exists()
    assert not told, "nothing is told before the outboxes are drained"
    assert both.run("reconcile").success
    assert both.run("books_reconcile").success


def test_a_run_of_books_is_none_of_the_movies(both: Shop) -> None:
    both.deliver("books/input", "shelf.csv", SHELF)
    assert isinstance(both.tick("landing"), dg.SkipReason)
    answer = both.tick("books_landing")
    assert isinstance(answer, dg.SensorResult)
    [request] = answer.run_requests or []
    assert set(request.run_config["resources"]) == {"books_batch"}


def command(home: Path, *arguments: str | Path) -> Result:
    """One command over this home, for both datasets."""
    return CliRunner(env={"MOVIE_PIPELINE_DATASETS": f"movies,{BOOKS_PLACE}"}).invoke(
        main, [*map(str, arguments), "--home", str(home)]
    )


def test_the_command_line_asks_for_a_dataset_by_its_name(tmp_path: Path) -> None:
    shelf, home = tmp_path / "shelf.csv", tmp_path / "home"
    shelf.write_bytes(SHELF)
    done = command(home, "ingest", shelf, "--dataset", "books", "--json")
    assert done.exit_code == 0, done.output
    [file] = json.loads(done.stdout)["files"]
    assert (file["state"], file["rows_loaded"], file["rows_quarantined"]) == ("LOADED", 2, 2)
    text = "select title from book_data_table order by 1"
    asked = command(home, "query", text, "--dataset", "books", "--json")
    assert json.loads(asked.stdout) == [{"title": "Emma"}, {"title": "War and Peace"}]
    waiting = command(home, "quarantine", "--dataset", "books", "--json")
    assert len(waiting.stdout.splitlines()) == 2, "a line for each record"
    movies = command(home, "status", "--json")
    assert json.loads(movies.stdout)["files"] == []
    assert (home / "books" / "history").is_dir()


def test_a_dataset_that_there_is_not_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    refused = command(tmp_path, "status", "--dataset", "films")
    assert refused.exit_code == 2
    assert "there is no dataset 'films'; MOVIE_PIPELINE_DATASETS names movies, books." in (
        " ".join(refused.stderr.split())
    )


@pytest.mark.parametrize(
    ("datasets", "sentence"),
    [
        ((), "names no dataset: set it to movies, or leave it unset"),
        (("films",), "names 'films', which is neither movies nor to be found as module:NAME"),
        (("no.such:BOOKS",), "names 'no.such:BOOKS', which is neither movies nor"),
        (("movie_pipeline_tests.books:Path",), "which is a type and no Dataset"),
        ((BOOKS_PLACE, BOOKS_PLACE), "which would lie in the same folders and tables"),
    ],
)
def test_a_setting_that_names_no_datasets_is_refused(
    datasets: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        chosen_datasets(Settings().with_values(datasets=datasets))


def test_a_namespace_that_is_an_areas_name_is_refused() -> None:
    settings = Settings().with_values(datasets=(BOOKS_PLACE,), landing="books/new")
    with pytest.raises(SettingsError, match="the namespace 'books' of the dataset books cannot"):
        chosen_datasets(settings)


def test_the_ruleset_and_the_lenient_columns_of_the_settings_are_the_first_datasets() -> None:
    settings = Settings().with_values(
        datasets=("movies", BOOKS_PLACE), ruleset=Path("strict.dqdl"), lenient_columns=("votes",)
    )
    movies, books = deployments_from(settings)
    assert movies.ruleset == Path("strict.dqdl")
    assert books.ruleset == BOOKS.ruleset
    assert books.settings.reading.lenient_columns == ()


def test_on_aws_a_second_dataset_has_prefixes_of_its_own_and_is_listed() -> None:
    settings = Settings().with_values(bucket="movies-gds", wakeup_queue="https://queue.test/q")
    books = aws(settings, BOOKS)
    assert books.settings.areas.landing == "books/input"
    assert books.storage.uri(Area.HISTORY, "") == "s3://movies-gds/books/history/"
    assert books.wakeups.pending() is None, "the queue is told of one landing area"
