"""A file through the real first two steps, stage and screen, over a home of its own; no Dagster."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import Deployment, local
from movie_pipeline.dqdl import Ruleset, parse_ruleset
from movie_pipeline.ledger.file_outcome import FileOutcome
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.quarantine.quarantine_record import read_records
from movie_pipeline.screening.remote_judging import Elsewhere
from movie_pipeline.settings import Settings
from movie_pipeline.steps.batch import Batch, Workspace
from movie_pipeline.steps.fetch import FetchedFile, stage_batch
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline_tests.parquet_files import read_frame
from movie_pipeline_tests.samples import LENIENT_RULES


@dataclass(frozen=True)
class Screened:
    """What became of one file before the load."""

    fetched: FetchedFile
    outcome: FileOutcome
    records: list[Mapping[str, Any]]
    rows: pd.DataFrame

    def rules(self) -> dict[str, dict[str, Any]]:
        """Canonical text to what the rule said."""
        return {rule["rule"]: rule for rule in self.outcome.summary["rules"]}

    def messages(self) -> list[str]:
        """Every reason of every record set apart."""
        return [reason["message"] for record in self.records for reason in record["reasons"]]


class Bench:
    """A home in which files are staged and screened."""

    def __init__(self, home: Path, **settings: Any) -> None:  # noqa: ANN401 - any setting
        values: dict[str, Any] = {"settle_seconds": 0.0, "threads": 1, **settings}
        self.deployment: Deployment = local(Settings(home=home).with_values(**values), MOVIES)

    def screen(
        self,
        content: bytes,
        rules: str | Ruleset = LENIENT_RULES,
        *,
        key: str = "movies.csv",
        elsewhere: Elsewhere | None = None,
    ) -> Screened:
        """Stage and screen one file alone."""
        return self.screen_all({key: content}, rules, elsewhere=elsewhere)[0]

    def screen_all(
        self,
        contents: Mapping[str, bytes],
        rules: str | Ruleset = LENIENT_RULES,
        *,
        elsewhere: Elsewhere | None = None,
    ) -> list[Screened]:
        """Stage and screen files as one batch; answers come in the order they were given."""
        settings, storage = self.deployment.settings, self.deployment.storage
        ruleset = parse_ruleset(rules) if isinstance(rules, str) else rules
        scratch = settings.home / "scratch"
        scratch.parent.mkdir(parents=True, exist_ok=True)
        landed: dict[str, LandedFile] = {}
        for key, content in contents.items():
            scratch.write_bytes(content)
            landed[key] = storage.land(scratch, key)
        batch = Batch.of(landed.values())
        workspace = Workspace.at(settings.home / "work", batch.batch_id)
        ledger = Ledger(self.deployment.warehouse)
        fetched = stage_batch(batch, workspace, storage, ledger, settings, dataset=MOVIES)
        outcomes = screen_batch(
            fetched, workspace, storage, ruleset, settings, dataset=MOVIES, elsewhere=elsewhere
        )
        by_key = {file.landed.key: file for file in fetched}
        by_id = {outcome.file.file_id: outcome for outcome in outcomes}
        return [self._screened(by_key[key], by_id[file.file_id]) for key, file in landed.items()]

    def workspace_of(self, *files: LandedFile) -> Workspace:
        """The work folder of the batch of these files."""
        return Workspace.at(self.deployment.settings.home / "work", self.batch_id(*files))

    def batch_id(self, *files: LandedFile) -> str:
        """The id of the batch of these files."""
        return Batch.of(files).batch_id

    def _screened(self, fetched: FetchedFile, outcome: FileOutcome) -> Screened:
        storage = self.deployment.storage
        records: list[Mapping[str, Any]] = []
        rows = pd.DataFrame()
        if outcome.quarantine_name:
            with storage.reading(Area.QUARANTINE, outcome.quarantine_name) as path:
                records = list(read_records(path))
        if outcome.output_name:
            with storage.reading(Area.OUTPUT, outcome.output_name) as path:
                rows = read_frame(path).sort_values("record_number")
        return Screened(fetched, outcome, records, rows)
