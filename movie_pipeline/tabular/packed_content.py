"""The bytes inside a packed file, piece by piece: gzip, bzip2, xz and zstd.

What is in a ZIP archive is zip_archive.py's matter; how much may come out, file_content.py's.
"""

import bz2
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from movie_pipeline.arrow import pa

_PIECE = 1 << 20
GZIP, BZIP2, XZ, ZSTD, ZIP = "gzip", "bzip2", "xz", "zstd", "zip"
MAGIC: Final = {
    b"\x1f\x8b": GZIP,
    b"BZh": BZIP2,
    b"\xfd7zXZ\0": XZ,
    b"\x28\xb5\x2f\xfd": ZSTD,
    b"PK\x03\x04": ZIP,
}
"""The first bytes of packed files, and what they are packed by."""
DAMAGED: Final = (zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, zipfile.BadZipFile)
"""What is raised where a packed file is damaged or cut off."""


class _Inflater(Protocol):
    """What unpacks one member of a file, at most so many bytes at a time."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


def packed_by(head: bytes) -> str | None:
    """What packed a file, by its first bytes."""
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), None)


def unpacked_pieces(path: Path, kind: str) -> Iterator[bytes]:
    """The unpacked bytes, at most a piece at a time.

    Raises:
        Exception: one of DAMAGED.
    """
    with path.open("rb") as source:
        if kind == GZIP:
            yield from _of_gzip(source)
        elif kind == ZSTD:
            yield from _of_zstd(source)
        else:
            make: Callable[[], Any] = (
                bz2.BZ2Decompressor if kind == BZIP2 else lzma.LZMADecompressor
            )
            yield from _of_members(source, make)


def _of_gzip(source: BinaryIO) -> Iterator[bytes]:
    """All members of a gzip file."""
    inflater = zlib.decompressobj(wbits=31)
    pending = b""
    while True:
        pending = pending or source.read(_PIECE)
        if not pending:
            if not inflater.eof:
                raise EOFError
            return
        if inflater.eof:
            # Another member, or padding behind the last one.
            pending = pending.lstrip(b"\0")
            if not pending:
                continue
            inflater = zlib.decompressobj(wbits=31)
        piece = inflater.decompress(pending, _PIECE)
        pending = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        if piece:
            yield piece


def _of_members(source: BinaryIO, make: Callable[[], _Inflater]) -> Iterator[bytes]:
    """All streams of a bzip2 or xz file."""
    inflater = make()
    pending = b""
    while True:
        if inflater.eof:
            pending = inflater.unused_data.lstrip(b"\0") or source.read(_PIECE).lstrip(b"\0")
            if not pending:
                return
            inflater = make()
        needs = getattr(inflater, "needs_input", True)
        if needs and not pending:
            pending = source.read(_PIECE)
            if not pending:
                raise EOFError
        piece = inflater.decompress(pending, _PIECE)
        pending = b""
        if piece:
            yield piece


def _of_zstd(source: BinaryIO) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.PythonFile(source, "r"), "zstd") as stream:
        while piece := stream.read(_PIECE):
            yield piece
