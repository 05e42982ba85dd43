"""Guards switched off, one at a time: each must make at least one fault fail, else no score counts.

Patched in the child that runs a case, before its own children are forked.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from movie_pipeline import aws_clients
from movie_pipeline.alerts.alerts_port import Alerts, Events
from movie_pipeline.datasets.sources import Sources
from movie_pipeline.dqdl.engines import judging
from movie_pipeline.ledger import decision_records, ledger, outbox, resolutions, set_apart
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.orchestration.assets import load_assets
from movie_pipeline.orchestration.sensors import dead_runs, killed_runs, landing_sensor
from movie_pipeline.orchestration.sensors.run_queue import Launch
from movie_pipeline.replay import replay_draft, replayable_records
from movie_pipeline.settings import Settings
from movie_pipeline.steps import archive, discover, duplicates, fetch, load, notify, tell_sender
from movie_pipeline.steps.arrivals import Arrivals, marked_by
from movie_pipeline.steps.load import load_batch
from movie_pipeline.steps.reconcile import ReconcileReport
from movie_pipeline.storage import folder_storage, s3_storage
from movie_pipeline.storage.folder_storage import FolderStorage
from movie_pipeline.storage.part_list import StoredFile
from movie_pipeline.storage.s3_storage import S3Storage
from movie_pipeline.storage.storage_port import Area, LandedFile, Storage
from movie_pipeline.tabular import read_file
from movie_pipeline.upkeep.coming_back import ComingBack
from movie_pipeline.wakeups import sqs_wakeups
from movie_pipeline.warehouse import (
    duckdb_warehouse,
    redshift_connection,
    redshift_warehouse,
    upgrading,
)
from movie_pipeline.warehouse.duckdb_warehouse import DuckDBWarehouse
from movie_pipeline.warehouse.home_marker import HomeMarker
from movie_pipeline.warehouse.redshift_connection import RedshiftConnection
from movie_pipeline.warehouse.redshift_warehouse import RedshiftWarehouse
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline.warehouse.transactions import Tries
from movie_pipeline.warehouse.upgrading import WarehouseIdentity
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.fault import AWS, FOLDER
from movie_pipeline_tests.faults.world import NOON

Patches = Callable[[], Iterable[AbstractContextManager[Any]]]


@dataclass(frozen=True)
class Mutation:
    """A guard and how it is switched off.

    Attributes:
        what: the guard.
        patches: replace it.
        tried: faults and cases that are run without it.
        world: in which one.
    """

    what: str
    patches: Patches
    tried: Sequence[tuple[str, str]]
    world: str = FOLDER


def _instead(module: object, **names: object) -> SimpleNamespace:
    """A module with some names replaced, for one importer alone."""
    return SimpleNamespace(**{**vars(module), **names})


def _always(value: object) -> Callable[..., object]:
    """A function that answers the same, whatever it is asked."""

    def answer(*_: object, **__: object) -> object:
        return value

    return answer


def _uncounted(session: object, own: WarehouseIdentity, *_: object) -> WarehouseIdentity:
    """In place of the count of transactions, at which a second writer would wait as well."""
    del session
    return own


def _page_first() -> Iterable[AbstractContextManager[Any]]:
    make = tell_sender.make_report

    def made(*values: Any) -> list[Path]:  # noqa: ANN401 - as they are
        return make(*values)[::-1]

    yield patch.object(tell_sender, "make_report", made)


def _every_report_there() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(tell_sender.Teller, "_is_there", _always(value=True))


def _no_lock() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(duckdb_warehouse, "_WITH_LOCK", ())
    yield patch.object(duckdb_warehouse, "advance", _uncounted)


def _committed_one_by_one() -> Iterable[AbstractContextManager[Any]]:
    apply = upgrading._apply

    def alone(session: Any, statement: str, name: str) -> None:  # noqa: ANN401 - DuckDB's session
        apply(session, statement, name)
        session.execute("COMMIT")
        session.execute("BEGIN TRANSACTION")

    yield patch.object(upgrading, "_apply", alone)


def _no_versions() -> Iterable[AbstractContextManager[Any]]:
    def believing(_: object, own: upgrading.WarehouseIdentity, *__: object) -> object:
        return own

    yield patch.object(duckdb_warehouse, "advance", believing)
    yield patch.object(upgrading, "expect_known", _always(None))
    yield from _no_contract()


def _no_contract() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(duckdb_warehouse, "expect_contract", _always(None))


def _no_contract_on_redshift() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(redshift_warehouse, "expect_contract", _always(None))


def _no_marker() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(HomeMarker, "expect", _always(None))


def _each_statement_alone() -> Iterable[AbstractContextManager[Any]]:
    """What a writing session did is committed statement by statement."""
    session: Any = duckdb_warehouse._Session
    own = session.run

    def alone(self: Any, statement: str, **parameters: object) -> None:  # noqa: ANN401 - DuckDB's
        own(self, statement, **parameters)
        if statement.startswith("rebuild/"):
            self.execute("COMMIT")
            self.execute("BEGIN TRANSACTION")

    yield patch.object(session, "run", alone)


def _lines_believed() -> Iterable[AbstractContextManager[Any]]:
    def believing(line: bytes) -> Any:  # noqa: ANN401 - a record's values
        return json.loads(line)["record"]

    yield patch.object(decision_records, "_checked", believing)


def _contents_believed() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(StoredFile, "is_at", _always(value=True))


def _nothing_kept() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(archive, "write_decisions", _always(""))


def _no_ledger_check() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(load, "ledger", _instead(ledger, known=_always({})))


def _no_latest() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(load, "keep_latest_of_each_key", _always({}))


def _no_stale() -> Iterable[AbstractContextManager[Any]]:
    run = duckdb_warehouse._Session.run

    def skipping(self: duckdb_warehouse._Session, statement: str, **parameters: object) -> None:
        if statement != "load/delete_stale":
            run(self, statement, **parameters)

    yield patch.object(duckdb_warehouse._Session, "run", skipping)


def _settle_whatever() -> Iterable[AbstractContextManager[Any]]:
    def exists(path: Path, _: object, **__: object) -> bool:
        return path.exists()

    yield patch.object(folder_storage, "_has_version", exists)


def _fetch_whatever() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(folder_storage, "_expect_version", _always(None))


def _later(module: ModuleType, into: str, kind: type[Any] = DuckDBWarehouse) -> Patches:
    """What `insert` of ledger or outbox writes, in a second transaction after the first."""

    def patches() -> Iterable[AbstractContextManager[Any]]:
        kept: list[tuple[object, ...]] = []
        writing = kind.writing

        def keep(_: WarehouseSession, *values: object) -> None:
            kept.append(values)

        @contextmanager
        def twice(self: DuckDBWarehouse) -> Generator[WarehouseSession]:
            with writing(self) as session:
                yield session
            if kept:
                with writing(self) as session:
                    for values in kept:
                        module.insert(session, *values)
                kept.clear()

        yield patch.object(load, into, _instead(module, insert=keep))
        yield patch.object(kind, "writing", twice)

    return patches


def _no_content_check() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(ledger, "loaded_content", _always({}))


def _land_whatever() -> Iterable[AbstractContextManager[Any]]:
    def replacing(source: Path, target: Path, key: str) -> LandedFile:
        folder_storage.copy_into_place(source, target)
        return folder_storage._landed_file(key, target.lstat())

    yield patch.object(folder_storage, "_landed_once", replacing)


def _time_and_size_alone() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(folder_storage, "_version", folder_storage._version_before)


def _duplicate_for_ever() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(duplicates, "_says", _always(value=True))


def _duplicates_not_asked_again() -> Iterable[AbstractContextManager[Any]]:
    marked = load._duplicates_marked

    def believing(
        session: WarehouseSession, files: Sequence[DecidedFile]
    ) -> tuple[list[DecidedFile], list[DecidedFile]]:
        decided, put_off = marked(session, files)
        return [*decided, *put_off], []

    yield patch.object(load, "_duplicates_marked", believing)


def _held_every_time() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(load, "held_before", _always({}))
    yield patch.object(load, "close_held", _always([]))


def _keys_forgotten() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(set_apart, "write_keys", _always(None))


def _torn_quarantine_believed() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(StoredFile, "is_at", _always(value=True))
    yield patch.object(replayable_records, "_is_whole", _always(value=True))


def _no_markers() -> Iterable[AbstractContextManager[Any]]:
    def all_of_them(landed: Iterable[LandedFile], sources: Sources) -> Arrivals:
        return Arrivals([file for file in landed if marked_by(file.key, sources) is None], [])

    yield patch.object(discover, "arrivals", all_of_them)


def _manifests_not_believed() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(job, "sender_manifests", _always({}))


def _cut_files_believed() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(read_file._Staging, "_is_unended", _always(value=False))


def _dates_believed() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(fetch, "capped_versions", _always({}))


def _old_dates_believed() -> Iterable[AbstractContextManager[Any]]:
    text = Statements.text

    def as_it_stands(self: Statements, name: str) -> str:
        return re.sub(r"least\((\S+), \S+\)", r"\1", text(self, name))

    yield patch.object(Statements, "text", as_it_stands)


def _every_kill_counts() -> Iterable[AbstractContextManager[Any]]:
    def always(*_: object) -> bool:
        return True

    yield patch.object(killed_runs, "_was_outlived", always)


def _no_lease() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(dead_runs, "abandoned_runs", _always(value=()))


def _own_run_only() -> Iterable[AbstractContextManager[Any]]:
    """Archiving takes the files of its own batch, not all that the ledger has unarchived."""
    unarchived = Ledger.unarchived
    prepare: Callable[..., list[DecidedFile]] = job.prepare
    own: set[str] = set()

    def preparing(*values: object, **named: object) -> list[DecidedFile]:
        decided = prepare(*values, **named)
        own.update(file.file_id for file in decided)
        return decided

    def of_own(self: Ledger) -> list[LedgerEntry]:
        return [entry for entry in unarchived(self) if entry.file_id in own]

    yield patch.object(job, "prepare", preparing)
    yield patch.object(Ledger, "unarchived", of_own)


def _one_run_key() -> Iterable[AbstractContextManager[Any]]:
    def of_the_batch(launch: Launch) -> str:
        return launch.batch.batch_id

    yield patch.object(Launch, "run_key", property(of_the_batch))


def _no_settling() -> Iterable[AbstractContextManager[Any]]:
    made = FolderStorage.__init__

    def at_once(self: FolderStorage, settings: Settings) -> None:
        made(self, settings)
        self._settle_seconds = 0.0

    yield patch.object(FolderStorage, "__init__", at_once)


def _no_wait() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(duckdb_warehouse._Wait, "again", _always(value=False))


def _no_reconciler() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(job.reconcile, "reconcile", _always(ReconcileReport()))


def _no_second_try() -> Iterable[AbstractContextManager[Any]]:
    defaults = {**(load_batch.__kwdefaults__ or {}), "tries": Tries(most=1)}
    yield patch.object(load_batch, "__kwdefaults__", defaults)


def _no_sizes() -> Iterable[AbstractContextManager[Any]]:
    def believing(file: LandedFile, to: Path, store: Storage) -> str:
        store.fetch(file, to)
        return _hash(to)

    yield patch.object(fetch, "_fetch", believing)


def _hash(path: Path) -> str:
    """The hash of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _no_gate() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(job, "_gate", _always(None))


