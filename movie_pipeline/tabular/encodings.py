"""Which encoding a text has, by a rule one can read, and how it becomes UTF-8.

A text in another encoding is written out as UTF-8 once; offsets in it are led back to the bytes of
the file by `original_offsets`.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final, Self

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.encoding_judgement import formed_cells, judge, odd_cells
from movie_pipeline.tabular.reading_limits import NOTHING_DECLARED, SourceOptions
from movie_pipeline.tabular.ways_out import or_declare

_PIECE = 1 << 20
_HEAD = 1 << 16
_CONTINUATION_MASK, _CONTINUATION = 0xC0, 0x80
_FOUR_BYTES = 0xF0
_ASCII = 0x80
_EVERY_BYTE = range(0x100)
_TRACED = 256
_SAMPLES = 3
_NO_FILES = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
"""Codecs in which no file is written."""


@dataclass(frozen=True)
class Encoding:
    """How the bytes of a text are read.

    Attributes:
        name: for people.
        codec: for Python.
        bom: bytes of the byte order mark in front.
        unit: bytes of the smallest unit, 2 for UTF-16.
        doubt: where a few records are in another encoding that cannot be told: which it may be, for
            sentences.
    """

    name: str
    codec: str
    bom: int = 0
    unit: int = 1
    doubt: str = ""

    @property
    def is_utf8(self) -> bool:
        """Whether the text can be read as it lies there."""
        return self.codec == "utf-8"


UTF_8 = Encoding("UTF-8", "utf-8")
WINDOWS_1252 = Encoding("Windows-1252", "windows-1252")

_MARKS = (
    (codecs.BOM_UTF8, Encoding("UTF-8", "utf-8", bom=3)),
    (codecs.BOM_UTF16_LE, Encoding("UTF-16", "utf-16-le", bom=2, unit=2)),
    (codecs.BOM_UTF16_BE, Encoding("UTF-16", "utf-16-be", bom=2, unit=2)),
)
_NAMED = {
    "utf-8": UTF_8,
    "cp1252": WINDOWS_1252,
    "iso8859-1": Encoding("Latin-1", "latin-1"),
    "iso8859-15": Encoding("Latin-9", "iso8859-15"),
    "utf-16-le": Encoding("UTF-16", "utf-16-le", unit=2),
    "utf-16-be": Encoding("UTF-16", "utf-16-be", unit=2),
    "utf-32-le": Encoding("UTF-32", "utf-32-le", unit=4),
    "utf-32-be": Encoding("UTF-32", "utf-32-be", unit=4),
}
_WITHOUT_ORDER = {"utf-16", "utf-32", "utf-8-sig"}
"""What only a mark tells apart, and a mark is read without a declaration."""
_BINARY = "The file is no text but binary data. Export the table as CSV (UTF-8)."
_NO_TEXT = bytes((*range(0x03, 0x09), *range(0x10, 0x1A)))
"""What stands in no text; what parts cells and records in some, or shifts letters, is not here."""
_FIRST_OF_TEXT = 0x1A
"""Bytes below are no text, but for line ends and few others."""
_MOST_NO_TEXT = 0.02
_MIXED_SHARE = 0.2
"""From so many well-formed characters on a stray byte, a text is a mixture, and no chance."""
MOST_ODD_CELLS = 2_000
MOST_FORMED_CELLS = 200
_FEW_ODD_LINES = 0.05
"""The share of lines up to which those in another encoding are set apart, and the file is read."""
_SEVEN_BITS: Final = (
    (re.compile(rb"\x1b\$[@B]"), Encoding("ISO-2022-JP", "iso2022_jp_2")),
    (re.compile(rb"\x1b\$\)C"), Encoding("ISO-2022-KR", "iso2022_kr")),
    (re.compile(rb"~\{[!-}]+~\}"), Encoding("HZ", "hz")),
)
"""Encodings whose bytes are all ASCII, and what stands nowhere but in them."""
SPOILT: Final = {
    # Ã, Â, Ð or Ñ before a sign, and â€, as no language has them
    "twice": re.compile(rb"\xc3[\x82\x83\x90\x91]\xc2[\x80-\xbf]|\xc3\xa2\xe2\x82\xac"),
    "lost": re.compile(rb"\xef\xbf\xbd"),
    "escaped": re.compile(
        rb"&(?:amp|quot|apos|nbsp|#[0-9]{2,5}|#x[0-9a-fA-F]{2,4}"
        rb"|[a-zA-Z](?:acute|grave|uml|tilde|cedil|circ|ring)|[a-z]{2}lig);"
    ),
}
"""Letters that were written in UTF-8 twice, that were lost, that are written as web pages do."""
_SPOILT_BEGINS: Final = {"twice": b"\xc3", "lost": b"\xef", "escaped": b"&"}
"""With which byte each of these begins; a text without it is soon told."""
_HALVES: Final = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_STATEFUL: Final = frozenset(
    {"hz", "utf-7", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_2004"}
    | {"iso2022_jp_3", "iso2022_jp_ext", "iso2022_kr"}
)
_BYTES_AS_THEY_ARE = "movie_pipeline.undecodable_bytes"


class UnknownEncodingError(UnreadableFile):
    """A text whose encoding cannot be told; the samples are cells, which no message may hold.

    Attributes:
        samples: name of a likely encoding to how the first odd cells would read in it.
    """

    def __init__(self, message: str, samples: Mapping[str, Sequence[str]]) -> None:
        self.samples = samples
        super().__init__(message)


def _undecodable(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no text stay bytes that are none, and those of ASCII stay what they are."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(b if b < _ASCII else 0xDC00 + b) for b in wrong), error.end


codecs.register_error(_BYTES_AS_THEY_ARE, _undecodable)


def encoding_of(content: Path, head: bytes, source: SourceOptions) -> Encoding:
    """The encoding of a text.

    A byte order mark decides; then what is declared of the source. Without either it is UTF-8 where
    all bytes are, or where its characters outnumber the stray bytes of a mixture. Else it is the
    encoding that the text is plainly in, as encoding_judgement.py tells, or it is refused with the
    likely ones named; where hardly a line is not ASCII, it is read with a doubt.

    Args:
        content: the text.
        head: its first bytes; the rest is read only where they are not UTF-8.
        source: what is declared.

    Raises:
        UnreadableFile: two encodings are possible, or it is binary.
    """
    found = encoding_by_head(head, source)
    if found is None:
        return encoding_of_all(content)
    told = source.encoding is not None or found.bom > 0
    return found if told else _of_seven_bits(content, head) or found


def tells_its_encoding(text: Path, codec: str) -> bool:
    """Whether a text is read in this encoding with nothing declared."""
    with text.open("rb") as file:
        head = file.read(_HEAD)
    try:
        return encoding_of(text, head, NOTHING_DECLARED).codec == codec
    except UnreadableFile:
        return False


def encoding_by_head(head: bytes, source: SourceOptions) -> Encoding | None:
    """The encoding as the first bytes tell it; None where all bytes must be asked.

    Raises:
        UnreadableFile: it is binary, or in an encoding that is not read.
    """
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnreadableFile("The file is UTF-32, which is not read. Export it as CSV (UTF-8).")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if source.encoding is not None:
        return _declared(source.encoding)
    _refuse_binary(head)
    cut = _incomplete_tail(head)
    return UTF_8 if is_utf8(head[: len(head) - cut]) else None


def encoding_of_all(content: Path) -> Encoding:
    """The rule for a text without a byte order mark, over all of its bytes."""
    formed = stray = 0
    pending = b""
    with content.open("rb") as file:
        while piece := file.read(_PIECE):
            data = pending + piece
            cut = _incomplete_tail(data)
            pending = data[len(data) - cut :]
            counted = count_characters(data[: len(data) - cut])
            formed += counted[0]
            stray += counted[1]
    counts = formed, stray + len(pending)
    if is_mostly_utf8(*counts):
        return UTF_8
    with content.open("rb") as file:
        cells = odd_cells(_whole_lines(file), MOST_ODD_CELLS)
    with content.open("rb") as file:
        of_utf8 = formed_cells(_whole_lines(file), MOST_FORMED_CELLS) if formed else []
    return encoding_by_cells(cells, of_utf8, counts, lambda: _line_counts(content))


def is_mostly_utf8(formed: int, stray: int) -> bool:
    """Whether a text is UTF-8, though some of its bytes may be none.

    Args:
        formed: characters beyond ASCII that are well-formed UTF-8.
        stray: bytes that are not.
    """
    return stray == 0 or formed > stray


def may_be_of_seven_bits(head: bytes) -> bool:
    """Whether a text may be ASCII to the eye and something else by its escapes."""
    return head.isascii() and any(mark.search(head) for mark, _ in _SEVEN_BITS)


def _of_seven_bits(content: Path, head: bytes) -> Encoding | None:
    if not may_be_of_seven_bits(head):
        return None
    for mark, encoding in _SEVEN_BITS:
        if mark.search(head) and _decodes(content, encoding.codec):
            return encoding
    return None


def _decodes(content: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        with content.open("rb") as file:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", True)  # noqa: FBT003
    except UnicodeError:
        return False
    return True


@dataclass(frozen=True)
class LineCounts:
    """Lines of a stretch of a text, by their ends, and how many of them are not all ASCII."""

    feeds: int = 0
    returns: int = 0
    odd: int = 0

    @classmethod
    def of(cls, lines: bytes) -> Self:
        """Of whole lines."""
        odd = 0 if lines.isascii() else sum(not line.isascii() for line in lines.splitlines())
        return cls(lines.count(b"\n"), lines.count(b"\r"), odd)

    @classmethod
    def total(cls, counts: Iterable["LineCounts"]) -> Self:
        """Of all stretches together."""
        every = list(counts)
        return cls(
            sum(each.feeds for each in every),
            sum(each.returns for each in every),
            sum(each.odd for each in every),
        )

    @property
    def few_are_odd(self) -> bool:
        """Whether hardly a line is not ASCII."""
        return self.odd <= _FEW_ODD_LINES * (self.feeds or self.returns)


def encoding_by_cells(
    cells: Sequence[bytes],
    of_utf8: Sequence[bytes],
    counts: tuple[int, int],
    lines: Callable[[], LineCounts],
) -> Encoding:
    """The encoding that a text is plainly in, which is no UTF-8, by its first odd cells.

    Where it is plainly in none, and hardly a line of it is not ASCII, it is UTF-8 with a doubt.

    Args:
        cells: the odd cells.
        of_utf8: those of the whole text that are well-formed UTF-8.
        counts: what `is_mostly_utf8` was asked.
        lines: counts the lines of the text.

    Raises:
        UnreadableFile: it may be a mixture.
        UnknownEncodingError: it is plainly in none.
    """
    judgement = judge(cells, of_utf8)
    if judgement.plain is not None:
        return encoding_named(judgement.plain.codec, judgement.plain.name)
    formed, stray = counts
    if judgement.mixed or formed > _MIXED_SHARE * stray:
        raise UnreadableFile(
            f"The file could be UTF-8 or another encoding: {formed:,} characters beyond ASCII are "
            f"well-formed UTF-8, and {stray:,} bytes are not. Export the file again as UTF-8. "
            + or_declare('its encoding, such as encoding = "windows-1252",')
        )
    names = [judged.candidate.name for judged in judgement.likely]
    if lines().few_are_odd:
        return replace(UTF_8, doubt=_either(names))
    raise UnknownEncodingError(
        f"The file is not UTF-8, and which encoding it is in cannot be told: it may be "
        f"{_either(names)}. Export the file again as UTF-8. "
        + or_declare(f'its encoding, such as encoding = "{names[0].lower()}",')
        + " movie-pipeline inspect shows how it would read in each.",
        {
            judged.candidate.name: [text for text in judged.texts[:_SAMPLES] if text is not None]
            for judged in judgement.likely
        },
    )


def _line_counts(content: Path) -> LineCounts:
    with content.open("rb") as file:
        return LineCounts.total(map(LineCounts.of, _whole_lines(file)))


def spoilt_letters(head: bytes) -> tuple[str, ...]:
    """What was done to letters before a text came, by its first bytes: some of `SPOILT`.

    Args:
        head: the first bytes of a UTF-8 text.
    """
    return tuple(
        what
        for what, sign in SPOILT.items()
        if _SPOILT_BEGINS[what] in head
        and (what != "twice" or _may_be_written_twice(head))
        and sign.search(head)
    )


def _may_be_written_twice(head: bytes) -> bool:
    """Whether two bytes stand there with which such letters begin; that is much sooner told."""
    from movie_pipeline.tabular import kernel  # noqa: PLC0415 - the compiled loops take long

    return kernel.may_be_written_twice(np.frombuffer(head, np.uint8))


def _either(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """A text in pieces that end with lines, where they have any."""
    left = b""
    while piece := file.read(_PIECE):
        cut = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
        if cut or len(left) > _PIECE:
            yield left + piece[:cut]
            left = piece[cut:]
        else:
            left += piece
    yield left


def encoding_named(codec: str, name: str | None = None) -> Encoding:
    """The encoding of a Python codec that decodes text."""
    found = codecs.lookup(codec).name
    return _NAMED.get(found) or Encoding(name or codec, found)


def write_utf8(content: Path, encoding: Encoding, target: Path) -> int:
    """Write the text as UTF-8 without a mark; return the bytes at its end that are no text.

    What cannot be decoded stays as bytes that are not UTF-8 either, so that its records are found
    later; every character keeps its place.
    """
    decoder = codecs.getincrementaldecoder(encoding.codec)(_errors(encoding))
    with content.open("rb") as source, target.open("wb") as sink:
        source.seek(encoding.bom)
        while piece := source.read(_PIECE):
            sink.write(decoder.decode(piece).encode("utf-8", "surrogatepass"))
        if encoding.unit == 1:
            sink.write(decoder.decode(b"", True).encode("utf-8", "surrogatepass"))  # noqa: FBT003
            return 0
        buffered = decoder.getstate()[0]
        # Half a surrogate pair at the very end is a character that is none; an odd byte is nothing.
        whole = len(buffered) - len(buffered) % encoding.unit
        sink.write(
            buffered[:whole]
            .decode(encoding.codec, "surrogatepass")
            .encode("utf-8", "surrogatepass")
        )
        return len(buffered) - whole


def as_utf8(content: bytes, encoding: Encoding) -> bytes:
    """What `write_utf8` writes of a stretch that holds whole characters, its mark left out."""
    if encoding.is_utf8:
        return content
    whole = len(content) - len(content) % encoding.unit
    return (
        content[:whole].decode(encoding.codec, _errors(encoding)).encode("utf-8", "surrogatepass")
    )


def original_offsets(
    content: Path, text: Path, encoding: Encoding, offsets: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Lead ascending offsets in the UTF-8 text back to the bytes of the file.

    Args:
        content: the file.
        text: the same as UTF-8.
        encoding: of the file.
        offsets: in the text.
    """
    if not _is_regular(encoding):
        return _traced_offsets(content, encoding, offsets)
    found = np.empty(len(offsets), np.int64)
    units = position = done = 0
    with text.open("rb") as file:
        while done < len(offsets):
            piece = np.frombuffer(file.read(_PIECE), np.uint8)
            upto = int(np.searchsorted(offsets, position + len(piece), side="right"))
            counted = np.concatenate(([0], np.cumsum(_units(piece, encoding))))
            found[done:upto] = units + counted[offsets[done:upto] - position]
            units += int(counted[-1])
            position += len(piece)
            done = upto
            if not len(piece):
                break
    return found * encoding.unit + encoding.bom


