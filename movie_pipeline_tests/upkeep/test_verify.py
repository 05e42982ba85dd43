"""Each disagreement is named, with its way out; what is safe is repaired."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.steps import notify
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.backup import back_up
from movie_pipeline.upkeep.rejudge import rejudge
from movie_pipeline.upkeep.retract import Wish
from movie_pipeline.upkeep.verify import Finding, verify
from movie_pipeline_tests.samples import (
    Film,
    clean_movies,
    film_file,
    hopeless,
    low_ratings,
    one_bad_year,
)
from movie_pipeline_tests.upkeep.test_rebuild import eventful, parts_of
from movie_pipeline_tests.upkeep.world import Years

Damage = Callable[[Years], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which nothing is wrong; tests copy it."""
    home = tmp_path_factory.mktemp("whole") / "home"
    years = eventful(home)
    years.ingest({"last.csv": clean_movies(2, first=30)})
    for view in MOVIES.view_names:
        years.warehouse.refresh(view)
    notify.drain(years.warehouse, years.alerts, years.events)
    return home


@pytest.fixture
def years(whole: Path, tmp_path: Path) -> Years:
    shutil.copytree(whole, tmp_path / "home")
    return Years(tmp_path / "home")


def found(years: Years, *, deep: bool = False, repair: bool = False) -> list[Finding]:
    return verify(parts_of(years), deep=deep, repair=repair).findings


def entry_of(years: Years, key: str) -> LedgerEntry:
    return next(entry for entry in years.ledger.entries() if entry.key == key)


def statement(years: Years, text: str) -> None:
    """Change the warehouse behind the pipeline's back."""
    import duckdb  # noqa: PLC0415 - for this alone

    with duckdb.connect(years.settings.home / "warehouse.duckdb") as connection:
        connection.execute(text)


def original(years: Years, key: str) -> Path:
    return years.area(Area.HISTORY) / str(entry_of(years, key).history_name)


