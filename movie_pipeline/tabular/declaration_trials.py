"""What a file becomes under a declaration, tried on a sample of it, to be held against others.

Which declarations are worth a try is declaration_guess.py's matter.
"""

import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.encodings import Encoding, write_utf8
from movie_pipeline.tabular.file_content import Content
from movie_pipeline.tabular.json_records import json_first_cells, json_format, json_layout
from movie_pipeline.tabular.raw_record import raw_records
from movie_pipeline.tabular.read_file import stage_file
from movie_pipeline.tabular.reading_limits import NOTHING_DECLARED, Limits, SourceOptions
from movie_pipeline.tabular.record_parser import Syntax, parsed_records
from movie_pipeline.tabular.staged_file import StagedFile
from movie_pipeline.tabular.table_contract import TableContract

_WHOLE_BYTES = 4_000_000
_HEAD_BYTES, _TAIL_BYTES = 1_000_000, 64_000
_FEW_RECORDS = 300


@dataclass(frozen=True)
class Trial:
    """What came of one declaration.

    Attributes:
        options: what was declared.
        staged: the summary; None where the sample is refused.
        refusal: why it is.
    """

    options: SourceOptions
    staged: StagedFile | None
    refusal: str = ""

    @property
    def wrong(self) -> int:
        """Records of the sample that are set apart, or have a cell that cannot be read."""
        if self.staged is None:
            return 0
        cells = [*self.staged.unreadable.values(), *self.staged.breached.values()]
        return len(self.staged.set_apart) + max(cells, default=0)

    @property
    def is_fine(self) -> bool:
        """Whether the sample loads, with every record a row."""
        return self.staged is not None and self.staged.hold is None and not self.wrong

    @property
    def rank(self) -> tuple[bool, bool, float, int, int]:
        """The greater of two is the better declaration; of equal ones that which says less."""
        if self.staged is None:
            return False, False, 0, 0, 0
        contract = sum(bool(column.ours) for column in self.staged.mapping)
        fine = 1 - self.wrong / self.staged.rows_in
        said = sum(
            getattr(self.options, name) != getattr(NOTHING_DECLARED, name)
            for name in self.options.__dataclass_fields__
        )
        return True, self.staged.hold is None, round(fine, 4), contract, -said


@dataclass
class Trials:
    """Tries declarations on a sample of a file, each once.

    Attributes:
        text: the sample as UTF-8.
        contract: what its rows must be.
        folder: where it is staged.
        limits: the most that it may bring.
    """

    text: bytes
    contract: TableContract
    folder: Path
    limits: Limits
    _number: Iterator[int] = field(default_factory=itertools.count)
    _known: dict[str, Trial] = field(default_factory=dict[str, Trial])

    def of(self, options: SourceOptions) -> Trial:
        """What comes of this declaration; its encoding does not matter here."""
        known = self._known.get(repr(options))
        if known is None:
            known = self._known[repr(options)] = self._tried(options)
        return known

    def _tried(self, options: SourceOptions) -> Trial:
        path = self.folder / f"sample{next(self._number)}.csv"
        path.write_bytes(self.text)
        as_utf8 = replace(options, encoding="utf-8")
        try:
            staged = stage_file(
                path, self.contract, to=self.folder, limits=self.limits, source=as_utf8, threads=1
            )
        except UnreadableFile as error:
            return Trial(options, None, str(error))
        return Trial(options, staged)

    def records(self, trial: Trial, numbers: Sequence[int]) -> list[dict[str, str]]:
        """The cells of records of a trial, by their names in the header."""
        if trial.staged is None:
            return []
        path = self.folder / "again.csv"
        path.write_bytes(self.text)
        as_utf8 = replace(trial.options, encoding="utf-8")
        staged = stage_file(
            path, self.contract, to=self.folder, limits=self.limits, source=as_utf8, threads=1
        )
        found = raw_records(path, staged, folder=self.folder, numbers=numbers)
        return [record.columns or {} for record in found]

    def json_rows(self) -> list[list[str]]:
        """The names and the cells of the first records of a JSON text."""
        path = self.folder / "sample.json"
        path.write_bytes(self.text)
        kind = str(json_format(self.text, 0))
        try:
            layout = json_layout(path, kind, start=0, limits=self.limits, contract=self.contract)
            cells = json_first_cells(path, layout, self.limits)
        except UnreadableFile:
            return []
        return [list(layout.header), *map(list, zip(*cells, strict=True))]

    def first_cells(self, syntax: Syntax, start: int = 0) -> list[list[str]]:
        """The cells of the first records by a syntax, comments and blank lines left out."""
        records = parsed_records(io.BytesIO(self.text), syntax, start=start)
        return [
            [cell.decode("utf-8", "replace") for cell in record.cells]
            for record in itertools.islice(records, _FEW_RECORDS)
            if not (record.is_blank or record.is_comment or record.problem)
        ]


def sample_of(content: Content, encoding: Encoding, folder: Path) -> bytes:
    """A text as UTF-8: whole where it is small, else its first and its last lines.

    Args:
        content: the file's.
        encoding: its encoding.
        folder: where it may be written on the way.
    """
    path = folder / "sample.text"
    if content.size <= _WHOLE_BYTES:
        if encoding.is_utf8:
            return content.path.read_bytes()[encoding.bom :]
        write_utf8(content.path, encoding, path)
        return path.read_bytes()
    with content.path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        file.seek(content.size - content.size % 4 - _TAIL_BYTES)
        tail = file.read()
    pieces = [
        piece.decode(encoding.codec, "replace").encode("utf-8", "surrogatepass")
        for piece in (head[encoding.bom :], tail)
    ]
    return pieces[0][: pieces[0].rfind(b"\n") + 1] + pieces[1][pieces[1].find(b"\n") + 1 :]
