"""One file judged by a ruleset with no pipeline around it: nothing lands, loads or is kept.

For `movie-pipeline check`; the verdict is the one that the job would come to.
"""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.dqdl import Ruleset
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.screening.reference_datasets import reference_tables
from movie_pipeline.settings import Settings
from movie_pipeline.steps.batch import Workspace
from movie_pipeline.steps.fetch import stage_one
from movie_pipeline.steps.judge import ScreenedFile, ScreeningJob, screen_file
from movie_pipeline.steps.screen import screening_engine
from movie_pipeline.storage.storage_port import LandedFile, Storage


@dataclass(frozen=True)
class CheckedFile:
    """What the job would make of a file, as plain values.

    Attributes:
        state: LOADED, HELD or REJECTED.
        reason: why it would not load, or not as usual.
        rows_in: its records.
        rows_good: rows that would load, if no newer row of the same film is in the table.
        rows_apart: records that would be set apart.
        reasons: rule to the records that it sets apart.
        rules: each rule's answer.
    """

    state: str
    reason: str
    rows_in: int
    rows_good: int
    rows_apart: int
    reasons: Mapping[str, int]
    rules: list[dict[str, Any]]


def check_file(
    path: Path, ruleset: Ruleset, settings: Settings, storage: Storage, dataset: Dataset
) -> CheckedFile:
    """Judge a file in a temporary folder, and forget everything but the answer.

    Args:
        path: the file.
        ruleset: the rules.
        settings: how it is read.
        storage: where reference datasets are fetched from.
        dataset: what its rows must be.
    """
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-check-") as root:
        workspace = Workspace.at(Path(root), "check")
        landed = LandedFile("check", path.name, "1", path.stat().st_size, datetime.now(UTC))
        source = workspace.file_folder(landed.file_id) / f"{landed.file_id}.csv"
        _bring(path, source)
        try:
            declared = (
                read_sources(settings.reading.sources, dataset.contract).of(path.name).options
            )
            staged = stage_one(source, settings, dataset, declared)
        except UnreadableFile as error:
            return CheckedFile(str(FileState.REJECTED), str(error), 0, 0, 0, {}, [])
        with (
            screening_engine(workspace, settings) as connection,
            reference_tables(
                connection, storage, settings, workspace.folder, [str(ruleset)]
            ) as references,
        ):
            job = ScreeningJob(landed, staged, dataset, source, source.parent, workspace.name)
            screened = screen_file(connection, job, ruleset, references=references)
        return _checked(staged.rows_in, screened)


def _bring(path: Path, to: Path) -> None:
    """The file under a name of ours, without a copy where the file system can do that."""
    try:
        to.hardlink_to(path.resolve())
    except OSError:
        shutil.copyfile(path, to)


def _checked(rows_in: int, screened: ScreenedFile) -> CheckedFile:
    return CheckedFile(
        state=str(screened.verdict.state),
        reason=screened.verdict.reason,
        rows_in=rows_in,
        rows_good=screened.good_rows,
        rows_apart=screened.set_apart,
        reasons=screened.reasons,
        rules=[rule.summary() for rule in screened.rules],
    )
