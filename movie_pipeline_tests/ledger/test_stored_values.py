"""The small values of loading: decisions, summaries, batches, the work folder, names and limits."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.file_names import (
    from_stored_key,
    printable_name,
    safe_basename,
    to_stored_key,
)
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.file_summary import (
    FileColumn,
    FileSummary,
    ReadingForms,
    ReplaySummary,
    RuleAnswer,
    RuleState,
)
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.steps.discover import Batch, fix_batch, fixed_batch, plan_batches
from movie_pipeline.steps.fetch import FetchedFile
from movie_pipeline.steps.screen import decided_files
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.storage_port import LandedFile
from movie_pipeline.stored_values import (
    NOTES_BYTES,
    fit_json,
    fit_notes,
    fit_text,
    from_json,
    read_json,
    to_json,
)
from movie_pipeline_tests.steps.world import NOON, Film, World


def landed(key: str = "a.csv", size: int = 1) -> LandedFile:
    return LandedFile(store="local", key=key, version="v", size=size, modified_at=NOON)


def decided(**values: object) -> DecidedFile:
    given_values: dict[str, Any] = {
        "landed": landed(),
        "state": FileState.LOADED,
        "content_sha256": "c",
        "ruleset_sha256": "r",
        "file_version": NOON,
        "rows_in": 3,
        "rows_good": 2,
        "rows_quarantined": 1,
        "output_name": "a.parquet",
        **values,
    }
    return DecidedFile(**given_values)


def test_what_was_decided_survives_json_with_undecodable_names() -> None:
    odd = decided(
        landed=landed("caf\udce9\n.csv"),
        file_version=NOON + timedelta(days=1),
        summary=FileSummary(repairs={"votes": 2}),
    )
    assert from_json(to_json([odd, decided()]), list[DecidedFile]) == [odd, decided()]


@given(
    st.dictionaries(
        st.text(st.characters(), max_size=5),
        st.floats() | st.integers(-(1 << 80), 1 << 80).map(float),
    )
)
def test_values_beyond_json_survive_it(values: dict[str, float]) -> None:
    assert repr(from_json(to_json(values), dict[str, float])) == repr(values)
    assert repr(from_json(to_json(values).encode(), dict[str, float])) == repr(values)


def test_what_is_no_json_is_refused() -> None:
    for text in ('["\udcff', b'["\xff"]', "", "[1]"):
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|decode|Expected `str`"):
            from_json(text, list[str])


def test_a_file_is_as_old_as_it_came_unless_it_is_a_replay() -> None:
    assert FetchedFile(landed=landed(), content_sha256="c").file_version == NOON
    later = NOON + timedelta(days=1)
    replay = Replay(
        replay_id="r",
        key="replays/r/a.csv",
        content_sha256="c",
        original_file_id="f",
        original_state=FileState.LOADED,
        root_file_id="f",
        root_key="a.csv",
        file_version=later,
        row_count=1,
        corrected_count=0,
        accepted=False,
        ruleset=None,
        requested_at=NOON,
        requested_by="ana",
        why="",
    )
    file = FetchedFile(landed=landed(), content_sha256="c", replay=replay)
    assert file.file_version == later
    assert from_json(to_json(file), FetchedFile) == file


def test_a_summary_of_an_earlier_version_is_read_and_what_it_lacks_is_empty() -> None:
    stored = (
        '{"dialect": "CSV", "reading": {"format": "csv", "decimal": ",", "dates": {}}, '
        '"repairs": {"votes": 2}, "rules": [{"rule": "RowCount > 0", "outcome": "Failed", '
        '"failing_rows": null, "metrics": {"Dataset.*.RowCount": 2}, "reason": "", '
        '"waived": true}], "reasons": {}, "notes": ["a note"], '
        '"mapping": [["Title", "movie_title", true]], "source": "vendor", "yet unknown": 1, '
        '"replay": {"replay_id": "r", "of_file_id": "o", "root_file_id": "f", "root_key": '
        '"caf\\udce9", "records": 3, "corrected": 1, "accepted": false, "sentence": "s"}}'
    )
    assert FileSummary.from_stored(stored) == FileSummary(
        dialect="CSV",
        reading=ReadingForms(decimal=","),
        repairs={"votes": 2},
        rules=(
            RuleAnswer(
                rule="RowCount > 0",
                outcome=RuleState.FAILED,
                failing_rows=None,
                metrics={"Dataset.*.RowCount": 2.0},
                reason="",
                waived=True,
            ),
        ),
        notes=("a note",),
        mapping=(FileColumn("Title", "movie_title", is_contract=True),),
        source="vendor",
        replay=ReplaySummary(
            replay_id="r",
            original_file_id="o",
            root_file_id="f",
            root_key="caf\udce9",
            row_count=3,
            corrected_count=1,
            accepted=False,
            sentence="s",
        ),
    )


def test_a_summary_that_somebody_else_wrote_is_refused_without_its_values() -> None:
    with pytest.raises(MoviePipelineError, match=r"cannot be read: Expected `str`, got `int`"):
        FileSummary.from_stored('{"notes": [1]}')


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rows_in": 4}, r"4 rows came in, but 2 good \+ 1 quarantined \+ 0 held are 3"),
        ({"rows_good": -1, "rows_quarantined": 4}, "a count is negative"),
        ({"state": FileState.HELD}, "it is HELD, but 2 of its rows are to load"),
        ({"state": FileState.REJECTED}, "it is REJECTED, but 2 of its rows are to load"),
        ({"rows_held": 1, "rows_in": 4}, "it is LOADED, but 1 of its rows are held"),
        ({"output_name": None}, "2 good rows have no Parquet file"),
        ({"file_version": datetime(2026, 1, 1)}, "its version has no time zone"),  # noqa: DTZ001 - the point
    ],
)
def test_a_decision_that_contradicts_itself_is_refused(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(MoviePipelineError, match=rf"decided about a\.csv contradicts .*{message}"):
        decided(**values)


def test_the_same_files_make_the_same_batch_in_any_order() -> None:
    files = [landed("a"), landed("b"), landed("c")]
    assert Batch.of(files) == Batch.of(reversed(files)) == Batch.of([*files, files[0]])
    assert Batch.of(files).batch_id != Batch.of(files[:2]).batch_id
    assert Batch.of(files).size == 3


@given(
    sizes=st.lists(st.integers(0, 50), max_size=20),
    max_files=st.integers(1, 5),
    max_bytes=st.integers(1, 60),
)
def test_batches_keep_the_order_and_the_limits_and_lose_no_file(
    sizes: list[int], max_files: int, max_bytes: int
) -> None:
    files = [landed(str(number), size) for number, size in enumerate(sizes)]
    batches = plan_batches(files, max_files=max_files, max_bytes=max_bytes)
    assert [file for batch in batches for file in batch] == files
    for batch in batches:
        assert 1 <= len(batch) <= max_files
        assert len(batch) == 1 or sum(file.size for file in batch) <= max_bytes


def test_the_manifest_fixes_the_files_of_a_batch(tmp_path: Path) -> None:
    first = Batch.of([landed("a"), landed("caf\udce9\n")])
    work_folder = WorkFolder.at(tmp_path, first.batch_id)
    assert fixed_batch(work_folder) is None
    assert fix_batch(work_folder, first) == first
    assert fix_batch(work_folder, Batch.of([landed("z")])) == first
    assert fixed_batch(work_folder) == first


def test_decisions_are_kept_until_the_work_is_done(tmp_path: Path) -> None:
    work_folder = WorkFolder.at(tmp_path, "b1")
    assert decided_files(work_folder) is None
    work_folder.keep("outcomes.json", [decided(), decided(landed=landed("b"))])
    kept = decided_files(WorkFolder.at(tmp_path, "b1"))
    assert kept == [decided(), decided(landed=landed("b"))]
    assert work_folder.of_file("f1").path.is_dir()
    work_folder.remove()
    work_folder.remove()
    assert not work_folder.folder.exists()


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "."])
def test_a_work_folder_has_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(MoviePipelineError, match="a work folder cannot be called"):
        WorkFolder.at(tmp_path, name)


def test_a_manifest_that_cannot_be_read_names_the_way_out(tmp_path: Path) -> None:
    work_folder = WorkFolder.at(tmp_path, "b1")
    (work_folder.folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(MoviePipelineError, match=r"manifest\.json cannot be read .* remove "):
        fixed_batch(work_folder)


keys = st.text(st.characters(), min_size=1)


@given(key=keys)
def test_any_key_can_be_stored_and_comes_back(key: str) -> None:
    stored = to_stored_key(key)
    stored.encode("utf-8")
    assert "\0" not in stored
    assert from_stored_key(stored) == key


@given(key=keys)
def test_a_shown_name_is_one_printable_line(key: str) -> None:
    shown = printable_name(key)
    assert shown.isprintable()
    assert len(shown) <= 200
    shown.encode("utf-8")


def test_a_shown_name_tells_what_it_hides() -> None:
    assert printable_name("a\nb\x1b[31m\udce9.csv") == "a[line end]b[escape][31m[U+DCE9].csv"
    assert printable_name("é 日本.csv") == "é 日本.csv"


@given(key=keys)
def test_a_basename_can_be_part_of_a_name_of_ours(key: str) -> None:
    name = safe_basename(key)
    assert 1 <= len(name) <= 120
    assert name[0] not in "._"
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.=-")


def test_a_basename_keeps_what_a_person_knows_it_by() -> None:
    assert safe_basename("folder/My Movies (2).csv") == "My_Movies_2_.csv"
    assert safe_basename("x" * 300 + ".csv") == "x" * 116 + ".csv"
    assert safe_basename("...") == "file"


@given(text=st.text(st.characters()), limit=st.integers(20, 60))
def test_a_text_fits_its_bytes(text: str, limit: int) -> None:
    fitted = fit_text(text, limit)
    assert len(fitted.encode("utf-8")) <= limit
    assert "\0" not in fitted


def test_only_what_is_too_long_is_cut() -> None:
    assert fit_text("é" * 10, 20) == "é" * 10
    assert fit_text("é" * 11, 20) == "é" * 5 + " … (cut)"


def test_json_loses_its_longest_parts_first_and_names_them() -> None:
    values = {"notes": "n" * 50, "rules": "r" * 500, "repairs": {"votes": 1}}
    assert read_json(fit_json(values, 1000)) == values
    assert read_json(fit_json(values, 200)) == {
        "notes": "n" * 50,
        "repairs": {"votes": 1},
        "omitted": ["rules"],
    }


def test_notes_that_fit_are_kept_as_they_are() -> None:
    notes = ["column a is new", "the columns come in another order"]
    assert fit_notes(notes) == notes


def test_of_too_many_notes_the_telling_ones_stay_whole_and_the_others_are_counted() -> None:
    came = [f"column own_{number} is new" for number in range(2_000)]
    went = [f"column was_{number} is no longer sent" for number in range(100)]
    rare = ["movie_title is now taken from column é, before from title", "read as cp1252"]
    kept = fit_notes([rare[0], *came, *went, rare[1]])
    assert kept[0] == rare[0]
    assert kept[-2] == rare[1]
    assert set(went) <= set(kept)
    new = [note for note in kept if note in came]
    assert kept[-1] == f"{2_000 - len(new):,} more notes had no room and are left out"
    assert len(json.dumps(kept)) <= NOTES_BYTES + 2
    assert len(new) > 300, "there was room for more"


def test_a_very_wide_file_keeps_its_notes_in_the_ledger(world: World) -> None:
    summary = FileSummary(
        notes=(
            "votes held numbers before, and holds text now",
            *(f"column own_{number} is new" for number in range(2_000)),
        ),
        mapping=tuple(
            FileColumn(f"own {number}", f"own_{number}", is_contract=False)
            for number in range(2_000)
        ),
        looks={f"own_{number}": "text" for number in range(2_000)},
        reasons={"movie_contract": 3},
    )
    world.load(replace(world.screened("wide.csv", [Film("m1")]), summary=summary))
    (entry,) = world.ledger.entries()
    assert entry.summary.notes[0] == summary.notes[0]
    assert entry.summary.notes[-1].endswith(" more notes had no room and are left out")
    assert entry.summary.reasons == summary.reasons
