"""Layouts of files without a header, and of our own answers, which have one in any case.

Where a header is looked for stands in dialect.py.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import replace

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.reading_limits import SourceOptions
from movie_pipeline.tabular.record_parser import Record, Syntax, parsed_records

NO_HEADER = "none"
_OUR_REMARKS = re.compile(
    rb'[^\r\n]*?"?report_line"?([^\r\n\w"])"?report_problem"?[ \t]*(?:\r\n|\n|\r|\Z)'
)


def without_layout_of_others(head: bytes, start: int, source: SourceOptions) -> SourceOptions:
    """What is declared, as far as it holds for a text.

    Our own answer to a sender comes back with a header and laid out by us, whatever his own files
    look like: what is declared of encoding, columns and values holds for it too.

    Args:
        head: the first bytes of the text, as UTF-8.
        start: where its first line begins.
        source: what is declared.
    """
    answer = _OUR_REMARKS.match(head, start)
    if answer is None:
        return source
    return replace(
        source,
        header="",
        names=(),
        header_line=1,
        delimiter=answer[1].decode("latin-1"),
        quote=None,
        escape="doubled" if source.escape == "anywhere" else source.escape,
        comment="",
        footer=None,
    )


def first_record(head: bytes, start: int, syntax: Syntax) -> Record | None:
    """The first record that is neither blank nor a comment."""
    records = parsed_records(io.BytesIO(head), syntax, start=start, record_limit=len(head))
    return next((each for each in records if not each.is_blank and not each.is_comment), None)


def without_header(
    head: bytes, start: int, syntaxes: Sequence[Syntax], source: SourceOptions
) -> tuple[Syntax, tuple[str, ...]]:
    """How the cells of a text without a header are written, and what its columns are called.

    Args:
        head: the first bytes of the text.
        start: where its first line begins.
        syntaxes: the ways to write cells that are possible; one where the delimiter is known.
        source: what is declared: names of all columns, or the places of some.

    Raises:
        UnreadableFile: the first record has not as many cells, whatever the delimiter.
    """
    places = {name: place for name, place in source.columns.items() if isinstance(place, int)}
    least = len(source.names) or max(places.values(), default=1)
    cells = [_cells(head, start, syntax) for syntax in syntaxes]
    fitting = [
        (syntax, count)
        for syntax, count in zip(syntaxes, cells, strict=True)
        if (count == least if source.names else count >= least)
    ]
    if len(syntaxes) == 1 and source.names:
        return syntaxes[0], tuple(source.names)  # rows of another width are told one by one
    if len(fitting) == 1:
        syntax, count = fitting[0]
        return syntax, tuple(source.names) or _placed_names(places, count)
    declared = f"names {least} columns" if source.names else f"names a column in place {least}"
    if fitting:
        raise UnreadableFile(
            f'The source declares header = "none" and {declared}, and more than one delimiter '
            "gives that. Declare the delimiter, too, in the sources file (MOVIE_PIPELINE_SOURCES)."
        )
    counts = " or ".join(map(str, sorted(set(cells))))
    raise UnreadableFile(
        f'The source declares header = "none" and {declared}, but the first record has {counts} '
        "cells. Correct columns or delimiter in the sources file (MOVIE_PIPELINE_SOURCES)."
    )


def _cells(head: bytes, start: int, syntax: Syntax) -> int:
    record = first_record(head, start, syntax)
    return len(record.cells) if record else 0


def _placed_names(places: dict[str, int], count: int) -> tuple[str, ...]:
    """Columns by what is declared of their places; the others have a name from theirs."""
    names = {place: name for name, place in places.items()}
    return tuple(names.get(place, f"column_{place}") for place in range(1, count + 1))
