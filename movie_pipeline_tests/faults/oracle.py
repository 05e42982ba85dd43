"""What must come of files, worked out by hand from their bytes: no product code decides here.

It reads movies with Python's csv module, applies the three rules of RULES in plain comparisons, and
loads batch after batch into a dictionary. Its files are all in the six columns of HEADER.
"""

import csv
import gzip
import hashlib
import io
import zipfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

RULES = (
    'Rules = [RowCount < 12, ColumnValues "imdb_rating" between 7.5 and 10.0, '
    'IsComplete "movie_title"]'
)
"""The ruleset of the faults; `between` excludes both bounds."""
HEADER = ["movie_id", "movie_title", "release_year", "imdb_rating", "genre", "votes"]
_ROWS_HELD, _LOWEST, _HIGHEST = 12, 7.5, 10.0
_YEARS = range(1870, 2101)
_GOOD_RATING = 8.0

Record = tuple[str, ...]
"""A film: HEADER's columns as text, '' where there is none."""


@dataclass(frozen=True)
class Sent:
    """A file as it was put into landing.

    Attributes:
        takes: of a replay, the record that each of its records was: file_id and number.
    """

    file_id: str
    key: str
    content: bytes
    version: datetime
    takes: tuple[tuple[str, int], ...] = ()

    @property
    def sha256(self) -> str:
        """Hash of its bytes."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Row:
    """A film in the table and where it came from; rows of one film are ordered by `rank`."""

    version: datetime
    file_id: str
    record_number: int
    film: Record

    @property
    def rank(self) -> tuple[datetime, str, int]:
        """The later version wins, then the higher file id, then the later record."""
        return (self.version, self.file_id, self.record_number)


@dataclass(frozen=True)
class Read:
    """One file, read and judged alone."""

    state: str
    records: int = 0
    good: tuple[tuple[int, Record], ...] = ()
    apart: tuple[tuple[int, str], ...] = ()


@dataclass
class Account:
    """What the ledger must say of a file."""

    state: str
    rows_in: int = 0
    loaded: int = 0
    quarantined: int = 0
    superseded: int = 0
    held: int = 0


Resolutions = dict[tuple[str, int], tuple[str, str, int]]
"""Record (file_id, number) to its outcome, and the record of the replay that it became."""


@dataclass
class Expected:
    """The end state.

    Attributes:
        table: movie_id to its row.
        accounts: file_id to what the ledger must say.
        quarantine: how often each record waits: file_id, record number, raw text.
        archived: area and name to bytes; where each file must lie.
        resolutions: of each replayed record (file_id, number), what became of it and as which.
    """

    table: dict[str, Row] = field(default_factory=dict[str, Row])
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    quarantine: Counter[tuple[str, int, str]] = field(default_factory=Counter[tuple[str, int, str]])
    archived: dict[tuple[str, str], bytes] = field(default_factory=dict[tuple[str, str], bytes])
    resolutions: Resolutions = field(default_factory=dict[tuple[str, int], tuple[str, str, int]])


def expect(batches: Iterable[Sequence[Sent]], duplicates: Collection[str] = ()) -> Expected:
    """The state after these batches, in their order.

    Args:
        batches: what was loaded together.
        duplicates: file_ids of files whose bytes another loads or holds; which of several that is,
            is open.
    """
    expected = Expected()
    for batch in batches:
        staged: list[Row] = []
        for sent in sorted(batch, key=lambda sent: sent.file_id):
            if sent.file_id not in expected.accounts:
                is_duplicate = sent.file_id in duplicates
                staged += _decide(sent, read(sent.content), expected, is_duplicate=is_duplicate)
        _load(staged, expected)
        for sent in batch:
            _resolve(sent, expected)
    return expected


def _decide(sent: Sent, file: Read, expected: Expected, *, is_duplicate: bool) -> list[Row]:
    """Write a file's account; return its good rows."""
    duplicate = file.state in {"LOADED", "HELD"} and is_duplicate
    account = Account("DUPLICATE") if duplicate else Account(file.state, rows_in=file.records)
    expected.accounts[sent.file_id] = account
    area = "quarantine" if file.state == "REJECTED" else "history"
    expected.archived[area, sent.file_id] = sent.content
    if duplicate:
        return []
    if file.state == "HELD":
        account.held = len(file.apart)
    else:
        account.quarantined = len(file.apart)
    for number, raw in file.apart:
        expected.quarantine[sent.file_id, number, raw] += 1
    return [Row(sent.version, sent.file_id, number, film) for number, film in file.good]


