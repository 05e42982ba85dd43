"""The summary of a file, from what its readers found, be it read as a whole or in pieces.

How a file is read stands elsewhere; nothing here opens one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.file_content import Content
from movie_pipeline.tabular.file_notes import (
    ENDED,
    SPOILT_NOTES,
    UNENDED,
    UNENDED_HOLD,
    UNENDED_NOTE,
    comment_notes,
    encoding_note,
    hold_sentence,
    notes_on,
    row_repair_notes,
    scale_notes,
    shared_keys_note,
    unit_notes,
)
from movie_pipeline.tabular.footer import Footer, footer_note
from movie_pipeline.tabular.reading_limits import SourceOptions
from movie_pipeline.tabular.reading_plan import ReadingPlan
from movie_pipeline.tabular.row_sink import Found
from movie_pipeline.tabular.row_typer import RowTyper
from movie_pipeline.tabular.staged_file import ByteAccount, StagedFile, by_reason


@dataclass(frozen=True)
class ReadText:
    """All that came of reading a text; places are those of the content's own bytes.

    Attributes:
        plan: how it was read.
        found: its records.
        typer: with what was counted of its rows.
        reader: which reader its rows came from.
        header: where the header starts and ends.
        record_bytes: bytes of all records.
        dangling: bytes at its end that are no text.
        ends_with_record: whether the last record ends with the text, and not with its line end.
        shared: rows that share a derived key and say different things.
        leading_comments: where comment lines before the header are.
        footer: the footer that its source declares, None where there is none.
        footer_bytes: bytes behind the last record that are the footer's.
        hold: why the file is held for what was found beside its records, or None.
        notes: what the reader says.
    """

    plan: ReadingPlan
    found: Found
    typer: RowTyper
    reader: str
    header: tuple[int, int]
    record_bytes: int
    dangling: int
    ends_with_record: bool
    shared: int = 0
    leading_comments: Sequence[tuple[int, int]] = ()
    footer: Footer | None = None
    footer_bytes: int = 0
    hold: str | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class FileSize:
    """Bytes of a file and of its content, and how it came to that.

    Attributes:
        file: bytes of the file.
        content: bytes of its content.
        compression: what it is packed by, or None.
        written_from: what its text was written from, else empty.
        note: what is to be said of that, else empty.
    """

    file: int
    content: int
    compression: str | None = None
    written_from: str = ""
    note: str = ""

    @classmethod
    def of(cls, file: int, content: Content) -> Self:
        """Those of a file of so many bytes."""
        return cls(file, content.size, content.compression, content.written_from, content.note)


def require_records(found: Found) -> None:
    """Refuse a table without a row.

    Raises:
        UnreadableFile: there is none.
    """
    if not found.records:
        raise UnreadableFile(
            "The file has a header but no rows. If there are none to send, send no file."
        )


def summary_of(read: ReadText, size: FileSize, source: SourceOptions) -> StagedFile:
    """The summary, without the file's hash.

    Args:
        read: what came of its text.
        size: of the file.
        source: what is declared about its source.

    Raises:
        UnreadableFile: it has no row, or not every byte is accounted for.
    """
    plan, found, typer = read.plan, read.found, read.typer
    require_records(found)
    layout, mapping = plan.layout, plan.mapping
    is_csv = layout.dialect.format == "csv"
    ending = (UNENDED if read.ends_with_record else ENDED) if is_csv else ""
    kinds = typer.repairs()
    lacking, trailing = layout.dialect.mended
    row_repairs = found.widths.notes(lacking=lacking, trailing=trailing)
    hold = (
        hold_sentence(found, typer, mapping, salvage=source.salvage, json=not is_csv)
        or _hold_unended(found, ending, source)
        or read.hold
    )
    encoding = encoding_note(plan.encoding, declared=source.encoding is not None)
    return StagedFile(
        rows_in=found.records,
        rows_staged=typer.rows,
        sha256="",
        size=size.file,
        content_size=size.content,
        dialect=replace(
            layout.dialect,
            encoding=plan.encoding.name,
            codec=plan.encoding.codec,
            bom=plan.encoding.bom > 0,
            compression=size.compression,
            written_from=size.written_from,
            quote='"' if found.quotes and layout.dialect.mark else None,
            newline=found.newline,
        ),
        reader=read.reader,
        byte_account=_account(read, size),
        header=layout.header,
        mapping=mapping,
        derived=typer.derived,
        repairs={name: sum(kinds[name].values()) for name in kinds},
        repair_kinds=kinds,
        row_repairs=row_repairs,
        missing=typer.missing(),
        unreadable=typer.unreadable(),
        breached={name: count for name, count in typer.breached.items() if count},
        lenient=typer.unreadable(lenient=True),
        lenient_columns=plan.lenient,
        value_shapes=typer.value_shapes(),
        not_rows=by_reason(found.set_apart),
        ending=ending,
        hold=hold,
        notes=(
            *notes_on(found, mapping, typer.contract, source.dates),
            *([size.note] if size.note else []),
            *comment_notes(found, source.comment),
            *(
                [footer_note(read.footer, source.footer)]
                if is_csv and source.footer is not None
                else []
            ),
            *scale_notes(typer),
            *(unit_notes(typer) if hold is None else []),
            *row_repair_notes(row_repairs),
            *([encoding] if encoding else []),
            *(SPOILT_NOTES[what] for what in read.plan.spoilt),
            *read.notes,
            *([shared_keys_note(read.shared, typer.contract)] if read.shared else []),
            *([UNENDED_NOTE] if ending == UNENDED else []),
        ),
    )


def _hold_unended(found: Found, ending: str, source: SourceOptions) -> str | None:
    """Why a file is held whose source declares that a last record must have its line end."""
    alone = found.records == 1 and source.unended == "set_apart"
    holds = source.unended == "hold" or alone
    return UNENDED_HOLD if holds and ending == UNENDED else None


def _account(read: ReadText, size: FileSize) -> ByteAccount:
    """Where every byte went, in the file's own bytes."""
    found, unit = read.found, read.plan.encoding.unit
    start, end = read.header
    line_ends = found.separators + len(read.plan.layout.line_end)
    account = ByteAccount(
        header=end - start,
        records=read.record_bytes,
        separators=line_ends * unit,
        blank=found.blank * unit,
        other=start - _bytes_of(read.leading_comments) + _bytes_of(found.again) + read.dangling,
        comments=_bytes_of((*read.leading_comments, *found.comments)),
        footer=read.footer_bytes,
    )
    if account.total != size.content:
        raise UnreadableFile(
            f"Of the file's {size.content:,} bytes {account.total:,} are accounted for. "
            "This is a fault of the intake: keep the file and report it."
        )
    return account


def _bytes_of(stretches: Iterable[tuple[int, int]]) -> int:
    return sum(end - start for start, end in stretches)
