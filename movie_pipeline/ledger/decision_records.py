"""Decision records: what was decided, kept beside history, so that the warehouse can be made again.

One JSON lines file for each archiving, not one for each file: a burst costs no more syncs, and
100,000s of files list fast. Rulesets, declarations, replays and resolutions lie beside it.
"""

import hashlib
import json
import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from movie_pipeline.errors import MoviePipelineError, StoredFileMissing
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.ledger.replays import Replay
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.stored_values import to_json

DECISIONS, RULESETS, SOURCES = "decisions/", "rulesets/", "sources/"
REPLAYS, RESOLUTIONS = "replays/", "resolutions/"
KEYS = "set_apart/"
"""The folders of the history area that hold what is kept beside the files."""
MOST_AT_ONCE = 400
"""Records in one file: those of the largest usual batch."""
_NEWEST = 3
"""Files of records that a cheap look reads."""
_TIMES = ("file_version", "committed_at", "archived_at", "requested_at")


@dataclass(frozen=True)
class DecisionRecord:
    """What is kept of one decided file.

    Attributes:
        row: its row of the ledger, as the table holds it.
        replay_row: the replay's row, where the file is one.
        resolutions: how many records it resolved; which, says `resolutions_name`.
        revision: how often what was decided was changed by then.
    """

    row: Mapping[str, Any]
    replay_row: Mapping[str, Any] | None = None
    resolutions: int = 0
    revision: int = 0

    @classmethod
    def of(cls, entry: LedgerEntry, replay: Replay | None = None, resolutions: int = 0) -> Self:
        """The record of an entry, its summary whole."""
        row = {**entry.to_row(), "summary": to_json(entry.summary)}
        replay_row = replay.to_row() if replay else None
        return cls(row, replay_row, resolutions, entry.summary.revision)

    def marked(self, entry: LedgerEntry) -> Self:
        """The record with what the archive step found."""
        return replace(self, row=type(self).of(entry).row)

    @property
    def file_id(self) -> str:
        """Whose."""
        return str(self.row["file_id"])

    @property
    def is_archived(self) -> bool:
        """Whether the file was out of landing when the record was written."""
        return self.row["archived_at"] is not None

    @property
    def entry(self) -> LedgerEntry:
        """The ledger's entry."""
        return LedgerEntry.from_row(self.row)

    @property
    def replay(self) -> Replay | None:
        """The replay that the file is, if it is one."""
        return None if self.replay_row is None else Replay.from_row(self.replay_row)

    @property
    def resolutions_name(self) -> str:
        """Where the history area says what became of the records that it replayed."""
        return resolutions_name(self.file_id)

    def to_line(self) -> bytes:
        """The record as one line, with a hash by which a damaged one is told."""
        values: dict[str, Any] = {"entry": _plain(self.row)}
        if self.replay_row is not None:
            values["replay"] = _plain(self.replay_row)
        if self.resolutions:
            values["resolutions"] = self.resolutions
        if self.revision:
            values["revision"] = self.revision
        text = _dumped(values)
        return f'{{"sha256":"{_sha256(text)}","record":{text}}}\n'.encode("ascii")

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """The record of one line.

        Raises:
            ValueError: it is none, or was damaged.
        """
        values = _checked(line)
        replay = values.get("replay")
        return cls(
            _typed(values["entry"]),
            None if replay is None else _typed(replay),
            int(values.get("resolutions", 0)),
            int(values.get("revision", 0)),
        )


@dataclass
class Kept:
    """What is kept beside history, as it was found.

    Attributes:
        places: file_id to the file that holds its newest record.
        archived: those of the files whose record says that they are out of landing.
        problems: name of each file that is damaged to what is wrong with it.
    """

    places: dict[str, str] = field(default_factory=dict[str, str])
    archived: set[str] = field(default_factory=set[str])
    problems: dict[str, str] = field(default_factory=dict[str, str])


def resolutions_name(file_id: str) -> str:
    """Where the history area says what became of the records that a replay's file brought."""
    return f"{RESOLUTIONS}{file_id}.parquet"


def keys_name(file_id: str) -> str:
    """Where the history area, and the output area, have the keys of a file's records set apart."""
    return f"{KEYS}{file_id}.parquet"


def ruleset_name(sha256: str) -> str:
    """Where the history area has the text of a ruleset."""
    return f"{RULESETS}{sha256}.dqdl"


def sources_name(sha256: str) -> str:
    """Where the history area has the declarations of sources that files were read with."""
    return f"{SOURCES}{sha256}.toml"


# --- writing -------------------------------------------------------------------------------------


def write_decisions(storage: Storage, records: Sequence[DecisionRecord]) -> str:
    """Put the records of one archiving; the same files always make the same name.

    So repeating it replaces what was put before, and another run that archives others of the batch
    does not. Of several records of one file the one of the last revision counts, then the one
    that says it is archived.

    Returns:
        The name, which begins with the time of the earliest decision: a listing is in order.
    """
    ids = "\n".join(sorted(record.file_id for record in records))
    first = min(record.row["committed_at"] for record in records)
    name = f"{DECISIONS}{first:%Y%m%dT%H%M%S}-{_sha256(ids)[:16]}.jsonl"
    put_bytes(storage, name, b"".join(record.to_line() for record in records))
    return name


