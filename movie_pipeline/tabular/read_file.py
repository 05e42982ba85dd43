"""A file becomes staged rows and a summary: the one entrance to the intake.

The steps stand here in their order; how each works stands in the module it is named after.
"""

import hashlib
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import NoRoom, UnreadableFile
from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular.careful_reader import read_carefully
from movie_pipeline.tabular.column_mapping import with_declared_names
from movie_pipeline.tabular.cuts import Range
from movie_pipeline.tabular.declared_header import without_layout_of_others
from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.encodings import (
    Encoding,
    encoding_of,
    encoding_of_all,
    original_offsets,
    write_utf8,
)
from movie_pipeline.tabular.engine import Engine
from movie_pipeline.tabular.escapes import escape_of, escaped
from movie_pipeline.tabular.file_content import Content, content_of, head_of, unpacked_name
from movie_pipeline.tabular.file_notes import UNENDED_RECORD, odd_note
from movie_pipeline.tabular.footer import (
    Footer,
    footer_hold,
    footer_of,
    rows_in_footer,
    totals_hold,
)
from movie_pipeline.tabular.json_records import (
    json_first_cells,
    json_format,
    json_layout,
    read_json,
)
from movie_pipeline.tabular.raw_record import index_path, read_index, rows_path
from movie_pipeline.tabular.reader_outputs import Typing, reader_outputs
from movie_pipeline.tabular.reading_limits import (
    DEFAULT_LIMITS,
    NOTHING_DECLARED,
    Limits,
    SourceOptions,
    as_written_out,
    with_lenient,
)
from movie_pipeline.tabular.reading_plan import (
    MOST_READINGS,
    ReadingPlan,
    plan_of,
    plan_with,
    read_otherwise,
    says_more,
    with_evidence,
    with_widths,
)
from movie_pipeline.tabular.row_sink import Found, RowSink
from movie_pipeline.tabular.row_typer import RowTyper
from movie_pipeline.tabular.shared_keys import set_apart_shared_keys
from movie_pipeline.tabular.staged_file import StagedFile
from movie_pipeline.tabular.summing_up import FileSize, ReadText, require_records, summary_of
from movie_pipeline.tabular.table_contract import TableContract
from movie_pipeline.tabular.unquoted import UNQUOTED_NOTE, quotes_are_text

_HASHED_AT_ONCE = 1 << 20
_PLACES_AT_ONCE = 1 << 17

Places = npt.NDArray[np.int64]
"""Start and end of each record."""


def stage_file(  # noqa: PLR0913 - one call says all; what is not the file has a default
    path: Path,
    contract: TableContract,
    *,
    to: Path,
    lenient_columns: Sequence[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    source: SourceOptions = NOTHING_DECLARED,
    memory_limit: str = "512MB",
    threads: int = 0,
    sha256: str | None = None,
) -> StagedFile:
    """Read a file into typed rows: `<stem>.arrow`, `<stem>.records` and the summary returned.

    Args:
        path: the file, under a name of the caller's.
        contract: what its rows must be.
        to: the folder to stage to; what an earlier attempt left there is replaced.
        lenient_columns: contract columns whose unreadable values leave the row in.
        limits: what a file may ask of this machine.
        source: what is declared about the source's files.
        memory_limit: DuckDB's, such as `512MB`.
        threads: how many read and type at a time; 0 takes one per core.
        sha256: of the file's bytes, where it is known; else it is computed beside the reading.

    Raises:
        NoRoom: the disk has no room for its rows; nothing is wrong with the file.
        UnreadableFile: the file must be rejected; the message says what it is and what to do.
    """
    to.mkdir(parents=True, exist_ok=True)
    try:
        content = content_of(
            path,
            to=to,
            limits=limits,
            contract=with_declared_names(contract, source),
            source=source,
        )
        if content.written_from:
            source = as_written_out(source)
        staging = _Staging(
            path,
            contract,
            content,
            to,
            limits,
            with_lenient(source, lenient_columns),
            Engine(memory_limit, threads),
        )
        if sha256 is not None:
            return replace(staging.run(), sha256=sha256)
        with ThreadPoolExecutor(1) as beside:
            computing = beside.submit(_sha256, path)
            return replace(staging.run(), sha256=computing.result())
    except (UnreadableFile, NoRoom):
        for left in (rows_path(path, to), index_path(path, to), to / unpacked_name(path)):
            left.unlink(missing_ok=True)
        raise


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASHED_AT_ONCE):
            raise_if_stopped()
            digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True)
