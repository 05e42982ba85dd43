"""Files whose every cell is a canary, and the demand that nothing but data holds it afterwards.

Where data is: the table, output, quarantine, history. The demand is a class for every world.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from movie_pipeline_tests.samples import Film, film_file

CANARY = "SSN-CANARY-078051120"
RULES = """Rules = [
    RowCount > 1,
    ColumnValues "imdb_rating" between 5 and 10,
    ColumnValues "genre" matches "[A-Z][a-z]+",
    ColumnLength "movie_title" < 15,
    IsUnique "movie_id",
    ColumnValues "own_column" in ["x", "y"],
    ColumnValues "release_year" > 1900 where "genre <> 'Horror'"
]"""


def everywhere(rating: str = "8.5", *, number: str = "7") -> Film:
    """A film whose every text is the canary."""
    return Film(f"{CANARY}-{number}", CANARY, "1999", rating, CANARY, "1000")


FILES = {
    "apart.csv": film_file(
        everywhere(),
        everywhere("2"),
        Film(CANARY, CANARY, CANARY, CANARY, CANARY, CANARY),
        Film("a", "Good", genre="Drama"),
        more={"Own column": CANARY},
    )
    + f"{CANARY},too,few\n".encode()
    + f'x,{CANARY},1,2,3,4,5,6,7,8,9,"{CANARY}"\n'.encode(),
    "held.csv": film_file(everywhere(), more={"Own column": CANARY}),
    "unclosed.csv": film_file(everywhere(), everywhere(), more={"Own column": "x"})
    + f'"{CANARY},never closed\n'.encode(),
    "latin.csv": film_file(
        everywhere(),
        Film("le château de ma mère", CANARY, CANARY),
        Film("l'été à Besançon", CANARY, CANARY),
        more={"Own column": "x"},
    )
    .decode()
    .encode("latin-1"),
    "columns.csv": film_file(everywhere(), everywhere()),
}
STATES = {
    "apart.csv": "LOADED",
    "held.csv": "HELD",
    "unclosed.csv": "HELD",
    "latin.csv": "LOADED",
    "columns.csv": "HELD",
}
"""What becomes of them under these rules."""


@dataclass(frozen=True)
class LeftBehind:
    """What is there after the files were taken in.

    Attributes:
        states: of each file.
        apart: of each file the text of its records set apart.
        traces: by a name for people, everything that may hold no row value.
    """

    states: Mapping[str, str]
    apart: Mapping[str, str]
    traces: Mapping[str, bytes]


class CanaryContract:
    """What every world owes its rows; the fixture `left` is the world's."""

    def test_the_files_were_judged_and_quarantine_holds_the_canary(self, left: LeftBehind) -> None:
        assert {name: left.states[name] for name in STATES} == STATES
        assert [name for name in STATES if CANARY not in left.apart[name]] == []

    def test_nothing_else_holds_a_row_value(self, left: LeftBehind) -> None:
        assert [name for name, content in left.traces.items() if not content] == []
        assert [name for name, content in left.traces.items() if CANARY.encode() in content] == []


def in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, as a trace."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_size:
            yield path.relative_to(folder.parent).as_posix(), path.read_bytes()


def in_json(value: object) -> bytes:
    """Values as a trace."""
    return json.dumps(value, default=str, ensure_ascii=False).encode("utf-8", "surrogateescape")
