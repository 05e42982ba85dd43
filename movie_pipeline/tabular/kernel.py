"""The reader's inner loops: bytes to records, and cells to texts and numbers, over plain arrays.

They take what is plain and say what is not; what that is, record_parser.py, text_cells.py and
number_cells.py tell.
"""

import numpy as np
import numpy.typing as npt

from movie_pipeline.tabular.compiled import READ_BYTES, compiled, compiled_within
from movie_pipeline.tabular.wide import (
    COPIED,
    WIDE,
    copy_some,
    count_marks,
    first_mark,
    marks,
)

Bytes = npt.NDArray[np.uint8]
Small = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Number = int | np.int64
Byte = int | np.uint8

ROW, ODD = 0, 1
"""What a record is: a row beyond doubt, or something that the record parser must judge."""

RECORDS, ROWS, BLANK_LINES, BLANK_BYTES, PLACE, QUOTES, EMPTY_ROWS, EMPTY_ENDS, COUNTS = range(9)
"""What `split` counts: records, rows among them, blank lines and their bytes, where it stopped,
quotes in rows, blank lines that hold delimiters, and rows whose last cell is empty."""

READ, MISSING, NOT_PLAIN, GROUPS = 0, 1, 2, 16
"""What `read_wholes` and `read_decimals` say of a cell: the states of number_cells.py."""

_QUOTE, _LF, _CR, _BACKSLASH, _POINT, _SPACE, _TAB = 34, 10, 13, 92, 46, 32, 9
_ZERO, _NINE = 48, 57
# Places are unsigned: such an index cannot count from the end, and is looked up without a question.
_0, _1, _2, _3, _4 = (np.uint64(number) for number in range(5))
_8, _16, _32, _63 = (np.uint64(number) for number in (8, 16, 32, 63))
_EXACT = 15
_WIDE = np.uint64(WIDE)
_COPIED = np.uint64(COPIED)


@compiled_within("boolean(uint8, uint8, uint8, uint8)")
def _is_no_text(third: Byte, second: Byte, before: Byte, byte: Byte) -> bool | np.bool:
    """Whether a byte is NUL, or cannot stand behind these three in UTF-8: table 3-7 of Unicode.

    All is asked of each byte, so that the loop has no branches and is made wide.
    """
    goes_on = (before >= 0xC0) | (second >= 0xE0) | (third >= 0xF0)
    return (
        ((byte & 0xC0 == 0x80) != goes_on)
        | (byte == 0)
        | (byte == 0xC0)
        | (byte == 0xC1)
        | (byte > 0xF4)
        | ((before == 0xE0) & (byte < 0xA0))
        | ((before == 0xED) & (byte > 0x9F))
        | ((before == 0xF0) & (byte < 0x90))
        | ((before == 0xF4) & (byte > 0x8F))
    )


@compiled("boolean(uint8[::1], int64, int64)")
def is_text(text: Bytes, start: Number, end: Number) -> bool:
    """Whether these bytes are UTF-8 without a NUL."""
    third = second = before = np.uint8(0)
    place, until = np.uint64(start), np.uint64(end)
    no_text = False
    while place < until and place < np.uint64(start) + _3:
        byte = text[place]
        no_text |= _is_no_text(third, second, before, byte)
        third, second, before = second, before, byte
        place += _1
    for i in range(place, until):
        no_text |= _is_no_text(text[i - _3], text[i - _2], text[i - _1], text[i])
    size = end - start
    if size > 0:
        no_text |= text[end - 1] >= 0xC0
    if size > 1:
        no_text |= text[end - 2] >= 0xE0
    if size > 2:
        no_text |= text[end - 3] >= 0xF0
    return not no_text


@compiled(f"boolean({READ_BYTES})")
def may_be_written_twice(text: Bytes) -> bool:
    """Whether two bytes stand there with which a letter begins that was written in UTF-8 twice."""
    found = False
    for i in range(1, len(text)):
        byte = text[i]
        begins = (byte == 0x82) | (byte == 0x83) | (byte == 0x90) | (byte == 0x91) | (byte == 0xA2)
        found |= (text[i - 1] == 0xC3) & begins
    return found


