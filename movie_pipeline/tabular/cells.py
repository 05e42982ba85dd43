"""Columns of cells on their way from text to types, as whole Arrow arrays.

The rule itself stands in number_casts.py; here it is applied to distinct values, with vectorised
shortcuts for what is plainly a number. Which column is which is decided elsewhere.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from operator import ne
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.invisible import INVISIBLE, NO_WIDTH, SPACES
from movie_pipeline.tabular.list_cells import FIRST_OF_ASIA, SIGNS, plain_list
from movie_pipeline.tabular.number_casts import (
    LOST_DIGITS,
    NO_KEY,
    NULL_MARKER,
    Reading,
    as_written,
    evidence_in,
    read_number,
)
from movie_pipeline.tabular.number_forms import Repair
from movie_pipeline.tabular.number_signs import OF_SIGN, Evidence, Sign, Signs, signs_of
from movie_pipeline.tabular.table_contract import Column, ColumnType

Flags = npt.NDArray[np.bool_]
Array = Any  # pyarrow ships no types; wrapped here, in one place

ARROW_TYPES: Final = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int32(),
    ColumnType.BIGINT: pa.int64(),
    ColumnType.DECIMAL: pa.float64(),
}

MANY_DISTINCT = 0.5
MOST_REMEMBERED = 20_000
_MOST_OF_A_COLUMN = 10_000
LONGEST_REMEMBERED = 100
"""Characters of a cell whose reading is remembered: a cell may be a megabyte."""

_REPAIRS: Final = tuple(Repair)
_READ, _MISSING, _UNREADABLE = 0, 1, 2
_FIRST_REPAIR = 4
_ONE = Fraction(1)
_GROUPED = _FIRST_REPAIR * (1 + _REPAIRS.index(Repair.GROUPS))
_NOT_AVAILABLE = _MISSING + _FIRST_REPAIR * (1 + _REPAIRS.index(Repair.NOT_AVAILABLE))
_ONE_GROUP, _TWO_GROUPS = 1_000, 1_000_000
_FIRST_BEYOND_ASCII = 128
_LONGEST_WORD = max(map(len, NO_KEY))
NO_TEXT: Final = (
    *("N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "(null)", "[null]", "None"),
    *("undefined", "-", "--", "\u2014", "?"),
)
"""What programs write where there is no text; a column that may be missing loses nothing by it."""
_LONGEST_NO_TEXT: Final = max(len(word.encode()) for word in NO_TEXT)
_LONGEST_MEANT: Final = np.zeros(256, np.int32)
"""By the first byte of a text, how long it is at the most where it may be such a word, or be meant
otherwise."""
_LONGEST_MEANT[[word.encode()[0] for word in NO_TEXT]] = _LONGEST_NO_TEXT
_LONGEST_MEANT[list(b"=[")] = np.iinfo(np.int32).max
_PLAIN_DIGITS: Final = {ColumnType.INTEGER: (9, 2), ColumnType.BIGINT: (18, 5)}
"""The most digits of a whole number that surely fits, and the most groups of three behind one."""
"""A cell's state is one of the three above, plus 4 times (1 + the repair's place)."""


@dataclass(frozen=True)
class Cells:
    """One column of one batch, read.

    Attributes:
        values: the typed array, null where missing or unreadable.
        unreadable: which cells hold something that is not of the type, None where none does.
        breached: which cells are outside the contract, None where none is.
    """

    values: Array
    unreadable: Flags | None = None
    breached: Flags | None = None


class TextCells:
    """Reads the cells of one text column, and counts what it had to do.

    Args:
        column: the contract's column, None for one of the file's own.
        is_key: whether it tells rows apart: then a word for missing is no key, invisible
            characters are no part of one, and 862.0 is 862.
        nulls: words that are declared to mean missing.
    """

    def __init__(
        self, column: Column | None = None, *, is_key: bool = False, nulls: Sequence[str] = ()
    ) -> None:
        self._nulls = tuple(nulls)
        self._is_key = is_key
        self._is_of_contract = column is not None
        self._is_list = column is not None and column.is_list
        self._limit = column.max_bytes if column else None
        self._nullable = column is None or column.nullable
        self.repairs: Counter[Repair] = Counter()
        self.missing = 0

    def read(self, texts: Array, untrimmed: npt.NDArray[np.int64] | None = None) -> Cells:
        """Trim the cells, and take blanks and null markers as missing.

        Args:
            texts: the cells, null where one is empty.
            untrimmed: which of them may need it, where that is known.
        """
        bounds, data = text_buffers(texts)
        lengths = np.diff(bounds)
        suspects = _suspects(bounds, data, lengths) if untrimmed is None else untrimmed
        if len(suspects):
            texts, lengths = self._trimmed(texts, suspects)
        if self._is_of_contract and len(places := _maybe_meant(texts, lengths)):
            texts, lengths = self._as_meant(texts, lengths, places)
        if self._is_key and len(places := _odd_keys(texts)):
            texts, lengths = self._mended_keys(texts, places)
        if self._is_list and _may_hold_lists(texts):
            texts, lengths = self._plain_lists(texts)
        if self._nulls:
            words = pc.is_in(texts, pa.array(self._nulls))
            self.repairs[Repair.NOT_AVAILABLE] += _count(words)
            texts = pc.if_else(words, pa.scalar(None, pa.string()), texts)
            lengths = np.diff(text_buffers(texts)[0])
        self.missing += texts.null_count
        return Cells(texts, breached=self._breaches(texts, lengths))

    def _trimmed(self, texts: Array, suspects: npt.NDArray[np.int64]) -> tuple[Array, Array]:
        before = texts.take(pa.array(suspects))
        after = pc.utf8_trim(before, characters=INVISIBLE)
        changed = as_flags(pc.fill_null(pc.not_equal(before, after), fill_value=False))
        emptied = pc.fill_null(pc.equal(after, ""), fill_value=False)
        blank = int(np.count_nonzero(as_flags(emptied) & changed))
        missing = pc.or_(emptied, pc.fill_null(pc.equal(after, NULL_MARKER), fill_value=False))
        after = pc.if_else(missing, pa.scalar(None, pa.string()), after)
        self.repairs[Repair.BLANK] += blank
        unseen = pc.not_equal(after, pc.utf8_trim(before, characters=SPACES))
        invisible = as_flags(pc.fill_null(unseen, fill_value=False)) & ~as_flags(emptied)
        self.repairs[Repair.INVISIBLE] += int(np.count_nonzero(invisible))
        spaces = int(np.count_nonzero(changed & ~invisible)) - blank
        # behind a space a quote opens no cell, but was meant to
        spaced = pc.match_substring_regex(before, r'(?s)^\s+".*"\s*$')
        quoted = _count(spaced) if self._is_of_contract else 0
        if quoted:
            self.repairs[Repair.QUOTES] += quoted
            after = pc.if_else(spaced, _within_quotes(after), after)
        self.repairs[Repair.SPACES] += spaces - quoted
        return _replaced(texts, suspects, after)

    def _mended_keys(self, texts: Array, places: npt.NDArray[np.int64]) -> tuple[Array, Array]:
        before = texts.take(pa.array(places))
        after = pc.replace_substring_regex(before, f"[{NO_WIDTH}]", "")
        self.repairs[Repair.INVISIBLE] += _count(pc.not_equal(before, after))
        whole = pc.replace_substring_regex(after, r"^([0-9]+)\.0+$", r"\1")
        self.repairs[Repair.POINT_ZERO] += _count(pc.not_equal(after, whole))
        words = pc.is_in(pc.utf8_lower(whole), pa.array(sorted(NO_KEY)))
        self.repairs[Repair.NOT_AVAILABLE] += _count(words)
        words = pc.or_(words, pc.match_substring_regex(whole, f"^(?:{LOST_DIGITS.pattern})$"))
        return _replaced(texts, places, pc.if_else(words, pa.scalar(None, pa.string()), whole))

    def _plain_lists(self, texts: Array) -> tuple[Array, Array]:
        encoded = texts.dictionary_encode()
        plain = [plain_list(text) for text in encoded.dictionary.to_pylist()]
        rewritten = pa.array(plain, pa.string()).take(encoded.indices)
        self.repairs[Repair.LIST] += _count(pc.not_equal(texts, rewritten))
        rewritten = pc.if_else(pc.equal(rewritten, ""), pa.scalar(None, pa.string()), rewritten)
        return rewritten, np.diff(text_buffers(rewritten)[0])

    def _as_meant(
        self, texts: Array, lengths: npt.NDArray[np.int32], places: npt.NDArray[np.int64]
    ) -> tuple[Array, npt.NDArray[np.int32]]:
        """Texts as they are meant by the programs that wrote them.

        Out of `="..."` and out of a list in brackets; and none where a word says that there is
        none, if the column may be missing.
        """
        before = texts.take(pa.array(places))
        after = self._without_formulas(before)
        if not self._is_key:
            after = self._without_words(after) if self._nullable else after
            after = after if self._is_list else self._without_brackets(after)
        return (texts, lengths) if after is before else _replaced(texts, places, after)

    def _without_formulas(self, texts: Array) -> Array:
        if not _count(pc.starts_with(texts, "=")):
            return texts
        formulas = pc.match_substring_regex(texts, r'(?s)^=".*"$')
        if not (count := _count(formulas)):
            return texts
        self.repairs[Repair.QUOTES] += count
        return pc.if_else(formulas, _within_quotes(pc.utf8_slice_codeunits(texts, 1)), texts)

    def _without_words(self, texts: Array) -> Array:
        words = pc.is_in(texts, pa.array(NO_TEXT))
        if not (count := _count(words)):
            return texts
        self.repairs[Repair.NOT_AVAILABLE] += count
        return pc.if_else(words, pa.scalar(None, pa.string()), texts)

    def _without_brackets(self, texts: Array) -> Array:
        if not _count(pc.starts_with(texts, "[")):
            return texts
        cells: list[str | None] = texts.to_pylist()
        plain = [plain_list(cell) or None if cell and cell[0] == "[" else cell for cell in cells]
        self.repairs[Repair.LIST] += sum(map(ne, cells, plain))
        return pa.array(plain, pa.string())

    def _breaches(self, texts: Array, lengths: Array) -> Flags | None:
        breached: Flags | None = None
        if self._limit is not None and len(lengths) and int(lengths.max()) > self._limit:
            breached = lengths > self._limit
        if not self._nullable and texts.null_count:
            absent = as_flags(pc.is_null(texts))
            breached = absent if breached is None else breached | absent
        return breached


class NumberCells:
    """Reads the cells of one number column, and counts what it had to do.

    Args:
        column: the contract's column.
        signs: what points and commas mean in it; None where nothing is known of it.
        nulls: words that are declared to mean missing, numbers too.
        factor: what its numbers must be multiplied by, where their unit is declared.
    """

    def __init__(
        self,
        column: Column,
        signs: Signs | None = None,
        nulls: Sequence[str] = (),
        factor: Fraction = _ONE,
    ) -> None:
        self.factor = factor
        self._nulls = frozenset(nulls)
        self.column = column
        self.signs = signs or signs_of(as_written(column, factor))
        readings = [read_number(word, column, self.signs, factor).value for word in nulls]
        self._null_values = [value for value in readings if value is not None]
        self.separator = next((sign for sign in ",." if self.signs.of(sign) is Sign.GROUPS), "")
        self.evidence = Evidence.NONE
        self.unusual = Unusual()
        self.dtype = np.float64 if column.type is ColumnType.DECIMAL else np.int64
        self.plain_digits = _PLAIN_DIGITS.get(column.type)
        self.is_scaled = factor != 1
        self.unit, self.with_unit = b"", _READ
        self._mostly_distinct = False
        self._read_any, self._read_short = _readings_of(column, self.signs, factor)
        self._read_before: dict[str, tuple[float | int, int]] = {}
        self._shortcuts = self._fitting_shortcuts()
        self.repairs: Counter[Repair] = Counter()
        self.missing = 0
        self.unreadable = 0

    def read(self, texts: Array) -> Cells:
        """Cast the cells by the one rule."""
        return self._cells(*self._read_distinct(texts))

    def _read_distinct(self, texts: Array) -> tuple[Array, Array]:
        """The value and the state of each cell; where many are alike, each is read once."""
        if self._mostly_distinct:
            return self._read_many(texts)
        encoded = texts.dictionary_encode(null_encoding="encode")
        self._mostly_distinct = len(encoded.dictionary) > MANY_DISTINCT * len(texts) + 1_000
        values, states = self._read_many(encoded.dictionary)
        places = encoded.indices.to_numpy()
        return values[places], states[places]

    def finish(self, values: Array, states: Array, rest: Array, texts: Array | None) -> Cells:
        """The cells of a column most of which are read already.

        Args:
            values: the numbers.
            states: what each cell is.
            rest: the places of those that are not plain, which are filled in.
            texts: the texts of these, None where there are none.
        """
        if texts is not None:
            values[rest], states[rest] = self._read_distinct(texts)
            if not self.unit and 2 * len(rest) > len(values):
                self._look_for_unit(texts[len(texts) // 2].as_py())
        return self._cells(values, states)

    def _look_for_unit(self, text: str) -> None:
        """Take what stands behind the digits of a cell as plain, where it changes no number."""
        unit = text.lstrip("0123456789")
        if not self.plain_digits or not unit or unit == text or not unit.isascii():
            return
        lengths = range(1, self.plain_digits[0] + 1)
        read = {
            (value - int(digit * length), state, evidence)
            for digit in "0149"
            for length in lengths
            for value, state, evidence in [self._told(f"{digit * length}{unit}")]
        }
        if len(read) == 1:
            ((off, state, evidence),) = read
            if not off and state % _FIRST_REPAIR == _READ and not evidence:
                self.unit, self.with_unit = unit.encode(), state

    def _read_many(self, texts: Array) -> tuple[Array, Array]:
        if len(texts) > 100:  # noqa: PLR2004 - below that, the plain rule is as fast
            return self._read_shortcuts(texts)
        return self._read_each(texts.to_pylist())

    def _read_each(self, texts: list[str | None]) -> tuple[Array, Array]:
        """The plain way: the rule itself."""
        values = np.zeros(len(texts), self.dtype)
        states = np.full(len(texts), _MISSING, np.uint8)
        known = self._read_before
        for i, text in enumerate(texts):
            if text is None:
                continue
            if (read := known.get(text)) is None:
                read = self._read_one(text)
                if len(text) <= LONGEST_REMEMBERED and len(known) < _MOST_OF_A_COLUMN:
                    known[text] = read
            values[i], states[i] = read
        return values, states

    def _read_one(self, text: str) -> tuple[float | int, int]:
        value, state, evidence = self._told(text)
        self.evidence |= evidence
        return value, state

    def _told(self, text: str) -> tuple[float | int, int, Evidence]:
        """A cell's value and state, and what it says of the signs of its column."""
        if self._nulls and text.strip(INVISIBLE) in self._nulls:
            return 0, _NOT_AVAILABLE, Evidence.NONE
        read = self._read_short if len(text) <= LONGEST_REMEMBERED else self._read_any
        reading, evidence = read(text)
        if reading.unreadable:
            return 0, _UNREADABLE, evidence
        state = _MISSING if reading.value is None else _READ
        if reading.repair is not None:
            state += _FIRST_REPAIR * (1 + _REPAIRS.index(reading.repair))
        return reading.value or 0, state, evidence

    def _read_shortcuts(self, texts: Array) -> tuple[Array, Array]:
        """What is plainly a number goes the fast way, the rest the plain way."""
        values = np.zeros(len(texts), self.dtype)
        states = np.full(len(texts), _MISSING, np.uint8)
        left = ~as_flags(pc.is_null(texts))
        for place, (pattern, removed, state) in enumerate(self._shortcuts):
            if not left.any():
                break
            fits = left & _fits(texts, pattern)
            if fits.any():
                chosen = texts.filter(pa.array(fits))
                chosen = pc.replace_substring(chosen, removed, "") if removed else chosen
                values[fits] = pc.cast(chosen, pa.from_numpy_dtype(self.dtype)).to_numpy()
                states[fits] = state
                left &= ~fits
                if place and 2 * np.count_nonzero(fits) > len(fits):
                    # What most cells of this column are is tried first from now on.
                    self._shortcuts = (self._shortcuts[place], *self._shortcuts[:place])
        if left.any():
            rest = texts.filter(pa.array(left)).to_pylist()
            values[left], states[left] = self._read_each(rest)
        return values, states

    def _fitting_shortcuts(self) -> tuple[tuple[str | int, str, int], ...]:
        """Pattern or most digits, what is taken out before the cast, and the state; all fit."""
        if self.is_scaled:
            return ()
        if self.column.type is ColumnType.DECIMAL:
            if self.signs.point is not Sign.DECIMAL:
                return ()
            return ((r"^[0-9]{1,15}(\.[0-9]{1,15})?$", "", _READ),)
        digits, groups = _PLAIN_DIGITS[self.column.type]
        plain = (digits, "", _READ)
        if not self.separator:
            return (plain,)
        escaped = re.escape(self.separator)
        grouped = rf"^[0-9]{{1,3}}({escaped}[0-9]{{3}}){{1,{groups}}}$"
        return plain, (grouped, self.separator, _GROUPED)

    def _cells(self, values: Array, states: Array) -> Cells:
        if self._null_values:
            meant = ((states & (_FIRST_REPAIR - 1)) == _READ) & np.isin(values, self._null_values)
            states = np.where(meant, np.uint8(_NOT_AVAILABLE), states)
        if len(states) and states.max() >= _FIRST_REPAIR:
            self._note_repairs(values, states)
        kinds = states & (_FIRST_REPAIR - 1)
        absent = kinds != _READ
        unreadable = kinds == _UNREADABLE
        wrong = int(np.count_nonzero(unreadable))
        self.unreadable += wrong
        self.missing += int(np.count_nonzero(absent)) - wrong
        self.unusual.see(self.column, values, absent)
        array = pc.cast(pa.array(values, mask=absent), ARROW_TYPES[self.column.type])
        return Cells(array, unreadable if wrong else None, self._breaches(values, absent))

    def _note_repairs(self, values: Array, states: Array) -> None:
        counted = np.bincount(states)
        if self.separator and len(counted) > _GROUPED and counted[_GROUPED]:
            self._note_groups(values[states == _GROUPED])
        for state in np.flatnonzero(counted[_FIRST_REPAIR:]) + _FIRST_REPAIR:
            self.repairs[_REPAIRS[state // _FIRST_REPAIR - 1]] += int(counted[state])

    def _note_groups(self, values: Array) -> None:
        """What cells in groups of thousands say, which are read before anybody looks at them."""
        _, groups, doubt = OF_SIGN[self.separator]
        definite = (values >= _TWO_GROUPS) | (values % _ONE_GROUP != 0)
        self.evidence |= groups if definite.any() else doubt

    def _breaches(self, values: Array, absent: Flags) -> Flags | None:
        breached: Flags | None = None
        low, high = self.column.minimum, self.column.maximum
        if len(values) and (
            (low is not None and values.min() < low) or (high is not None and values.max() > high)
        ):
            least, most = (-np.inf if low is None else low), (np.inf if high is None else high)
            breached = ((values < least) | (values > most)) & ~absent
        if not self.column.nullable:
            breached = absent if breached is None else breached | absent
        return breached if breached is not None and breached.any() else None


@dataclass
class Unusual:
    """How many values of a column lie where few of its values should.

    Attributes:
        below: values below what is usual.
        above: those above.
        most: the greatest value, None where none was seen.
        seen: values.
    """

    below: int = 0
    above: int = 0
    most: float | None = None
    seen: int = 0

    def see(self, column: Column, values: Array, absent: Flags) -> None:
        """Count the values of a batch, where the column says what is usual."""
        if column.usual is None:
            return
        present = values[~absent] if absent.any() else values
        if not len(present):
            return
        low, high = column.usual
        self.seen += len(present)
        self.below += int(np.count_nonzero(present < low))
        self.above += int(np.count_nonzero(present > high))
        self._note(float(present.max()))

    def absorb(self, other: "Unusual") -> None:
        """Add what another one of the same column has counted."""
        self.below += other.below
        self.above += other.above
        self.seen += other.seen
        if other.most is not None:
            self._note(other.most)

    def _note(self, most: float) -> None:
        self.most = most if self.most is None else max(self.most, most)


_Read = Callable[[str], tuple[Reading, Evidence]]


@lru_cache(maxsize=100)
def _readings_of(column: Column, signs: Signs, factor: Fraction) -> tuple[_Read, _Read]:
    """What a cell is, and what it says about the signs of its column; and the same remembered.

    From row to row and from file to file, for durations and sums come again; by column, as it
    takes longer to look a column up than a cell.
    """
    written = as_written(column, factor)

    def reading_of(text: str) -> tuple[Reading, Evidence]:
        return read_number(text, column, signs, factor), evidence_in(text, written)

    return reading_of, lru_cache(MOST_REMEMBERED)(reading_of)


def _within_quotes(texts: Array) -> Array:
    """Texts in quotes without them; a doubled one within is one, and nothing is null."""
    inner = pc.replace_substring_regex(texts, r'(?s)^"(.*)"$', r"\1")
    inner = pc.replace_substring(inner, '""', '"')
    return pc.if_else(pc.equal(inner, ""), pa.scalar(None, pa.string()), inner)


def _firsts(texts: Array) -> npt.NDArray[np.uint8]:
    """The first byte of each text; of an empty one, any."""
    bounds, data = text_buffers(texts)
    if not len(data):
        return np.zeros(len(texts), np.uint8)
    return data[np.minimum(bounds[:-1], len(data) - 1)]


def _may_hold_lists(texts: Array) -> bool:
    """Whether a sign of lists stands in a text; most columns hold none."""
    data = texts.buffers()[2]
    raw = data.to_pybytes() if data is not None else b""
    if not raw.isascii() and int(np.frombuffer(raw, np.uint8).max()) >= FIRST_OF_ASIA:
        return True
    return any(bytes((sign,)) in raw for sign in SIGNS)


def _count(booleans: Array) -> int:
    return int(pc.sum(booleans).as_py() or 0)


def _replaced(
    texts: Array, places: npt.NDArray[np.int64], by: Array
) -> tuple[Array, npt.NDArray[np.int32]]:
    """The texts with those at the places replaced, and the bytes of each."""
    mask = np.zeros(len(texts), np.bool_)
    mask[places] = True
    replaced = pc.replace_with_mask(texts, pa.array(mask), by)
    return replaced, np.diff(text_buffers(replaced)[0])


def _maybe_meant(texts: Array, lengths: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Cells that may be meant otherwise than they stand, by their first byte and their length."""
    return np.flatnonzero((lengths <= _LONGEST_MEANT[_firsts(texts)]) & (lengths > 0))


def _odd_keys(texts: Array) -> npt.NDArray[np.int64]:
    """Keys that may be words for missing, end in .0, or hold invisible characters."""
    bounds, data = text_buffers(texts)
    lengths = np.diff(bounds)
    if not len(data):
        return np.zeros(0, np.int64)
    if (data[bounds[0] : bounds[-1]] >= _FIRST_BEYOND_ASCII).any():
        return np.arange(len(texts))
    last = len(data) - 1
    firsts = data[np.minimum(bounds[:-1], last)]
    ends, before = data[np.clip(bounds[1:] - 1, 0, last)], data[np.clip(bounds[1:] - 2, 0, last)]
    zeros = (ends == ord("0")) & ((before == ord(".")) | (before == ord("0")))
    words = (lengths <= _LONGEST_WORD) & ((firsts < ord("0")) | (firsts > ord("9")))
    raw = data[bounds[0] : bounds[-1]].tobytes()
    if b"E+" in raw or b"e+" in raw:
        words |= lengths <= _LONGEST_WORD
    return np.flatnonzero((lengths > 0) & (zeros | words))


def text_buffers(texts: Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """The cell bounds and the bytes of a string array, without a copy."""
    _, bounds, data = texts.buffers()
    numbers = np.frombuffer(bounds, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return numbers, np.frombuffer(data or b"", np.uint8)


def _fits(texts: Array, pattern: str | int) -> Flags:
    """Which texts match the pattern; where it is a number, which are up to so many digits."""
    if isinstance(pattern, int):
        digits = as_flags(pc.fill_null(pc.ascii_is_decimal(texts), fill_value=False))
        return digits & (np.diff(text_buffers(texts)[0]) <= pattern)
    return as_flags(pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=False))


def as_flags(booleans: Array) -> Flags:
    """An Arrow array of booleans as numpy's."""
    return booleans.to_numpy(zero_copy_only=False)


def _byte_table(members: bytes) -> Flags:
    table = np.zeros(256, np.bool_)
    table[np.frombuffer(members, np.uint8)] = True
    return table


_EDGE_ASCII = b" \t\n\r\v\f"
_FIRST_BYTES = _byte_table(_EDGE_ASCII + b"\\" + bytes({c.encode()[0] for c in INVISIBLE[6:]}))
_LAST_BYTES = _byte_table(_EDGE_ASCII + bytes({c.encode()[-1] for c in INVISIBLE[6:]}))


def _suspects(
    bounds: npt.NDArray[np.int32], data: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int32]
) -> npt.NDArray[np.int64]:
    """Cells that may need trimming: by their first and last bytes, without decoding them."""
    if not len(data):
        return np.flatnonzero(np.zeros(0, np.bool_))
    last = len(data) - 1
    firsts = _FIRST_BYTES[data[np.minimum(bounds[:-1], last)]]
    lasts = _LAST_BYTES[data[np.maximum(bounds[1:] - 1, 0)]]
    return np.flatnonzero((firsts | lasts) & (lengths > 0))
