"""A home over years: files through all steps, replays and damage, without Dagster."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from movie_pipeline.alerts.alert_log import AlertLog
from movie_pipeline.alerts.event_log import EventLog
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.deployments import Deployment, local
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.decision_records import DecisionRecord, decisions, find_decisions
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.ledger.notices import build_notices
from movie_pipeline.ledger.replays import Replays
from movie_pipeline.replay.land_replay import request_replay
from movie_pipeline.replay.replay_plan import plan_replays
from movie_pipeline.replay.replay_request import ReplayRequest
from movie_pipeline.reports.record_reports import quarantined_records
from movie_pipeline.steps.archive import ArchiveReport, archive
from movie_pipeline.steps.discover import Batch, fix_batch
from movie_pipeline.steps.fetch import fetch_batch
from movie_pipeline.steps.load import LoadRun, load_batch
from movie_pipeline.steps.read import read_batch
from movie_pipeline.steps.retracted_files import retracted_before
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline.storage.storage_port import Area, LandedFile
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline_tests.home import settings_for
from movie_pipeline_tests.samples import LENIENT_RULES

NOW = datetime.now(UTC)
SQL = {
    "table": "select * from movie_data_table order by movie_id",
    "ledger": "select * from mp_load_ledger order by file_id",
    "replays": "select * from mp_replays order by replay_id",
    "resolutions": "select * from mp_resolutions order by quarantine_id",
    "set apart": "select * from mp_set_apart order by file_id, record_number",
    "reason counts": "select * from mp_reason_counts order by file_id, rule",
    "summary parts": "select * from mp_summary_parts order by file_id, place",
}


Work = TypeVar("Work", bound=Callable[..., Any])


def opened_once(work: Work) -> Work:
    """The work with the warehouse kept open through it: opening costs more than most of it."""

    @wraps(work)
    def kept_open(world: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the work is
        with world.warehouse.kept_open():
            return work(world, *arguments, **named)

    return cast("Work", kept_open)


class Years:
    """One world: a local one, unless another deployment is given."""

    def __init__(
        self, folder: Path, deployment: Deployment | None = None, **settings: object
    ) -> None:
        self.deployment = deployment or local(settings_for(folder, **settings), MOVIES)
        self.settings = self.deployment.settings
        self.storage, self.warehouse = self.deployment.storage, self.deployment.warehouse
        self.ledger = Ledger(self.warehouse)
        self.parts = Parts(self.storage, self.warehouse, self.settings, MOVIES)
        self.alerts = AlertLog(folder / "alerts.jsonl")
        self.events = EventLog(folder / "events.jsonl")
        folder.mkdir(parents=True, exist_ok=True)

    def drop(self, key: str, content: bytes) -> LandedFile:
        """Put a file into landing."""
        scratch = self.settings.home / ".dropped"
        scratch.write_bytes(content)
        return self.storage.land(scratch, key)

    @opened_once
    def decide(self, files: Iterable[LandedFile], rules: str = LENIENT_RULES) -> list[LedgerEntry]:
        """These files through all steps up to the commit."""
        with self.judged(files, rules) as load:
            return load()

    def published(self, decided: DecidedFile) -> DecidedFile:
        """A screened file as it is to be loaded."""
        return decided

    @contextmanager
    def judged(
        self, files: Iterable[LandedFile], rules: str = LENIENT_RULES
    ) -> Generator[Callable[[], list[LedgerEntry]]]:
        """These files through all steps up to the load, and what loads them."""
        batch = Batch.of(files)
        work = WorkFolder.at(work_root(self.settings), batch.batch_id)
        fix_batch(work, batch)
        replays = Replays(self.warehouse).by_key(file.key for file in batch.files)
        fetched = fetch_batch(batch, work, self.storage, self.ledger, replays)
        read = read_batch(fetched, work, self.settings, MOVIES)
        decided = screen_batch(
            read,
            work,
            self.storage,
            parse_ruleset(rules),
            self.settings,
            MOVIES,
            retracted=retracted_before(self.warehouse, read),
        )
        decided = [self.published(file) for file in decided]
        yield lambda: load_batch(
            self.warehouse,
            decided,
            LoadRun(batch.batch_id, f"run-{batch.batch_id}"),
            lambda new: build_notices(new, digest_files=20),
        )
        work.remove()

    @opened_once
    def archive(self) -> ArchiveReport:
        """Archive all that waits."""
        return archive(self.storage, self.warehouse, self.ledger.unarchived())

    @opened_once
    def ingest(
        self, files: Mapping[str, bytes], rules: str = LENIENT_RULES
    ) -> dict[str, LedgerEntry]:
        """Files as one batch, decided and archived; their entries by name."""
        landed = [self.drop(key, content) for key, content in files.items()]
        self.decide(landed, rules)
        self.archive()
        entries = self.ledger.known([file.file_id for file in landed])
        return {file.key: entries[file.file_id] for file in landed}

    @opened_once
    def replay(self, rules: str = LENIENT_RULES, **request: object) -> list[LedgerEntry]:
        """The replays of a request, decided and archived."""
        asked = self.ask(**request)
        entries = self.decide(asked, rules) if asked else []
        self.archive()
        return entries

    @opened_once
    def ask(self, **request: object) -> list[LandedFile]:
        """The replays of a request, landed."""
        folder = self.settings.home / "drafts"
        folder.mkdir(exist_ok=True)
        values: dict[str, Any] = {"by": "ana", **request}
        plan = plan_replays(ReplayRequest(**values), self.storage, self.warehouse, MOVIES, folder)
        asked = [request_replay(draft, self.storage, self.warehouse) for draft in plan.drafts]
        return [one.landed for one in asked if one.landed is not None]

    def corrections(self, *lines: Sequence[str]) -> Path:
        """A corrections file."""
        path = self.settings.home / "corrections.csv"
        rows = ["quarantine_id,column,value", *(",".join(line) for line in lines)]
        path.write_text("\n".join(rows) + "\n")
        return path

    @opened_once
    def open_records(self) -> list[dict[str, Any]]:
        """The records that wait."""
        return list(quarantined_records(self.storage, self.warehouse, None, resolved=False))

    def correct(self, column: str, value: str) -> list[LedgerEntry]:
        """Correct this column of every open record of a loaded file, and replay them."""
        records = [record for record in self.open_records() if record["columns"]]
        lines = [(record["quarantine_id"], column, value) for record in records]
        return self.replay(corrections=self.corrections(*lines), why="looked up")

    def query(self, text: str) -> list[dict[str, Any]]:
        """Rows of the warehouse, as texts."""
        frame = self.warehouse.query(text).astype(str)
        rows = frame.to_dict("records")
        return [{str(name): value for name, value in row.items()} for row in rows]

    @opened_once
    def state(self) -> dict[str, list[dict[str, Any]]]:
        """All that a rebuild must bring back."""
        found = {name: self.query(text) for name, text in SQL.items()}
        for row in found["ledger"]:
            del row["archived_at"]
        for view in MOVIES.view_names:
            self.warehouse.refresh(view)
            found[view] = sorted(self.query(f"select * from {view}"), key=str)
        return found

    def records(self) -> dict[str, DecisionRecord]:
        """What is kept beside history, by the file's name."""
        kept = find_decisions(self.storage)
        assert kept.problems == {}
        return {record.entry.key: record for record in decisions(self.storage, kept)}

    def records_places(self) -> dict[str, str]:
        """Where the record of each file lies in history."""
        return find_decisions(self.storage).places

    def area(self, area: Area) -> Path:
        """The folder of an area."""
        return self.settings.home / getattr(self.settings.areas, area)
