"""The correction file: the rows set apart, as their sender wrote them, with what is wrong.

Corrected and sent, it is a file like any other: its two columns of remarks are left out when it is
read. No spreadsheet takes a cell of it for a formula.
"""

import base64
import csv
import io
import json
import re
import shutil
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

from movie_pipeline.quarantine.quarantine_record import KeptRecord
from movie_pipeline.sender_report.sent_layout import SentLayout
from movie_pipeline.tabular import REMARK_COLUMNS, tells_its_encoding

NO_FORMULA = "\u00a0"
"""A no-break space before a cell makes it a text for every spreadsheet; reading takes it off."""
MOST_REMARK = 600
"""Characters of what is said of one row."""
_BEGINS_FORMULA = frozenset("=+-@") | {sign for sign in map(chr, range(0x3001)) if sign.isspace()}
"""What a cell begins with that may be a formula."""
_MAY_BEGIN = re.compile(b'":"(?:%b)' % b"|".join(re.escape(x.encode()) for x in _BEGINS_FORMULA))
"""Where JSON has a text that begins so."""
_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"\s*[+-]?[0-9.,' \u00a0\u202f]*%?\s*")
_ENDINGS = {"csv": "csv", "json lines": "ndjson", "json array": "json"}


def ending_of(layout: SentLayout) -> str:
    """How the name of such a file ends."""
    return _ENDINGS.get(layout.format, "csv")


def harmless(cell: str) -> str:
    """The cell, with a no-break space before it where a spreadsheet would compute it."""
    if cell[:1] in _BEGINS_FORMULA and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return NO_FORMULA + cell
    return cell


def _are_harmless(cells: Collection[str]) -> bool:
    if _BEGINS_FORMULA.isdisjoint([cell[:1] for cell in cells]):
        return True
    return all(harmless(cell) is cell for cell in cells)


class CorrectionFile:
    """Writes the rows one by one; use it in a `with` block.

    Args:
        path: where to.
        layout: how the sender writes.
    """

    def __init__(self, path: Path, layout: SentLayout) -> None:
        self._path = path
        self._layout = layout
        self._file = path.open("w", encoding=layout.codec, errors="replace", newline="")
        self._is_csv = layout.format == "csv"
        self._places = [layout.keys.index(key) for key in layout.sent_keys]
        self._whole = len(layout.sent_keys) == len(layout.keys)
        self._as_they_are = self._whole and layout.is_plain
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(
            self._text, delimiter=layout.delimiter, lineterminator=layout.newline
        )
        self._behind_number = lru_cache(maxsize=1_000)(self._remark_alone)
        self.rows = 0

    def __enter__(self) -> Self:
        if self._layout.bom:
            self._file.write("\ufeff")
        if self._is_csv:
            headers = [self._layout.mapping[place].header for place in self._places]
            self._file.write(self._line([*map(harmless, headers), *REMARK_COLUMNS]))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._layout.format == "json array" and kind is None:
            self._file.write("\n]\n" if self.rows else "[]\n")
        self._file.close()
        if kind is None and not tells_its_encoding(self._path, self._layout.codec):
            _write_as_utf8(self._path, self._layout.codec)

    def add(self, record: KeptRecord, line: int | None, remark: str) -> None:
        """Add a quarantined record, with the line it begins in and what is to be corrected."""
        remark = remark if len(remark) <= MOST_REMARK else f"{remark[: MOST_REMARK - 3]}..."
        text = text_of(record, self._layout.codec)
        if self._is_csv:
            self._file.write(self._row(record, text, line, remark))
        else:
            self._file.write(self._object(text, line, remark))
        self.rows += 1

    # --- csv ------------------------------------------------------------------------------------

    def _row(self, record: KeptRecord, text: str, line: int | None, remark: str) -> str:
        remarks = ["" if line is None else str(line), harmless(remark)]
        keys = self._layout.keys
        if self._as_they_are and "\0" not in text and self._may_stay(record):
            return f"{text}{self._layout.delimiter}{remarks[0]}{self._behind_number(remarks[1])}"
        cells = record.cells
        if cells is None:
            cells = dict.fromkeys(keys, "") | {self._layout.sent_keys[0]: text}
        beyond = [cell for key, cell in cells.items() if key not in keys]
        if beyond:
            left = " | ".join(beyond)
            remarks[1] = harmless(f"{remark}; cells that had no column: {left}")
        written = [harmless(cells.get(key, "")) for key in self._layout.sent_keys]
        return self._line([*written, *remarks])

    def _may_stay(self, record: KeptRecord) -> bool:
        """Whether it has a cell for each column, and all are harmless as they stand.

        Where nothing is escaped that shows in their JSON: a quote stands around texts alone then.
        """
        json, width = bytes(record.columns), len(self._layout.keys)
        if b"\\" not in json and json.count(b'":"') == width and not _MAY_BEGIN.search(json):
            return True
        cells = record.cells
        return cells is not None and len(cells) == width and _are_harmless(cells.values())

    def _line(self, cells: Sequence[str]) -> str:
        if self._layout.backslash:
            cells = [re.sub(r'\\(?=["\\]|$)', r"\\\\", cell) for cell in cells]
        self._text.seek(0)
        self._text.truncate()
        self._writer.writerow([cell.replace("\0", "\ufffd") for cell in cells])
        return self._text.getvalue()

    def _remark_alone(self, remark: str) -> str:
        """What stands behind the number of a line, which is never quoted."""
        return self._line(["", remark])

    # --- JSON -----------------------------------------------------------------------------------

    def _object(self, text: str, line: int | None, remark: str) -> str:
        remarks = json.dumps(dict(zip(REMARK_COLUMNS, (line, remark), strict=True)))
        text = text.strip()
        if not (text.startswith("{") and text.endswith("}")):
            text = json.dumps({"text": text})
        elif not self._whole:
            text = _without_old_remarks(text)
        inside = text[1:-1].strip()
        joined = f"{{{inside}, {remarks[1:]}" if inside else remarks
        if self._layout.format == "json array":
            return f"{',' if self.rows else '['}\n{joined}"
        return f"{joined}\n"


def _without_old_remarks(text: str) -> str:
    try:
        values = json.loads(text)
    except ValueError:
        return text
    return json.dumps({name: value for name, value in values.items() if name not in REMARK_COLUMNS})


def _write_as_utf8(path: Path, codec: str) -> None:
    """Write the file anew with a mark: so few of its letters do not tell the sender's encoding."""
    other = path.with_name(f"{path.name}.utf8")
    with (
        path.open(encoding=codec, errors="replace", newline="") as written,
        other.open("w", encoding="utf-8-sig", newline="") as anew,
    ):
        shutil.copyfileobj(written, anew)
    other.replace(path)


def text_of(record: KeptRecord, codec: str) -> str:
    """The record as it stands in the file; what is no text is shown by signs that say so."""
    if record.raw_encoding == "base64":
        return base64.b64decode(record.raw).decode(codec, "replace")
    return record.raw if codec == "utf-8" else record.raw.encode("utf-8").decode(codec, "replace")
