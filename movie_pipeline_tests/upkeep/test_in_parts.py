"""Files published in parts are to all who ask for them what single files are."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import msgspec
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.errors import StoredFileChanged
from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.orchestration.checks.gate_checks import _contract
from movie_pipeline.reports.record_reports import quarantined_records
from movie_pipeline.steps.clean_up import CleanUpReport, clean_up
from movie_pipeline.steps.gone_quarantine import note_gone
from movie_pipeline.steps.tell_sender import Teller
from movie_pipeline.storage.part_list import PartList, StoredFile, part_list, parts_of
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.stored_values import to_json
from movie_pipeline.upkeep.rebuild import rebuild
from movie_pipeline.upkeep.rejudge import rejudge
from movie_pipeline.upkeep.retract import Wish, retract
from movie_pipeline.upkeep.verify import verify
from movie_pipeline_tests.samples import Film, clean_movies, film_file
from movie_pipeline_tests.steps.bench import Bench
from movie_pipeline_tests.upkeep.test_rebuild import lose_output, lose_warehouse, with_events
from movie_pipeline_tests.upkeep.world import NOW, Years
from movie_pipeline_tests.upkeep.years_in_parts import YearsInParts, in_parts

WISH = Wish(by="ana", why="a wrong month")
STRICT = parse_ruleset('Rules = [ColumnValues "imdb_rating" > 8.6]')
BAD = film_file(
    Film("a"), Film("b", year="PG"), Film("c"), Film("d", year="R"), Film("e", rating="9.0")
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Homes in which the same happened to files in parts and to single files; tests copy them."""
    folder = tmp_path_factory.mktemp("whole")
    for kind in (YearsInParts, Years):
        with_events(kind(folder / kind.__name__)).ingest({"m.csv": BAD})
    return folder


@pytest.fixture
def homes(whole: Path, tmp_path: Path) -> tuple[YearsInParts, Years]:
    """Copies of them."""
    shutil.copytree(whole, tmp_path / "homes")
    return (
        YearsInParts(tmp_path / "homes" / "YearsInParts"),
        Years(tmp_path / "homes" / "Years"),
    )


def entry_of(years: Years, key: str) -> LedgerEntry:
    return next(entry for entry in years.ledger.entries() if entry.key == key)


def in_table(years: Years) -> list[tuple[str, ...]]:
    """What is in the table, without what tells one home from the other."""
    rows = years.query(
        "select movie_id, movie_title, imdb_rating, certificate from movie_data_table"
    )
    return sorted(tuple(row.values()) for row in rows)


def found(years: Years, *, deep: bool = True) -> list[tuple[str, str]]:
    return [(one.kind, one.subject) for one in verify(years.parts, deep=deep).findings]


def test_what_happens_to_them_ends_the_same(homes: tuple[YearsInParts, Years]) -> None:
    parts, single = homes
    entry = entry_of(parts, "m.csv")
    assert entry.output_name == entry.quarantine_name
    assert str(entry.output_name).endswith(f"/{entry.file_id}.parts.json")
    assert in_table(parts) == in_table(single)
    for years in homes:
        retract(years.parts, "newer.csv", WISH)
        again = rejudge(years.parts, [entry_of(years, "m.csv").file_id], STRICT, WISH)
        assert [(one.problem, one.loaded_to_apart) for one in again] == [("", 2)]
        years.archive()
    assert in_table(parts) == in_table(single)
    assert len(parts.open_records()) == len(single.open_records())


@pytest.mark.parametrize("lost", [(), (lose_warehouse,), (lose_warehouse, lose_output)])
def test_of_them_a_warehouse_is_made_anew(
    lost: tuple[Callable[[Years], None], ...], homes: tuple[YearsInParts, Years]
) -> None:
    years, _ = homes
    before = years.state()
    assert found(years) == []
    for lose in lost:
        lose(years)
    later = YearsInParts(years.settings.home)
    report = rebuild(later.parts)
    assert (report.caught_up.problems, report.swapped) == ({}, True)
    assert later.state() == before


def removed(path: Path) -> None:
    path.unlink()


def changed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def part_of(years: Years, area: Area, entry: LedgerEntry, *, of_list: bool) -> Path:
    name = str(entry.output_name if area is Area.OUTPUT else entry.quarantine_name)
    if not of_list:
        name = parts_of(years.storage, area, name)[-1].name
    return years.area(area) / name


@pytest.mark.parametrize("of_list", [True, False])
@pytest.mark.parametrize("damage", [removed, changed])
def test_one_that_lacks_a_part_is_as_a_single_file_that_is_damaged(
    *, of_list: bool, damage: Callable[[Path], None], homes: tuple[YearsInParts, Years]
) -> None:
    years, single = homes
    kind = "missing" if damage is removed else "changed"
    entry = entry_of(years, "m.csv")
    for area in (Area.OUTPUT, Area.QUARANTINE):
        damage(part_of(years, area, entry, of_list=of_list))
        one = part_of(single, area, entry_of(single, "m.csv"), of_list=True)
        damage(one)
    deep = damage is changed and not of_list
    assert {(f"{what}-{kind}", entry.file_id) for what in ("output", "quarantine")} <= set(
        found(years, deep=deep)
    )
    told: dict[str, list[str]] = {}
    for home in homes:
        told[type(home).__name__] = []
        tell = told[type(home).__name__].append
        shown = quarantined_records(home.storage, home.warehouse, "m.csv", tell=tell)
        assert list(shown) == []
        gone = note_gone(home.storage, home.warehouse)
        assert gone == (damage is removed)
        assert backlog(home.warehouse, NOW).records == (0 if damage is removed else 2)
        # the rows are told from the original, which needs no quarantine where rules tell them
        retract(home.parts, "newer.csv", WISH)
    one, other = (told[name] for name in ("YearsInParts", "Years"))
    place = years.storage.uri(Area.QUARANTINE, str(entry.quarantine_name))
    what = "was removed" if damage is removed else "is not what was written there"
    assert one[0].startswith(f"{place}, or a part of it, {what}: ")
    assert one[0].partition(": ")[2].replace(entry.file_id, "") == other[0].partition(": ")[
        2
    ].replace(entry_of(single, "m.csv").file_id, "")
    assert in_table(years) == in_table(single)


