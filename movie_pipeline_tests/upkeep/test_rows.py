"""The good rows of a decided file, told again by whatever is left."""

from dataclasses import replace
from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.rows import OUTPUT, QUARANTINE, RULES, RowsNotTold, rows_of
from movie_pipeline_tests.parquet_files import read_frame
from movie_pipeline_tests.samples import Film, film_file, hopeless
from movie_pipeline_tests.upkeep.world import Years

STRICT = 'Rules = [ColumnValues "imdb_rating" between 5 and 10, ColumnLength "movie_title" < 20]'
MIXED = film_file(
    Film("a"),
    Film("b", rating="3.0"),
    Film("c", year="PG"),
    Film("d", "A very long title of a film"),
    Film("e", rating="9.0"),
    more={"studio": "Nord"},
)


@pytest.fixture
def years(tmp_path: Path) -> Years:
    return Years(tmp_path / "home")


def told(years: Years, entry: LedgerEntry) -> tuple[str, list[dict[str, object]]]:
    """From what the rows are told, and the rows."""
    record = years.records()[entry.key]
    folder = years.settings.home / "told"
    with rows_of(record, years.storage, years.settings, MOVIES, folder) as good:
        assert good.difference == ""
        if good.files is None:
            return good.told_from, []
        [path] = good.files
        frame = read_frame(path).sort_values("record_number").astype(str)
        rows = frame.to_dict("records")
    assert good.count == len(rows)
    return good.told_from, [{str(name): value for name, value in row.items()} for row in rows]


def mixed(years: Years) -> tuple[LedgerEntry, list[dict[str, object]]]:
    """A file of which two rows load, and these."""
    entry = years.ingest({"m.csv": MIXED}, STRICT)["m.csv"]
    told_from, rows = told(years, entry)
    assert (told_from, len(rows)) == (OUTPUT, 2)
    return entry, rows


@pytest.mark.parametrize("damage", ["removed", "cut", "another"])
def test_without_its_output_the_rows_are_told_from_the_original(years: Years, damage: str) -> None:
    entry, rows = mixed(years)
    path = years.area(Area.OUTPUT) / str(entry.output_name)
    if damage == "removed":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-30])
    else:
        other = years.ingest({"o.csv": film_file(Film("x"), Film("y"))}, STRICT)["o.csv"]
        path.write_bytes((years.area(Area.OUTPUT) / str(other.output_name)).read_bytes())
    assert told(years, entry) == (QUARANTINE, rows)


def test_without_quarantine_too_the_original_is_judged_again(years: Years) -> None:
    entry, rows = mixed(years)
    (years.area(Area.OUTPUT) / str(entry.output_name)).unlink()
    path = years.area(Area.QUARANTINE) / str(entry.quarantine_name)
    path.write_bytes(path.read_bytes().replace(b"PG", b"GP"))
    assert told(years, entry) == (RULES, rows)


def test_what_was_judged_under_other_rules_and_settings_is_told_by_those(tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text('[vendor]\nfiles = "v*.csv"\ndelimiter = ";"\n')
    years = Years(tmp_path / "home", sources=sources, lenient_columns=("release_year",))
    content = MIXED.replace(b",", b";")
    entry = years.ingest({"vendor.csv": content}, STRICT)["vendor.csv"]
    rows = told(years, entry)[1]
    assert len(rows) == 3
    sources.write_text('[vendor]\nfiles = "v*.csv"\ndelimiter = "|"\n')
    (years.area(Area.OUTPUT) / str(entry.output_name)).unlink()
    (years.area(Area.QUARANTINE) / str(entry.quarantine_name)).unlink()
    later = Years(tmp_path / "home")
    assert told(later, entry) == (RULES, rows)


def test_the_rows_of_a_replay_are_told_again(years: Years) -> None:
    mixed(years)
    [entry] = years.replay(STRICT, corrections=_corrected_year(years), why="looked up")
    _, rows = told(years, entry)
    assert [row["release_year"] for row in rows] == ["1995"]
    (years.area(Area.OUTPUT) / str(entry.output_name)).unlink()
    assert told(years, entry) == (QUARANTINE, rows)


def _corrected_year(years: Years) -> Path:
    [record] = [one for one in years.open_records() if one["columns"]["release_year"] == "PG"]
    return years.corrections((record["quarantine_id"], "release_year", "1995"))


def test_files_that_did_not_load_have_none(years: Years) -> None:
    entry = years.ingest({"no": hopeless()})["no"]
    assert told(years, entry) == (OUTPUT, [])


def test_where_nothing_is_left_a_sentence_says_what_to_put_back(years: Years) -> None:
    entry, _ = mixed(years)
    (years.area(Area.OUTPUT) / str(entry.output_name)).unlink()
    original = years.area(Area.HISTORY) / str(entry.history_name)
    content = original.read_bytes()
    original.write_bytes(content.replace(b"9.0", b"9.1"))
    with pytest.raises(RowsNotTold, match="has other bytes than those that were judged"):
        told(years, entry)
    original.unlink()
    with pytest.raises(RowsNotTold, match="neither its output nor the file itself is there"):
        told(years, entry)


def test_a_difference_is_told(years: Years) -> None:
    entry, _ = mixed(years)
    record = years.records()[entry.key]
    record = replace(record, row={**record.row, "rows_loaded": 3})
    folder = years.settings.home / "told"
    with rows_of(record, years.storage, years.settings, MOVIES, folder) as good:
        assert good.difference == (
            f"m.csv (file {entry.file_id}) has 2 good rows, told from {QUARANTINE}, where 3 were "
            "recorded."
        )
