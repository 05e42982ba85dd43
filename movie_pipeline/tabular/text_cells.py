"""Cells of text columns: trimmed, and taken as the programs meant that wrote them.

Texts are looked at as whole arrays; which words mean missing stands in missing_words.py.
"""

from collections import Counter
from collections.abc import Sequence
from operator import ne
from typing import Final

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.cells import Array, Cells, Flags, as_flags, text_buffers
from movie_pipeline.tabular.invisible import INVISIBLE, NO_WIDTH, SPACES
from movie_pipeline.tabular.list_cells import FIRST_OF_ASIA, SIGNS, plain_list
from movie_pipeline.tabular.missing_words import LONGEST_WORD, NO_KEY, NULL_MARKER, is_error
from movie_pipeline.tabular.number_casts import LOST_DIGITS
from movie_pipeline.tabular.number_forms import Repair
from movie_pipeline.tabular.table_contract import Column

_FIRST_BEYOND_ASCII = 128
_NO_TEXT: Final = (
    *("N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "(null)", "[null]", "None"),
    *("undefined", "-", "--", "\u2014", "?"),
)
"""What programs write where there is no text; a column that may be missing loses nothing by it."""
_LONGEST_NO_TEXT: Final = max(len(word.encode()) for word in _NO_TEXT)
LONGEST_MEANT: Final = np.zeros(256, np.int32)
"""By the first byte of a text, how long it is at the most where it may be such a word, or be meant
otherwise."""
LONGEST_MEANT[[word.encode()[0] for word in _NO_TEXT]] = _LONGEST_NO_TEXT
LONGEST_MEANT[ord("#")] = 4 * LONGEST_WORD
LONGEST_MEANT[list(b"=[")] = np.iinfo(np.int32).max


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

    def read(
        self,
        texts: Array,
        untrimmed: npt.NDArray[np.int64] | None = None,
        doubtful: npt.NDArray[np.int64] | None = None,
    ) -> Cells:
        """Trim the cells, and take blanks and null markers as missing.

        Args:
            texts: the cells, null where one is empty.
            untrimmed: which of them may need it, where that is known.
            doubtful: these, and which may be meant otherwise than they stand; likewise.
        """
        bounds, data = text_buffers(texts)
        lengths = np.diff(bounds)
        suspects = _suspects(bounds, data, lengths) if untrimmed is None else untrimmed
        if len(suspects):
            texts, lengths = self._trimmed(texts, suspects)
        if self._is_of_contract and len(places := _maybe_meant(texts, lengths, doubtful)):
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
        words = pc.or_(
            pc.is_in(pc.utf8_lower(whole), pa.array(sorted(NO_KEY))),
            # signs alone, such as --- or *
            pc.fill_null(pc.match_substring_regex(whole, r"^[^\pL\pM\pN]+$"), fill_value=False),
        )
        words = pc.or_(words, _errors(whole))
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
        words = pc.or_(pc.is_in(texts, pa.array(_NO_TEXT)), _errors(texts))
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


def _errors(texts: Array) -> Array:
    """Which texts are what a spreadsheet shows where a formula came to nothing."""
    if not _count(pc.match_substring_regex(texts, "^(?:#|Err:)")):
        return pa.array(np.zeros(len(texts), np.bool_))
    return pa.array([text is not None and is_error(text) for text in texts.to_pylist()], pa.bool_())


def _maybe_meant(
    texts: Array, lengths: npt.NDArray[np.int32], doubtful: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.int64]:
    """Cells that may be meant otherwise than they stand, by their first byte and their length."""
    if doubtful is not None:
        return doubtful[lengths[doubtful] > 0]
    return np.flatnonzero((lengths <= LONGEST_MEANT[_firsts(texts)]) & (lengths > 0))


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
    # no word begins with a digit or ends with one, but for Err:502
    words = ~_is_digit(firsts) & (~_is_digit(ends) | (firsts == ord("E")))
    raw = data[bounds[0] : bounds[-1]].tobytes()
    if b"E+" in raw or b"e+" in raw:
        words |= True
    words &= lengths <= LONGEST_WORD
    return np.flatnonzero((lengths > 0) & (zeros | words))


def _is_digit(codes: npt.NDArray[np.uint8]) -> Flags:
    return (codes >= ord("0")) & (codes <= ord("9"))


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
