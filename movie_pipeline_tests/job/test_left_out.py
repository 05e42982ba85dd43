"""Files that the world does not let be worked on: they wait and are told, and no other waits."""

from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from movie_pipeline.errors import NoRoom, StorageError, StoredFileRefused
from movie_pipeline.ledger import outbox
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.ledger.notices import LEFT_OUT_PREFIX
from movie_pipeline.orchestration.assets import retrying
from movie_pipeline.settings import Settings
from movie_pipeline.steps import fetch
from movie_pipeline.steps.left_out import still_left_out
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import LandedFile
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import clean_movies


class Withholding(FolderStorage):
    """A folder that does not give some files out."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.errors: dict[str, StorageError] = {}

    def fetch(self, file: LandedFile, to: Path) -> None:
        """As the folder, but for those files."""
        if file.key in self.errors:
            raise self.errors[file.key]
        super().fetch(file, to)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.deployment = replace(home.deployment, storage=Withholding(home.settings))
    return home


def withhold(home: Home, **errors: StorageError) -> None:
    """Let the store raise for these files."""
    assert isinstance(home.deployment.storage, Withholding)
    home.deployment.storage.errors = {f"{name}.csv": error for name, error in errors.items()}


def waiting(home: Home) -> list[str]:
    """What `status` says of files that wait."""
    landed = home.deployment.storage.landed()
    return list(still_left_out(landed, home.ledger, home.deployment.warehouse).values())


def notices(home: Home) -> list[str]:
    """What people are told of files that were left out."""
    found = outbox.newest_of(home.deployment.warehouse, LEFT_OUT_PREFIX)
    return [notice.text for notice in found]


def test_a_file_that_the_store_refuses_is_told_once_and_the_others_load(home: Home) -> None:
    home.drop("good.csv", clean_movies(2))
    home.drop("kept.csv", clean_movies(3, first=10))
    withhold(home, kept=StoredFileRefused("kept.csv cannot be read: Permission denied."))
    assert home.run().success
    assert set(home.entries()) == {"good.csv"}
    sentence = "kept.csv waits in landing: kept.csv cannot be read: Permission denied."
    assert waiting(home) == [sentence]
    assert home.run().success
    (text,) = notices(home)
    assert "1 file could not be taken, and stay in landing; others go on." in text
    assert "kept.csv: kept.csv cannot be read: Permission denied." in text
    withhold(home)
    assert home.run().success
    assert home.entries()["kept.csv"].state is FileState.LOADED
    assert waiting(home) == []


def test_a_file_without_room_waits_with_the_true_sentence_and_loads_when_there_is_room(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = home.drop("large.csv", clean_movies(200))
    home.drop("small.csv", clean_movies(2, first=900))

    def expect_room(_: Path, size: int, *__: object, what: str) -> None:
        if size >= landed.size:
            raise NoRoom(f"no room for {what}")

    with monkeypatch.context() as patched:
        patched.setattr(fetch, "expect_room", expect_room)
        assert home.run().success
    assert set(home.entries()) == {"small.csv"}
    assert waiting(home) == [
        f"large.csv waits in landing: no room for a copy of its {landed.size:,} bytes and its rows"
    ]
    assert home.run().success
    assert home.entries()["large.csv"].state is FileState.LOADED


def test_an_unreadable_file_of_the_folder_is_refused_and_not_an_error_of_the_store(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    landed = home.drop("kept.csv", clean_movies(2))

    def refused(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("movie_pipeline.storage.folder_storage.os.open", refused)
    with pytest.raises(StoredFileRefused) as raised:
        home.deployment.storage.fetch(landed, tmp_path / "copy")
    assert str(raised.value) == (
        "kept.csv cannot be read: Permission denied. Let the pipeline's user read it, or take it "
        "away."
    )


def test_a_file_that_fails_again_and_again_is_left_out_where_others_can_be_fetched(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "RETRY", dg.RetryPolicy(max_retries=2, delay=0))
    home.drop("good.csv", clean_movies(2))
    home.drop("torn.csv", clean_movies(3, first=10))
    withhold(home, torn=StorageError("fetching torn.csv failed: Input/output error."))
    assert home.run().success
    assert set(home.entries()) == {"good.csv"}
    assert waiting(home) == [
        "torn.csv waits in landing: fetching torn.csv failed: Input/output error."
    ]
