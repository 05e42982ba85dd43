"""Replays that people asked for: what is kept of each, so that its file is known when it lands.

Which records a replay takes, and what its file holds, is decided in replay/; what becomes of the
records stands in resolutions.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Self

from movie_pipeline.crash_points import crash_point
from movie_pipeline.file_names import (
    from_stored_key,
    printable_name,
    safe_basename,
    to_stored_key,
)
from movie_pipeline.ledger.file_summary import ReadingForms, ReplaySummary
from movie_pipeline.ledger.ledger import FileState, LedgerEntry, want
from movie_pipeline.stored_values import (
    KEY_BYTES,
    TEXT_BYTES,
    fit_json,
    fit_text,
    from_json,
    from_stored_time,
    to_json_values,
    to_stored_time,
)
from movie_pipeline.warehouse.transactions import transact
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession

FOLDER = "replays/"
"""The folder of landing in which replays land."""
_STEP = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """One replay that was asked for.

    Attributes:
        replay_id: the same for the same request.
        key: under which name its file lands.
        content_sha256: of its file's bytes.
        original_file_id: the file whose quarantine it takes records from.
        original_state: what was decided about that file: LOADED or HELD.
        root_file_id, root_key: the file that landed first, where the original is a replay itself.
        file_version: newer than what it corrects, older than whatever came later.
        row_count: records that it takes.
        corrected_count: those of them that are corrected.
        accepted: whether a person accepted a held file, so that nothing holds it.
        ruleset: the text to judge it by; None for the one that is in use then.
        reading: what its cells cannot say themselves.
        taken: rule to the records it takes that were set apart by it.
        requested_at, requested_by, why: when, who and why.
    """

    replay_id: str
    key: str
    content_sha256: str
    original_file_id: str
    original_state: FileState
    root_file_id: str
    root_key: str
    file_version: datetime
    row_count: int
    corrected_count: int
    accepted: bool
    ruleset: str | None
    reading: ReadingForms = field(default_factory=ReadingForms)
    taken: Mapping[str, int] = field(default_factory=dict[str, int])
    requested_at: datetime
    requested_by: str
    why: str

    @property
    def records_name(self) -> str:
        """Where the quarantine area says which records it takes, and what was corrected."""
        return records_name(self.replay_id)

    @property
    def as_a_file(self) -> bool:
        """Whether it is judged like a file: a held one that nobody accepted."""
        return self.original_state is FileState.HELD and not self.accepted

    def sentence(self) -> str:
        """What it is, for people: counts and names, no row value."""
        records = "1 record" if self.row_count == 1 else f"{self.row_count:,} records"
        corrected = f", {self.corrected_count:,} of them corrected" if self.corrected_count else ""
        accepted = "; the held file is accepted" if self.accepted else ""
        why = f": {self.why}" if self.why else ""
        return (
            f"a replay of {records} of {printable_name(self.root_key)} (file "
            f"{self.original_file_id}){corrected}{accepted}, asked for by {self.requested_by}{why}"
        )

    def summary(self) -> ReplaySummary:
        """What the ledger's summary of its file says of it."""
        return ReplaySummary(
            replay_id=self.replay_id,
            original_file_id=self.original_file_id,
            root_file_id=self.root_file_id,
            root_key=self.root_key,
            row_count=self.row_count,
            corrected_count=self.corrected_count,
            accepted=self.accepted,
            sentence=self.sentence(),
        )

    def to_row(self) -> dict[str, object]:
        """The replay as the table holds it."""
        row: dict[str, Any] = {item.name: getattr(self, item.name) for item in fields(self)}
        row["object_key"] = row.pop("key")
        row["original_state"] = str(self.original_state)
        row["root_key"] = fit_text(to_stored_key(self.root_key), KEY_BYTES)
        row["reading"] = fit_json(to_json_values(self.reading))
        row["taken"] = fit_json(_within(self.taken))
        row["file_version"] = to_stored_time(self.file_version)
        row["requested_at"] = to_stored_time(self.requested_at)
        return row

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """The replay of one row of the table."""
        values = dict(row)
        values["key"] = values.pop("object_key")
        values["original_state"] = FileState(row["original_state"])
        values["root_key"] = from_stored_key(row["root_key"])
        values["reading"] = from_json(row["reading"], ReadingForms)
        values["taken"] = from_json(row["taken"], dict[str, int])
        for name in ("file_version", "requested_at"):
            values[name] = from_stored_time(row[name])
        return cls(**values)


def landing_key(replay_id: str, key: str) -> str:
    """Under which name the file of a replay lands; it ends in .csv, whatever the original is."""
    name = safe_basename(key)
    ending = "" if name.lower().endswith(".csv") else ".csv"
    return f"{FOLDER}{replay_id}/{name}{ending}"


def records_name(replay_id: str) -> str:
    """Where the quarantine area says which records a replay takes."""
    return f"{FOLDER}{replay_id}.jsonl"


def root_of(entry: LedgerEntry) -> tuple[str, str]:
    """file_id and name of the file that landed first: of a replay, the one it goes back to."""
    replay = entry.summary.replay
    if replay is None:
        return entry.file_id, entry.key
    return replay.root_file_id, replay.root_key


class Replays:
    """Questions to the warehouse about replays, each in a session of its own."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def by_key(self, keys: Iterable[str]) -> dict[str, Replay]:
        """The replays that land under these names, by name; other names are left out."""
        asked = [key for key in keys if key.startswith(FOLDER) and len(key) <= _LONGEST_KEY]
        if not asked:
            return {}
        with self._warehouse.reading() as session:
            want(session, asked)
            rows = session.fetch("replays/by_key")
        return {row["object_key"]: Replay.from_row(row) for row in rows}

    def request(self, replay: Replay) -> Replay:
        """Keep a replay; where one of its id is kept already, that one stands and is returned.

        Its version is decided here: one microsecond after the original, or after the latest replay
        that goes back to the same file. A held file is as new as its latest duplicate: by that its
        sender said once more that it counts.
        """

        def work(session: WarehouseSession) -> None:
            want(session, [replay.key])
            if session.fetch("replays/by_key"):
                return
            latest = session.fetch("replays/latest_version", root_file_id=replay.root_file_id)
            again = session.fetch("held/latest_duplicate", file_id=replay.root_file_id)
            before = [
                from_stored_time(row["file_version"]) or replay.file_version
                for row in (*latest, *again)
            ]
            new = replace(replay, file_version=max(*before, replay.file_version) + _STEP)
            session.run("replays/insert", **new.to_row())
            crash_point("replay.before_commit")

        transact(self._warehouse, work)
        crash_point("replay.requested")
        return self.by_key([replay.key])[replay.key]


_LONGEST_KEY = 200
"""No key of a replay is longer: an id, and a name of at most 124 characters."""


def _within(taken: Mapping[str, int]) -> dict[str, int]:
    """As many of the counts as fit, the largest first."""
    kept: dict[str, int] = {}
    room = TEXT_BYTES // 2
    for rule, count in sorted(taken.items(), key=lambda item: -item[1]):
        room -= len(rule.encode("unicode_escape")) + 24
        if room < 0:
            break
        kept[rule] = count
    return kept
