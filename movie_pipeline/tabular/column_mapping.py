"""Which column of a file is which column of the contract.

Names are compared normalised. Nothing here reads cells.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.invisible import without_invisible
from movie_pipeline.tabular.number_casts import read_number
from movie_pipeline.tabular.number_forms import Repair
from movie_pipeline.tabular.number_signs import signs_of
from movie_pipeline.tabular.reading_limits import NOTHING_DECLARED, SourceOptions
from movie_pipeline.tabular.table_contract import Column, ColumnType, NumberForm, TableContract
from movie_pipeline.tabular.ways_out import or_declare
from movie_pipeline.visible_text import visible

LONGEST_NAME = 100
"""Bytes of a normalised name; longer ones are cut, which leaves room for a suffix."""
_SHORTEST_PLURAL = 4
_MOST_NAMES = 32_768
"""Names that are remembered: the same come with each file of a source."""
_MINUTES = (
    r"(?:(?:in |en )?(?:min\.?|mins|minutes|minuten|minuti|minutos|minut|minuty)|dk\.?|dakika|perc|"
    r"мин\.?|хв\.?|분|分|分钟|דקות)"
)
_OWN_UNIT = re.compile(
    r"\s*[(\[\uff08]\s*(?:[01]\s*[-\u2013]\s*10|(?:out of |of |/\s*)10|(?:in )?(?:usd|us\$|\$)|#"
    rf"|{_MINUTES})\s*[)\]\uff09]\s*$"
    rf"|\s*/\s*10\s*$|\s(?:in|en) (?:min\.?|minutes|minuten|minuti|minutos)\s*$",
    re.IGNORECASE,
)
"""Behind a name; any other unit stays a part of it, so that nothing is taken for what it is not."""
_FOOTNOTE = re.compile(r"[\u00b9\u00b2\u00b3\u2070-\u2079]+\s*$")
_MOSTLY = 0.9
_LONGEST_YEAR = 4
"""Characters; no date is so short."""
_WRAPPERS = frozenset(
    {"movie", "film", "item", "record", "data", "node", "fields", "attributes", "properties"}
    | {"_source", "source", "document", "doc", "row", "entity", "result"}
)
"""Objects in JSON that hold a row, or what it is about."""
REMARK_COLUMNS = ("report_line", "report_problem")
"""What our answer to a sender says of a row, in columns of its own: no part of the row, should the
answer come back corrected."""

CellsByPlace = Sequence[Sequence[str]] | Mapping[int, Sequence[str]]
"""Cells of some rows, column by column."""


@dataclass(frozen=True)
class MappedColumn:
    """One column of the file.

    Attributes:
        header: its name as the file writes it.
        name: its name in the staged rows.
        is_contract: whether that is a column of the contract.
        date_form: how its dates are written, where its source declares that it holds dates.
        signs: what points and commas mean in its numbers, as the text of `Signs`.
        unit: what its numbers count, where its source declares that.
        also: the column of the contract that is read from it too, while it stays the file's own:
            the year of a date, where the file brings no other.
    """

    header: str
    name: str
    is_contract: bool
    date_form: str | None = None
    signs: str = ""
    unit: str = ""
    also: str = ""

    @property
    def ours(self) -> str:
        """The column of the contract that is read from it; empty where none is."""
        return self.name if self.is_contract else self.also


def normalised(header: str) -> str:
    """The form in which names are compared: lower case, everything else one underscore.

    >>> normalised("  Date (of birth)")
    'date_of_birth'
    """
    return (_remembered if len(header) <= LONGEST_NAME else _normalised)(header)


def _normalised(header: str) -> str:
    composed = unicodedata.normalize("NFKC", without_invisible(header)).lower()
    name = re.sub(r"[^\w]+|_+", "_", composed).strip("_")
    name = re.sub(r"_{2,}", "_", name)
    return name.encode()[:LONGEST_NAME].decode("utf-8", "ignore").strip("_")


_remembered = lru_cache(_MOST_NAMES)(_normalised)


def is_wrapped(name: str) -> bool:
    """Whether a key of JSON lies in an object that wraps a row, such as `fields.title`."""
    outer, _, inner = name.partition(".")
    return bool(inner) and outer.lower() in _WRAPPERS


def _looked_up(header: str) -> str:
    """The normalised name by which a column is looked up.

    What wraps a row is no part of it, nor is a unit that is the contract's own.
    """
    return (_bare_remembered if len(header) <= LONGEST_NAME else _bare)(header)


def _bare(header: str) -> str:
    name = header.partition(".")[2] if is_wrapped(header) else header
    return normalised(_OWN_UNIT.sub("", _FOOTNOTE.sub("", name)))


_bare_remembered = lru_cache(_MOST_NAMES)(_bare)


def _without_table(header: Iterable[str]) -> list[str]:
    """Names without that of their table, which some databases write before each of them."""
    names = list(header)
    tables = {name.partition(".")[0] if "." in name else "" for name in names}
    if len(names) > 1 and len(tables) == 1 and "" not in tables:
        return [name.partition(".")[2] for name in names]
    return names


@lru_cache(maxsize=_MOST_NAMES)
def _compact(name: str) -> str:
    """A normalised name without its underscores: so `shelfMark` is `shelf_mark`.

    Marks on letters are left aside in all but the shortest names.
    """
    compact = name.replace("_", "")
    if compact.isascii() or len(compact) < _SHORTEST_PLURAL:
        return compact
    parts = unicodedata.normalize("NFKD", compact)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def _singular(name: str) -> str:
    return name.removesuffix("s")


def known_as(name: str, aliases: Iterable[str]) -> bool:
    """Whether a normalised name is one of these, written together, apart, or in the plural."""
    return any(_alike(name, alias) for alias in aliases)


@lru_cache(maxsize=_MOST_NAMES)
def _alike(name: str, alias: str) -> bool:
    if name == alias:
        return True
    one, other = _compact(name), _compact(alias)
    return one == other or (
        len(_singular(other)) >= _SHORTEST_PLURAL and _singular(one) == _singular(other)
    )


def rank_of(header: Iterable[str], contract: TableContract) -> tuple[bool, int]:
    """Whether a header names every column that a file must bring, and how many known names it has.

    The greater of two ranks is the likelier header.
    """
    forms = _known_forms(contract)
    names = {_looked_up(name) for name in _without_table(header)}
    found = {name: forms[form] for name in names if (form := _form_in(name, forms)) is not None}
    columns = set(found.values())
    return columns.issuperset(contract.required_names), len(found)


def contract_columns_in(header: Iterable[str], contract: TableContract) -> set[str]:
    """The contract's columns that names stand for."""
    forms = _known_forms(contract)
    found = (_form_in(_looked_up(name), forms) for name in header)
    return {forms[form] for form in found if form is not None}


