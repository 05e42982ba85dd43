"""A file becomes staged rows and a summary: the one entrance to the intake.

The steps stand here in their order; how each works stands in the module it is named after.
"""

import hashlib
import itertools
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import numpy as np

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import NoRoom, UnreadableFile
from movie_pipeline.stop_signals import raise_if_stopped
from movie_pipeline.tabular.careful_reader import read_carefully
from movie_pipeline.tabular.column_mapping import with_declared_names
from movie_pipeline.tabular.declared_header import without_layout_of_others
from movie_pipeline.tabular.dialect import Layout
from movie_pipeline.tabular.encodings import (
    Encoding,
    encoding_of,
    encoding_of_all,
    original_offsets,
    write_utf8,
)
from movie_pipeline.tabular.engine import Connection, Engine, available_cores, engine_connection
from movie_pipeline.tabular.escapes import escape_of, escaped
from movie_pipeline.tabular.file_content import Content, content_of, head_of, unpacked_name
from movie_pipeline.tabular.file_notes import (
    ENDED,
    UNENDED,
    UNENDED_HOLD,
    UNENDED_NOTE,
    UNENDED_RECORD,
    comment_notes,
    encoding_note,
    hold_sentence,
    notes_on,
    row_repair_notes,
    scale_notes,
    shared_keys_note,
)
from movie_pipeline.tabular.footer import (
    Footer,
    footer_hold,
    footer_note,
    footer_of,
    rows_in_footer,
)
from movie_pipeline.tabular.json_records import (
    json_first_cells,
    json_format,
    json_layout,
    read_json,
)
from movie_pipeline.tabular.raw_record import index_path, read_index, rows_path
from movie_pipeline.tabular.reading_limits import (
    DEFAULT_LIMITS,
    NOTHING_DECLARED,
    Limits,
    SourceOptions,
    as_written_out,
)
from movie_pipeline.tabular.reading_plan import (
    ReadingPlan,
    plan_of,
    plan_with,
    read_otherwise,
    with_evidence,
    with_widths,
)
from movie_pipeline.tabular.row_sink import Found, RowSink
from movie_pipeline.tabular.row_typer import RowTyper
from movie_pipeline.tabular.shared_keys import set_apart_shared_keys
from movie_pipeline.tabular.staged_file import ByteAccount, StagedFile, by_reason
from movie_pipeline.tabular.table_contract import TableContract
from movie_pipeline.tabular.unquoted import UNQUOTED_NOTE, quotes_are_text

