"""Which column of a file is which column of the movie contract.

Names are compared normalised; aliases stand in aliases.toml. Nothing here reads cells.
"""

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from movie_pipeline.datasets.movies.contract import KEY_COLUMN, MOVIE_COLUMNS
from movie_pipeline.errors import SettingsError, UnreadableFile

ALIASES_FILE = Path(__file__).parents[1] / "datasets" / "movies" / "aliases.toml"
CONTRACT_NAMES = tuple(column.name for column in MOVIE_COLUMNS)
REQUIRED_NAMES = tuple(column.name for column in MOVIE_COLUMNS if column.required)
LONGEST_NAME = 100
"""Bytes of a normalised name; longer ones are cut, which leaves room for a suffix."""


@dataclass(frozen=True)
class MappedColumn:
    """One column of the file.

    Attributes:
        header: its name as the file writes it.
        name: its name in the staged rows.
        is_contract: whether that is a column of the movie contract.
        date_form: how its dates are written, where its source declares that it holds dates.
    """

    header: str
    name: str
    is_contract: bool
    date_form: str | None = None


def normalised(header: str) -> str:
    """The form in which names are compared: lower case, everything else one underscore.

    >>> normalised("  Runtime (Minutes)")
    'runtime_minutes'
    """
    composed = unicodedata.normalize("NFKC", header).lower()
    name = re.sub(r"[^\w]+|_+", "_", composed).strip("_")
    name = re.sub(r"_{2,}", "_", name)
    return name.encode()[:LONGEST_NAME].decode("utf-8", "ignore").strip("_")


@cache
def aliases() -> dict[str, tuple[str, ...]]:
    """What real files call each contract column, its own name first."""
    declared = tomllib.loads(ALIASES_FILE.read_text(encoding="utf-8"))
    if strangers := set(declared) - set(CONTRACT_NAMES):
        raise SettingsError(
            f"{ALIASES_FILE.name} names {', '.join(sorted(strangers))}, but the movie contract has "
            "no such column: see datasets/movies/contract.py."
        )
    return {name: (name, *declared.get(name, ())) for name in CONTRACT_NAMES}


@cache
def known_names() -> frozenset[str]:
    """Every normalised name that stands for a contract column."""
    return frozenset(alias for names in aliases().values() for alias in names)


def rank_of(header: Iterable[str]) -> tuple[bool, int]:
    """Whether a header names every column that a file must bring, and how many known names it has.

    The greater of two ranks is the likelier header.
    """
    known = {normalised(name) for name in header} & known_names()
    return all(known.intersection(aliases()[name]) for name in REQUIRED_NAMES), len(known)


def map_header(
    header: Sequence[str], dates: Mapping[str, str] | None = None
) -> tuple[MappedColumn, ...]:
    """Give every column of a file its name in the staged rows, in the file's order.

    Args:
        header: the names as the file writes them.
        dates: columns that are declared to hold dates, each with its form.

    Raises:
        UnreadableFile: a required column is missing.
    """
    names = [normalised(name) for name in header]
    taken = _contract_columns(names)
    missing = [name for name in REQUIRED_NAMES if name not in taken.values()]
    if missing:
        raise UnreadableFile(_missing_sentence(missing, header))
    used = set(CONTRACT_NAMES)
    mapped: list[MappedColumn] = []
    for position, (written, name) in enumerate(zip(header, names, strict=True)):
        contract = taken.get(position)
        own = contract or unique_name(name or f"column_{position + 1}", used)
        used.add(own)
        mapped.append(MappedColumn(written, own, contract is not None))
    for declared, form in (dates or {}).items():
        position = _declared_position(declared, mapped)
        if position is not None:
            mapped[position] = replace(mapped[position], date_form=form)
    return tuple(mapped)


def _declared_position(declared: str, mapped: Sequence[MappedColumn]) -> int | None:
    """The own column that a declaration means: by the header as written, else by staged name."""
    own = [(i, column) for i, column in enumerate(mapped) if not column.is_contract]
    written = (i for i, column in own if column.header.strip() == declared.strip())
    named = (i for i, column in own if column.name == normalised(declared))
    return next(written, next(named, None))


def unique_name(name: str, used: Iterable[str]) -> str:
    """The name itself, or with the first free suffix `_2`, `_3`, ..."""
    present = set(used)
    candidate, suffix = name, 1
    while candidate in present:
        suffix += 1
        candidate = f"{name}_{suffix}"
    return candidate


def mapping_notes(
    mapping: Sequence[MappedColumn], dates: Mapping[str, str] | None = None
) -> list[str]:
    """What people should know about how the columns were taken."""
    notes: list[str] = []
    by_name = {column.name: column for column in mapping}
    for name, candidates in aliases().items():
        column = by_name.get(name)
        if column is None:
            continue
        others = [
            other.header
            for other in mapping
            if not other.is_contract and normalised(other.header) in candidates
        ]
        if others:
            kept = ", ".join(others)
            notes.append(
                f"column {column.header} is taken as {name}; {kept} is kept as the file's own"
            )
    if KEY_COLUMN not in by_name:
        notes.append(f"{KEY_COLUMN} is derived from title and year: the file brings none")
    notes += [
        f"the source declares dates in column {printable(declared)}, but the file has none of that "
        "name beside the contract's"
        for declared in dates or {}
        if _declared_position(declared, mapping) is None
    ]
    return notes


def _contract_columns(names: Sequence[str]) -> dict[int, str]:
    """Position in the file to contract column; of several candidates the first alias wins."""
    taken: dict[int, str] = {}
    for contract, candidates in aliases().items():
        for alias in candidates:
            positions = [i for i, name in enumerate(names) if name == alias and i not in taken]
            if positions:
                taken[positions[0]] = contract
                break
    return taken


def _missing_sentence(missing: Sequence[str], header: Sequence[str]) -> str:
    wanted = " and ".join(
        f"{name} (also known as {_listed(aliases()[name][1:])})" for name in missing
    )
    sentence = f"The file has no column {wanted}. Its header names {_seen(header)}."
    if guesses := _guesses(missing, header):
        sentence += (
            f" Did you mean {' and '.join(guesses)}? Then rename it, or add it to aliases.toml."
        )
    return sentence


def _guesses(missing: Sequence[str], header: Sequence[str]) -> list[str]:
    written = {normalised(name): name for name in header}
    guesses: list[str] = []
    for name in missing:
        for alias in aliases()[name]:
            close = difflib.get_close_matches(alias, written, n=1, cutoff=0.7)
            if close:
                guesses.append(f'"{printable(written[close[0]])}" for {name}')
                break
    return guesses


def _listed(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _seen(header: Sequence[str]) -> str:
    noun = "column" if len(header) == 1 else "columns"
    return f"{len(header)} {noun}: {_listed([printable(name) for name in header], 12)}"


def printable(text: str, most: int = 60) -> str:
    """A foreign text made safe for a sentence: one line, no control characters, not too long."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= most else f"{shown[:most]}..."