def test_their_sender_is_told_the_same(homes: tuple[YearsInParts, Years], tmp_path: Path) -> None:
    told: list[list[bytes]] = []
    for number, years in enumerate(homes):
        entry = entry_of(years, "m.csv")
        folder = tmp_path / str(number)
        folder.mkdir()
        Teller(years.storage, years.settings, years.parts.dataset).write(entry, folder, "told")
        told.append(
            [
                path.read_bytes().replace(entry.file_id.encode(), b"ID")
                for path in sorted(folder.iterdir())
            ]
        )
    assert told[0] == told[1]


def cleaned(years: Years, days: float, **options: bool) -> CleanUpReport:
    return clean_up(
        years.storage,
        years.warehouse,
        years.settings.home,
        active_batches=("at_work",),
        keep_output_days=10.0,
        keep_notices_days=0.0,
        now=lambda: NOW + timedelta(days=days),
        **options,
    )


def test_what_does_not_count_goes_when_it_is_old_and_what_counts_stays(
    homes: tuple[YearsInParts, Years],
) -> None:
    years, _ = homes
    storage, entry = years.storage, entry_of(years, "m.csv")
    counting = {area: storage.names(area) for area in (Area.OUTPUT, Area.QUARANTINE)}
    piece = years.settings.home / "piece"
    piece.write_bytes(b"{}\n")
    own = str(entry.quarantine_name).removesuffix(".parts.json")
    left = [
        f"{own}/of-a-task-that-was-tried-twice.jsonl",
        f"parts/batch/zombie/{entry.file_id}/1.jsonl",
        f"parts/batch/zombie/{entry.file_id}.parts.json",
        f"parts/batch/never-loaded/{'0' * 32}/1.jsonl",
    ]
    at_work = f"parts/at_work/1/{'1' * 32}/1.jsonl"
    for area in counting:
        for name in (*left, at_work):
            storage.put(area, name, piece)
    young = cleaned(years, 0.5)
    assert (young.output_files.count, young.orphans) == (0, ())
    assert cleaned(years, 2, dry_run=True).output_files.count == len(left)
    # nobody has a right to remove from quarantine
    told = tuple(sorted(storage.uri(Area.QUARANTINE, name) for name in left))
    report = cleaned(years, 2)
    assert (report.output_files.count, report.orphans) == (len(left), told)
    assert storage.names(Area.OUTPUT) == sorted([*counting[Area.OUTPUT], at_work])
    outputs = [name for name in counting[Area.OUTPUT] if name.startswith("parts/")]
    report = cleaned(years, 11)
    assert (report.output_files.count, report.problems) == (len(outputs), ())
    assert not [name for name in storage.names(Area.OUTPUT, "parts/") if name != at_work]
    assert storage.names(Area.QUARANTINE) == sorted([*counting[Area.QUARANTINE], *left, at_work])
    rebuild(years.parts)
    assert len(in_table(years)) > 3


def test_an_older_warehouse_takes_no_parts_away(homes: tuple[YearsInParts, Years]) -> None:
    years, _ = homes
    lose_warehouse(years)
    years = YearsInParts(years.settings.home)
    years.warehouse.adopt()
    years.ingest({"other.csv": clean_movies(1, first=70)})
    before = years.storage.names(Area.QUARANTINE)
    assert untouched(cleaned(years, 2))
    next(years.area(Area.HISTORY).rglob("decisions/*")).write_bytes(b"torn")
    assert untouched(cleaned(years, 2))
    assert years.storage.names(Area.QUARANTINE) == before


def untouched(report: CleanUpReport) -> bool:
    """Whether a clean-up neither removed nor reported a part."""
    return not report.output_files.count and not [
        each for each in report.orphans if "/parts/" in each
    ]


def test_what_writers_of_parts_found_to_break_the_contract_holds_the_load(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    storage = bench.deployment.storage
    file = in_parts(storage, bench.screen(BAD).decided, tmp_path / "parts")
    check = _contract([file], storage, MOVIES)
    assert (check.passed, check.description) == (True, "3 rows keep the movie contract.")
    path = Path(storage.uri(Area.OUTPUT, str(file.output_name)))
    broken = {"imdb_rating: less_than_or_equal_to(10)": 2}
    parts = part_list(storage, Area.OUTPUT, str(file.output_name)).parts
    path.write_text(to_json(PartList(parts, broken)))
    with pytest.raises(StoredFileChanged, match="is not what was written there"):
        _contract([file], storage, MOVIES)
    summary = msgspec.structs.replace(file.summary, output=StoredFile.of(path))
    check = _contract([replace(file, summary=summary)], storage, MOVIES)
    assert not check.passed
    table = check.metadata["broken"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [dict(row.data) for row in table.records] == [
        {"file": "movies.csv", "what": next(iter(broken)), "values": 2}
    ]