_HASHED_AT_ONCE = 1 << 20
_MOST_READINGS = 4
"""How often a text is read again because of what its cells say; each time more is known."""


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
            path, to=to, limits=limits, contract=with_declared_names(contract, source)
        )
        if content.written_from:
            source = as_written_out(source)
        staging = _Staging(
            path,
            contract,
            content,
            to,
            limits,
            replace(source, lenient=tuple(dict.fromkeys((*lenient_columns, *source.lenient)))),
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
        encoding = encoding_of(self.content.path, head_of(self.content.path), self.source)
        try:
            return self._read(encoding)
        except _OtherEncoding as other:
            return self._read(other.encoding)
        except _QuotesAreText:
            source = replace(self.source, quote="none")
            return replace(self, source=source, notes=(*self.notes, UNQUOTED_NOTE)).run()

    def _read(self, encoding: Encoding) -> StagedFile:
        text = self.content.path
        dangling = 0
        if not encoding.is_utf8:
            text = self.to / f"{self.path.stem}.text"
            dangling = write_utf8(self.content.path, encoding, text)
        start = encoding.bom if encoding.is_utf8 else 0
        source = without_layout_of_others(head_of(text), start, self.source)
        try:
            return replace(self, source=source).read_text(text, encoding, start, dangling)
        finally:
            if text != self.content.path:
                text.unlink(missing_ok=True)

    def read_text(self, text: Path, encoding: Encoding, start: int, dangling: int) -> StagedFile:
        """Read the file's text, which is UTF-8."""
        head, footer = head_of(text), None
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
        if self.source.unended == "set_apart" and self._is_unended(text, plan.layout):
            result = self._without_last(result, read)
        shared = self._set_apart_shared_keys(result.typer)
        crash_point("intake.read.after")
        return self._summary(_Outcome(text, dangling, result, shared, footer))

    def _settled(self, text: "_Text", read: "_Reader") -> "_Result":
        """Read until what all cells say of points and commas is what they were read by."""
        result = read(text)
        for _ in range(_MOST_READINGS):
            found = {name: cells.evidence for name, cells in result.typer.numbers().items()}
            plan = with_evidence(result.text.plan, found, self.contract, self.source)
            plan = with_widths(plan, result.found.widths, result.found.records)
            if not read_otherwise(result.text.plan, plan):
                break
            result = read(replace(result.text, plan=plan))
        return result

    def _set_apart_shared_keys(self, typer: RowTyper) -> int:
        """Mark rows that share a derived key and say different things; return how many."""
        if not typer.derived:
            return 0
        shared = set_apart_shared_keys(rows_path(self.path, self.to), self.contract)
        typer.breached[self.contract.key] += shared
        return shared

    # --- a last record without its line end ------------------------------------------------------

    def _is_unended(self, text: Path, layout: Layout) -> bool:
        """Whether the text ends with the last record that was read, and not with its line end.

        What is no CSV says by itself where a record ends.
        """
        places = read_index(self._index())
        if layout.dialect.format != "csv" or not len(places):
            return False
        return int(places[-1][1]) == text.stat().st_size

    def _without_last(self, whole: "_Result", read: "_Reader") -> "_Result":
        """The same reading with its last record set apart, however well that could be read."""
        last = whole.found.records
        start, end = (int(place) for place in read_index(self._index())[-1])
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
            return _Result(text, found, sink.typer, "careful")
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
            return _Result(text, found, sink.typer, "fast")
        note = f"odd records were taken one by one: {odd}"
        return _Result(text, found, sink.typer, "mended", (note,))

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
        return _Result(text, found, sink.typer, "careful")

    @contextmanager
    def _outputs(self, text: "_Text") -> Generator[tuple[RowSink, BinaryIO]]:
        """What a reader fills: the rows and the index."""
        # the engine closes last: threads of the sink may use it up to its end
        with ExitStack() as engines, ExitStack() as opened:
            typer = RowTyper(
                text.plan.mapping,
                self.contract,
                lenient=text.plan.lenient,
                nulls=text.plan.layout.dialect.nulls,
                connection=_Opening(engines, self.engine, self.to).cursor,
            )
            threads = self.engine.threads or available_cores()
            sink = opened.enter_context(RowSink(rows_path(self.path, self.to), typer, threads))
            yield sink, opened.enter_context(self._index().open("wb"))

    def _index(self) -> Path:
        return index_path(self.path, self.to)

    # --- the summary ---------------------------------------------------------------------------

    def _summary(self, outcome: "_Outcome") -> StagedFile:
        found, typer, layout = (
            outcome.result.found,
            outcome.result.typer,
            outcome.result.text.plan.layout,
        )
        if not found.records:
            raise UnreadableFile(
                "The file has a header but no rows. If there are none to send, send no file."
            )
        kinds = typer.repairs()
        lacking, trailing = layout.dialect.mended
        row_repairs = found.widths.notes(lacking=lacking, trailing=trailing)
        ending = self._ending(outcome.text, layout)
        dialect = replace(
            layout.dialect,
            encoding=outcome.result.text.plan.encoding.name,
            codec=outcome.result.text.plan.encoding.codec,
            bom=outcome.result.text.plan.encoding.bom > 0,
            compression=self.content.compression,
            written_from=self.content.written_from,
            quote='"' if found.quotes and layout.dialect.mark else None,
            newline=found.newline,
        )
        return StagedFile(
            rows_in=found.records,
            rows_staged=typer.rows,
            sha256="",
            size=self.path.stat().st_size,
            content_size=self.content.size,
            dialect=dialect,
            reader=outcome.result.reader,
            byte_account=self._account(outcome),
            header=layout.header,
            mapping=outcome.result.text.plan.mapping,
            derived=typer.derived,
            repairs={name: sum(kinds[name].values()) for name in kinds},
            repair_kinds=kinds,
            row_repairs=row_repairs,
            missing=typer.missing(),
            unreadable=typer.unreadable(),
            breached={name: count for name, count in typer.breached.items() if count},
            lenient=typer.unreadable(lenient=True),
            lenient_columns=outcome.result.text.plan.lenient,
            value_shapes=typer.value_shapes(),
            not_rows=by_reason(found.set_apart),
            ending=ending,
            hold=hold_sentence(
                found,
                typer,
                outcome.result.text.plan.mapping,
                salvage=self.source.salvage,
                json=layout.dialect.format != "csv",
            )
            or self._hold_unended(found, ending)
            or self._hold_footer(outcome),
            notes=(
                *notes_on(
                    found, outcome.result.text.plan.mapping, self.contract, self.source.dates
                ),
                *comment_notes(found, self.source.comment),
                *self._footer_note(outcome.footer, layout),
                *scale_notes(typer),
                *row_repair_notes(row_repairs),
                *([said] if (said := self._encoding_note(outcome.result.text.plan)) else []),
                *self.notes,
                *outcome.result.notes,
                *([shared_keys_note(outcome.shared, self.contract)] if outcome.shared else []),
                *([UNENDED_NOTE] if ending == UNENDED else []),
            ),
        )

    def _encoding_note(self, plan: ReadingPlan) -> str | None:
        return encoding_note(plan.encoding, declared=self.source.encoding is not None)

    def _ending(self, text: Path, layout: Layout) -> str:
        if layout.dialect.format != "csv":
            return ""
        return UNENDED if self._is_unended(text, layout) else ENDED

    def _hold_unended(self, found: Found, ending: str) -> str | None:
        """Why a file is held whose source declares that a last record must have its line end."""
        alone = found.records == 1 and self.source.unended == "set_apart"
        holds = self.source.unended == "hold" or alone
        return UNENDED_HOLD if holds and ending == UNENDED else None

    def _footer_note(self, footer: Footer | None, layout: Layout) -> list[str]:
        declared = self.source.footer
        if declared is None or layout.dialect.format != "csv":
            return []
        return [footer_note(footer, declared)]

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

    def _account(self, outcome: "_Outcome") -> ByteAccount:
        """Where every byte went, in the file's own bytes; the index is led back to them too."""
        layout, found = outcome.result.text.plan.layout, outcome.result.found
        encoding = outcome.result.text.plan.encoding
        index = self._index()
        size = outcome.text.stat().st_size
        end = size if layout.end is None else layout.end
        header = (layout.header_start, layout.header_end)
        comments = (*layout.comments, *found.comments)
        stretches = (header, (end, size), *found.again, *comments)
        places = np.unique(np.array(list(itertools.chain(*stretches)), np.int64))
        own = places
        if not encoding.is_utf8:
            _lead_back(self.content.path, index, outcome.text, encoding)
            own = original_offsets(self.content.path, outcome.text, encoding, places)
        at = dict(zip(places.tolist(), own.tolist(), strict=True))

        def bytes_of(*stretches: tuple[int, int]) -> int:
            return sum(at[last] - at[first] for first, last in stretches)

        line_ends = found.separators + len(layout.line_end)
        account = ByteAccount(
            header=bytes_of(header),
            records=_indexed_bytes(index),
            separators=line_ends * encoding.unit,
            blank=found.blank * encoding.unit,
            other=at[layout.header_start]
            - bytes_of(*layout.comments)
            + bytes_of(*found.again)
            + outcome.dangling,
            comments=bytes_of(*comments),
            footer=bytes_of((end, size)),
        )
        if account.total != self.content.size:
            raise UnreadableFile(
                f"Of the file's {self.content.size:,} bytes {account.total:,} are accounted for. "
                "This is a fault of the intake: keep the file and report it."
            )
        return account


class _Opening:
    """An engine that is opened when it is asked for, once, by whatever thread."""

    def __init__(self, opened: ExitStack, engine: Engine, folder: Path) -> None:
        self._opened = opened
        self._engine = engine
        self._folder = folder
        self._lock = Lock()
        self._connection: Connection | None = None

    def cursor(self) -> Connection:
        with self._lock:
            if self._connection is None:
                opening = engine_connection(self._engine, (self._folder,))
                self._connection = self._opened.enter_context(opening)
            return self._connection.cursor()


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
    typer: RowTyper
    reader: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Outcome:
    """What came of reading a text."""

    text: Path
    dangling: int
    result: _Result
    shared: int = 0
    footer: Footer | None = None


_Reader = Callable[[_Text], _Result]


def _indexed_bytes(index: Path) -> int:
    places = read_index(index)
    return int(places[:, 1].sum() - places[:, 0].sum())


def _lead_back(content: Path, index: Path, text: Path, encoding: Encoding) -> None:
    """Write the index again, in the offsets of the file."""
    places = np.fromfile(index, np.int64)
    original_offsets(content, text, encoding, places).tofile(index)
