"""Which column of a file is which column of the contract.

Names are compared normalised. Nothing here reads cells.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.table_contract import TableContract

LONGEST_NAME = 100
"""Bytes of a normalised name; longer ones are cut, which leaves room for a suffix."""
REMARK_COLUMNS = ("report_line", "report_problem")
"""What our answer to a sender says of a row, in columns of its own: no part of the row, should the
answer come back corrected."""


@dataclass(frozen=True)
class MappedColumn:
    """One column of the file.

    Attributes:
        header: its name as the file writes it.
        name: its name in the staged rows.
        is_contract: whether that is a column of the contract.
        date_form: how its dates are written, where its source declares that it holds dates.
    """

    header: str
    name: str
    is_contract: bool
    date_form: str | None = None


def normalised(header: str) -> str:
    """The form in which names are compared: lower case, everything else one underscore.

    >>> normalised("  Date (of birth)")
    'date_of_birth'
    """
    composed = unicodedata.normalize("NFKC", header).lower()
    name = re.sub(r"[^\w]+|_+", "_", composed).strip("_")
    name = re.sub(r"_{2,}", "_", name)
    return name.encode()[:LONGEST_NAME].decode("utf-8", "ignore").strip("_")


def rank_of(header: Iterable[str], contract: TableContract) -> tuple[bool, int]:
    """Whether a header names every column that a file must bring, and how many known names it has.

    The greater of two ranks is the likelier header.
    """
    known = {normalised(name) for name in header} & contract.known_names
    required = (contract.known_as[name] for name in contract.required_names)
    return all(map(known.intersection, required)), len(known)


def map_header(
    header: Sequence[str], contract: TableContract, dates: Mapping[str, str] | None = None
) -> tuple[MappedColumn, ...]:
    """Give every column of a file its name in the staged rows, in the file's order.

    Args:
        header: the names as the file writes them.
        contract: what the rows must be.
        dates: columns that are declared to hold dates, each with its form.

    Raises:
        UnreadableFile: a required column is missing.
    """
    names = [normalised(name) for name in header]
    taken = _contract_columns(names, contract)
    missing = [name for name in contract.required_names if name not in taken.values()]
    if missing:
        raise UnreadableFile(_missing_sentence(missing, header, contract))
    used = set(contract.names)
    mapped: list[MappedColumn] = []
    for position, (written, name) in enumerate(zip(header, names, strict=True)):
        ours = taken.get(position)
        staged = ours or unique_name(name or f"column_{position + 1}", used)
        used.add(staged)
        mapped.append(MappedColumn(written, staged, ours is not None))
    for declared, form in (dates or {}).items():
        position = _declared_position(declared, mapped)
        if position is not None:
            mapped[position] = replace(mapped[position], date_form=form)
    return tuple(mapped)


def without_remarks(mapping: Iterable[MappedColumn]) -> list[MappedColumn]:
    """The columns that are the sender's: all but ours, which are known where both are there."""
    columns = list(mapping)
    if {column.name for column in columns}.issuperset(REMARK_COLUMNS):
        return [column for column in columns if column.name not in REMARK_COLUMNS]
    return columns


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
    mapping: Sequence[MappedColumn],
    contract: TableContract,
    dates: Mapping[str, str] | None = None,
) -> list[str]:
    """What people should know about how the columns were taken."""
    notes: list[str] = []
    by_name = {column.name: column for column in mapping}
    for name, candidates in contract.known_as.items():
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
    if contract.derived_key and contract.key not in by_name:
        made_of = contract.derived_key.described
        notes.append(f"{contract.key} is derived from {made_of}: the file brings none")
    if len(without_remarks(mapping)) < len(mapping):
        ours = " and ".join(REMARK_COLUMNS)
        notes.append(f"columns {ours} are remarks of our answer to the sender, and left out")
    notes += [
        f"the source declares dates in column {printable(declared)}, but the file has none of that "
        "name beside the contract's"
        for declared in dates or {}
        if _declared_position(declared, mapping) is None
    ]
    return notes


def _contract_columns(names: Sequence[str], contract: TableContract) -> dict[int, str]:
    """Position in the file to contract column; of several candidates the first alias wins."""
    taken: dict[int, str] = {}
    for ours, candidates in contract.known_as.items():
        for alias in candidates:
            positions = [i for i, name in enumerate(names) if name == alias and i not in taken]
            if positions:
                taken[positions[0]] = ours
                break
    return taken


def _missing_sentence(
    missing: Sequence[str], header: Sequence[str], contract: TableContract
) -> str:
    wanted = " and ".join(_wanted(name, contract) for name in missing)
    sentence = f"The file has no column {wanted}. Its header names {_seen(header)}."
    if guesses := _guesses(missing, header, contract):
        sentence += (
            f" Did you mean {' and '.join(guesses)}? Then rename it, or add it to "
            f"{contract.aliases_file}."
        )
    return sentence


def _wanted(name: str, contract: TableContract) -> str:
    others = contract.known_as[name][1:]
    return f"{name} (also known as {_listed(others)})" if others else name


def _guesses(missing: Sequence[str], header: Sequence[str], contract: TableContract) -> list[str]:
    written = {normalised(name): name for name in header}
    guesses: list[str] = []
    for name in missing:
        for alias in contract.known_as[name]:
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
