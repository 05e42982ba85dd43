"""Reports in the running pipeline: made after the decision, linked to, made again after a crash."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import StorageError
from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.ledger.report_names import page_name
from movie_pipeline.quarantine.plain_rules import how_many
from movie_pipeline.steps import tell_sender
from movie_pipeline.steps.clean_up import clean_up
from movie_pipeline.steps.reconcile import reconcile
from movie_pipeline.steps.tell_sender import Teller
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area, NewFile
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import (
    Film,
    clean_movies,
    film_file,
    low_ratings,
    one_bad_year,
    without_ratings,
)

HOLDING = 'Rules = [ColumnValues "release_year" > 1900, RowCount <= 3]'
FILES = {
    "apart.csv": one_bad_year(),
    "clean.csv": clean_movies(2),
    "held.csv": low_ratings(),
    "rejected.csv": without_ratings(),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("home"), digest_files=10)
    for key, content in FILES.items():
        home.drop(key, content)
    assert home.run(HOLDING).success
    reconcile(
        home.deployment.storage,
        home.deployment.warehouse,
        home.deployment.alerts,
        home.deployment.events,
    )
    return home


def report_of(home: Home, entry: LedgerEntry) -> dict[str, Any]:
    name = page_name(entry.file_id).replace(".html", ".json")
    with home.deployment.storage.reading(Area.QUARANTINE, name) as path:
        return json.loads(path.read_bytes())


def report_names(home: Home) -> set[str]:
    return set(home.deployment.storage.names(Area.QUARANTINE, "reports/"))


def test_every_file_with_something_to_correct_has_a_report_and_no_other(home: Home) -> None:
    entries = home.entries()
    apart, held, rejected = (entries[f"{name}.csv"] for name in ("apart", "held", "rejected"))
    assert report_names(home) == {
        f"reports/{apart.file_id}.html",
        f"reports/{apart.file_id}.json",
        f"reports/{apart.file_id}.correction.csv",
        f"reports/{held.file_id}.html",
        f"reports/{held.file_id}.json",
        f"reports/{held.file_id}.correction.csv",
        f"reports/{rejected.file_id}.html",
        f"reports/{rejected.file_id}.json",
    }


def test_the_notice_links_to_it_and_so_does_its_event(home: Home) -> None:
    for name in ("apart.csv", "held.csv", "rejected.csv"):
        entry = home.entries()[name]
        (notice,) = [one for one in home.notices() if one.id == f"file-{entry.file_id}"]
        page = home.deployment.storage.uri(Area.QUARANTINE, page_name(entry.file_id))
        assert Path(page).is_file()
        assert f"For the sender, what is wrong and how to correct it: {page}" in notice.text
        assert notice.details["report"] == page
    (clean,) = [one for one in home.notices() if one.details["file"] == "clean.csv"]
    assert "report" not in clean.details


def test_no_page_lies_there_before_what_it_links_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    storage = home.deployment.storage

    def backwards(self: FolderStorage, files: Sequence[NewFile]) -> None:
        """As a store may that puts many side by side; the disk of this one is full at last."""
        for file in reversed(files):
            if file[1].endswith(".correction.csv"):
                raise StorageError("the disk is full")
            self.put(*file)

    monkeypatch.setattr(FolderStorage, "put_all", backwards)
    for key in ("apart.csv", "held.csv"):
        home.drop(key, FILES[key])
    assert home.run(HOLDING).success
    assert {Path(name).suffix for name in report_names(home)} <= {".json"}
    monkeypatch.undo()
    told = Teller(storage, home.deployment.settings, MOVIES).tell(list(home.entries().values()))
    assert len(told.made) == 2
    assert len(report_names(home)) == 6


def test_a_held_file_is_told_why_with_true_counts_and_that_the_others_only_wait(
    tmp_path: Path,
) -> None:
    films = [Film(f"f{number}", f"Film {number}") for number in range(19)]
    home = Home(tmp_path)
    home.drop("held.csv", film_file(*films, Film("last", "")))
    assert home.run('Rules = [Completeness "movie_title" > 0.95]').success
    entry = home.entries()["held.csv"]
    report = report_of(home, entry)
    assert entry.state is FileState.HELD
    assert report["headline"] == "The whole file waits: none of its 20 rows was accepted."
    assert report["whole_file"] == [
        {
            "rule": "The share of rows that have a value in movie_title must be above 0.95",
            "found": "1 of 20 rows has no movie_title",
            "rows": 1,
        }
    ]
    assert (report["rows_to_correct"], report["rows_waiting"]) == (1, 19)
    assert [row["line"] for row in report["shown"]] == [21]
    rule = 'Completeness "movie_title" > 0.95'
    assert entry.summary.reasons[rule] == 1
    waiting = backlog(home.deployment.warehouse, entry.committed_at)
    assert (waiting.held, waiting.by_reason[rule]) == (20, 1)


def test_a_file_that_was_not_read_is_told_why_without_words_of_ours(home: Home) -> None:
    report = report_of(home, home.entries()["rejected.csv"])
    assert report["answer"] == "not read"
    assert report["reason"].startswith("The file has no column imdb_rating")
    assert report["to_do"] == "Correct what is said here, and send it again."
    assert "aliases" not in json.dumps(report)


def test_what_the_ui_is_told_links_to_the_pages(home: Home) -> None:
    home.drop("again.csv", one_bad_year().replace(b"Moon", b"Mars"))
    result = home.run(HOLDING)
    observed: list[Any] = [
        event.event_specific_data for event in result.all_events if event.is_asset_observation
    ]
    (observation,) = [one.asset_observation for one in observed]
    shown: dict[str, Any] = observation.metadata
    links = [value.value for key, value in shown.items() if key.startswith("report of")]
    assert links == [
        home.deployment.storage.uri(Area.QUARANTINE, page_name(home.entries()["again.csv"].file_id))
    ]


def test_a_report_that_cannot_be_made_keeps_no_file_from_being_loaded_and_put_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(tell_sender, "make_report", fails)
    home = Home(tmp_path)
    home.drop("apart.csv", one_bad_year())
    assert home.run(HOLDING).success
    entry = home.entries()["apart.csv"]
    assert (entry.rows_loaded, entry.rows_quarantined) == (2, 1)
    assert entry.archived_at is not None
    told = Teller(home.deployment.storage, home.settings, home.deployment.dataset).tell([entry])
    assert told.failed[entry.file_id] == (
        "the report of apart.csv could not be made: ZeroDivisionError. "
        f"`movie-pipeline report {entry.file_id}` tries again."
    )


def test_the_reconciler_makes_the_reports_that_a_killed_run_did_not(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop("apart.csv", one_bad_year())
    home.drop("held.csv", low_ratings())
    assert home.run(
        HOLDING,
        asset_selection=[
            "raw_movies",
            "validated_movies",
            "quarantined_movies",
            "movie_data_table",
        ],
    ).success
    assert report_names(home) == set()
    deployment = home.deployment
    teller = Teller(deployment.storage, home.settings, deployment.dataset)
    report = reconcile(
        deployment.storage,
        deployment.warehouse,
        deployment.alerts,
        deployment.events,
        teller=teller,
    )
    assert not report.untold
    assert len(report.archived) == 2
    assert len(report_names(home)) == 6
    told = report_of(home, home.entries()["apart.csv"])
    assert [(row["line"], row["record"]) for row in told["shown"]] == [(3, 2)]


def test_a_report_is_no_orphan_while_its_file_has_an_entry(home: Home) -> None:
    storage, work = home.deployment.storage, home.settings.home / "work"
    stray = work / "stray.html"
    work.mkdir(exist_ok=True)
    stray.write_text("")
    storage.put(Area.QUARANTINE, f"reports/{'0' * 32}.html", stray)
    cleaned = clean_up(
        storage,
        home.deployment.warehouse,
        home.settings.home,
        active_batches=(),
        keep_output_days=0,
        keep_notices_days=0,
        dry_run=True,
    )
    assert cleaned.orphans == (storage.uri(Area.QUARANTINE, f"reports/{'0' * 32}.html"),)


def test_no_row_is_to_blame_for_a_rule_that_could_not_be_evaluated(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop("held.csv", clean_movies(3))
    assert home.run('Rules = [ColumnValues "budget" in ["1"]]').success
    entry = home.entries()["held.csv"]
    report = report_of(home, entry)
    assert (report["rows_to_correct"], report["rows_waiting"]) == (0, 3)
    assert report["problems"] == []
    (whole,) = report["whole_file"]
    assert whole["found"].startswith("this could not be found out: ")
    assert entry.summary.reasons == {}


def test_a_row_without_a_key_is_not_said_to_have_that_of_another_row(tmp_path: Path) -> None:
    home = Home(tmp_path)
    rows = ",1991,8.3\n,1992,8.3\nHeat,1995,8.3\nHeat,1995,8.2\n"
    home.drop("keys.csv", f"title,year,rating\n{rows}".encode())
    home.drop("words.csv", b"id,title,year,rating\n#NV,Heat,1995,8.3\n1.2E+05,Up,2009,8.2\n")
    assert home.run('Rules = [IsUnique "movie_id"]').success
    report = report_of(home, home.entries()["keys.csv"])
    told = {
        row["line"]: {problem["rule"] for problem in row["problems"]} for row in report["shown"]
    }
    assert told == {
        2: {"must not be empty"},
        3: {"must not be empty"},
        4: {"title and year must not stand in two rows"},
        5: {"title and year must not stand in two rows"},
    }
    report = report_of(home, home.entries()["words.csv"])
    assert [problem["rule"] for row in report["shown"] for problem in row["problems"]] == [
        "must be there: what stands here is a word for nothing",
        "must have all its digits: a spreadsheet has cut them off",
    ]
    assert (
        how_many('Uniqueness "movie_id" > 0.9', 2, 4) == "2 of 4 rows have no movie_id of their own"
    )
    assert how_many('IsUnique "movie_id"', 1, 1) == "1 of 1 row has no movie_id of its own"
