"""From a file to its content: what it is by its first bytes, and unpacked where it is compressed.

What can never be a table is refused here, in a sentence that says what it is.
"""

import re
import shutil
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from movie_pipeline.errors import NoRoom, UnreadableFile
from movie_pipeline.tabular.content_bytes import HEAD
from movie_pipeline.tabular.joined_tables import Table, joined
from movie_pipeline.tabular.json_documents import (
    array_of,
    document_of,
    may_be_array,
    may_be_document,
)
from movie_pipeline.tabular.packed_content import DAMAGED, ZIP, packed_by, unpacked_pieces
from movie_pipeline.tabular.parquet_content import DAMAGED as DAMAGED_PARQUET
from movie_pipeline.tabular.parquet_content import MAGIC as PARQUET
from movie_pipeline.tabular.parquet_content import parquet_pieces
from movie_pipeline.tabular.reading_limits import NOTHING_DECLARED, Limits, SourceOptions
from movie_pipeline.tabular.table_contract import TableContract
from movie_pipeline.tabular.ways_out import or_declare, or_raise
from movie_pipeline.tabular.zip_archive import archive_of, shown, some

_PIECE = 1 << 20
_SHOWN = 8_192
_ROOM_EVERY = 64 << 20
"""How much is unpacked between two looks at the room that is left."""
_SAVE_AS_CSV = "Open it there and save the sheet as CSV (UTF-8)."
_UNPACK = "Unpack it first: gzip, bzip2, xz, zstd and ZIP are read."
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"an old Excel workbook (.xls). {_SAVE_AS_CSV}"),
    (b"\x89PNG", "a PNG picture. Send the table behind it as CSV."),
    (b"\xff\xd8\xff", "a JPEG picture. Send the table behind it as CSV."),
    (b"GIF8", "a GIF picture. Send the table behind it as CSV."),
    (b"%PDF", "a PDF document. Send the table in it as CSV."),
    (b"{\\rtf", "an RTF document. Send the table in it as CSV."),
    (b"PARE", "a Parquet file that is encrypted. Send it without encryption."),
    (b"ARROW1", "an Arrow file. Export it as CSV or Parquet."),
    (b"SQLite format 3\0", "an SQLite database. Export its table as CSV or Parquet."),
    (b"Obj\x01", "an Avro file. Export it as CSV or Parquet."),
    (b"ORC", "an ORC file. Export it as CSV or Parquet."),
    (
        b"version https://git-lfs.github.com/",
        (
            "a Git LFS pointer, which stands in a repository for the file itself. Fetch that "
            "with git lfs pull, and send it."
        ),
    ),
    (b"PK\x05\x06", "a ZIP archive with nothing in it. Send it again, with the table."),
    (b"PK\x07\x08", "one part of a ZIP archive. Send it as one archive."),
    (b"7z\xbc\xaf\x27\x1c", f"a 7-Zip archive. {_UNPACK}"),
    (b"Rar!", f"a RAR archive. {_UNPACK}"),
    (b"\x1f\x9d", f"packed by compress (.Z). {_UNPACK}"),
    (b"\x04\x22\x4d\x18", f"packed by lz4. {_UNPACK}"),
    (b"\xff\x06\x00\x00sNaPpY", f"packed by snappy. {_UNPACK}"),
    (b"FEA1", "a Feather file. Export it as CSV or Parquet."),
    (b"\x89HDF\r\n", "an HDF5 file. Export its table as CSV or Parquet."),
    (b"CDF\x01", "a NetCDF file. Export its table as CSV or Parquet."),
    (b"\x80\x02", "a pickle of Python's. Write its table as CSV or Parquet."),
    (b"\x80\x03", "a pickle of Python's. Write its table as CSV or Parquet."),
    (b"\x80\x04\x95", "a pickle of Python's. Write its table as CSV or Parquet."),
    (b"\x80\x05\x95", "a pickle of Python's. Write its table as CSV or Parquet."),
    (b"$FL2@(#)", "a file of SPSS. Export its table as CSV."),
    (b"<stata_dta>", "a file of Stata. Export its table as CSV."),
    (b"\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60", "a file of SAS. Export its table as CSV."),
    (b"\0\1\0\0Standard", "a database of Access. Export its table as CSV."),
    (b"RIFF", "a sound, picture or film. Send the table behind it as CSV."),
    (b"!<arch>", f"an archive (.deb, .a). {_UNPACK}"),
    (b"\xed\xab\xee\xdb", f"an archive (.rpm). {_UNPACK}"),
    (b"\x7fELF", "a program."),
    (b"MZ\x90", "a program."),
)
_MARKUP = re.compile(rb"<(?:[?!]|[a-z][a-z0-9:]*[ \t\r\n>/])")
_STATEMENTS = (
    (
        re.compile(
            rb"%YAML|---[ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*[ \t]*(?:- )?[A-Za-z_]+:[ \t\r\n]|"
            rb"- [A-Za-z_]+:[ \t][^\n]*\n[ \t]+[A-Za-z_]+:[ \t]|"
            rb"[A-Za-z_]+:[ \t]*\r?\n(?:[ \t]+(?:- )?|- )[A-Za-z_]+:[ \t]"
        ),
        "YAML. Export the table in it as CSV.",
    ),
    (
        re.compile(
            rb"(?:--[^\n]*\n|/\*.*?\*/|\s)*(?:(?:CREATE|DROP)\s+TABLE\s|"
            rb"INSERT\s+INTO\s+[^\s(]+\s*(?:\(|VALUES\b|SELECT\b))",
            re.IGNORECASE | re.DOTALL,
        ),
        "SQL. Run it, and export the table that it makes as CSV.",
    ),
    (
        re.compile(rb"(?:diff [^\n]*\n|index [^\n]*\n)*--- [^\n]*\n\+\+\+ [^\n]*\n@@ "),
        "the difference of two files. Send the newer one whole.",
    ),
    (
        re.compile(rb"(?:%[^\n]*\n|\s)*@relation\s", re.IGNORECASE),
        "ARFF, as Weka writes it. Export the table in it as CSV.",
    ),
    (
        re.compile(
            rb"(?:(?:var|let|const|window\.|export|module)[^\n=]{1,80}=|[A-Za-z_$][\w.$]{0,60}\()"
            rb"[ \t\r\n]*[\[{]"
        ),
        "JavaScript. Send what is in its brackets as JSON.",
    ),
)
"""What a text begins with that is no table, though a table may be in it."""


