"""What is kept beside history of each decision, before anything can be lost."""

from dataclasses import replace
from pathlib import Path

import pytest

from movie_pipeline.errors import MoviePipelineError, StorageError
from movie_pipeline.ledger import decision_records
from movie_pipeline.ledger.decision_records import (
    DECISIONS,
    DecisionRecord,
    decisions,
    find_decisions,
    kept_replays,
    kept_text,
    ruleset_name,
    sources_name,
    write_decisions,
)
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.steps import archive as archive_module
from movie_pipeline.steps.archive import archive
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline_tests.samples import clean_movies, hopeless, one_bad_year
from movie_pipeline_tests.upkeep.world import Years

HOLDING = 'Rules = [RowCount > 100, ColumnValues "imdb_rating" >= 0]'


@pytest.fixture
def years(tmp_path: Path) -> Years:
    return Years(tmp_path / "home")


def test_every_decided_file_has_the_entry_as_the_ledger_has_it(years: Years) -> None:
    entries = years.ingest({"a.csv": clean_movies(), "b.csv": one_bad_year(), "no": hopeless()})
    entries |= years.ingest({"again.csv": clean_movies()})
    entries |= years.ingest({"held.csv": clean_movies(2, first=9)}, HOLDING)
    records = years.records()
    assert {key: record.entry for key, record in records.items()} == entries
    assert {str(entry.state) for entry in entries.values()} == {
        state for state in FileState if not state.is_closed
    }


def test_the_texts_that_decided_are_kept_once_under_their_hash(tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text('[vendor]\nfiles = "v*.csv"\ndelimiter = ";"\n')
    years = Years(tmp_path / "home", sources=sources)
    entry = years.ingest({"vendor.csv": clean_movies().replace(b",", b";")})["vendor.csv"]
    with kept_text(years.storage, ruleset_name(entry.ruleset_sha256)) as path:
        assert path.read_text().startswith("Rules = [RowCount > 0")
    read_with = entry.summary.read_with
    with kept_text(years.storage, sources_name(read_with.sources_sha256)) as path:
        assert path.read_bytes() == sources.read_bytes()
    years.ingest({"vendor2.csv": clean_movies(2).replace(b",", b";")})
    assert len(years.storage.names(Area.HISTORY, "rulesets/")) == 1
    assert len(years.storage.names(Area.HISTORY, "sources/")) == 1


def test_a_replay_has_its_request_and_what_became_of_its_records(years: Years) -> None:
    years.ingest({"b.csv": one_bad_year()})
    [entry] = years.correct("release_year", "1995")
    record = years.records()[entry.key]
    assert record.replay is not None
    assert (record.replay.why, record.resolutions) == ("looked up", 1)
    assert years.storage.size(Area.HISTORY, record.resolutions_name) > 0
    assert [kept.replay_id for kept in kept_replays(years.storage, {})] == [record.replay.replay_id]


def test_a_replay_is_known_beside_history_before_its_file_lands(years: Years) -> None:
    years.ingest({"b.csv": one_bad_year()})
    [landed] = years.ask(where="true")
    [kept] = kept_replays(years.storage, {})
    assert kept.key == landed.key


class Watching(FolderStorage):
    """A store that looks for records whenever a file leaves landing."""

    seen: int = 0

    def settle(self, file: LandedFile, area: Area, name: str) -> str:
        """Settle, where the record is there already."""
        kept = find_decisions(self)
        assert file.file_id in kept.places, "a file left landing before its decision was kept"
        assert file.file_id not in kept.archived
        self.seen += 1
        return super().settle(file, area, name)


def test_a_decision_is_kept_before_its_file_leaves_landing(years: Years) -> None:
    years.decide([years.drop("a.csv", clean_movies())])
    store = Watching(years.settings)
    archive(store, years.warehouse, years.ledger.unarchived())
    assert store.seen == 1
    assert years.records()["a.csv"].is_archived


class NoDecisions(FolderStorage):
    """A store that takes no decision records."""

    def put(self, area: Area, name: str, source: Path) -> str:
        """Fail for those alone."""
        if name.startswith(DECISIONS):
            raise StorageError("history: no room.")
        return super().put(area, name, source)


def test_where_a_decision_cannot_be_kept_the_file_stays_in_landing(years: Years) -> None:
    years.decide([years.drop("a.csv", clean_movies())])
    report = archive(NoDecisions(years.settings), years.warehouse, years.ledger.unarchived())
    assert list(report.failed.values()) == ["history: no room."]
    assert [file.key for file in years.storage.landed()] == ["a.csv"]
    years.archive()
    assert years.records()["a.csv"].is_archived


def test_archiving_again_replaces_its_own_records(years: Years) -> None:
    years.decide([years.drop("a.csv", clean_movies())])
    waiting = years.ledger.unarchived()
    for _ in range(2):
        archive(years.storage, years.warehouse, waiting)
    assert len(years.storage.names(Area.HISTORY, DECISIONS)) == 1
    assert years.records()["a.csv"].is_archived


def test_a_record_that_says_archived_counts_whatever_is_written_later(years: Years) -> None:
    entry = years.ingest({"a.csv": clean_movies()})["a.csv"]
    other = years.ingest({"b.csv": clean_movies(2)})["b.csv"]
    late = replace(entry, archived_at=None, history_name=None)
    write_decisions(years.storage, [DecisionRecord.of(late), DecisionRecord.of(other)])
    assert years.records()["a.csv"].entry == entry


def test_many_files_make_few_records_files(years: Years, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MOST_AT_ONCE", 2)
    years.ingest({f"{number}.csv": clean_movies(1, first=number) for number in range(5)})
    assert len(years.storage.names(Area.HISTORY, DECISIONS)) == 3
    assert len(years.records()) == 5


CUT = "line 1 is no record: it was cut short or overwritten"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (b"}\n", b"", CUT),
        (b"LOADED", b"HELD", "line 1 was changed: its hash is another"),
        (b'{"sha256"', b"\0" * 9, CUT),
    ],
    ids=["cut", "changed", "zeros"],
)
def test_a_damaged_record_is_told(years: Years, before: bytes, after: bytes, told: str) -> None:
    years.ingest({"a.csv": clean_movies()})
    [name] = years.storage.names(Area.HISTORY, DECISIONS)
    path = years.area(Area.HISTORY) / name
    path.write_bytes(path.read_bytes().replace(before, after))
    kept = find_decisions(years.storage)
    assert kept.problems == {name: told}
    assert list(decisions(years.storage, kept)) == []


def test_a_ruleset_that_was_changed_is_not_taken(years: Years) -> None:
    entry = years.ingest({"a.csv": clean_movies()})["a.csv"]
    name = ruleset_name(entry.ruleset_sha256)
    (years.area(Area.HISTORY) / name).write_text("Rules = [RowCount > 1]")
    with (
        pytest.raises(MoviePipelineError, match="was changed: its text is not the one"),
        kept_text(years.storage, name),
    ):
        pass


def test_names_beyond_the_ledger_and_bytes_that_are_no_text_come_back(years: Years) -> None:
    years.ingest({"caf\udce9\\u00e9.csv": clean_movies()})
    [(key, record)] = years.records().items()
    assert key == "caf\udce9\\u00e9.csv"
    assert decision_records.DecisionRecord.from_line(record.to_line()) == record
