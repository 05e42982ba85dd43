"""What is sent while it soaks, drawn by the seed, and what must stand there in the end.

The oracle of the faults reads and judges; no product code decides here. Which file wins is told by
its time alone: each has a second of its own.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from movie_pipeline_tests.faults import oracle
from movie_pipeline_tests.faults.oracle import Record
from movie_pipeline_tests.faults.world import film, films

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
SHARED_FILMS = 60
"""Films that many files correct, in whatever order these arrive."""
KINDS = ("sound",) * 5 + ("bad rows",) * 3 + ("correction",) * 4 + ("again",) * 2 + ("held", "junk")


@dataclass(frozen=True)
class SentFile:
    """One file: its name, its bytes, and the time that it bears."""

    key: str
    content: bytes
    version: datetime
    kind: str

    @property
    def sha256(self) -> str:
        """Hash of its bytes."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass
class Sender:
    """Makes files, and knows what they must come to."""

    chance: random.Random
    sent: list[SentFile] = field(default_factory=list[SentFile])

    def next_file(self, kinds: Sequence[str] = KINDS) -> SentFile:
        """One more file."""
        number = len(self.sent)
        kind = self.chance.choice(kinds)
        # a correction may be older than what it meets: then it is superseded
        second = number if kind != "correction" else number - self.chance.choice((0, 0, 0.5, 5.5))
        content = self._content(kind, number)
        version = FIRST + timedelta(seconds=2 * second)
        if any(version == other.version for other in self.sent):
            version += timedelta(milliseconds=number + 1)
        file = SentFile(f"{number:05d} {kind}.csv", content, version, kind)
        self.sent.append(file)
        return file

    def _content(self, kind: str, number: int) -> bytes:
        own = [film(f"own-{number}-{row}", self._rating()) for row in range(3)]
        if kind == "again":
            earlier = [file.content for file in self.sent if file.kind in {"sound", "bad rows"}]
            return self.chance.choice(earlier) if earlier else films(*own)
        if kind == "bad rows":
            return films(*own, film(f"bad-{number}", "1.0"), film(f"worse-{number}", "much"))
        if kind == "correction":
            names = self.chance.sample(range(SHARED_FILMS), 6)
            return films(*[film(f"shared-{name}", self._rating()) for name in names])
        if kind == "held":
            return films(*[film(f"held-{number}-{row}", self._rating()) for row in range(12)])
        if kind == "junk":
            return b"\x89PNG\r\n\x1a\n" + bytes([number % 256]) * (number + 9)
        return films(*own)

    def _rating(self) -> str:
        return f"{self.chance.randint(76, 99) / 10:.1f}"


@dataclass(frozen=True)
class Expected:
    """The end.

    Attributes:
        table: movie_id to the film's columns as text.
        states: hash of each content that was sent to what it must be decided as, at least once. The
            same bytes again are that or a DUPLICATE: it depends on what came between.
        apart: hash of each content to the raw records that wait in quarantine for each of its files
            that is no DUPLICATE.
        contents: every content that was sent; none may be lost.
    """

    table: dict[str, Record]
    states: dict[str, str]
    apart: dict[str, tuple[str, ...]]
    contents: frozenset[bytes]


def expected(sent: Sequence[SentFile]) -> Expected:
    """What these files come to, in whatever order they are loaded."""
    newest: dict[str, tuple[datetime, Record]] = {}
    apart: dict[str, tuple[str, ...]] = {}
    states: dict[str, str] = {}
    for file in sent:
        read = oracle.read(file.content)
        states[file.sha256] = read.state
        apart[file.sha256] = tuple(raw for _, raw in read.apart)
        for _, good in read.good:
            rival = newest.get(good[0])
            if file.kind != "again" and (rival is None or file.version > rival[0]):
                newest[good[0]] = (file.version, good)
    table = {movie_id: good for movie_id, (_, good) in newest.items()}
    return Expected(table, states, apart, frozenset(file.content for file in sent))