@compiled("UniTuple(int64, 2)(uint8[::1], int64, int64, boolean)")
def count_line_ends(
    text: Bytes, start: Number, end: Number, quoting: bool
) -> tuple[Number, Number]:
    """Line ends outside quotes in a stretch that begins outside quotes, and whether any is within.

    It knows no cells: quotes are counted, which is right where each opens, closes or doubles.
    """
    found = np.int64(0)
    inside = hidden = _0
    place, until = np.uint64(start), np.uint64(end)
    while place + _WIDE < until:
        ends = marks(text, place, _LF)
        returns = marks(text, place, _CR)
        if returns != _0:
            ends |= returns & ~marks(text, place + _1, _LF)
        if quoting:
            # of each byte, whether an odd number of quotes stands before it and at it
            within = marks(text, place, _QUOTE)
            for by in (_1, _2, _4, _8, _16, _32):
                within ^= within << by
            within ^= inside
            inside = _0 - (within >> _63)
            hidden |= ends & within
            ends &= ~within
        found += count_marks(ends)
        place += _WIDE
    while place < until:
        byte = text[place]
        place += _1
        if byte == _QUOTE and quoting:
            inside = ~inside
        elif byte == _LF or (byte == _CR and (place >= until or text[place] != _LF)):
            if inside != _0:
                hidden = _1
            else:
                found += 1
    return found, np.int64(hidden != _0)


@compiled_within(
    "boolean(uint8[::1], int32[::1], int32[::1], int64, int64, uint8[::1], int64[::1])"
)
def _is_header(
    text: Bytes, froms: Small, lengths: Small, base: int, width: int, header: Bytes, bounds: Places
) -> bool:
    """Whether the cells of a row are those of the header."""
    for column in range(width):
        begin, raw = froms[base + column], lengths[base + column]
        end = begin + (raw if raw >= 0 else -1 - raw)
        here, until = bounds[column], bounds[column + 1]
        while begin < end:
            byte = text[begin]
            if here >= until or header[here] != byte:
                return False
            here += 1
            begin += 2 if raw < 0 and byte == _QUOTE else 1
        if here != until:
            return False
    return True


@compiled_within("uint64(uint8[::1], uint64, uint64, int64, int64, int64, int64)")
def _first_of(
    text: Bytes, place: np.uint64, end: np.uint64, one: int, two: int, three: int, four: int
) -> np.uint64:
    """Where the first of these bytes stands, or the end."""
    while place + _WIDE <= np.uint64(len(text)):
        found = first_mark(
            marks(text, place, one)
            | marks(text, place, two)
            | marks(text, place, three)
            | marks(text, place, four)
        )
        place += found
        if found < _WIDE or place >= end:
            return min(place, end)
    while place < end:
        byte = text[place]
        if byte == one or byte == two or byte == three or byte == four:
            break
        place += _1
    return place


@compiled_within("uint64(uint8[::1], uint64, int64, int64)")
def _stops(text: Bytes, place: np.uint64, delimiter: int, opens: int) -> np.uint64:
    """Which of WIDE bytes may end a bare cell, or be a quote that would open one."""
    ends = marks(text, place, _LF) | marks(text, place, _CR)
    return ends | marks(text, place, delimiter) | marks(text, place, opens)


@compiled_within("uint64(uint8[::1], uint64, uint64, int64)")
def _behind_cell(text: Bytes, place: np.uint64, end: np.uint64, delimiter: int) -> np.uint64:
    """Where a bare cell ends, or what stands behind a closing quote."""
    return _first_of(text, place, end, delimiter, _LF, _CR, delimiter)


@compiled_within("boolean(uint8[::1], int64, int64)")
def _is_unseen(text: Bytes, place: Number, size: Number) -> bool:
    """Whether a character that begins here may be a space or of no width."""
    first = text[place]
    if size < 2 or (
        first != 0xC2 and first != 0xCD and first != 0xD8 and (first < 0xE1 or size < 3)
    ):
        return False
    second = text[place + 1]
    if first == 0xCD:
        return bool(second == 0x8F)
    if first == 0xC2:
        return bool(second == 0xA0 or second == 0xAD or second == 0x85)
    if first == 0xD8:
        return bool(second == 0x9C)
    third = text[place + 2]
    if first == 0xE2:
        return bool(
            (second == 0xA0 and third == 0x80)
            or (second == 0x80 and (third < 0x90 or third >= 0xA8))
            or (second == 0x81 and 0x9F <= third <= 0xA9)
        )
    if first == 0xE1:
        return bool(
            (second == 0x9A and third == 0x80)
            or (second == 0xA0 and third == 0x8E)
            or (second == 0x85 and 0x9F <= third <= 0xA0)
            or (second == 0x9E and 0xB4 <= third <= 0xB5)
        )
    if first == 0xE3:
        return bool((second == 0x80 and third == 0x80) or (second == 0x85 and third == 0xA4))
    return bool(
        first == 0xEF and ((second == 0xBB and third == 0xBF) or (second == 0xBE and third == 0xA0))
    )