class _Staging:
    """One file on its way; each step is a method, in their order."""

    path: Path
    contract: TableContract
    content: Content
    to: Path
    limits: Limits
    source: SourceOptions
    engine: Engine
    notes: tuple[str, ...] = ()

    def run(self) -> StagedFile:
        encoding = encoding_of(self.content.path, self.content.head, self.source)
        try:
            return self._read(encoding)
        except _OtherEncoding as other:
            return self._read(other.encoding)
        except _QuotesAreText:
            source = replace(self.source, quote="none")
            return replace(self, source=source, notes=(*self.notes, UNQUOTED_NOTE)).run()

    def _read(self, encoding: Encoding) -> StagedFile:
        text, head = self.content.path, self.content.head
        dangling = 0
        if not encoding.is_utf8:
            text = self.to / f"{self.path.stem}.text"
            dangling = write_utf8(self.content.path, encoding, text)
            head = head_of(text)
        start = encoding.bom if encoding.is_utf8 else 0
        source = without_layout_of_others(head, start, self.source)
        try:
            return replace(self, source=source).read_text(text, head, encoding, dangling)
        finally:
            if text != self.content.path:
                text.unlink(missing_ok=True)

    def read_text(self, text: Path, head: bytes, encoding: Encoding, dangling: int) -> StagedFile:
        """Read the file's text, which is UTF-8 and begins with that head."""
        start, footer = encoding.bom if encoding.is_utf8 else 0, None
        if kind := json_format(head, start):
            read = self._json
            layout = json_layout(
                text, kind, start=start, limits=self.limits, contract=self.contract
            )
            cells = json_first_cells(text, layout, self.limits)
            plan = plan_with(
                layout, cells, encoding, self.contract, source=self.source, limits=self.limits
            )
        else:
            read = self._csv
            if self.source.footer is not None:
                footer = footer_of(text, self.source.footer)
            plan = plan_of(
                head,
                encoding,
                self.contract,
                source=self.source,
                limits=self.limits,
                end=footer.start if footer else None,
            )
        crash_point("intake.read.before")
        result = self._settled(_Text(text, plan, plan.layout.end), read)
        plan = result.text.plan
        if self.source.unended == "set_apart":
            places = read_index(self._index())
            if self._is_unended(text, plan.layout, places):
                result = self._without_last(result, places, read)
        shared = self._set_apart_shared_keys(result)
        crash_point("intake.read.after")
        return self._summary(_Outcome(text, dangling, result, shared, footer))

    def _settled(self, text: "_Text", read: "_Reader") -> "_Result":
        """Read until what all cells say of points and commas is what they were read by."""
        result = read(text)
        for _ in range(MOST_READINGS):
            plan = result.text.plan
            found = {name: cells.evidence for name, cells in result.typer.numbers().items()}
            if says_more(plan, found):
                plan = with_evidence(plan, found, self.contract, self.source)
            plan = with_widths(plan, result.found.widths, result.found.records)
            if not read_otherwise(result.text.plan, plan):
                break
            result = read(replace(result.text, plan=plan))
        return result

    def _set_apart_shared_keys(self, result: "_Result") -> int:
        """Mark rows that share a derived key and say different things; return how many."""
        typer = result.typer
        if not typer.derived:
            return 0
        rows = rows_path(self.path, self.to)
        shared = set_apart_shared_keys(rows, self.contract, result.sink.only)
        typer.breached[self.contract.key] += shared
        return shared

    # --- a last record without its line end ------------------------------------------------------

    def _is_unended(self, text: Path, layout: Layout, places: Places) -> bool:
        """Whether the text ends with the last record that was read, and not with its line end.

        What is no CSV says by itself where a record ends.
        """
        if layout.dialect.format != "csv" or not len(places):
            return False
        return int(places[-1][1]) == text.stat().st_size

    def _without_last(self, whole: "_Result", places: Places, read: "_Reader") -> "_Result":
        """The same reading with its last record set apart, however well that could be read."""
        last = whole.found.records
        start, end = (int(place) for place in places[-1])
        if last == 1 or last in {number for number, _ in whole.found.set_apart}:
            return whole
        result = read(replace(whole.text, stop=start))
        with self._index().open("ab") as index:
            index.write(np.array([start, end], np.int64).tobytes())
        result.found.records += 1
        result.found.set_aside(last, UNENDED_RECORD)
        return result

    # --- the readers ---------------------------------------------------------------------------

    def _csv(self, text: "_Text") -> "_Result":
        if not text.plan.layout.dialect.syntax.is_plain:
            with self._outputs(text) as (sink, index):
                found = read_carefully(
                    text.path,
                    text.plan,
                    sink=sink,
                    index=index,
                    ask_for_encoding=partial(self._require_encoding, text.plan.encoding),
                    stop=text.stop,
                )
            return _Result(text, found, sink, "careful")
        try:
            return self._chunks(text)
        except _OtherEscape:
            plan = replace(text.plan, layout=escaped(text.plan.layout, "backslash"))
            return self._chunks(replace(text, plan=plan))

    def _chunks(self, text: "_Text") -> "_Result":
        from movie_pipeline.tabular import chunk_reader  # noqa: PLC0415 - the compiled loops take long

        doubts = chunk_reader.Doubts(
            encoding=partial(self._require_encoding, text.plan.encoding),
            escape=partial(self._require_escape, text),
        )
        with self._outputs(text) as (sink, index):
            found, odd = chunk_reader.read_chunks(
                text.path,
                text.plan,
                sink=sink,
                index=index,
                doubts=doubts,
                stop=text.stop,
            )
        self._require_quoting(text, found)
        if odd is None:
            return _Result(text, found, sink, "fast")
        return _Result(text, found, sink, "mended", (odd_note(odd),))

    def _require_encoding(self, encoding: Encoding) -> None:
        """What follows the head may be in another encoding."""
        if encoding.is_utf8 and not encoding.bom and self.source.encoding is None:
            other = encoding_of_all(self.content.path)
            if other != encoding:
                raise _OtherEncoding(other)

    def _require_quoting(self, text: "_Text", found: Found) -> None:
        layout = text.plan.layout
        asked = self.source.quote is None and layout.dialect.quoting and bool(found.set_apart)
        if asked and quotes_are_text(text.path, layout, self.limits):
            raise _QuotesAreText

    def _require_escape(self, text: "_Text") -> None:
        if (
            self.source.escape is None
            and text.plan.layout.dialect.escape == "doubled"
            and escape_of(text.path, text.plan.layout, self.limits) == "backslash"
        ):
            raise _OtherEscape

    def _json(self, text: "_Text") -> "_Result":
        with self._outputs(text) as (sink, index):
            found = read_json(
                text.path, text.plan.layout, sink=sink, index=index, limits=self.limits
            )
        return _Result(text, found, sink, "careful")

    def _outputs(self, text: "_Text") -> AbstractContextManager[tuple[RowSink, BinaryIO]]:
        typing = Typing(self.contract, self.engine)
        rows = rows_path(self.path, self.to)
        return reader_outputs(text.plan, typing, rows=rows, index=self._index())

    def _index(self) -> Path:
        return index_path(self.path, self.to)

    # --- the summary ---------------------------------------------------------------------------

    def _summary(self, outcome: "_Outcome") -> StagedFile:
        result, content = outcome.result, self.content
        found, layout = result.found, result.text.plan.layout
        require_records(found)
        # asked before the index is led back to the file's own bytes
        places = read_index(self._index())
        unended = self._is_unended(outcome.text, layout, places)
        totals = self._hold_totals(outcome, places)
        own = self._led_back(outcome)
        header, footer, *leading = map(own, _stretches_of(layout, outcome))
        found.again = list(map(own, found.again))
        found.comments = list(map(own, found.comments))
        read = ReadText(
            plan=result.text.plan,
            found=found,
            typer=result.typer,
            reader=result.reader,
            header=header,
            record_bytes=self._record_bytes(places, result.text.plan.encoding),
            dangling=outcome.dangling,
            ends_with_record=unended,
            shared=outcome.shared,
            leading_comments=leading,
            footer=outcome.footer,
            footer_bytes=footer[1] - footer[0],
            hold=self._hold_footer(outcome) or totals,
            notes=(*self.notes, *result.notes),
        )
        return summary_of(read, FileSize.of(self.path.stat().st_size, content), self.source)

    def _record_bytes(self, places: Places, encoding: Encoding) -> int:
        """Bytes of all records in the file; a long index is read in pieces, and not mapped."""
        if encoding.is_utf8 and not isinstance(places, np.memmap):
            return int(places[:, 1].sum() - places[:, 0].sum())
        return _indexed_bytes(self._index())

    def _led_back(self, outcome: "_Outcome") -> Callable[[Range], Range]:
        """What leads stretches of the text back to the file's bytes; the index is led back, too."""
        found, layout = outcome.result.found, outcome.result.text.plan.layout
        encoding = outcome.result.text.plan.encoding
        if encoding.is_utf8:
            return lambda stretch: stretch
        _lead_back(self.content.path, self._index(), outcome.text, encoding)
        stretches = (*_stretches_of(layout, outcome), *found.again, *found.comments)
        places = np.unique(np.array([*itertools.chain(*stretches)], np.int64))
        own = original_offsets(self.content.path, outcome.text, encoding, places)
        at = dict(zip(places.tolist(), own.tolist(), strict=True))
        return lambda stretch: (at[stretch[0]], at[stretch[1]])

    def _hold_totals(self, outcome: "_Outcome", places: Places) -> str | None:
        """Why a file is held whose last record, as its text has it, sums the others up."""
        plan = outcome.result.text.plan
        if plan.layout.dialect.format != "csv" or len(places) < 2 or not self.source.mend:  # noqa: PLR2004 - one alone sums nothing up
            return None
        start, end = (int(place) for place in places[-1])
        if outcome.text == self.content.path and end <= len(self.content.head):
            last = self.content.head[start:end]
        else:
            with outcome.text.open("rb") as file:
                file.seek(start)
                last = file.read(end - start)
        return totals_hold(last, plan, self.contract)

    def _hold_footer(self, outcome: "_Outcome") -> str | None:
        """Why a file is held that seems to lack the footer that its source declares."""
        if outcome.footer is None:
            return None
        plan = outcome.result.text.plan
        rows = rows_in_footer(
            outcome.text,
            outcome.footer,
            plan,
            self.contract,
            is_told_by_text=isinstance(self.source.footer, str),
        )
        return footer_hold(rows, outcome.footer) if rows else None