def _marked_before_sent() -> Iterable[AbstractContextManager[Any]]:
    def drain(warehouse: Warehouse, alerts: Alerts, events: Events) -> None:
        waiting = outbox.unsent(warehouse)
        notify._mark_sent(warehouse, waiting, datetime.now(UTC))
        notify._deliver(waiting, alerts, events, [])

    yield patch.object(job.notify, "drain", drain)


def _replay_forgotten() -> Iterable[AbstractContextManager[Any]]:
    def anew(_: bytes = b"") -> object:
        return hashlib.sha256(os.urandom(16))

    yield patch.object(replay_draft, "hashlib", _instead(hashlib, sha256=anew))


def _no_resolutions() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(load, "resolutions", _instead(resolutions, write=_always(None)))


def _not_looked_through() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(ComingBack, "covers", _always(value=True))


def _nothing_comes_back() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(ComingBack, "names", _always(dict[str, str]()))


def _clean_unsent_notices() -> Iterable[AbstractContextManager[Any]]:
    run = duckdb_warehouse._Session.run

    def deleting(self: duckdb_warehouse._Session, statement: str, **parameters: object) -> None:
        if statement == "outbox/delete_sent":
            self.execute("delete from mp_outbox")
        else:
            run(self, statement, **parameters)

    yield patch.object(duckdb_warehouse._Session, "run", deleting)