@compiled_within("boolean(uint8[::1], uint64, uint64)")
def _is_blank(text: Bytes, place: np.uint64, end: np.uint64) -> bool:
    """Whether nothing but white space stands here."""
    while place < end:
        byte = text[place]
        if byte != _SPACE and (byte < _TAB or byte > _CR):
            return False
        place += _1
    return True


@compiled_within("boolean(uint8[::1], uint64, uint64, uint8[::1])")
def _begins_with(text: Bytes, place: np.uint64, end: np.uint64, mark: Bytes) -> bool:
    """Whether a mark stands here."""
    size = np.uint64(len(mark))
    if place + size > end:
        return False
    for j in range(size):  # noqa: SIM110 - numba knows no all()
        if text[place + np.uint64(j)] != mark[j]:
            return False
    return True


@compiled("UniTuple(int64, 2)(uint8[::1], int64, int64[:,::1], boolean)")
def count_lines_between(
    text: Bytes, size: int, odd: Places, quoting: bool
) -> tuple[Number, Number]:
    """The same before, between and behind records that are odd."""
    found, hidden = np.int64(0), np.int64(0)
    start = np.int64(0)
    for record in range(len(odd) + 1):
        end = odd[record, 0] if record < len(odd) else np.int64(size)
        lines, within = count_line_ends(text, start, end, quoting)
        found += lines
        hidden |= within
        if record < len(odd):
            start = odd[record, 2]
    return found, hidden


