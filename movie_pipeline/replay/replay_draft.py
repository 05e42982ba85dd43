"""The draft of one replay: its file and the list of its records, written while they are chosen.

One draft for each file whose records are replayed. Nothing lands or is kept here.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.ledger.replays import Replay, landing_key, root_of
from movie_pipeline.quarantine.quarantine_record import own_rules
from movie_pipeline.replay.corrected_cells import Change, Columns
from movie_pipeline.replay.replay_request import ReplayRequest


@dataclass(frozen=True)
class Draft:
    """A replay that is ready to be asked for.

    Attributes:
        entry: the file whose records it takes.
        replay: what would be kept of it.
        content: its file.
        records: the list of its records.
    """

    entry: LedgerEntry
    replay: Replay
    content: Path
    records: Path


class DraftWriter:
    """Writes the file and the list of one replay, record by record.

    Every cell is quoted, so that no cell can be taken for anything but a cell.
    """

    def __init__(
        self, folder: Path, entry: LedgerEntry, columns: Columns, request: ReplayRequest
    ) -> None:
        self._entry = entry
        self._request = request
        self._content = folder / f"{entry.file_id}.csv"
        self._records = folder / f"{entry.file_id}.jsonl"
        self._file = self._content.open("w", encoding="utf-8", newline="")
        self._list = self._records.open("wb")
        self._rows = csv.writer(self._file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self._rows.writerow(columns.header)
        self._identity = hashlib.sha256(b"v1\0" + entry.file_id.encode())
        self._taken: Counter[str] = Counter()
        self._corrected = 0
        self.count = 0

    def add(
        self,
        record: Mapping[str, Any],
        cells: Sequence[str],
        changes: Mapping[str, Change],
        when: datetime,
    ) -> None:
        """Take one record."""
        self.count += 1
        self._corrected += bool(changes)
        self._rows.writerow(cells)
        corrections = {
            key: {"from": change.before, "to": change.after} for key, change in changes.items()
        }
        said = [record["quarantine_id"], sorted((k, c.after) for k, c in changes.items())]
        self._identity.update(orjson.dumps(said))
        self._taken.update(dict.fromkeys(own_rules(record["reasons"]), 1))
        line = {
            "quarantine_id": record["quarantine_id"],
            "file_id": record["file_id"],
            "record_number": record["record_number"],
            "replay_record_number": self.count,
            "corrections": corrections,
            "by": self._request.by,
            "why": self._request.why,
            "at": when.isoformat(),
        }
        self._list.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def finished(self, ruleset: str | None, when: datetime) -> Draft | None:
        """The draft; None where it took no record."""
        self.close()
        if not self.count:
            return None
        entry, accepted = self._entry, self._request.accept
        said = [ruleset, accepted]
        self._identity.update(orjson.dumps(said))
        replay_id = self._identity.hexdigest()[:32]
        root_file_id, root_key = root_of(entry)
        with self._content.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        replay = Replay(
            replay_id=replay_id,
            key=landing_key(replay_id, entry.key),
            content_sha256=sha256,
            original_file_id=entry.file_id,
            original_state=FileState(entry.state),
            root_file_id=root_file_id,
            root_key=root_key,
            file_version=min(entry.file_version, entry.committed_at),
            row_count=self.count,
            corrected_count=self._corrected,
            accepted=accepted,
            ruleset=ruleset,
            reading=entry.summary.reading,
            taken=dict(self._taken),
            requested_at=when,
            requested_by=self._request.by,
            why=self._request.why,
        )
        return Draft(entry, replay, self._content, self._records)

    def close(self) -> None:
        """Close both files."""
        self._file.close()
        self._list.close()