def _is_regular(encoding: Encoding) -> bool:
    """Whether every character has as many bytes in the file, but for pairs of UTF-16."""
    if encoding.unit > 1:
        return True
    return encoding.codec not in _STATEFUL and one_byte_characters(encoding) is not None


@cache
def one_byte_characters(encoding: Encoding) -> str | None:
    """The character of each byte; None where some characters have several bytes."""
    decoding = codecs.getincrementaldecoder(encoding.codec)
    # of a character of several bytes the first gives nothing yet
    found = [decoding(_BYTES_AS_THEY_ARE).decode(bytes([b])) for b in _EVERY_BYTE]
    return "".join(found) if all(len(each) == 1 for each in found) else None


def _traced_offsets(
    content: Path, encoding: Encoding, offsets: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The same where characters have one byte or several: the file is decoded once more.

    A line is decoded at once; only one in which an offset lies, byte by byte.
    """
    found = np.empty(len(offsets), np.int64)
    decoder = codecs.getincrementaldecoder(encoding.codec)(_BYTES_AS_THEY_ARE)
    wanted = offsets.tolist()
    position = place = done = 0
    with content.open("rb") as file:
        while done < len(wanted) and (piece := file.read(_TRACED)):
            state = decoder.getstate()
            size = len(decoder.decode(piece).encode("utf-8", "surrogatepass"))
            if wanted[done] > position + size:
                position, place = position + size, place + len(piece)
                continue
            decoder.setstate(state)
            for byte in piece:
                while done < len(wanted) and wanted[done] <= position:
                    found[done] = place
                    done += 1
                text = decoder.decode(bytes((byte,)))
                position += len(text.encode("utf-8", "surrogatepass")) if text else 0
                place += 1
    found[done:] = place
    return found


def _units(piece: npt.NDArray[np.uint8], encoding: Encoding) -> npt.NDArray[np.int64]:
    """For each byte of UTF-8, how many units of the file's encoding its character starts."""
    units = ((piece & _CONTINUATION_MASK) != _CONTINUATION).astype(np.int64)
    if encoding.codec.startswith("utf-16"):
        units += piece >= _FOUR_BYTES
    return units


def _errors(encoding: Encoding) -> str:
    if encoding.unit > 1:
        return "surrogatepass"
    return _BYTES_AS_THEY_ARE


def is_declarable(name: str) -> bool:
    """Whether a source may declare this encoding: any that Python decodes to text.

    UTF-16 and UTF-32 must say which bytes come first, as utf-16-le does.
    """
    try:
        found = codecs.lookup(name)
        "a".encode(name)
    except (LookupError, UnicodeError):
        return False
    return found.name not in _WITHOUT_ORDER and found.name not in _NO_FILES


def _declared(name: str) -> Encoding:
    if not is_declarable(name):
        raise UnreadableFile(
            f"The encoding {name!r} that the source declares is none that Python decodes. Declare "
            "one such as utf-8, windows-1252, windows-1251, gb18030, shift_jis or utf-16-le in the "
            "sources file (MOVIE_PIPELINE_SOURCES)."
        )
    return encoding_named(name)


def _refuse_binary(head: bytes) -> None:
    codes = np.frombuffer(head, np.uint8)
    most = _MOST_NO_TEXT * len(head)
    low = np.count_nonzero(codes < _FIRST_OF_TEXT)
    if low * 3 < len(head) and low - np.count_nonzero(codes == ord("\n")) <= most:
        return  # as nearly all texts are, which is soon told
    nuls = np.count_nonzero(codes == 0)
    if nuls * 3 < len(head):
        if len(head) - len(head.translate(None, _NO_TEXT)) > most:
            raise UnreadableFile(_BINARY)
        return
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > 0.8 * nuls:
        raise UnreadableFile(
            "The file looks like UTF-16 without a byte order mark, which could be read in two "
            "ways. Export the file as UTF-8. " + or_declare("encoding, utf-16-le or utf-16-be,")
        )
    raise UnreadableFile(_BINARY)


def is_utf8(data: bytes) -> bool:
    """Whether these bytes are UTF-8: Arrow tells it in a quarter of the time of decoding."""
    if data.isascii():
        return True
    ends = pa.py_buffer(np.array([0, len(data)], np.int64))
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(data)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _incomplete_tail(data: bytes) -> int:
    """How many bytes at the end may be the beginning of a character."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte & _CONTINUATION_MASK != _CONTINUATION:
            needed = 4 if byte >= _FOUR_BYTES else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1  # noqa: PLR2004
            return back if needed > back else 0
    return 0


def count_characters(data: bytes) -> tuple[int, int]:
    """Well-formed characters beyond ASCII, and bytes that belong to none."""
    if data.isascii():
        return 0, 0
    if is_utf8(data):  # each character beyond ASCII has one byte that is no continuation
        return int(np.count_nonzero(np.frombuffer(data, np.uint8) >= _CONTINUATION_MASK)), 0
    # halves of characters, as Java and Oracle write those of four bytes: no text, but no other one
    data, halves = _HALVES.subn(b"", data)
    text = data.decode("utf-8", "surrogateescape")
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    stray = int(np.count_nonzero((codes >= 0xDC80) & (codes <= 0xDCFF)))  # noqa: PLR2004
    beyond = int(np.count_nonzero(codes > 0x7F))  # noqa: PLR2004
    return beyond - stray + halves, stray
