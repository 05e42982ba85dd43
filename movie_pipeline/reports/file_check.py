"""One file judged by a ruleset with no pipeline around it: nothing lands, loads or is kept.

For `movie-pipeline check`; the verdict is the one that the job would come to.
"""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.screening.reference_datasets import reference_tables
from movie_pipeline.screening.screening_engine import screening_engine
from movie_pipeline.sender_report.make_report import (
    FileToTell,
    ReportPaths,
    Sent,
    first_rows,
    make_report,
)
from movie_pipeline.sender_report.sent_layout import SentLayout
from movie_pipeline.settings import Settings
from movie_pipeline.steps.judge import RuleTime, judged_file
from movie_pipeline.steps.read import ReadFile, read_one
from movie_pipeline.steps.split import split_file
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.storage_port import LandedFile, Storage
from movie_pipeline.stored_values import to_json_values


@dataclass(frozen=True)
class CheckedFile:
    """What the job would make of a file, as plain values.

    Attributes:
        state: LOADED, HELD or REJECTED.
        reason: why it would not load, or not as usual.
        rows_in: its records.
        rows_good: rows that would load, if no newer row of the same key is in the table.
        rows_apart: records that would be set apart.
        reasons: rule to the records that it sets apart.
        rules: each rule's answer.
        rows: the first that something is wrong with: line, record, cells and problems.
    """

    state: str
    reason: str
    rows_in: int
    rows_good: int
    rows_apart: int
    reasons: Mapping[str, int]
    rules: list[dict[str, Any]]
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def check_file(  # noqa: PLR0913 - what is judged, by what, and where the report goes
    path: Path,
    ruleset: Ruleset,
    settings: Settings,
    storage: Storage,
    dataset: Dataset,
    *,
    report: ReportPaths | None = None,
    most_rows: int | None = None,
) -> CheckedFile:
    """Judge a file in a temporary folder, and forget everything but the answer, and its report.

    Args:
        path: the file.
        ruleset: the rules.
        settings: how it is read.
        storage: where reference datasets are fetched from.
        dataset: what its rows must be.
        report: where a report for the sender goes; none by default.
        most_rows: so many rows with something wrong are told; None: none, 0: all.
    """
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-check-") as root:
        work_folder = WorkFolder.at(Path(root), "check")
        landed = LandedFile("check", path.name, "1", path.stat().st_size, datetime.now(UTC))
        folder = work_folder.of_file(landed.file_id)
        _bring(path, folder.source)
        try:
            declared = read_sources(settings.reading.sources, dataset).of(path.name).options
            staged = read_one(folder.source, settings, dataset, declared)
        except UnreadableFile as error:
            checked = CheckedFile(str(FileState.REJECTED), str(error), 0, 0, 0, {}, [])
            if report is not None:
                make_report(_to_tell(landed, checked), None, None, report)
            return checked
        file = ReadFile(landed=landed, content_sha256=staged.sha256, staged=staged)
        with (
            screening_engine(work_folder.folder, settings.engine) as connection,
            reference_tables(
                connection, storage, settings, work_folder.folder, [str(ruleset)]
            ) as references,
            judged_file(
                connection,
                file,
                folder,
                ruleset,
                references=references,
                rule_time=RuleTime(settings.engine.rule_seconds),
            ) as judged,
        ):
            split = split_file(judged, dataset, work_folder.name)
        checked = CheckedFile(
            state=str(judged.verdict.state),
            reason=judged.verdict.reason,
            rows_in=staged.rows_in,
            rows_good=split.good_rows,
            rows_apart=split.set_apart,
            reasons=split.reasons,
            rules=to_json_values(judged.verdict.rules),
        )
        if report is None and most_rows is None:
            return checked
        told = replace(_to_tell(landed, checked), rules=judged.verdict.rules, notes=staged.notes)
        sent = Sent(folder.source, staged, SentLayout.of(staged, dataset.contract))
        if report is not None:
            make_report(told, sent, split.quarantine, report)
        if most_rows is None or split.quarantine is None:
            return checked
        rows = first_rows(told, sent, split.quarantine, most_rows)
        return replace(checked, rows=[msgspec.to_builtins(row) for row in rows])


def _to_tell(landed: LandedFile, checked: CheckedFile) -> FileToTell:
    return FileToTell(
        name=printable_name(landed.key),
        file_id=landed.file_id,
        state=FileState(checked.state),
        rows_in=checked.rows_in,
        rows_good=checked.rows_good,
        rows_apart=checked.rows_apart,
        reason=checked.reason,
        would=True,
    )


def _bring(path: Path, to: Path) -> None:
    """The file under a name of ours, without a copy where the file system can do that."""
    try:
        to.hardlink_to(path.resolve())
    except OSError:
        shutil.copyfile(path, to)