def _form_in(name: str, forms: Mapping[str, str]) -> str | None:
    compact = _compact(name)
    if compact in forms:
        return compact
    singular = _singular(compact)
    return singular if len(singular) >= _SHORTEST_PLURAL and singular in forms else None


@lru_cache(maxsize=16)
def _known_forms(contract: TableContract) -> Mapping[str, str]:
    """Every form of a name in which it is looked up, to the contract's column."""
    forms: dict[str, str] = {}
    for ours, names in contract.known_as.items():
        for name in names:
            compact = _compact(name)
            forms.setdefault(compact, ours)
            if len(_singular(compact)) >= _SHORTEST_PLURAL:
                forms.setdefault(_singular(compact), ours)
    return forms


def with_declared_names(contract: TableContract, source: SourceOptions) -> TableContract:
    """The contract, which also knows its columns by the names that a source declares."""
    names = {ours: name for ours, name in source.columns.items() if isinstance(name, str)}
    if not names:
        return contract
    declared = {
        ours: (normalised(name), *contract.aliases.get(ours, ())) for ours, name in names.items()
    }
    return replace(contract, aliases={**contract.aliases, **declared})


def map_header(
    header: Sequence[str],
    contract: TableContract,
    source: SourceOptions = NOTHING_DECLARED,
    cells: CellsByPlace | None = None,
) -> tuple[MappedColumn, ...]:
    """Give every column of a file its name in the staged rows, in the file's order.

    Args:
        header: the names as the file writes them.
        contract: what the rows must be.
        source: what is declared of its source.
        cells: the cells of the first rows, by a column's place: where several columns could be the
            same one of the contract, that is taken whose cells are of its type.

    Raises:
        UnreadableFile: a required column is missing.
    """
    names = [normalised(name) for name in header]
    declared = _declared_columns(header, names, source)
    dates = {normalised(name) for name in source.dates} - set(contract.names)
    open_names = [
        "" if name in dates else _looked_up(written)
        for written, name in zip(_without_table(header), names, strict=True)
    ]
    taken = _contract_columns(open_names, contract, cells, declared)
    # a date that is declared is the file's own, and tells the year where nothing else does
    lacking = set(contract.names) - set(taken.values())
    told = {
        position: ours
        for position, written in enumerate(header)
        if names[position] in dates
        for ours in contract_columns_in([written], contract) & lacking
    }
    years = _years_of_dates({**told, **taken}, declared, contract, cells)
    missing = [name for name in contract.required_names if name not in taken.values()]
    if missing:
        raise UnreadableFile(_missing_sentence(missing, header, contract))
    used = set(contract.names)
    mapped: list[MappedColumn] = []
    for position, (written, name) in enumerate(zip(header, names, strict=True)):
        also = years.get(position, "")
        ours = None if also else taken.get(position)
        staged = ours or unique_name(name or f"column_{position + 1}", used)
        used.add(staged)
        unit = source.units.get(ours, "") if ours else ""
        mapped.append(MappedColumn(written, staged, ours is not None, unit=unit, also=also))
    for declared_date, form in source.dates.items():
        position = _declared_position(declared_date, mapped)
        if position is not None:
            mapped[position] = replace(mapped[position], date_form=form)
    return tuple(mapped)