def one_record(years: Years, key: str) -> Path:
    kept = years.records_places()
    return years.area(Area.HISTORY) / kept[entry_of(years, key).file_id]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def swap_letter(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def output(years: Years, key: str) -> Path:
    return years.area(Area.OUTPUT) / str(entry_of(years, key).output_name)


def quarantine(years: Years, key: str) -> Path:
    return years.area(Area.QUARANTINE) / str(entry_of(years, key).quarantine_name)


CHEAP: dict[str, tuple[str, Damage]] = {
    "an original removed": ("original-missing", lambda y: original(y, "a.csv").unlink()),
    "an original cut": ("original-changed", lambda y: cut(original(y, "a.csv"))),
    "a rejected file removed": (
        "original-missing",
        lambda y: (y.area(Area.QUARANTINE) / str(entry_of(y, "no").history_name)).unlink(),
    ),
    "an output removed": ("output-missing", lambda y: output(y, "a.csv").unlink()),
    "an output cut": ("output-changed", lambda y: cut(output(y, "a.csv"))),
    "a quarantine removed": ("quarantine-missing", lambda y: quarantine(y, "bad.csv").unlink()),
    "a quarantine cut": ("quarantine-changed", lambda y: cut(quarantine(y, "bad.csv"))),
    "a record removed": ("record-missing", lambda y: one_record(y, "last.csv").unlink()),
    "a record cut": ("record-damaged", lambda y: cut(one_record(y, "last.csv"))),
    "a stranger in history": (
        "original-unknown",
        lambda y: (original(y, "a.csv").parent / f"{'f' * 32}__x.csv").write_bytes(b"x"),
    ),
    "the newest rows gone": (
        "rows-missing",
        lambda y: statement(y, "DELETE FROM movie_data_table WHERE movie_id = 'clean30'"),
    ),
    "rows of nobody": (
        "rows-unknown",
        lambda y: statement(y, "UPDATE movie_data_table SET file_id = 'x' WHERE movie_id = 'a'"),
    ),
    "an entry gone": (
        "entry-missing",
        lambda y: statement(y, "DELETE FROM mp_load_ledger WHERE object_key = 'a.csv'"),
    ),
    "an entry changed": (
        "record-differs",
        lambda y: statement(y, "UPDATE mp_load_ledger SET reason='x' WHERE object_key='a.csv'"),
    ),
    "counts that do not add up": (
        "counts-differ",
        lambda y: statement(y, "UPDATE mp_load_ledger SET rows_in = 9 WHERE object_key = 'a.csv'"),
    ),
    "a key twice": (
        "key-twice",
        lambda y: statement(
            y, "INSERT INTO movie_data_table SELECT * FROM movie_data_table WHERE movie_id = 'a'"
        ),
    ),
    "a torn warehouse": (
        "warehouse-unreadable",
        lambda y: (y.settings.home / "warehouse.duckdb").write_bytes(b"\0" * 9000),
    ),
}
DEEP: dict[str, tuple[str, Damage]] = {
    "a letter in an original": ("original-changed", lambda y: swap_letter(original(y, "a.csv"))),
    "a letter in an output": ("output-changed", lambda y: swap_letter(output(y, "a.csv"))),
    "a letter in quarantine": (
        "quarantine-changed",
        lambda y: swap_letter(quarantine(y, "bad.csv")),
    ),
    "an older row gone": (
        "rows-missing",
        lambda y: statement(y, "DELETE FROM movie_data_table WHERE movie_id = 'clean1'"),
    ),
    "a value changed": (
        "rows-differ",
        lambda y: statement(y, "UPDATE movie_data_table SET votes = 1 WHERE movie_id = 'clean1'"),
    ),
    "a resolution gone": (
        "resolutions-differ",
        lambda y: statement(y, "DELETE FROM mp_resolutions"),
    ),
    "a replay gone": ("replays-differ", lambda y: statement(y, "DELETE FROM mp_replays")),
}
REPAIRED = {"record-missing", "record-damaged", "rows-missing", "entry-missing", "view-stale"}


def test_a_whole_home_has_nothing_to_say(years: Years) -> None:
    assert found(years, deep=True) == []


@pytest.mark.parametrize("case", CHEAP)
def test_a_disagreement_is_named_with_its_way_out(years: Years, case: str) -> None:
    kind, damage = CHEAP[case]
    damage(years)
    findings = found(years)
    assert kind in {finding.kind for finding in findings}
    assert all(finding.way_out and finding.sentence for finding in findings)


@pytest.mark.parametrize("case", DEEP)
def test_a_look_at_the_contents_finds_what_names_and_sizes_do_not_tell(
    years: Years, case: str
) -> None:
    kind, damage = DEEP[case]
    damage(years)
    assert kind not in {finding.kind for finding in found(years)}
    assert kind in {finding.kind for finding in found(years, deep=True)}


@pytest.mark.parametrize(
    "case", [name for name, (kind, _) in {**CHEAP, **DEEP}.items() if kind in REPAIRED]
)
def test_what_is_safe_is_repaired_and_nothing_disagrees_then(years: Years, case: str) -> None:
    before = years.state()
    {**CHEAP, **DEEP}[case][1](years)
    repaired = [finding for finding in found(years, deep=True, repair=True) if finding.repaired]
    assert repaired
    again = found(Years(years.settings.home), deep=True, repair=True)
    assert [finding for finding in again if finding.kind != "view-stale"] == []
    assert years.state() == before


def test_output_that_the_clean_up_removed_is_no_disagreement(years: Years) -> None:
    shutil.rmtree(years.area(Area.OUTPUT))
    assert found(years) != []
    later = Years(years.settings.home, keep_output_days=1e-9)
    assert found(later) == []


def test_a_backup_that_was_put_back_by_hand_is_noticed_and_caught_up(tmp_path: Path) -> None:
    years = Years(tmp_path / "home")
    years.ingest({"a.csv": clean_movies(), "bad.csv": one_bad_year(), "no": hopeless()})
    copy = tmp_path / "copy.duckdb"
    back_up(parts_of(years), copy)
    years.ingest({"b.csv": clean_movies(2, first=7)})
    years.correct("release_year", "1995")
    state = years.state()
    shutil.copyfile(copy, years.settings.home / "warehouse.duckdb")
    later = Years(tmp_path / "home")
    [older] = found(later)
    assert (older.kind, older.repaired) == ("warehouse-older", "")
    assert "is an older copy" in older.sentence
    kinds = [finding.kind for finding in found(later, repair=True) if finding.repaired]
    assert kinds.count("entry-missing") == 2
    assert later.state() == state


def test_what_two_runs_published_of_a_file_at_once_is_no_disagreement(tmp_path: Path) -> None:
    years = Years(tmp_path / "home")
    files = [years.drop("bad.csv", one_bad_year()), years.drop("held.csv", low_ratings())]
    years.decide(files, 'Rules = [RowCount < 4, ColumnValues "imdb_rating" >= 0]')
    entries = {entry.key: entry for entry in years.ledger.entries()}
    years.archive()
    for entry in entries.values():
        published_by_another_run(years, entry)
    assert {str(entry.state) for entry in entries.values()} == {"LOADED", "HELD"}
    kinds = {one.kind for one in found(years, deep=True)}
    assert kinds <= {"view-stale", "notices-waiting"}


def published_by_another_run(years: Years, entry: LedgerEntry) -> None:
    """The same records, written by a run of another batch and moment."""
    path = years.area(Area.QUARANTINE) / str(entry.quarantine_name)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line |= {"batch_id": "another-one", "quarantined_at": "2020-01-01T00:00:00+00:00"}
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def test_held_bytes_that_came_again_or_an_earlier_judgement_hide_no_missing_rows(
    years: Years,
) -> None:
    """Only what was judged again after the last load may have superseded rows of it."""
    held = film_file(Film("held"))
    years.ingest({"held.csv": held}, "Rules = [RowCount > 10]")
    file_id = years.ledger.entries(key="a.csv")[0].file_id
    rules = parse_ruleset("Rules = [RowCount > 1]")
    list(rejudge(years.parts, [file_id], rules, Wish(by="ana", why="a new rule")))
    time.sleep(1.1)  # such a change is noted to the second
    years.ingest({"again.csv": held})
    assert years.ledger.entries(key="held.csv")[0].state is FileState.REJUDGED
    statement(years, "DELETE FROM movie_data_table WHERE movie_id = 'held'")
    assert "rows-missing" in {finding.kind for finding in verify(years.parts).findings}
