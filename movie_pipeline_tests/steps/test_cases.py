"""The invented cases, each with its right reading: what each stands for is said beside it."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular import SourceOptions, StagedFile, stage_file
from movie_pipeline.tabular.raw_record import rows_path
from movie_pipeline_tests.samples import REPOSITORY
from movie_pipeline_tests.tabular.staging import read_rows

CASES = REPOSITORY.parent / "shared" / "cases"
FILES = sorted(path for path in CASES.glob("*") if path.with_name(f"{path.name}.json").exists())
DECLARED: dict[str, SourceOptions] = {
    "20_leftover_column.csv": SourceOptions(columns={"movie_title": "title_en"}),
    "21_escaped_delimiter.csv": SourceOptions(escape="anywhere"),
}
"""What a case declares in our words, in place of what its own file says."""


@pytest.mark.skipif(not FILES, reason="the cases are not here: they lie in ../shared/cases")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_case_is_read_rightly_with_nothing_declared_or_with_its_declaration(
    path: Path, tmp_path: Path
) -> None:
    said = json.loads(path.with_name(f"{path.name}.json").read_text())
    allowed = said["right"].get("either", [said["right"]])
    declared = _declared(path, said)
    readings = [_reading(path, tmp_path, source) for source in declared]
    assert any(_fits(reading, right) for reading in readings[-1:] for right in allowed), readings
    for reading in readings:
        # without the declaration it may be refused, but what loads is right
        assert isinstance(reading, str) or _no_wrong_cell(reading, allowed)


def _declared(path: Path, said: dict[str, Any]) -> list[SourceOptions]:
    if path.name in DECLARED:
        return [SourceOptions(), DECLARED[path.name]]
    if "settings" not in said:
        return [SourceOptions()]
    return [SourceOptions(), SourceOptions(**tomllib.loads(said["settings"]))]


def _reading(path: Path, folder: Path, source: SourceOptions) -> "tuple[StagedFile, Any] | str":
    try:
        staged = stage_file(path, MOVIES.contract, to=folder, source=source)
    except UnreadableFile as error:
        return str(error)
    if staged.hold:
        return f"held: {staged.hold}"
    return staged, read_rows(rows_path(path, folder)).to_pylist()


def _good(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if not row["_unreadable"] and not row["_breached"]]


def _fits(reading: "tuple[StagedFile, Any] | str", right: dict[str, Any]) -> bool:
    if isinstance(reading, str):
        if unwanted := right.get("reason_must_not_say"):
            return unwanted not in reading
        return "state" in right and right.get("reason_says", "") in reading
    if "rows_in" not in right or "state" in right:
        return False
    staged, rows = reading
    good = _good(rows)
    last = {row["movie_id"]: row for row in good}
    superseded = len(good) - len(last)
    return (
        staged.rows_in == right["rows_in"]
        and len(last) == right["rows_loaded"]
        and staged.rows_in - len(good) == right["rows_quarantined"]
        and superseded == right.get("rows_superseded", 0)
        and _no_wrong_cell(reading, [right])
    )


def _no_wrong_cell(reading: "tuple[StagedFile, Any] | str", allowed: list[dict[str, Any]]) -> bool:
    assert not isinstance(reading, str)
    good = _good(reading[1])
    if not good:
        return True
    last = list({row["movie_id"]: row for row in good}.values())
    return any(
        all(
            [row[name] for row in last] == values or len(values) != len(last)
            for name, values in right.get("cells", {}).items()
        )
        for right in allowed
    )
