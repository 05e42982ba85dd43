"""A home with replays: the steps that a person takes, without the command line."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from movie_pipeline.ledger.backlog import backlog
from movie_pipeline.ledger.file_summary import ReplaySummary
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.replay.land_replay import RequestedReplay, request_replay
from movie_pipeline.replay.replay_plan import Plan, plan_replays
from movie_pipeline.replay.replay_request import ReplayRequest
from movie_pipeline.reports.record_reports import quarantined_records
from movie_pipeline.stored_values import from_stored_time
from movie_pipeline_tests.home import Home
from movie_pipeline_tests.samples import LENIENT_RULES

WHY = "looked up in the printed catalogue"


class ReplayHome(Home):
    """A home in which records are replayed."""

    def ingest(self, key: str, content: bytes, rules: str = LENIENT_RULES) -> LedgerEntry:
        """A file through the job."""
        file = self.drop(key, content)
        assert self.run(rules).success
        return self.ledger.known([file.file_id])[file.file_id]

    def plan(self, folder: Path, **request: object) -> Plan:
        """The drafts of a request."""
        folder.mkdir(exist_ok=True)
        deployment = self.deployment
        values: dict[str, Any] = {"by": "ana", **request}
        asked = ReplayRequest(**values)
        return plan_replays(
            asked, deployment.storage, deployment.warehouse, deployment.dataset, folder
        )

    def ask(self, **request: object) -> list[RequestedReplay]:
        """The replays of a request, landed."""
        deployment = self.deployment
        plan = self.plan(self.settings.home / "drafts", **request)
        return [
            request_replay(draft, deployment.storage, deployment.warehouse) for draft in plan.drafts
        ]

    def replay(self, rules: str = LENIENT_RULES, **request: object) -> list[LedgerEntry]:
        """The replays of a request, taken through the job."""
        landed = [one.landed for one in self.ask(**request) if one.landed is not None]
        if not landed:
            return []
        assert self.run(rules, files=landed).success
        entries = self.ledger.known([file.file_id for file in landed])
        return [entries[file.file_id] for file in landed]

    def corrections(self, *lines: Sequence[str]) -> Path:
        """A corrections file."""
        path = self.settings.home / "corrections.csv"
        rows = ["quarantine_id,column,value", *(",".join(line) for line in lines)]
        path.write_text("\n".join(rows) + "\n")
        return path

    def records(self, *, resolved: bool = True) -> list[dict[str, Any]]:
        """What is in quarantine, with what became of it."""
        deployment = self.deployment
        found = quarantined_records(
            deployment.storage, deployment.warehouse, None, resolved=resolved
        )
        return list(found)

    def open_ids(self) -> list[str]:
        """The quarantine_ids of the records that wait."""
        return [record["quarantine_id"] for record in self.records(resolved=False)]

    def record(self, **cells: str) -> Mapping[str, Any]:
        """The one open record that has these cells."""
        (found,) = [
            record
            for record in self.records(resolved=False)
            if record["columns"] and cells.items() <= record["columns"].items()
        ]
        return found

    def waiting(self) -> int:
        """The records that the backlog counts."""
        newest = self.ledger.entries(limit=1)[0].committed_at
        return backlog(self.deployment.warehouse, newest).records

    def version_of(self, movie_id: str) -> datetime | None:
        """The version of a film's row."""
        (row,) = self.query(
            f"select file_version from movie_data_table where movie_id = '{movie_id}'"
        )
        return from_stored_time(row["file_version"].to_pydatetime())


def told_of_replay(entry: LedgerEntry) -> ReplaySummary:
    """What the ledger says of the replay that an entry is of."""
    assert entry.summary.replay is not None
    return entry.summary.replay