def _load(staged: Sequence[Row], expected: Expected) -> None:
    best: dict[str, Row] = {}
    for row in staged:
        rival = best.get(row.film[0])
        if rival is None or row.rank > rival.rank:
            best[row.film[0]] = row
    loaded: Counter[str] = Counter()
    for movie_id, row in best.items():
        present = expected.table.get(movie_id)
        if present is None or row.rank > present.rank:
            expected.table[movie_id] = row
            loaded[row.file_id] += 1
    for file_id, count in Counter(row.file_id for row in staged).items():
        expected.accounts[file_id].loaded = loaded[file_id]
        expected.accounts[file_id].superseded = count - loaded[file_id]


def _resolve(sent: Sent, expected: Expected) -> None:
    """What became of the records that a replay takes; called when its batch was loaded."""
    if not sent.takes:
        return
    file = read(sent.content)
    films = dict(file.good)
    for number, record in enumerate(sent.takes, 1):
        outcome = "QUARANTINED"
        if number in films:
            row = expected.table[films[number][0]]
            stands = (row.file_id, row.record_number) == (sent.file_id, number)
            outcome = "LOADED" if stands else "SUPERSEDED"
        expected.resolutions[record] = (outcome, sent.file_id, number)


def read(content: bytes) -> Read:
    """Read and judge one file."""
    try:
        text = _text(content)
    except UnicodeDecodeError:
        return Read("REJECTED")
    header, *records = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    header = [name.lower() for name in header]
    if "imdb_rating" not in header or "movie_title" not in header or not records:
        return Read("REJECTED")
    raws = text.split("\n")[1:]  # these files quote no line ends
    films = [(number, tuple(cells)) for number, cells in enumerate(records, 1)]
    if len(films) >= _ROWS_HELD:
        return Read("HELD", len(films), (), tuple((n, raws[n - 1]) for n, _ in films))
    good = tuple((number, film) for number, film in films if _is_good(film))
    apart = tuple((number, raws[number - 1]) for number, film in films if not _is_good(film))
    return Read("LOADED", len(films), good, apart)


def _text(content: bytes) -> str:
    """Unpacked where it is gzip or ZIP of parts; UTF-8, or UTF-16 where it begins so."""
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            first, *others = (archive.read(name) for name in archive.namelist())
        content = first + b"".join(other.partition(b"\n")[2] for other in others)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def _is_good(film: Record) -> bool:
    if len(film) != len(HEADER):
        return False
    movie_id, title, year, rating, _, votes = film
    return (
        bool(movie_id and title)
        and (not year or (year.isdigit() and int(year) in _YEARS))
        and _LOWEST < _number(rating) < _HIGHEST
        and (not votes or votes.isdigit())
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


# --- the views -----------------------------------------------------------------------------------

View = list[tuple[object, ...]]


def top_rated(table: Mapping[str, Row]) -> View:
    """movie_id and rating of the films of 8.0 or better."""
    films = [row.film for row in table.values()]
    return sorted((film[0], float(film[3])) for film in films if float(film[3]) >= _GOOD_RATING)


def genre_statistics(table: Mapping[str, Row]) -> View:
    """Genre, films, best rating, votes; a film counts once in each of its genres."""
    by_genre: dict[str, list[Record]] = defaultdict(list)
    for row in table.values():
        for genre in {part.strip() for part in row.film[4].split(",")} - {""}:
            by_genre[genre].append(row.film)
    return sorted(
        (genre, len(films), max(float(film[3]) for film in films), _votes(films))
        for genre, films in by_genre.items()
    )


def yearly_trends(table: Mapping[str, Row]) -> View:
    """Year, films, best rating, votes."""
    by_year: dict[int, list[Record]] = defaultdict(list)
    for row in table.values():
        if row.film[2]:
            by_year[int(row.film[2])].append(row.film)
    return sorted(
        (year, len(films), max(float(film[3]) for film in films), _votes(films))
        for year, films in by_year.items()
    )


def _votes(films: Sequence[Record]) -> int | None:
    votes = [int(film[5]) for film in films if film[5]]
    return sum(votes) if votes else None
