"""A home of its own for a test: the real deployment and definitions over one temporary folder."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from movie_pipeline.alerts.alert_log import AlertLog
from movie_pipeline.alerts.alerts_port import Notice
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.definitions import build_definitions
from movie_pipeline.deployments import Deployment, local
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.quarantine.quarantine_record import read_records
from movie_pipeline.settings import Settings
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline.warehouse.duckdb_warehouse import DuckDBWarehouse
from movie_pipeline_tests.samples import LENIENT_RULES
from movie_pipeline_tests.stores import drop

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def settings_for(home: Path, **settings: object) -> Settings:
    """Settings under which a test need not wait."""
    values: dict[str, Any] = {"settle_seconds": 0.0, "threads": 1, **settings}
    return Settings(home=home).with_values(**values)


class Home:
    """One world; `deployment` may be replaced by one with a faulty part."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.settings = settings_for(folder, **settings)
        self.deployment: Deployment = local(self.settings, MOVIES)
        self._warehouse = self.deployment.warehouse

    @property
    def ledger(self) -> Ledger:
        """Its ledger."""
        return Ledger(self.deployment.warehouse)

    def entries(self) -> dict[str, LedgerEntry]:
        """What became of each file, by its name; fails where one name stands there twice."""
        entries = self.ledger.entries(limit=1000)
        by_name = {entry.key: entry for entry in entries}
        assert len(by_name) == len(entries), "a name stands in the ledger twice"
        return by_name

    def drop(self, key: str, content: bytes) -> LandedFile:
        """Put a file into landing, as a sender does, who may replace his own."""
        return drop(self.deployment.storage, key, content)

    def query(self, text: str) -> list[dict[str, Any]]:
        """Rows of the warehouse."""
        frame = self.deployment.warehouse.query(text)
        return [
            {str(name): value for name, value in row.items()} for row in frame.to_dict("records")
        ]

    def count(self, table: str) -> int:
        """Rows of a table."""
        return int(self.query(f"select count(*) as n from {table}")[0]["n"])

    def titles(self) -> list[str]:
        """What is in the table."""
        rows = self.query("select movie_title from movie_data_table order by 1")
        return [row["movie_title"] for row in rows]

    def notices(self) -> list[Notice]:
        """What people were told."""
        return AlertLog(self.settings.home / "alerts.jsonl").notices()

    def quarantined(self, entry: LedgerEntry) -> list[Mapping[str, Any]]:
        """The records of a file that were set apart."""
        assert entry.quarantine_name, "nothing of this file was set apart"
        with self.deployment.storage.reading(Area.QUARANTINE, entry.quarantine_name) as path:
            return list(read_records(path))

    def definitions(self, rules: str = LENIENT_RULES) -> dg.Definitions:
        """The real definitions over this world."""
        return build_definitions(self.deployment, parse_ruleset(rules))

    def run(  # noqa: PLR0913 - each is a way to launch
        self,
        rules: str = LENIENT_RULES,
        *,
        files: Sequence[LandedFile] = (),
        names: Sequence[str] = (),
        batch_id: str = "",
        instance: dg.DagsterInstance | None = None,
        asset_selection: Sequence[str] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """The ingest job once, in this process, over these files or over all that wait."""
        wanted = [*(file.file_id for file in files), *names]
        batch = IngestBatch(batch_id=batch_id, files=wanted)
        job = self.definitions(rules).resolve_job_def(MOVIES.ingest_job)
        with self.kept_open():
            return job.execute_in_process(
                instance=instance,
                run_config={**dg.RunConfig(resources={"batch": batch}).to_config_dict(), **QUIET},
                raise_on_error=False,
                asset_selection=None
                if asset_selection is None
                else [dg.AssetKey(name) for name in asset_selection],
            )

    @contextmanager
    def kept_open(self) -> Generator[None]:
        """All sessions of this process share one opened file: opening it takes a third of a run.

        A file that cannot be opened is left to those who ask for it.
        """
        assert isinstance(self._warehouse, DuckDBWarehouse)
        connection: duckdb.DuckDBPyConnection | None = None
        with suppress(duckdb.Error):
            self._warehouse.path.parent.mkdir(parents=True, exist_ok=True)
            connection = self._warehouse._connect_once(read_only=False)
        try:
            yield
        finally:
            if connection is not None:
                connection.close()


def check_results(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The run's check results as Dagster recorded them, by name."""
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


def materialized(result: dg.ExecuteInProcessResult) -> list[str]:
    """The assets that the run materialized, in its order."""
    return [
        event.asset_key.to_user_string()
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    ]
