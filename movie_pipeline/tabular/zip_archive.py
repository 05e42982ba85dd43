"""What is in a ZIP archive: which members are tables, by their names, and the bytes of each.

Whether several are one table is joined_tables.py's matter.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.column_mapping import printable

MOST_TABLES: Final = 1_000
_PIECE = 1 << 20
_SHOWN = 5
_OF_OFFICE = ("[Content_Types].xml", "xl/", "word/", "content.xml")
_OF_PROGRAMS = re.compile(
    r"(.*/)?(__MACOSX/.*|\.[^/]*|_SUCCESS|_(started|committed)_\d+|_(common_)?metadata|.*\.crc"
    r"|thumbs\.db|desktop\.ini|icon\r|(datapackage|dataset-metadata)\.json)",
    re.IGNORECASE,
)
"""What systems and programs put beside tables: resource forks, hidden files, Spark's marks."""
_ABOUT_TABLES = re.compile(
    r"(.*/)?((readme|read[ _-]me|licen[cs]e|copying|notice|changelog|citation|about|sha\d*sums?"
    r"|md5sums?)\b([^/.]*|[^/]*\.txt)|[^/]*\.(md|rst|pdf|rtf|docx?|html?|url|nfo|png|jpe?g|gif|svg"
    r"|ipynb|py|r|sha256|md5))",
    re.IGNORECASE,
)
"""What people put beside tables: texts about them, pictures, programs."""
_PASSWORD = 1


@dataclass(frozen=True)
class Archive:
    """A ZIP archive.

    Attributes:
        path: where it lies.
        tables: the members that may be tables, in its order.
        aside: the names of the others, folders left out.
    """

    path: Path
    tables: tuple[zipfile.ZipInfo, ...]
    aside: tuple[str, ...]

    def pieces(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """The bytes of one member.

        Raises:
            UnreadableFile: it has a password, or is packed in a way that is not read.
            Exception: one of packed_content's DAMAGED.
        """
        name = shown(member.filename)
        if member.flag_bits & _PASSWORD:
            raise UnreadableFile(
                f"The file is a ZIP archive, and {name} in it has a password. Send it without one."
            )
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(member) as source:
                while piece := source.read(_PIECE):
                    yield piece
        except NotImplementedError as error:
            raise UnreadableFile(
                f"The file is a ZIP archive, and {name} in it is packed in a way that is not "
                "read. Pack it with Deflate, as most programs do, or with gzip."
            ) from error


def archive_of(path: Path, patterns: Sequence[str]) -> Archive:
    """What is in an archive.

    Args:
        path: the archive.
        patterns: which members are tables, as declared; none where their names decide.

    Raises:
        UnreadableFile: none is, or too many are, or it is a document of an office program.
        Exception: one of packed_content's DAMAGED.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except NotImplementedError as error:
        raise UnreadableFile(
            "The file is a ZIP archive of a kind that is not read. Pack it with Deflate, as most "
            "programs do, or with gzip."
        ) from error
    if any(member.filename.startswith(_OF_OFFICE) for member in members):
        raise UnreadableFile(
            "The file is no CSV but an Excel workbook (.xlsx). Open it there and save the sheet "
            "as CSV (UTF-8)."
        )
    tables = _declared(members, patterns) if patterns else _by_name(members)
    if len(tables) > MOST_TABLES:
        raise UnreadableFile(
            f"The file is a ZIP archive of {len(tables):,} tables, more than the limit of "
            f"{MOST_TABLES:,}. Put them into fewer files."
        )
    taken = {id(member) for member in tables}
    aside = tuple(member.filename for member in members if id(member) not in taken)
    return Archive(path, tuple(tables), aside)


def shown(name: str) -> str:
    """The name of a member in a sentence."""
    return f'"{printable(name)}"'


def some(words: Sequence[str]) -> str:
    """Some words, and how many there are more.

    >>> some(["a", "b"])
    'a, b'
    """
    more = [f"and {len(words) - _SHOWN:,} more"] if len(words) > _SHOWN else []
    return ", ".join([*words[:_SHOWN], *more])


def _declared(members: Sequence[zipfile.ZipInfo], patterns: Sequence[str]) -> list[zipfile.ZipInfo]:
    tables = [
        member
        for member in members
        for name in [(member.filename, PurePosixPath(member.filename).name)]
        if any(fnmatchcase(each, pattern) for each in name for pattern in patterns)
    ]
    if not tables:
        names = some([shown(member.filename) for member in members])
        raise UnreadableFile(
            f"The file is a ZIP archive, and none of its files is one of {some(patterns)}, which "
            f"are the tables by what is declared for its source: it holds {names or 'none'}. "
            "Correct members in the sources file (MOVIE_PIPELINE_SOURCES), or send the table "
            "that is meant."
        )
    return tables


def _by_name(members: Sequence[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The members that are not beside tables; where nothing else is there, what people put."""
    own = [member for member in members if not _OF_PROGRAMS.fullmatch(member.filename)]
    tables = [member for member in own if not _ABOUT_TABLES.fullmatch(member.filename)] or own
    filled = [member for member in tables if member.file_size] or tables
    if not filled:
        raise UnreadableFile(
            "The file is a ZIP archive without a table in it. Send it again, with the table."
        )
    return filled