def _years_of_dates(
    taken: Mapping[int, str],
    declared: Mapping[int, str],
    contract: TableContract,
    cells: CellsByPlace | None,
) -> dict[int, str]:
    """Position to contract column, where a column is taken as a year and holds whole dates."""
    found: dict[int, str] = {}
    for position, ours in taken.items():
        column = contract.column(ours)
        if cells is None or position in declared or NumberForm.YEAR_OF_DATE not in column.forms:
            continue
        if all(len(text) <= _LONGEST_YEAR for text in cells[position]):
            continue
        signs = signs_of(column)
        readings = [read_number(text, column, signs) for text in cells[position]]
        present = [reading for reading in readings if reading.value is not None]
        dates = sum(reading.repair is Repair.DATE for reading in present)
        if dates and dates >= _MOSTLY * len(present) and ours not in found.values():
            found[position] = ours
    return found


def _declared_columns(
    header: Sequence[str], names: Sequence[str], source: SourceOptions
) -> dict[int, str]:
    """Position to contract column, where the source declares it."""
    declared: dict[int, str] = {}
    for ours, written in source.columns.items():
        if isinstance(written, int):
            declared[_place(written, ours, header)] = ours
            continue
        exact = [i for i, name in enumerate(header) if name.strip() == written.strip()]
        alike = [i for i, name in enumerate(names) if name == normalised(written)]
        position = next((i for i in (*exact, *alike) if i not in declared), None)
        if position is None:
            raise UnreadableFile(
                f"The source declares column {printable(written)} as {ours}, but the file has none "
                f"of that name. Its header names {_seen(header)}. Send the column, or correct "
                "columns in the sources file (MOVIE_PIPELINE_SOURCES)."
            )
        declared[position] = ours
    return declared


def _place(place: int, ours: str, header: Sequence[str]) -> int:
    if place > len(header):
        raise UnreadableFile(
            f"The source declares column {place} as {ours}, but the file has {_seen(header)}. "
            "Send the column, or correct columns in the sources file (MOVIE_PIPELINE_SOURCES)."
        )
    return place - 1


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
    by_name |= {column.also: column for column in mapping if column.also}
    for name, candidates in contract.known_as.items():
        column = by_name.get(name)
        if column is None:
            continue
        others = [
            other.header
            for other in mapping
            if not other.ours and known_as(_looked_up(other.header), candidates)
        ]
        if others:
            kept = ", ".join(map(printable, others))
            notes.append(
                f"column {printable(column.header)} is taken as {name}; {kept} is kept as the "
                "file's own"
            )
    renamed = [
        f"{printable(column.header.strip())} as {column.ours}"
        for column in mapping
        if column.ours and normalised(column.header) != column.ours
    ]
    if renamed:
        notes.append(f"columns under another name are taken: {', '.join(renamed)}")
    if contract.derived_key and contract.key not in by_name:
        rule = contract.derived_key
        lacking = [part.column for part in rule.parts if part.column not in by_name]
        notes.append(
            f"{contract.key} is derived without {' and '.join(lacking)}: the file brings neither, "
            f"and {contract.rows} that have {rule.needs} in common cannot be told apart"
            if lacking
            else f"{contract.key} is derived from {rule.described}: the file brings none"
        )
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