@compiled(
    "void(uint8[::1], int64, boolean, boolean, int64[::1], uint8[::1], uint8[::1], int64[::1],"
    "int64[:,::1], uint8[::1], int32[::1], int32[::1], int64[::1], int64[::1])"
)
def split(
    text: Bytes,
    size: int,
    at_end: bool,
    doubtful: bool,
    syntax: Places,
    comment: Bytes,
    header: Bytes,
    header_bounds: Places,
    places: Places,
    kinds: Bytes,
    froms: Small,
    lengths: Small,
    totals: Places,
    counts: Places,
) -> None:
    """Find the records of a piece that begins where one does, and the cells of its rows.

    It stops where `places` is full; what is behind is left.

    Args:
        text: the piece.
        size: how many of its bytes count.
        at_end: whether the text ends behind them; else what may go on is left.
        doubtful: whether some of its bytes may be no text, so that each record is looked at.
        syntax: delimiter, whether quotes are escaped by a backslash, columns, longest record,
            whether a quote may open a cell, and whether delimiters alone are a blank line.
        comment: what a line begins with that is no record; such lines are odd.
        header: the header's cells, one behind the other.
        header_bounds: where each begins, and the end.
        places: filled: start and end of each record, and where the next one starts.
        kinds: filled: what each is.
        froms: filled: where each cell of each row begins.
        lengths: filled: its bytes, as -1 - bytes where quotes are doubled in it.
        totals: filled: of each column the bytes of all cells.
        counts: filled: see COUNTS.
    """
    delimiter, backslash, width, limit = syntax[0], syntax[1] != 0, syntax[2], syntax[3]
    quoting, mend = syntax[4] != 0, syntax[5] != 0
    opens = _QUOTE if quoting else delimiter
    closes = _BACKSLASH if backslash else _QUOTE
    # What WIDE bytes hold is remembered until all of their cells are found. A function for both
    # kinds of cells takes three times as long.
    enough = len(text) >= WIDE
    readable = np.uint64(len(text) - WIDE if enough else 0)
    seen_from = _0 - _WIDE
    stops = closers = _0
    records = rows = blank_lines = blank_bytes = quotes = empty_rows = empty_ends = 0
    place, end_of_text = _0, np.uint64(size)
    broken_off = False
    while place < end_of_text and records < len(places):
        i = place
        column = 0
        odd = False
        quoted = False
        empty = True
        seen = 0
        base = rows * width
        is_comment = len(comment) > 0 and _begins_with(text, place, end_of_text, comment)
        odd = is_comment
        while is_comment and i < end_of_text and text[i] != _LF and text[i] != _CR:
            i += _1
        while not is_comment:
            doubled = 0
            if quoting and i < end_of_text and text[i] == _QUOTE:
                quoted = True
                i += _1
                begin = i
                closed = False
                while True:
                    while i < end_of_text:
                        if i - seen_from >= _WIDE:
                            if i > readable or not enough:
                                i = _first_of(text, i, end_of_text, _QUOTE, closes, closes, closes)
                                break
                            seen_from = i
                            stops = _stops(text, i, delimiter, opens)
                            closers = marks(text, i, _QUOTE) | marks(text, i, closes)
                        left = closers >> (i - seen_from)
                        if left != _0:
                            i += first_mark(left)
                            break
                        i = seen_from + _WIDE
                    if i >= end_of_text:
                        break
                    if text[i] == _QUOTE:
                        if i + _1 >= end_of_text or text[i + _1] != _QUOTE:
                            closed = True
                            break
                        doubled += 1
                    else:
                        odd = True  # a backslash, and what it escapes
                    i += _2
                if not closed:
                    odd = True
                    broken_off = not at_end
                    i = end_of_text
                    break
                end = i
                i += _1
                seen += 2 + 2 * doubled
                if i < end_of_text and not (
                    text[i] == delimiter or text[i] == _LF or text[i] == _CR or text[i] == _QUOTE
                ):
                    odd = True
                    i = _behind_cell(text, i, end_of_text, delimiter)
            else:
                begin = i
                while i < end_of_text:
                    if i - seen_from >= _WIDE:
                        if i > readable or not enough:
                            i = _first_of(text, i, end_of_text, delimiter, opens, _LF, _CR)
                            break
                        seen_from = i
                        stops = _stops(text, i, delimiter, opens)
                        closers = marks(text, i, _QUOTE) | marks(text, i, closes)
                    left = stops >> (i - seen_from)
                    if left != _0:
                        i += first_mark(left)
                        break
                    i = seen_from + _WIDE
                i = min(i, end_of_text)
                if quoting and i < end_of_text and text[i] == _QUOTE:
                    odd = True
                    i = _behind_cell(text, i, end_of_text, delimiter)
                end = i
            if empty:
                empty = _is_blank(text, begin, end)
            if column < width:
                length = np.int64(end - begin)
                froms[base + column] = begin
                lengths[base + column] = -1 - length if doubled else length
            column += 1
            if i < end_of_text and text[i] == delimiter:
                i += _1
                continue
            break
        behind = i
        if i < end_of_text:
            behind = i + _1
            if text[i] == _CR:
                if behind < end_of_text:
                    if text[behind] == _LF:
                        behind += _1
                elif not at_end:
                    broken_off = True
        elif not at_end:
            broken_off = True
        if broken_off:
            break
        if np.int64(i - place) > limit:
            odd = True
        if empty and not odd and (column == 1 or mend):
            if not quoted:
                blank_lines += 1
                empty_rows += column > 1
                blank_bytes += np.int64(behind - place)
                place = behind
                continue
            odd = True
        if (
            column != width
            or (text[place] == 0xEF and _is_unseen(text, np.int64(place), np.int64(i - place)))
            or (doubtful and not is_text(text, np.int64(place), np.int64(i)))
            or (not odd and _is_header(text, froms, lengths, base, width, header, header_bounds))
        ):
            odd = True
        places[records, 0] = place
        places[records, 1] = i
        places[records, 2] = behind
        if odd:
            kinds[records] = ODD
        else:
            kinds[records] = ROW
            quotes += seen
            empty_ends += lengths[base + width - 1] == 0
            for each in range(width):
                length = np.int64(lengths[base + each])
                totals[each] += length if length >= 0 else -1 - length
            rows += 1
        records += 1
        place = behind
    counts[RECORDS] = records
    counts[ROWS] = rows
    counts[BLANK_LINES] = blank_lines
    counts[BLANK_BYTES] = blank_bytes
    counts[PLACE] = place
    counts[QUOTES] = quotes
    counts[EMPTY_ROWS] = empty_rows
    counts[EMPTY_ENDS] = empty_ends