def _clean_needed_output() -> Iterable[AbstractContextManager[Any]]:
    fetch = duckdb_warehouse._Session.fetch

    def finding(
        self: duckdb_warehouse._Session, statement: str, **parameters: object
    ) -> list[dict[str, Any]]:
        rows = fetch(self, statement, **parameters)
        if statement == "ledger/loaded_outputs":
            rows += fetch(self, "ledger/unarchived")
        return rows

    yield patch.object(duckdb_warehouse._Session, "fetch", finding)


def _no_ear() -> Iterable[AbstractContextManager[Any]]:
    """The statement goes on until it is done; Python's handler runs after it."""
    yield patch.object(duckdb_warehouse, "ended_by_stops", _always(nullcontext()))


def _stop_is_an_error() -> Iterable[AbstractContextManager[Any]]:
    """What a RetryPolicy of Dagster's does with an interrupt."""

    def repeating(step: Callable[..., object]) -> Callable[..., object]:
        @wraps(step)
        def run(*values: object, **named: object) -> object:
            try:
                return step(*values, **named)
            except (KeyboardInterrupt, DagsterExecutionInterruptedError) as stop:
                raise dg.RetryRequested(max_retries=2) from stop

        return run

    yield patch.object(load_assets, "retrying", repeating)


# --- AWS -----------------------------------------------------------------------------------------