@dataclass(frozen=True)
class Content:
    """The bytes to read.

    Attributes:
        path: where they lie: the file itself, or what was unpacked from it.
        size: how many they are.
        compression: such as `gzip`, or None.
        written_from: what it was, such as `Parquet`, where it is not the text that was sent, but
            was written from it; else empty.
        note: what is to be said of what it was packed in, else empty.
    """

    path: Path
    size: int
    compression: str | None = None
    written_from: str = ""
    note: str = ""

    @cached_property
    def head(self) -> bytes:
        """The first bytes, which many ask for: they are read once."""
        return head_of(self.path)


def content_of(
    path: Path,
    *,
    to: Path,
    limits: Limits,
    contract: TableContract,
    source: SourceOptions = NOTHING_DECLARED,
) -> Content:
    """The content of a file; a compressed one is unpacked into the folder `to`.

    Parquet, and JSON that is one document, are written out as text there, a row behind the other.
    So are the tables of a ZIP archive.

    Raises:
        UnreadableFile: there is none, it is something else than text, or it is over a limit.
        NoRoom: what is made of it has no room in the folder.
    """
    size = path.stat().st_size
    require_bytes(size)
    _require_space(to, size, limits)
    content = Content(path, size)
    kind = packed_by(content.head)
    if kind == ZIP:
        return _of_archive(path, to, limits, contract, source)
    if kind:
        target = to / unpacked_name(path)
        content = Content(
            target, _unpacked(unpacked_pieces(path, kind), path, target, limits, kind), kind
        )
    return _as_text(content, to, limits, contract)


def _as_text(content: Content, to: Path, limits: Limits, contract: TableContract) -> Content:
    """A content as text, written out where it is none."""
    head = content.head
    if content.compression:
        expect_room(to, content.size, limits, what=f"the rows of {content.size:,} unpacked bytes")
        _require_packed_once(content.path, head, content.compression)
    if head.startswith(PARQUET):
        return _written_out(content, parquet_pieces(content.path), "Parquet", to, limits)
    if may_be_document(head):
        document = document_of(content.path, contract, limits)
        if document is not None:
            return _written_out(content, document.pieces(), document.written, to, limits)
    require_text(head)
    return content