_AT_EDGE = np.zeros(256, np.uint8)
"""Which bytes may begin or end what `_wants_trimming` looks for."""
_AT_EDGE[[*range(_TAB, _CR + 1), _SPACE, _BACKSLASH]] = 1
_AT_EDGE[0x80:] = 1


@compiled_within("boolean(uint8[::1], int64, int64)")
def _wants_trimming(text: Bytes, begin: Number, end: Number) -> bool:
    """Whether a cell has white space at an edge, or is a null marker; text_cells.py says which."""
    first, last = text[begin], text[end - 1]
    if first <= 32 or last <= 32:
        if first == 32 or 9 <= first <= 13 or last == 32 or 9 <= last <= 13:
            return True
    if first == _BACKSLASH:
        return bool(end - begin == 2 and last == 78)
    size = end - begin
    if first >= 0xC2 and _is_unseen(text, begin, size):
        return True
    if last >= 0x80:
        if size >= 3 and _is_unseen(text, end - 3, 3):
            return True
        return bool(size >= 2 and _is_unseen(text, end - 2, 2))
    return False


@compiled(
    "UniTuple(int64, 2)(uint8[::1], int32[::1], int32[::1], int64, int64, int64, int32[::1],"
    "uint8[::1], int32[::1], uint8[::1], int32[::1], int32[::1])"
)
def take_texts(
    text: Bytes,
    froms: Small,
    lengths: Small,
    first: int,
    width: int,
    rows: int,
    longest: Small,
    present: Bytes,
    bounds: Small,
    data: Bytes,
    untrimmed: Small,
    doubtful: Small,
) -> tuple[int, int]:
    """Take the cells of one column as texts; an empty one is missing.

    Args:
        text: the piece.
        froms: where cells begin.
        lengths: their bytes.
        first: the column's place.
        width: how many columns there are.
        rows: how many rows.
        longest: by its first byte, how long a text is at the most that may be meant otherwise.
        present: filled: 1 where a cell is not empty.
        bounds: filled: where each text begins in data, and the end.
        data: filled: the texts.
        untrimmed: filled: rows whose cells want trimming.
        doubtful: filled: these, and rows whose cells may be meant otherwise.

    Returns:
        How many want trimming, and how many are doubtful.
    """
    used = _0
    found = doubts = 0
    cell, step = np.uint64(first), np.uint64(width)
    many = len(text) >= COPIED and len(data) >= COPIED
    readable = np.uint64(len(text) - COPIED if many else 0)
    writable = np.uint64(len(data) - COPIED if many else 0)
    bounds[0] = 0
    for row in range(rows):
        begin, raw = np.uint64(froms[cell]), np.int64(lengths[cell])
        cell += step
        start = used
        if raw != 0:
            end = begin + np.uint64(raw if raw > 0 else -1 - raw)
            # looked up where it was read: what was just written would be waited for
            at_edge = _AT_EDGE[text[begin]] | _AT_EDGE[text[end - _1]]
            most = np.uint64(longest[text[begin]])
            while begin < end:
                stop = end
                if raw < 0:
                    stop = begin
                    while stop < end and text[stop] != _QUOTE:
                        stop += _1
                    if stop < end:
                        stop += _1  # one quote of two
                copied = used + (stop - begin)
                while many and begin < stop and begin <= readable and used <= writable:
                    # what is too much is written over by the next text, and cut off behind the last
                    copy_some(data, used, text, begin)
                    begin += _COPIED
                    used += _COPIED
                while begin < stop:
                    data[used] = text[begin]
                    begin += _1
                    used += _1
                used = copied
                begin = stop + _1
            is_doubtful = used - start <= most
            if at_edge and _wants_trimming(data, np.int64(start), np.int64(used)):
                untrimmed[found] = row
                found += 1
                is_doubtful = True
            if is_doubtful:
                doubtful[doubts] = row
                doubts += 1
        present[row] = raw != 0
        bounds[row + 1] = used
    return found, doubts


