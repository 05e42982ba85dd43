"""What a declaration may say beside the layout: a footer, units, words for missing and the like.

Each function gives tries that may better a trial, the likeliest first, with what is to be said.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from movie_pipeline.tabular.declaration_trials import Trial, Trials
from movie_pipeline.tabular.declared_units import factor_of
from movie_pipeline.tabular.reading_limits import SourceOptions

Remarks = Mapping[str, Sequence[str]]
"""Key to what a person should know of it."""
Try = tuple[SourceOptions, Remarks]
_UNITS = ("seconds", "hours", "millions", "thousands", "billions", "of 5", "of 20", "of 100")
_MOST_FOOTER = 10
_SHORTEST_PREFIX = 3
_OFTEN = 0.1
_LOOKED_AT = 2_000
_LIKE = 0.5
_SUMS = re.compile(
    r"(?i)total|sum|count|rows|records|end\b|eof|summe|gesamt|anzahl|итого|всего|合计"
)


def pads(best: Trial, _: Trials) -> Iterator[Try]:
    """Rows that lack their last cells."""
    if best.staged is not None and any("cell" in reason for reason in best.staged.not_rows):
        yield (
            replace(best.options, pad=True),
            {"pad": ("decide: rows lack their last cells, which are missing then",)},
        )


def footers(best: Trial, trials: Trials) -> Iterator[Try]:
    """Lines at the end that are no rows."""
    if best.staged is None or best.staged.dialect.format != "csv":
        return
    text = trials.text.rstrip(b"\r\n ")
    lines = [line for line in re.split(rb"\r\n|\n|\r", text)[-_MOST_FOOTER:] if line.strip()]
    apart = {number for number, _ in best.staged.set_apart}
    last = best.staged.rows_in
    count = 0
    width = len(best.staged.header)
    delimiter = best.staged.dialect.delimiter.encode()
    while count < len(lines) and last - count in apart:
        cells = lines[-1 - count].count(delimiter) + 1
        if width < 2 * cells <= 2 * width:
            break  # a row that lacks cells
        count += 1
    for lines_of in range(max(count, 1), 0, -1):
        first = lines[-lines_of].decode("utf-8", "replace").lstrip(' \t"')
        word = re.match(r"[^\W\d_][^\W\d_ ]*(?: [^\W\d_]+)*|[-=*_]{3,}", first)
        said = "what stands at the end is no row" if count else "the last line sums up"
        if word and len(word[0]) >= _SHORTEST_PREFIX and (count or _SUMS.match(word[0])):
            yield replace(best.options, footer=word[0]), {"footer": (said,)}
        elif count:
            yield replace(best.options, footer=lines_of), {"footer": (said,)}


def units(best: Trial, trials: Trials) -> Iterator[Try]:
    """Another unit, of a column that holds the file because of its own."""
    if best.staged is None or "units = {" not in (best.staged.hold or ""):
        return
    [name] = re.findall(r"units = \{ (\w+) =", best.staged.hold or "")
    column = trials.contract.column(name)
    for unit in (unit for unit in _UNITS if factor_of(unit, column) is not None):
        units = {**best.options.units, name: unit}
        yield (
            replace(best.options, units=units),
            {"units": (f"guessed by how large the values of {name} are: decide",)},
        )


def signs(best: Trial, _: Trials) -> Iterator[Try]:
    """A decimal sign."""
    if best.staged is None or not best.wrong:
        return
    likely = (",", ".") if best.staged.dialect.delimiter == ";" else (".", ",")
    for sign in likely:
        yield (
            replace(best.options, decimal=sign),
            {"decimal": ("decide: the cells alone do not tell what points and commas mean",)},
        )


def values(best: Trial, trials: Trials) -> Iterator[Try]:
    """Words that mean missing, and columns of which some cells cannot be read."""
    if best.staged is None or not best.staged.unreadable:
        return
    contract, staged = trials.contract, best.staged
    numbers = [name for name in staged.unreadable if name in contract.number_names]
    numbers = [name for name in numbers if name in staged.columns_by_name]
    records = trials.records(best, range(1, min(staged.rows_in, _LOOKED_AT) + 1))
    read = [staged.columns_by_name[name] for name in numbers]
    others = {cell.strip() for record in records for key, cell in record.items() if key not in read}
    words: dict[str, None] = {}
    for key in read:
        cells = Counter(record.get(key, "").strip() for record in records)
        found = [word for word in cells if _may_be_missing(word, cells, others)]
        if sum(cells[word] for word in found) <= _LIKE * len(records):
            words |= dict.fromkeys(found)
    if words:
        yield (
            replace(best.options, nulls=tuple(words)),
            {"nulls": ("decide: do these words mean that there is no value?",)},
        )
    optional = [
        name
        for name in numbers
        if name not in contract.required_names
        and staged.unreadable[name] >= _OFTEN * staged.rows_in
    ]
    if optional:
        yield (
            replace(best.options, lenient=tuple(optional)),
            {"lenient": ("decide: may rows stay in without these, or is something wrong?",)},
        )


def _may_be_missing(word: str, cells: Counter[str], others: Collection[str]) -> bool:
    """Whether a word that comes again among numbers, and nowhere else, may mean missing."""
    return bool(word) and cells[word] > 1 and not any(map(str.isdigit, word)) and word not in others