def _contract_columns(
    names: Sequence[str],
    contract: TableContract,
    cells: CellsByPlace | None,
    declared: Mapping[int, str],
) -> dict[int, str]:
    """Position in the file to contract column.

    Of several candidates the first alias wins whose cells are of the column's type; where none is,
    the first. A column that one of the contract is called by its exact name is no other one.
    """
    taken = dict(declared)
    for ours, aliases in contract.known_as.items():
        if ours in declared.values():
            continue
        found = [i for i in _named(tuple(names), aliases) if i not in taken]
        if alike_named := [i for i in found if _named_otherwise(names[i], ours, contract)]:
            found = [i for i in found if i not in alike_named]
        if found:
            chosen = found[0] if cells is None else _fitting(found, contract.column(ours), cells)
            taken[chosen] = ours
    return taken


@lru_cache(maxsize=1_024)  # the same header comes with each file of a source
def _named(names: tuple[str, ...], aliases: tuple[str, ...]) -> tuple[int, ...]:
    """The places of names that are one of the aliases, the first alias first; then those alike."""
    exactly = [i for alias in aliases for i, name in enumerate(names) if name == alias]
    alike = [i for alias in aliases for i, name in enumerate(names) if _alike(name, alias)]
    return tuple(dict.fromkeys([*exactly, *alike]))


def _named_otherwise(name: str, ours: str, contract: TableContract) -> bool:
    """Whether a name is exactly that of another column of the contract, or an alias of one."""
    if name in contract.known_as[ours]:
        return False
    return any(name in names for other, names in contract.known_as.items() if other != ours)


def _fitting(candidates: Sequence[int], column: Column, cells: CellsByPlace) -> int:
    """The first candidate whose cells are of the column's type; of texts, a full one."""
    if len(candidates) == 1:
        return candidates[0]
    shares = [_fit(cells[i], column) for i in candidates]
    best = max(shares)
    if best <= 0:
        return candidates[0]
    enough = min(best, _MOSTLY)
    return next(i for i, share in zip(candidates, shares, strict=True) if share >= enough)


def _fit(texts: Sequence[str], column: Column) -> float:
    """The share of cells that hold a value of the column; of numbers, of those that are there.

    A number outside the column's bounds is none of its values: 85 is no rating of 10.
    """
    if not texts:
        return 0
    if column.type is ColumnType.TEXT:
        present = (bool(text.strip()) and not _is_unlike(text, column) for text in texts)
        return sum(present) / len(texts)
    signs = signs_of(column)
    readings = [read_number(text, column, signs) for text in texts]
    present = [reading for reading in readings if reading.unreadable or reading.value is not None]
    read = sum(column.holds(reading.value) for reading in present)
    return read / len(present) if present else 0


def _is_unlike(text: str, column: Column) -> bool:
    """Whether a text is none of what must be there: no address or object is a name of anything."""
    return column.required and text.startswith(("http://", "https://", '{"'))


def _missing_sentence(
    missing: Sequence[str], header: Sequence[str], contract: TableContract
) -> str:
    wanted = " and ".join(_wanted(name, contract) for name in missing)
    sentence = f"The file has no column {wanted}. Its header names {_seen(header)}."
    if guesses := _guesses(missing, header, contract):
        sentence += f" Did you mean {' and '.join(guesses)}?"
    way_out = ", ".join(f'{name} = "..."' for name in missing)
    return f"{sentence} Rename it. {or_declare(f'columns = {{ {way_out} }}')}"


def _wanted(name: str, contract: TableContract) -> str:
    others = contract.known_as[name][1:]
    return f"{name} (also known as {_listed(others)})" if others else name


def _guesses(missing: Sequence[str], header: Sequence[str], contract: TableContract) -> list[str]:
    forms = _known_forms(contract)
    written = {
        normalised(name): name for name in header if _form_in(normalised(name), forms) is None
    }
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
    """A foreign text made safe for a sentence: one line, what is not seen named, not too long."""
    shown = visible(text)
    return shown if len(shown) <= most else f"{shown[:most]}..."