@compiled(
    "int64(uint8[::1], int32[::1], int32[::1], int64, int64, int64,"
    f"int64, int64, int64, {READ_BYTES}, uint8, int64[::1], uint8[::1], int32[::1])"
)
def read_wholes(
    text: Bytes,
    froms: Small,
    lengths: Small,
    first: int,
    width: int,
    rows: int,
    digits: int,
    groups: int,
    separator: int,
    unit: Bytes,
    with_unit: np.uint8,
    values: Places,
    states: Bytes,
    rest: Small,
) -> int:
    """Read the cells of one column that are plainly whole numbers, in groups of thousands or not.

    Args:
        text: the piece.
        froms: where cells begin.
        lengths: their bytes.
        first: the column's place.
        width: how many columns there are.
        rows: how many rows.
        digits: the most digits of a plain number.
        groups: the most groups behind the first one.
        separator: what stands between groups.
        unit: what may stand behind a number of digits alone; empty where nothing may.
        with_unit: the state of a cell in which it does.
        values: filled: the numbers.
        states: filled: what was found.
        rest: filled: rows whose cells are not plain.

    Returns:
        How many are not plain.
    """
    found = 0
    cell = first
    of_unit = len(unit)
    for row in range(rows):
        i, raw = np.int64(froms[cell]), np.int64(lengths[cell])
        cell += width
        values[row] = 0
        if raw == 0:
            states[row] = MISSING
            continue
        end = i + raw
        value = np.int64(0)
        start = i
        while i < end and _ZERO <= text[i] <= _NINE and i - start < digits:
            value = value * 10 + (np.int64(text[i]) - _ZERO)
            i += 1
        plain = i > start
        state = np.uint8(READ)
        is_unit = of_unit > 0 and end - i == of_unit
        if plain and is_unit:
            for j in range(of_unit):
                is_unit &= text[i + j] == unit[j]
        if plain and is_unit:
            state = with_unit
        elif plain and i < end:
            state = np.uint8(GROUPS)
            plain = i - start <= 3 and (end - i) % 4 == 0 and (end - i) // 4 <= groups
            while plain and i < end:
                plain = text[i] == separator
                for j in range(i + 1, i + 4):
                    if text[j] < _ZERO or text[j] > _NINE:
                        plain = False
                    value = value * 10 + (np.int64(text[j]) - _ZERO)
                i += 4
        if plain:
            values[row] = value
            states[row] = state
        else:
            states[row] = NOT_PLAIN
            rest[found] = row
            found += 1
    return found


@compiled(
    "int64(uint8[::1], int32[::1], int32[::1], int64, int64, int64,"
    "boolean, float64[::1], uint8[::1], int32[::1])"
)
def read_decimals(
    text: Bytes,
    froms: Small,
    lengths: Small,
    first: int,
    width: int,
    rows: int,
    points: bool,
    values: npt.NDArray[np.float64],
    states: Bytes,
    rest: Small,
) -> int:
    """Read the cells of one column that are plainly decimals, to the nearest double.

    Args:
        text: the piece.
        froms: where cells begin.
        lengths: their bytes.
        first: the column's place.
        width: how many columns there are.
        rows: how many rows.
        points: whether the file writes decimal points; else no cell is plain.
        values: filled: the numbers.
        states: filled: what was found.
        rest: filled: rows whose cells are not plain.

    Returns:
        How many are not plain.
    """
    found = 0
    cell = first
    for row in range(rows):
        begin, raw = np.int64(froms[cell]), np.int64(lengths[cell])
        cell += width
        values[row] = 0.0
        if raw == 0:
            states[row] = MISSING
            continue
        value = np.int64(0)
        scale = 1.0
        point = np.int64(-1)
        # With 15 digits and a power of ten both are exact, and so their quotient is rounded once.
        plain = points and 0 < raw <= _EXACT + 1
        for j in range(raw if plain else 0):
            byte = text[begin + j]
            if _ZERO <= byte <= _NINE:
                value = value * 10 + (np.int64(byte) - _ZERO)
                if point >= 0:
                    scale *= 10.0
            elif byte == _POINT and point < 0 and 0 < j < raw - 1:
                point = j
            else:
                plain = False
                break
        if plain and (point >= 0 or raw <= _EXACT):
            values[row] = np.float64(value) / scale
            states[row] = READ
        else:
            states[row] = NOT_PLAIN
            rest[found] = row
            found += 1
    return found
