"""Digests: what one notice tells of many files, and when those that wait become one.

Values and plain functions only. A batch's digest is kept with its load (notices.py) but never sent
itself: outbox.py collects those that are due into a notice that no longer changes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from movie_pipeline.alerts.alerts_port import Notice, NoticeKind
from movie_pipeline.settings.groups import DigestSettings
from movie_pipeline.stored_values import fit_text

WAITING_PREFIX = "batch-"
"""Begins the ids of digests that wait to be collected; no other notice's id begins so."""
MOST_LINES = 20
"""Files named in a text."""
_FILES_BYTES = 24_000
"""What the list of files takes of a notice's details, in JSON; the others are counted."""
_CELL_BYTES = 300
"""What a name or a reason takes of that list."""
_TROUBLE = ("HELD", "REJECTED")
_WHAT = {
    "HELD": "is held: none of it was loaded",
    "REJECTED": "was rejected: it could not be read",
}
_SUBJECTS_OF_ONE = (
    "Movie pipeline: a batch was loaded",
    "Movie pipeline: a batch needs attention",
)
_SUBJECTS_OF_MANY = (
    "Movie pipeline: many files were loaded",
    "Movie pipeline: many files need attention",
)
_ROWS = ("rows_in", "rows_loaded", "rows_quarantined", "rows_superseded", "rows_held")


@dataclass(frozen=True)
class Digest:
    """What is told of the files of one or more batches.

    Attributes:
        batches: `batch_id` and `run_id` of one of them, and how many they are.
        states: files by state.
        rows: `rows_in` and where they went.
        files: what became of single files, those in trouble first, as far as there is room.
        files_left_out: how many there was no room for.
    """

    batches: Mapping[str, Any]
    states: Mapping[str, int]
    rows: Mapping[str, int]
    files: tuple[Mapping[str, Any], ...]
    files_left_out: int = 0

    @classmethod
    def of_batch(
        cls, batch_id: str, run_id: str, rows: Mapping[str, int], files: Sequence[Mapping[str, Any]]
    ) -> Self:
        """The digest of one batch, from what is told of each file."""
        states = Counter(str(file["state"]) for file in files)
        batches = {"batches": 1, "batch_id": batch_id, "run_id": run_id}
        shown = _with_room(files)
        return cls(batches, states, dict(rows), shown, len(files) - len(shown))

    @classmethod
    def from_details(cls, details: Mapping[str, Any]) -> Self:
        """The digest that a notice's details tell; what was left out there is counted."""
        states = Counter[str](details.get("states", {}))
        files = tuple(details.get("files", ()))
        return cls(
            batches={
                "batches": details.get("batches", 1),
                "batch_id": details.get("batch_id", ""),
                "run_id": details.get("run_id", ""),
            },
            states=states,
            rows={name: details.get(name, 0) for name in _ROWS},
            files=files,
            files_left_out=states.total() - len(files),
        )

    @classmethod
    def together(cls, digests: Sequence[Self]) -> Self:
        """One digest that tells what all of them tell."""
        states, rows = Counter[str](), Counter[str]()
        for digest in digests:
            states.update(digest.states)
            rows.update(digest.rows)
        files = _with_room([file for digest in digests for file in digest.files])
        return cls(
            batches={
                **digests[0].batches,
                "batches": sum(int(digest.batches["batches"]) for digest in digests),
            },
            states=states,
            rows=rows,
            files=files,
            files_left_out=states.total() - len(files),
        )

    @property
    def troubled(self) -> int:
        """How many files are HELD or REJECTED."""
        return sum(self.states.get(state, 0) for state in _TROUBLE)

    def details(self) -> dict[str, Any]:
        """The digest for machines, JSON values."""
        return {
            **self.batches,
            "states": dict(self.states),
            **self.rows,
            "files_left_out": self.files_left_out,
            "files": list(self.files),
        }

    def text(self) -> str:
        """The digest for people."""
        count = self.batches["batches"]
        which = "A batch" if count == 1 else f"{count} batches"
        states = sorted(self.states.items(), key=lambda item: _order(item[0]))
        told = [file for file in self.files if file["state"] in _TROUBLE][:MOST_LINES]
        lines = [
            f"{which} of {sum(self.states.values())} files: "
            + ", ".join(f"{files} {state}" for state, files in states if files)
            + ".",
            counts_line(self.rows),
            *(
                f"- {file['file']} {_WHAT[file['state']]}. {file['reason']}".rstrip()
                for file in told
            ),
        ]
        if self.troubled > len(told):
            more = self.troubled - len(told)
            lines.append(f"- and {more} more; `movie-pipeline status` lists them.")
        first = "Batch" if count == 1 else "The first was batch"
        lines.append(f"{first} {self.batches['batch_id']}, run {self.batches['run_id']}.")
        return "\n".join(lines)

    def notice(self, notice_id: str) -> Notice:
        """The notice that tells it."""
        good, bad = _SUBJECTS_OF_ONE if self.batches["batches"] == 1 else _SUBJECTS_OF_MANY
        return Notice(
            id=notice_id,
            kind=NoticeKind.QUALITY_FAILURE if self.troubled else NoticeKind.SUCCESS,
            subject=bad if self.troubled else good,
            text=self.text(),
            details=self.details(),
        )