class _OtherEncoding(Exception):
    """The text is in another encoding than its head."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        super().__init__(encoding.name)


class _QuotesAreText(Exception):
    """The text is written without quoting."""


class _OtherEscape(Exception):
    """Quotes are escaped by a backslash."""


@dataclass(frozen=True)
class _Text:
    """A text that is to be read, and what is known of it.

    Attributes:
        path: where it lies, as UTF-8.
        plan: how it is read.
        stop: where it is taken to end, if not at its end.
    """

    path: Path
    plan: ReadingPlan
    stop: int | None = None


@dataclass(frozen=True)
class _Result:
    """What a reader gave, and which it was."""

    text: _Text
    found: Found
    sink: RowSink
    reader: str
    notes: tuple[str, ...] = ()

    @property
    def typer(self) -> RowTyper:
        """What typed its rows, and has counted them."""
        return self.sink.typer


@dataclass(frozen=True)
class _Outcome:
    """What came of reading a text."""

    text: Path
    dangling: int
    result: _Result
    shared: int = 0
    footer: Footer | None = None


_Reader = Callable[[_Text], _Result]


def _stretches_of(layout: Layout, outcome: _Outcome) -> list[Range]:
    """In the text: the header, what stands behind its end, and comments before the header."""
    size = outcome.text.stat().st_size
    behind = (size if layout.end is None else layout.end, size)
    return [(layout.header_start, layout.header_end), behind, *layout.comments]


def _indexed_bytes(index: Path) -> int:
    total = 0
    with index.open("rb", buffering=0) as file:
        while len(places := np.fromfile(file, np.int64, _PLACES_AT_ONCE)):
            total += int(places[1::2].sum() - places[::2].sum())
    return total


def _lead_back(content: Path, index: Path, text: Path, encoding: Encoding) -> None:
    """Write the index again, in the offsets of the file."""
    places = np.fromfile(index, np.int64)
    original_offsets(content, text, encoding, places).tofile(index)
