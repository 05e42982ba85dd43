"""Where a content can be cut so that every piece begins with a record.

A range of bytes is looked at without what stands before it: from every state in which it may begin.
Who knows the ranges in their order knows the states. Nothing here reads files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.encodings import Encoding, one_byte_characters
from movie_pipeline.tabular.reading_plan import ReadingPlan
from movie_pipeline.tabular.record_parser import Syntax

Range = tuple[int, int]
"""From one byte of a content to before another one."""
_ORDINARY = ord("a")
_ASCII = 128
_WIDE = {2: "u2", 4: "u4"}


@dataclass(frozen=True)
class Scan:
    """What a range is, by the state in which it begins.

    Attributes:
        start: its first byte.
        ends: the states in which it ends.
        firsts: where the first record in it starts, -1 where none does.
    """

    start: int
    ends: tuple[int, ...]
    firsts: tuple[int, ...]


def can_be_cut(plan: ReadingPlan) -> bool:
    """Whether records of such a text can be found from its midst."""
    syntax = plan.layout.dialect.syntax
    if plan.layout.dialect.format != "csv" or not syntax.is_plain or syntax.comment:
        return False
    return plan.encoding.is_utf8 or _kinds(plan.encoding) is not None


def ranges(start: int, end: int, size: int, unit: int = 1) -> list[Range]:
    """A stretch in ranges of about that size, none of which divides a unit of the encoding."""
    step = max(unit, size - size % unit)
    return [(place, min(place + step, end)) for place in range(start, end, step)]


def scanned(content: bytes, start: int, syntax: Syntax, encoding: Encoding) -> Scan:
    """What a range of a content is.

    Args:
        content: its bytes.
        start: where it starts.
        syntax: how cells are written.
        encoding: of the content.
    """
    from movie_pipeline.tabular import cut_kernel  # noqa: PLC0415 - compiled code is loaded on use

    text = _kinds_of(content, encoding)
    ends = np.zeros(cut_kernel.STATES, np.uint8)
    firsts = np.zeros(cut_kernel.STATES, np.int64)
    room = np.empty((2, cut_kernel.STATES), np.int64)
    cut_kernel.scan(text, len(text), _following(syntax), ends, firsts, room)
    places = [start + first * encoding.unit if first >= 0 else -1 for first in firsts.tolist()]
    return Scan(start, tuple(ends.tolist()), tuple(places))


def pieces(scans: Sequence[Scan], end: int) -> list[Range]:
    """The pieces of a body, one for each range in which a record starts.

    Args:
        scans: of its ranges, in their order.
        end: where it ends.
    """
    state = 0
    starts: list[int] = []
    for scan in scans:
        if scan.firsts[state] >= 0:
            starts.append(scan.firsts[state])
        state = scan.ends[state]
    return list(pairwise([*starts, end]))


def is_within_cell(stretches: Iterable[bytes], syntax: Syntax, encoding: Encoding) -> bool:
    """Whether a text ends within a quoted cell.

    Args:
        stretches: its bytes, none of which divides a unit of the encoding.
        syntax: how cells are written.
        encoding: of its bytes.
    """
    from movie_pipeline.tabular import cut_kernel as k  # noqa: PLC0415 - likewise

    state = k.RECORD
    for stretch in stretches:
        state = scanned(stretch, 0, syntax, encoding).ends[state]
    return state in {k.QUOTED, k.BEHIND_BACKSLASH}


def _following(syntax: Syntax) -> npt.NDArray[np.uint8]:
    """By state and byte, the next state; a line feed behind a carriage return is the loop's."""
    from movie_pipeline.tabular import cut_kernel as k  # noqa: PLC0415 - likewise

    delimiter, quote, backslash = syntax.delimiter[0], ord('"'), ord("\\")
    table = np.full((k.STATES, 256), k.BARE, np.uint8)
    for state in (k.RECORD, k.CELL, k.BARE, k.QUOTE_SEEN, k.BEHIND_CR):
        table[state, delimiter] = k.CELL
        table[state, ord("\n")] = k.RECORD
        table[state, ord("\r")] = k.BEHIND_CR
    if syntax.quoted:
        for state in (k.RECORD, k.CELL, k.BEHIND_CR, k.QUOTE_SEEN):
            table[state, quote] = k.QUOTED
    table[[k.QUOTED, k.BEHIND_BACKSLASH]] = k.QUOTED
    table[k.QUOTED, quote] = k.QUOTE_SEEN
    if syntax.backslash:
        table[k.QUOTED, backslash] = k.BEHIND_BACKSLASH
    return table


def _kinds_of(content: bytes, encoding: Encoding) -> npt.NDArray[np.uint8]:
    """Each character as its byte where it is ASCII, else as an ordinary one."""
    if encoding.is_utf8:
        return np.frombuffer(bytearray(content), np.uint8)
    if encoding.unit > 1:
        order = ">" if encoding.codec.endswith("be") else "<"
        whole = len(content) - len(content) % encoding.unit
        units = np.frombuffer(content[:whole], order + _WIDE[encoding.unit])
        return np.where(units < _ASCII, units, _ORDINARY).astype(np.uint8)
    kinds = _kinds(encoding)
    if kinds is None:
        raise AssertionError(f"{encoding.name} cannot be cut")
    return kinds[np.frombuffer(content, np.uint8)]


def _kinds(encoding: Encoding) -> npt.NDArray[np.uint8] | None:
    """By byte what its character counts as; None where characters have several bytes."""
    if encoding.unit > 1:
        return np.zeros(0, np.uint8)
    characters = one_byte_characters(encoding)
    if characters is None:
        return None
    return np.array([ord(c) if c.isascii() else _ORDINARY for c in characters], np.uint8)