def _no_redshift_lock() -> Iterable[AbstractContextManager[Any]]:
    def together(_: object, connection: RedshiftConnection) -> None:
        connection.together()

    yield patch.object(RedshiftWarehouse, "_lock", together)
    yield patch.object(redshift_warehouse, "advance", _uncounted)


def _session_left() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(redshift_connection.Connector, "_end_session", _always(None))


def _no_stale_on_redshift() -> Iterable[AbstractContextManager[Any]]:
    run = redshift_warehouse._Session.run

    def skipping(self: redshift_warehouse._Session, statement: str, **parameters: object) -> None:
        if statement != "load/delete_stale":
            run(self, statement, **parameters)

    yield patch.object(redshift_warehouse._Session, "run", skipping)


def _commit_never_looked_up() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(load, "_in_ledger", _always(value=False))


def _read_whatever_s3_has() -> Iterable[AbstractContextManager[Any]]:
    download = S3Storage._download

    def unconditional(
        self: S3Storage, full: str, to: Path, size: int | None = None, **_: str
    ) -> None:
        download(self, full, to, size)

    yield patch.object(S3Storage, "_download", unconditional)


def _put_whatever() -> Iterable[AbstractContextManager[Any]]:
    def unconditional(self: S3Storage, source: Path, full: str, doing: str) -> LandedFile | None:
        self._upload(source, full, doing)
        item = self._describe(full, doing)
        return None if item is None else self._landed_file(full, item)

    yield patch.object(S3Storage, "_land_once", unconditional)


def _copy_whatever() -> Iterable[AbstractContextManager[Any]]:
    def unconditional(self: S3Storage, file: LandedFile, target: str) -> None:
        source = {"Bucket": self._bucket, "Key": self._prefixes[Area.LANDING] + file.key}
        self._s3.copy_object(CopySource=source, Bucket=self._bucket, Key=target)

    yield patch.object(S3Storage, "_copy", unconditional)


def _remove_whatever() -> Iterable[AbstractContextManager[Any]]:
    def unconditional(self: S3Storage, file: LandedFile, _: str) -> None:
        full = self._prefixes[Area.LANDING] + file.key
        self._s3.delete_object(Bucket=self._bucket, Key=full)

    yield patch.object(S3Storage, "_remove_version", unconditional)


def _believe_copy() -> Iterable[AbstractContextManager[Any]]:
    def stage(session: WarehouseSession, loading: Sequence[DecidedFile]) -> None:
        session.copy(load.STAGING, [str(file.output_name) for file in loading])

    yield patch.object(load, "_stage", stage)


def _password_kept() -> Iterable[AbstractContextManager[Any]]:
    def sign_in(self: redshift_connection.Connector) -> object:
        return self._connect(fresh=False)

    yield patch.object(redshift_connection.Connector, "_sign_in", sign_in)


def _one_attempt() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(aws_clients, "ATTEMPTS", 1)


def _bodies_read_once() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(s3_storage, "_READS", 1)


def _events_alone() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(landing_sensor, "is_due", _always(value=False))


def _junk_forgotten() -> Iterable[AbstractContextManager[Any]]:
    yield patch.object(sqs_wakeups, "keys_of", _always([]))