def _require_packed_once(path: Path, head: bytes, kind: str) -> None:
    again = packed_by(head)
    if again == ZIP:
        with _damage_told(ZIP):
            archive_of(path, ())  # it may be a document of an office program
    if again == kind:
        raise UnreadableFile(f"The file is compressed with {kind} twice. Compress it once.")
    if again:
        raise UnreadableFile(
            f"The file is packed with {kind}, and what is in it with {again}. Pack it once."
        )


def _of_archive(
    path: Path, to: Path, limits: Limits, contract: TableContract, source: SourceOptions
) -> Content:
    """The content of a ZIP archive: its table, or its tables as one."""
    target = to / unpacked_name(path)
    with _damage_told(ZIP):
        archive = archive_of(path, source.members)
    aside = f"left aside in the ZIP archive: {some(list(map(shown, archive.aside)))}"
    note = aside if archive.aside else ""
    if len(archive.tables) == 1:
        (member,) = archive.tables
        size = _unpacked(archive.pieces(member), path, target, limits, ZIP)
        return replace(_as_text(Content(target, size, ZIP), to, limits, contract), note=note)
    single = to / f"{path.stem}-one.content"
    unpacked = 0

    def table_of(member: zipfile.ZipInfo) -> Table:
        nonlocal unpacked
        size = _unpacked(archive.pieces(member), path, single, limits, ZIP, before=unpacked)
        unpacked += size
        try:
            content = _one_of_several(Content(single, size, ZIP), to, limits, contract)
        except UnreadableFile as error:
            raise UnreadableFile(
                f"Of the ZIP archive {shown(member.filename)} cannot be read. {error} "
                + or_declare("members, the files in it that are tables,")
            ) from error
        return Table(content.path, content.written_from)

    try:
        made = joined(archive, table_of, target, contract, source=source, limits=limits)
    except (UnreadableFile, NoRoom):
        target.unlink(missing_ok=True)
        raise
    finally:
        single.unlink(missing_ok=True)
    expect_room(to, made.size, limits, what=f"the rows of {made.size:,} unpacked bytes")
    notes = "; ".join(filter(None, (made.note, note)))
    return Content(target, made.size, ZIP, made.written_from, notes)


def _one_of_several(content: Content, to: Path, limits: Limits, contract: TableContract) -> Content:
    """One of several tables as text; the objects of an array stand behind each other in it."""
    if may_be_array(content.head) and (array := array_of(content.path, limits)):
        return _written_out(content, array.pieces(), array.written, to, limits)
    return _as_text(content, to, limits, contract)


def _written_out(
    content: Content, pieces: Iterator[bytes], kind: str, to: Path, limits: Limits
) -> Content:
    """The text that is written from a content that is no text of rows."""
    target = to / unpacked_name(content.path)
    writing = target.with_suffix(".writing")
    try:
        size = _write(pieces, writing, limits, content.size)
    except DAMAGED_PARQUET as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnreadableFile(
            f"The file is {kind}, but damaged, cut off, or of a kind that is not read. Write and "
            "send it again."
        ) from error
    finally:
        if writing.exists():
            writing.replace(target)
    return Content(target, size, content.compression, kind)


def is_no_text_yet(head: bytes) -> bool:
    """Whether a file may have to be unpacked or written out before its text can be read.

    Args:
        head: its first bytes.
    """
    return bool(packed_by(head) or head.startswith(PARQUET) or may_be_document(head))


def require_bytes(size: int) -> None:
    """Refuse an empty file.

    Raises:
        UnreadableFile: it has no byte.
    """
    if size == 0:
        raise UnreadableFile(
            "The file is empty: it has 0 bytes. Send it again, with a header line."
        )


def unpacked_name(path: Path) -> str:
    """The name of the unpacked content of a compressed file."""
    return f"{path.stem}.content"


def head_of(path: Path) -> bytes:
    """The first bytes of a content."""
    with path.open("rb") as file:
        return file.read(HEAD)