def keep_text(storage: Storage, name: str, text: bytes) -> None:
    """Put a text whose name is made of its hash, unless it lies there already."""
    try:
        storage.size(Area.HISTORY, name)
    except StoredFileMissing:
        put_bytes(storage, name, text)


def keep_replay(storage: Storage, replay: Replay) -> None:
    """Put what was asked for, before its file lands: decided or not, it can be known again."""
    text = _dumped(_plain(replay.to_row()))
    line = f'{{"sha256":"{_sha256(text)}","record":{text}}}\n'.encode("ascii")
    put_bytes(storage, f"{REPLAYS}{replay.replay_id}.json", line)


def put_bytes(storage: Storage, name: str, content: bytes) -> None:
    """Put a small file into the history area."""
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
        path = Path(folder) / "content"
        path.write_bytes(content)
        storage.put(Area.HISTORY, name, path)


# --- reading -------------------------------------------------------------------------------------


def find_decisions(storage: Storage) -> Kept:
    """Which files have a record, and where; damaged records are told, not left out in silence."""
    kept = Kept()
    ranks: dict[str, tuple[int, bool]] = {}
    for name in storage.names(Area.HISTORY, DECISIONS):
        for record in _records_of(storage, name, kept.problems):
            rank = record.revision, record.is_archived
            if rank < ranks.get(record.file_id, rank):
                continue
            ranks[record.file_id] = rank
            kept.places[record.file_id] = name
            if record.is_archived:
                kept.archived.add(record.file_id)
    return kept


def newest_decisions(storage: Storage, now: datetime) -> list[DecisionRecord]:
    """The records of the newest few archivings of this month and the last; for a cheap look."""
    months = (now.astimezone(UTC), now.astimezone(UTC).replace(day=1) - timedelta(days=1))
    names = [
        name
        for month in reversed(months)
        for name in storage.names(Area.HISTORY, f"{DECISIONS}{month:%Y%m}")
    ]
    return [
        record for name in names[-_NEWEST:] for record in _records_of(storage, name, problems={})
    ]


def decisions(
    storage: Storage, kept: Kept, wanted: Iterable[str] | None = None
) -> Iterator[DecisionRecord]:
    """The records of these files, of all by default, each once, in the order of their files.

    Args:
        storage: where they are kept.
        kept: what `find_decisions` found.
        wanted: file_ids.
    """
    of_name: dict[str, set[str]] = {}
    for file_id in kept.places if wanted is None else wanted:
        if file_id in kept.places:
            of_name.setdefault(kept.places[file_id], set()).add(file_id)
    for name in sorted(of_name):
        left = of_name[name]
        for record in _records_of(storage, name, kept.problems):
            if record.file_id in left:
                left.remove(record.file_id)
                yield record


def kept_replays(storage: Storage, problems: dict[str, str]) -> Iterator[Replay]:
    """The replays that were asked for, whether they were decided or not."""
    for name in storage.names(Area.HISTORY, REPLAYS):
        with storage.reading(Area.HISTORY, name) as path:
            try:
                yield Replay.from_row(_typed(_checked(path.read_bytes())))
            except (ValueError, KeyError) as error:
                problems[name] = str(error)


@contextmanager
def kept_text(storage: Storage, name: str) -> Generator[Path]:
    """A local path of a kept ruleset or sources file, whose text is what its name says.

    Raises:
        MoviePipelineError: it is not there, or was changed.
    """
    try:
        with storage.reading(Area.HISTORY, name) as path:
            if hashlib.sha256(path.read_bytes()).hexdigest() not in name:
                raise MoviePipelineError(
                    f"{storage.uri(Area.HISTORY, name)} was changed: its text is not the one it is "
                    "named after. Put back the text that the files were judged by."
                )
            yield path
    except StoredFileMissing as error:
        raise MoviePipelineError(
            f"{error} Files that were judged by it can be told again by their output alone."
        ) from None


def _records_of(storage: Storage, name: str, problems: dict[str, str]) -> Iterator[DecisionRecord]:
    with storage.reading(Area.HISTORY, name) as path, path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield DecisionRecord.from_line(line)
            except (ValueError, KeyError) as error:
                problems[name] = f"line {number} {error}"


def _checked(line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line)
        record, sha256 = values["record"], values["sha256"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("is no record: it was cut short or overwritten") from None
    if _sha256(_dumped(record)) != sha256:
        raise ValueError("was changed: its hash is another")
    return record


def _dumped(values: object) -> str:
    return json.dumps(values, ensure_ascii=True, separators=(",", ":"))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _stored(value) if name in _TIMES and value is not None else value
        for name, value in row.items()
    }


def _stored(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