def _by_time() -> Iterable[AbstractContextManager[Any]]:
    """A cursor by time, which had passed noon before the late file came."""
    files = S3Storage._files

    def later(self: S3Storage) -> Iterator[LandedFile]:
        return (file for file in files(self) if file.modified_at > NOON)

    yield patch.object(S3Storage, "_files", later)


def _rule_blames_the_run() -> Iterable[AbstractContextManager[Any]]:
    """What a rule does wrong while it is judged ends the run, and speaks against its files."""
    yield patch.object(judging, "FAULTS_OF_A_RULE", ())


def _one_stops_all() -> Iterable[AbstractContextManager[Any]]:
    """What cannot be had of one file ends the run of all."""

    class Never(Exception):
        pass

    yield patch.object(fetch, "StoredFileRefused", Never)
    yield patch.object(fetch, "NoRoom", Never)


MUTATIONS: dict[str, Mutation] = {
    "left out": Mutation(
        "a file that cannot be had stops no other",
        _one_stops_all,
        [("F63", "refused"), ("F63", "no room")],
    ),
    "left out on AWS": Mutation(
        "a file that cannot be had stops no other", _one_stops_all, [("F63", "refused")], AWS
    ),
    "rule's own fault": Mutation(
        "what goes wrong in a rule is told of that rule",
        _rule_blames_the_run,
        [("F60", "out of range")],
    ),
    "lock": Mutation("the writer lock", _no_lock, [("F20", "threads")]),
    "ledger check": Mutation(
        "the ledger is asked in the transaction",
        _no_ledger_check,
        [("F20", "processes"), ("F01", "load.committed")],
    ),
    "latest": Mutation(
        "only the latest row of a movie is kept",
        _no_latest,
        [("F19", "in one file"), ("F09", "0")],
    ),
    "stale": Mutation(
        "rows older than the table's are dropped",
        _no_stale,
        [("F18", "later batch"), ("F09", "1"), ("F21", "1")],
    ),
    "conditional settle": Mutation(
        "only the judged version is archived", _settle_whatever, [("F14", "after the load")]
    ),
    "conditional fetch": Mutation(
        "only the listed version is read", _fetch_whatever, [("F13", "")]
    ),
    "outbox in the transaction": Mutation(
        "notices are kept in the load's transaction",
        _later(outbox, "outbox"),
        [("F01", "load.before_commit"), ("F01", "sql.commit.after")],
    ),
    "ledger in the transaction": Mutation(
        "entries are written in the load's transaction",
        _later(ledger, "ledger"),
        [("F01", "load.before_commit"), ("F01", "sql.commit.after")],
    ),
    "content check": Mutation(
        "the same bytes do not load again",
        _no_content_check,
        [("F19", "the same bytes later")],
    ),
    "name": Mutation(
        "a command replaces nothing in landing",
        _land_whatever,
        [("F43", "beside a sender's"), ("F43", "three at once")],
    ),
    "last change": Mutation(
        "versions are told apart by last change and inode",
        _time_and_size_alone,
        [("F44", "after the load"), ("F44", "after archiving")],
    ),
    "last word": Mutation(
        "the same bytes are a duplicate only while they are the last word",
        _duplicate_for_ever,
        [("F45", "batch after batch"), ("F45", "with the correction")],
    ),
    "last word in the transaction": Mutation(
        "a duplicate is asked for again in the transaction",
        _duplicates_not_asked_again,
        [("F45", "loaded meanwhile")],
    ),
    "held once": Mutation(
        "the same bytes are held once, and not where they are loaded",
        _held_every_time,
        [("F61", "held"), ("F61", "loaded")],
    ),
    "superseded": Mutation(
        "the keys of records set apart are kept",
        _keys_forgotten,
        [("F64", "set apart"), ("F64", "held")],
    ),
    "whole quarantine": Mutation(
        "a quarantine file that is torn is no quarantine file",
        _torn_quarantine_believed,
        [("F62", "torn")],
    ),
    "markers": Mutation("a file waits for its marker", _no_markers, [("F66", "no marker")]),
    "manifests": Mutation(
        "a file waits until it is as its manifest says",
        _manifests_not_believed,
        [("F66", "rows"), ("F66", "size"), ("F66", "sha256")],
    ),
    "line ends": Mutation(
        "a last record without its line end is told",
        _cut_files_believed,
        [("F65", "hold"), ("F65", "set_apart")],
    ),
    "date": Mutation(
        "no file counts as later than it came", _dates_believed, [("F46", "then a true one")]
    ),
    "old dates": Mutation(
        "no row counts as later than it was loaded",
        _old_dates_believed,
        [("F46", "believed by an earlier program")],
    ),
    "lease": Mutation(
        "a run whose process is gone is failed", _no_lease, [("F04", "load.before_commit")]
    ),
    "outlived": Mutation(
        "a kill counts only where others lived on", _every_kill_counts, [("F67", "")]
    ),
    "to-do list": Mutation(
        "after the commit the ledger is the to-do list",
        _own_run_only,
        [("F01", "archive.settled")],
    ),
    "attempt in the run key": Mutation(
        "every attempt has a run key of its own", _one_run_key, [("F06", "")]
    ),
    "settle time": Mutation("a young file is left alone", _no_settling, [("F17", "slow")]),
    "waiting": Mutation(
        "a held warehouse is waited for", _no_wait, [("F22", "another writer"), ("F30", "2")]
    ),
    "reconciler": Mutation(
        "the reconciler closes what is open",
        _no_reconciler,
        [("F01r", "load.committed"), ("F01r", "archive.marked")],
    ),
    "second try": Mutation(
        "a transaction that was undone is tried again", _no_second_try, [("F22", "raised")]
    ),
    "size": Mutation(
        "what was read has the size that was listed", _no_sizes, [("F33", "truncated read")]
    ),
    "gate": Mutation(
        "published files are counted again", _no_gate, [("F33", "truncated quarantine")]
    ),
    "the same replay": Mutation(
        "a replay that is asked for again is known",
        _replay_forgotten,
        [("R01", "load.committed"), ("R01", "storage.land.after")],
    ),
    "resolutions": Mutation(
        "records that were replayed are resolved", _no_resolutions, [("R01", "load.committed")]
    ),
    "looked through again": Mutation(
        "what comes back is looked through again under the lock",
        _not_looked_through,
        [("D03", "")],
    ),
    "all that comes back": Mutation(
        "rows that a retracted file superseded come back",
        _nothing_comes_back,
        [("D01", "retract.committed")],
    ),
    "unsent notices": Mutation(
        "only notices that were sent are cleaned up",
        _clean_unsent_notices,
        [("C01", "sql.commit.after")],
    ),
    "needed output": Mutation(
        "only output of archived files is cleaned up",
        _clean_needed_output,
        [("C01", "storage.remove.output.after")],
    ),
    "mark after sending": Mutation(
        "a notice is marked after it was sent", _marked_before_sent, [("F01", "outbox.before_send")]
    ),
    "ear": Mutation(
        "a statement is ended by a stop", _no_ear, [("S01", "a statement"), ("S01", "a step")]
    ),
    "stop": Mutation("a stop is no reason to try again", _stop_is_an_error, [("S01", "a step")]),
    "session on Redshift": Mutation(
        "an interrupted session is ended", _session_left, [("S01", "a statement")], AWS
    ),
    "lock on Redshift": Mutation(
        "the writer lock", _no_redshift_lock, [("F20", "threads"), ("F20", "processes")], AWS
    ),
    "ledger check on Redshift": Mutation(
        "the ledger is asked in the transaction",
        _no_ledger_check,
        [("F20", "processes"), ("F23", "the answer")],
        AWS,
    ),
    "stale on Redshift": Mutation(
        "rows older than the table's are dropped",
        _no_stale_on_redshift,
        [("F18", "later batch")],
        AWS,
    ),
    "commit looked up": Mutation(
        "after a lost COMMIT the ledger is asked",
        _commit_never_looked_up,
        [("F23", "the answer"), ("F23", "every answer")],
        AWS,
    ),
    "second try on Redshift": Mutation(
        "a transaction that was undone is tried again",
        _no_second_try,
        [("F22", "1023 at commit"), ("F24", "COMMIT"), ("F26", "before COMMIT")],
        AWS,
    ),
    "outbox in Redshift's transaction": Mutation(
        "notices are kept in the load's transaction",
        _later(outbox, "outbox", RedshiftWarehouse),
        [("F01", "sql.commit.after")],
        AWS,
    ),
    "ledger in Redshift's transaction": Mutation(
        "entries are written in the load's transaction",
        _later(ledger, "ledger", RedshiftWarehouse),
        [("F01", "sql.commit.after")],
        AWS,
    ),
    "manifest's count": Mutation(
        "what COPY loaded is counted",
        _believe_copy,
        [("F29", "not counted"), ("F29", "counted as loaded")],
        AWS,
    ),
    "read by ETag": Mutation(
        "only the listed version is read", _read_whatever_s3_has, [("F13", "")], AWS
    ),
    "copy by ETag": Mutation(
        "only the judged version is copied", _copy_whatever, [("F14", "after the load")], AWS
    ),
    "delete by ETag": Mutation(
        "only the judged version is removed",
        _remove_whatever,
        [("F14", "killed while settling")],
        AWS,
    ),
    "new password": Mutation(
        "a password that is not taken is read again", _password_kept, [("F28", "password")], AWS
    ),
    "attempts": Mutation(
        "a service that is busy is asked again",
        _one_attempt,
        [("F31", "503 SlowDown"), ("F31", "connection reset"), ("F32", "s3.DeleteObject")],
        AWS,
    ),
    "bodies": Mutation(
        "a broken body is asked for again",
        _bodies_read_once,
        [("F31", "body cut short"), ("F31", "body not as sent")],
        AWS,
    ),
    "name on S3": Mutation(
        "a command replaces nothing in landing",
        _put_whatever,
        [("F43", "beside a sender's")],
        AWS,
    ),
    "old dates on Redshift": Mutation(
        "no row counts as later than it was loaded",
        _old_dates_believed,
        [("F46", "believed by an earlier program")],
        AWS,
    ),
    "whole upgrades": Mutation(
        "an upgrade is one transaction",
        _committed_one_by_one,
        [("U01", "migration.9001_studio.after")],
    ),
    "versions": Mutation("the version is looked at before writing", _no_versions, [("U02", "")]),
    "contract": Mutation(
        "the table is held against the contract", _no_contract, [("U03", "another type")]
    ),
    "contract on AWS": Mutation(
        "the table is held against the contract",
        _no_contract_on_redshift,
        [("U03", "another type")],
        AWS,
    ),
    "marker": Mutation(
        "a home knows its warehouse",
        _no_marker,
        [("U04", "an older copy"), ("U04", "another one")],
    ),
    "marker on AWS": Mutation(
        "a home knows its warehouse", _no_marker, [("U04", "another one")], AWS
    ),
    "marker, older": Mutation(
        "a warehouse that is older than what was decided is refused",
        _no_marker,
        [("Y02", "an older copy"), ("Y02", "removed"), ("Y03", "removed after archive.marked")],
    ),
    "decisions kept": Mutation(
        "what was decided is kept beside history before a file leaves landing",
        _nothing_kept,
        [("Y02", "removed"), ("Y03", "removed after archive.marked")],
    ),
    "whole upkeep": Mutation(
        "a rebuild is swapped in in one transaction",
        _each_statement_alone,
        [("Y01", "rebuild of what stands: sql.rebuild/fill_rows.after")],
    ),
    "report's page last": Mutation(
        "the page of a report comes when its other parts are there",
        _page_first,
        [("F68", "the reconciler: storage.put.quarantine.after#2")],
    ),
    "reports made again": Mutation(
        "the reconciler makes the reports that are missing",
        _every_report_there,
        [("F68", "the reconciler: report.before")],
    ),
    "hashes of records": Mutation(
        "each decision record has a hash", _lines_believed, [("Y04", "a number in a record")]
    ),
    "hashes of files": Mutation(
        "output and quarantine files are held against their hashes",
        _contents_believed,
        [("Y04", "a letter in an output"), ("Y04", "a letter in a quarantine file")],
    ),
    "listing": Mutation("landing is listed without events", _events_alone, [("F10", "")], AWS),
    "junk": Mutation(
        "messages that make no sense are left to the queue", _junk_forgotten, [("F11", "")], AWS
    ),
    "no cursor": Mutation("no file is left out for its time", _by_time, [("F15", "")], AWS),
    "to-do list on AWS": Mutation(
        "after the commit the ledger is the to-do list", _own_run_only, [("F34", "")], AWS
    ),
    "marked on AWS": Mutation(
        "a notice is marked after it was sent", _marked_before_sent, [("F36", "SNS away")], AWS
    ),
}
"""Every guard by a short name."""


@contextmanager
def switched_off(name: str) -> Generator[None]:
    """Without this guard; with all of them for an empty name."""
    with ExitStack() as stack:
        if name:
            for patching in MUTATIONS[name].patches():
                stack.enter_context(patching)
        yield
