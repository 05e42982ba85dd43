"""How a file's columns differ from what its source sent before.

The history itself is kept elsewhere; two mappings come in, sentences go out.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from movie_pipeline.tabular.column_mapping import MappedColumn, printable, without_remarks


@dataclass(frozen=True)
class Drift:
    """What changed between two headers of one source.

    Attributes:
        added: header names that are new.
        gone: header names that are no longer there.
        renamed: pairs of an old name and the new one that seems to stand for it.
        remapped: contract columns that are now taken from another column of the file.
        reordered: whether the names that stayed stand in another order.
        retyped: columns whose values look otherwise, with what they looked like before and now.
    """

    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    remapped: tuple[tuple[str, str, str], ...] = ()
    reordered: bool = False
    retyped: tuple[tuple[str, str, str], ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The changes as sentences."""
        notes = [f"column {printable(name)} is new" for name in self.added]
        notes += [f"column {printable(name)} is no longer sent" for name in self.gone]
        notes += [
            f"column {printable(old)} seems to be called {printable(new)} now"
            for old, new in self.renamed
        ]
        notes += [
            f"{contract} is now taken from column {printable(new)}, before from {printable(old)}"
            for contract, old, new in self.remapped
        ]
        notes += [
            f"column {printable(name)} held {was} before, and holds {is_now} now"
            for name, was, is_now in self.retyped
        ]
        notes += ["the columns come in another order"] if self.reordered else []
        return tuple(notes)


def drift(
    before: Sequence[MappedColumn],
    now: Sequence[MappedColumn],
    *,
    shapes_before: Mapping[str, str] | None = None,
    shapes_now: Mapping[str, str] | None = None,
) -> Drift:
    """Compare the columns of two files of one source.

    Args:
        before: the columns of the earlier file.
        now: those of the later one.
        shapes_before: staged name of a column to what its values looked like before.
        shapes_now: the same for the later file.
    """
    before, now = without_remarks(before), without_remarks(now)
    old, new = [_key(column) for column in before], [_key(column) for column in now]
    added = [name for name in new if name not in old]
    gone = [name for name in old if name not in new]
    renamed = _renamed(before, now, gone, added)
    for was, becomes in renamed:
        gone.remove(was)
        added.remove(becomes)
    stayed_before = [name for name in old if name in new]
    stayed_now = [name for name in new if name in old]
    return Drift(
        tuple(added),
        tuple(gone),
        tuple(renamed),
        tuple(_remapped(before, now, renamed)),
        stayed_before != stayed_now,
        tuple(_retyped(before, now, renamed, shapes_before or {}, shapes_now or {})),
    )


def _key(column: MappedColumn) -> str:
    return column.header.strip()


def _renamed(
    before: Iterable[MappedColumn],
    now: Iterable[MappedColumn],
    gone: Sequence[str],
    added: Sequence[str],
) -> list[tuple[str, str]]:
    """Pairs that stand for the same contract column, or are spelt almost the same."""
    contract_before = {_key(column): column.name for column in before if column.is_contract}
    contract_now = {column.name: _key(column) for column in now if column.is_contract}
    pairs: list[tuple[str, str]] = []
    free = list(added)
    for name in gone:
        match = contract_now.get(contract_before.get(name, ""))
        if match not in free:
            match = next(iter(difflib.get_close_matches(name, free, n=1, cutoff=0.8)), None)
        if match is not None:
            pairs.append((name, match))
            free.remove(match)
    return pairs


def _remapped(
    before: Iterable[MappedColumn], now: Iterable[MappedColumn], renamed: list[tuple[str, str]]
) -> list[tuple[str, str, str]]:
    was = {column.name: _key(column) for column in before if column.is_contract}
    return [
        (column.name, was[column.name], _key(column))
        for column in now
        if column.is_contract
        and column.name in was
        and was[column.name] != _key(column)
        and (was[column.name], _key(column)) not in renamed
    ]


def _retyped(
    before: Iterable[MappedColumn],
    now: Iterable[MappedColumn],
    renamed: list[tuple[str, str]],
    shapes_before: Mapping[str, str],
    shapes_now: Mapping[str, str],
) -> Iterator[tuple[str, str, str]]:
    """Columns of which both files say what they look like, and not the same."""
    old_names = {_key(column): column.name for column in before}
    old_headers = {new: old for old, new in renamed}
    for column in now:
        key = _key(column)
        was = shapes_before.get(old_names.get(old_headers.get(key, key), ""))
        is_now = shapes_now.get(column.name)
        if was is not None and is_now is not None and was != is_now:
            yield key, was, is_now