def _require_space(to: Path, size: int, limits: Limits) -> None:
    if size > limits.content_bytes:
        raise UnreadableFile(
            f"The file has {size:,} bytes, more than the limit of {limits.content_bytes:,}. "
            f"Send it in parts, each with the header. {or_raise('MAX_CONTENT_BYTES')}"
        )
    # Staged rows take about as much as the text.
    expect_room(to, size, limits, what=f"the rows of its {size:,} bytes")


def expect_room(folder: Path, size: int, limits: Limits, *, what: str) -> None:
    """Refuse to begin what the disk has no room for.

    Args:
        folder: where it would be written.
        size: the bytes it takes.
        limits: with what must stay free beside it.
        what: what it is, for the sentence.

    Raises:
        NoRoom: there is less.
    """
    free = shutil.disk_usage(folder).free
    if size + limits.free_disk > free:
        raise NoRoom(
            f"The file waits for room: {what} take {size:,} bytes where files are worked on, "
            f"{limits.free_disk:,} must stay free beside them, and {free:,} are free. It is tried "
            "again by itself: make room there."
        )


def _unpacked(  # noqa: PLR0913 - bytes, where they go, and what they may be
    pieces: Iterator[bytes], path: Path, target: Path, limits: Limits, kind: str, *, before: int = 0
) -> int:
    """Write what comes out of a packed file, out of which so much came before; return the bytes."""
    packed = path.stat().st_size
    try:
        with _damage_told(kind):
            size = _write(pieces, target, limits, packed, before)
    except (UnreadableFile, NoRoom, OSError):
        target.unlink(missing_ok=True)
        raise
    if size == 0 and not before:
        raise UnreadableFile(f"The file is an empty file, compressed with {kind}. Send it again.")
    return size


@contextmanager
def _damage_told(kind: str) -> Generator[None]:
    """Say of a packed file that it is damaged, where that is why it cannot be read."""
    try:
        yield
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnreadableFile(
            f"The file is compressed with {kind}, but damaged or cut off. Compress and send it "
            "again."
        ) from error


def _write(
    pieces: Iterator[bytes], target: Path, limits: Limits, packed: int, before: int = 0
) -> int:
    """Write what comes out of a file of so many bytes, within the limits; return the bytes."""
    most = min(limits.content_bytes, packed * limits.compression_ratio + _PIECE)
    looked = -_ROOM_EVERY
    size = 0
    with target.open("wb") as sink:
        for piece in pieces:
            size += len(piece)
            _require_no_more(before + size, most, packed)
            if size - looked >= _ROOM_EVERY:
                expect_room(target.parent, len(piece), limits, what="its next unpacked bytes")
                looked = size
            sink.write(piece)
    return size


def _require_no_more(size: int, most: int, packed: int) -> None:
    if size > most:
        raise UnreadableFile(
            f"The file unpacks to more than {most:,} bytes from {packed:,}: a limit on unpacked "
            "files is reached. Send it uncompressed, or in parts. Or raise "
            "MOVIE_PIPELINE_MAX_CONTENT_BYTES or MOVIE_PIPELINE_MAX_COMPRESSION_RATIO."
        )


def require_text(head: bytes) -> None:
    """Refuse what is no text by the first bytes of a content.

    Raises:
        UnreadableFile: what it is instead.
    """
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise UnreadableFile(f"The file is no CSV but {what}")
    if head[257:262] == b"ustar":
        raise UnreadableFile(f"The file is no CSV but a tar archive. {_UNPACK}")
    if head[4:8] == b"ftyp":
        raise UnreadableFile("The file is no CSV but a film. Send the table behind it as CSV.")
    if head[8:12] == b"DUCK":
        raise UnreadableFile(
            "The file is no CSV but a DuckDB database. Export its table as CSV or Parquet."
        )
    for begins, what in _STATEMENTS:
        if begins.match(head[:_SHOWN]):
            raise UnreadableFile(f"The file is no CSV but {what}")
    start = head[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if _MARKUP.match(start):
        raise UnreadableFile(
            "The file is no CSV but an XML or HTML page, such as servers send in place of a file "
            "when something went wrong. Fetch the file again and look into it before sending it."
        )
    if not head.strip(b" \t\r\n\x0b\x0c\xef\xbb\xbf\0") and len(head) < HEAD:
        raise UnreadableFile(
            "The file holds nothing but blanks. Send it again, with a header line."
        )