@dataclass(frozen=True)
class DigestTiming:
    """How long a batch's digest waits for others to be told with; not at all by default.

    Attributes:
        quiet_seconds: nothing new came for so long; a digest of trouble waits no longer than this.
        longest_seconds: no digest waits longer than this.
        more_comes: whether more is known to be on its way: then it is not quiet yet.
    """

    quiet_seconds: float = 0.0
    longest_seconds: float = 0.0
    more_comes: bool = False

    @classmethod
    def of(cls, settings: DigestSettings, *, more_comes: bool = False) -> Self:
        """What the settings say."""
        return cls(settings.quiet_seconds, settings.longest_seconds, more_comes)


@dataclass(frozen=True)
class WaitingDigest:
    """A batch's digest in the outbox, and since when it lies there."""

    notice: Notice
    since: datetime


def due(
    waiting: Iterable[WaitingDigest], timing: DigestTiming, now: datetime
) -> list[list[WaitingDigest]]:
    """Which digests are to be told now: each list is one notice, oldest first, of one kind."""
    by_kind: dict[NoticeKind, list[WaitingDigest]] = {}
    for digest in sorted(waiting, key=lambda digest: (digest.since, digest.notice.id)):
        by_kind.setdefault(digest.notice.kind, []).append(digest)
    return [group for group in by_kind.values() if _is_due(group, timing, now)]


def collected(group: Sequence[WaitingDigest]) -> Notice:
    """The notice that tells what these digests tell; the same digests make the same id."""
    ids = "\n".join(sorted(digest.notice.id for digest in group))
    digests = [Digest.from_details(digest.notice.details) for digest in group]
    return Digest.together(digests).notice(f"digest-{short_hash(ids)}")


def counts_line(rows: Mapping[str, int]) -> str:
    """Where the rows went, as a sentence."""
    return (
        f"Rows: {rows['rows_in']} in, {rows['rows_loaded']} loaded, "
        f"{rows['rows_quarantined']} quarantined, {rows['rows_superseded']} superseded, "
        f"{rows['rows_held']} held."
    )


def short_hash(text: str) -> str:
    """32 hex digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _is_due(group: Sequence[WaitingDigest], timing: DigestTiming, now: datetime) -> bool:
    oldest = (now - group[0].since).total_seconds()
    newest = (now - group[-1].since).total_seconds()
    longest = timing.longest_seconds
    if group[0].notice.kind is NoticeKind.QUALITY_FAILURE:
        longest = min(longest, timing.quiet_seconds)
    is_quiet = newest >= timing.quiet_seconds and not timing.more_comes
    return is_quiet or oldest >= longest


def _with_room(files: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """As many as there is room for, those in trouble first."""
    kept: list[Mapping[str, Any]] = []
    room = _FILES_BYTES
    for file in sorted(files, key=lambda file: file["state"] not in _TROUBLE):
        cut = {
            name: fit_text(cell, _CELL_BYTES) if isinstance(cell, str) else cell
            for name, cell in file.items()
        }
        room -= len(json.dumps(cut)) + 2
        if room < 0:
            break
        kept.append(cut)
    return tuple(kept)


def _order(state: str) -> int:
    return ("LOADED", "HELD", "REJECTED", "DUPLICATE", "RETRACTED", "REJUDGED").index(state)
