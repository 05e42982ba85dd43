"""A file through the real steps from fetch to split, over a home of its own; no Dagster."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import Deployment, local
from movie_pipeline.dqdl import Ruleset, parse_ruleset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.file_summary import RuleAnswer
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.quarantine.quarantine_record import read_records
from movie_pipeline.settings import Settings
from movie_pipeline.steps.discover import Batch
from movie_pipeline.steps.fetch import fetch_batch
from movie_pipeline.steps.read import ReadFile, Reading, read_batch
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.steps.work_folder import WorkFolder
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline.tabular import StagedFile
from movie_pipeline_tests.parquet_files import read_frame
from movie_pipeline_tests.samples import LENIENT_RULES
from movie_pipeline_tests.stores import drop


@dataclass(frozen=True)
class Screened:
    """What became of one file before the load."""

    read: Reading
    decided: DecidedFile
    records: list[Mapping[str, Any]]
    rows: pd.DataFrame

    @property
    def staged(self) -> StagedFile:
        """What was read of it."""
        assert isinstance(self.read, ReadFile)
        return self.read.staged

    def rules(self) -> dict[str, RuleAnswer]:
        """Canonical text to what the rule said."""
        return {rule.rule: rule for rule in self.decided.summary.rules}

    def messages(self) -> list[str]:
        """Every reason of every record set apart."""
        return [reason["message"] for record in self.records for reason in record["reasons"]]


class Bench:
    """A home in which files are staged and screened."""

    def __init__(self, home: Path, **settings: object) -> None:
        values: dict[str, Any] = {"settle_seconds": 0.0, "threads": 1, **settings}
        self.deployment: Deployment = local(Settings(home=home).with_values(**values), MOVIES)

    def screen(
        self,
        content: bytes,
        rules: str | Ruleset = LENIENT_RULES,
        *,
        key: str = "movies.csv",
    ) -> Screened:
        """Stage and screen one file alone."""
        return self.screen_all({key: content}, rules)[0]

    def screen_all(
        self,
        contents: Mapping[str, bytes],
        rules: str | Ruleset = LENIENT_RULES,
    ) -> list[Screened]:
        """Stage and screen files as one batch; answers come in the order they were given."""
        settings, storage = self.deployment.settings, self.deployment.storage
        ruleset = parse_ruleset(rules) if isinstance(rules, str) else rules
        landed = {key: drop(storage, key, content) for key, content in contents.items()}
        batch = Batch.of(landed.values())
        work_folder = WorkFolder.at(settings.home / "work", batch.batch_id)
        ledger = Ledger(self.deployment.warehouse)
        fetched = fetch_batch(batch, work_folder, storage, ledger)
        files = read_batch(fetched, work_folder, settings, MOVIES)
        decided = screen_batch(files, work_folder, storage, ruleset, settings, MOVIES)
        by_key = {file.landed.key: file for file in files}
        by_id = {file.file_id: file for file in decided}
        return [self._screened(by_key[key], by_id[file.file_id]) for key, file in landed.items()]

    def work_folder_of(self, *files: LandedFile) -> WorkFolder:
        """The work folder of the batch of these files."""
        return WorkFolder.at(self.deployment.settings.home / "work", self.batch_id(*files))

    def batch_id(self, *files: LandedFile) -> str:
        """The id of the batch of these files."""
        return Batch.of(files).batch_id

    def _screened(self, read: Reading, decided: DecidedFile) -> Screened:
        storage = self.deployment.storage
        records: list[Mapping[str, Any]] = []
        rows = pd.DataFrame()
        if decided.quarantine_name:
            with storage.reading(Area.QUARANTINE, decided.quarantine_name) as path:
                records = list(read_records(path))
        if decided.output_name:
            with storage.reading(Area.OUTPUT, decided.output_name) as path:
                rows = read_frame(path).sort_values("record_number")
        return Screened(read, decided, records, rows)
