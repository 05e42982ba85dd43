"""Which declaration would make a file load, as far as that can be told: found by trying.

Nothing here decides how a file is read: a person reads what was found, and declares it or not.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.column_mapping import normalised, printable, rank_of
from movie_pipeline.tabular.columns_by_cells import columns_by_cells, reads_as
from movie_pipeline.tabular.declaration_refined import (
    Remarks,
    Try,
    footers,
    pads,
    signs,
    units,
    values,
)
from movie_pipeline.tabular.declaration_trials import Trial, Trials, sample_of
from movie_pipeline.tabular.dialect import DELIMITERS
from movie_pipeline.tabular.encodings import (
    Encoding,
    UnknownEncodingError,
    encoding_named,
    encoding_of,
)
from movie_pipeline.tabular.file_content import Content, content_of
from movie_pipeline.tabular.joined_tables import SeveralTablesError
from movie_pipeline.tabular.json_records import json_format
from movie_pipeline.tabular.reading_limits import (
    DEFAULT_LIMITS,
    NOTHING_DECLARED,
    Limits,
    SourceOptions,
)
from movie_pipeline.tabular.record_parser import Syntax
from movie_pipeline.tabular.table_contract import TableContract

_RARE_DELIMITERS = ("||", "|#|", "::", ";;", "~", "^", "¦", "§", "\x01", "\x1f")
_COMMENTS = ("#", "//", "--", "%", "!", "*")
_HEADER_LINES = 2_000
_LIKE = 0.5


@dataclass(frozen=True)
class Guess:
    """The declaration that was found best.

    Attributes:
        options: what would be declared.
        remarks: key to what a person should know: how it was found, and what is to be decided.
        trial: what the sample becomes by it; None where the file is none that could be read.
        refusal: why it cannot be read whatever is declared, else empty.
    """

    options: SourceOptions
    remarks: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    trial: Trial | None = None
    refusal: str = ""


def guessed_declaration(
    path: Path, contract: TableContract, *, limits: Limits = DEFAULT_LIMITS
) -> Guess:
    """Find what a source would have to declare for a file to load.

    Args:
        path: the file.
        contract: what its rows must be.
        limits: what it may ask of this machine.
    """
    with tempfile.TemporaryDirectory(prefix="declared-") as name:
        folder = Path(name)
        try:
            content, members = _content(path, folder, limits, contract)
            encoding, declared, remarks = _encoding(content)
        except UnreadableFile as error:
            return Guess(NOTHING_DECLARED, refusal=str(error))
        text = sample_of(content, encoding, folder)
        search = _Search(Trials(text, contract, folder, limits), contract)
        if remarks:
            search.remarks["encoding"] = remarks
        if members:
            search.remarks["members"] = ["decide: is that all that is to be loaded of the archive?"]
        trial = search.best()
        options = replace(trial.options, encoding=declared, members=members)
        return Guess(options, search.remarks, replace(trial, options=options))


def _content(
    path: Path, folder: Path, limits: Limits, contract: TableContract
) -> tuple[Content, tuple[str, ...]]:
    """The content, and which members of an archive are to be declared its tables."""
    try:
        return content_of(path, to=folder, limits=limits, contract=contract), ()
    except SeveralTablesError as several:
        if not several.members:
            raise
        source = SourceOptions(members=several.members)
        content = content_of(path, to=folder, limits=limits, contract=contract, source=source)
        return content, several.members


def _encoding(content: Content) -> tuple[Encoding, str | None, list[str]]:
    """The encoding, what is to be declared of it, and what is to be said."""
    head = content.head
    try:
        return encoding_of(content.path, head, NOTHING_DECLARED), None, []
    except UnknownEncodingError as error:
        first, *others = error.samples
        remarks = [
            f"as {name} the first odd cells read: " + " / ".join(map(printable, texts))
            for name, texts in error.samples.items()
        ]
        if others:
            remarks.insert(0, f"decide: it may be {', '.join(others)} as well")
        return encoding_named(first.lower()), first.lower(), remarks
    except UnreadableFile as error:
        if "UTF-16 without" in str(error):
            codec = "utf-16-be" if head[::2].count(0) > head[1::2].count(0) else "utf-16-le"
            return encoding_named(codec), codec, ["by where its zero bytes stand"]
        if "could be UTF-8 or another" not in str(error):
            raise
        remark = "decide: records with bytes that are no UTF-8 are set apart; it may be another"
        return encoding_named("utf-8"), "utf-8", [remark]


class _Search:
    def __init__(self, trials: Trials, contract: TableContract) -> None:
        self._trials = trials
        self._contract = contract
        self.remarks: dict[str, Sequence[str]] = {}

    def best(self) -> Trial:
        """The best declaration that was found."""
        best = self._trials.of(NOTHING_DECLARED)
        if not json_format(self._trials.text, 0):
            best = self._with_layout(best)
        best = self._with_columns(best)
        for refined in (footers, pads, units, signs, values):
            best = self._better(best, refined(best, self._trials))
        if best.staged is not None and best.staged.hold and "never closed" in best.staged.hold:
            best = self._better(best, [(replace(best.options, salvage=True), {"salvage": (
                "decide: what stands from the open quote on is set apart",
            )})])  # fmt: skip
        return best

    def _better(self, best: Trial, tries: "Iterator[Try] | Sequence[Try]") -> Trial:
        """The best of some tries, if it is better than what there is."""
        for options, remarks in tries:
            trial = self._trials.of(options)
            if trial.rank > best.rank:
                best = trial
                self.remarks |= remarks
            if best.is_fine and best.rank[3] > len(self._contract.required_names):
                break
        return best

    # --- the layout -------------------------------------------------------------------------------

    def _with_layout(self, best: Trial) -> Trial:
        if best.is_fine:
            return best
        text = self._trials.text
        tried = (*_RARE_DELIMITERS, *DELIMITERS, " ")
        delimiters = [each for each in tried if each.encode() in text]
        quotes = ['"', *(["none"] if b'"' in text else []), *(["'"] if b"'" in text else [])]
        escapes = [None, *(["doubled", "backslash", "anywhere"] if b"\\" in text else [])]
        comments = ["", *(each for each in _COMMENTS if _begins_lines(text, each))]
        for delimiter, quote, escape, comment in product(delimiters, quotes, escapes, comments):
            if quote == "none" and escape in {"doubled", "backslash"}:
                continue
            options = SourceOptions(
                delimiter=delimiter if delimiter not in DELIMITERS else None,
                quote=None if quote == '"' else quote,
                escape=escape,
                comment=comment,
            )
            best = self._better(best, list(self._headed(options, delimiter)))
            if best.is_fine:
                break
        return best

    def _headed(self, options: SourceOptions, delimiter: str) -> "Iterator[Try]":
        """A layout with its header where it is, or without one."""
        said: Remarks = {}
        if options.escape and "in two ways" in self._trials.of(NOTHING_DECLARED).refusal:
            said = {"escape": ("decide: doubled and backslash give other cells, and both load",)}
        yield options, said
        known = replace(options, delimiter=delimiter)
        yield known, said
        syntax = _syntax(known)
        line, names = self._header_line(syntax)
        if line is not None:
            yield replace(known, header_line=line), {"header_line": (f"it names {names}",)}
            return
        rows = self._trials.first_cells(syntax)
        width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
        if width < len(self._contract.required_names) or count < _LIKE * len(rows):
            return
        rows = [row for row in rows if len(row) == width]
        yield from self._without_names(known, rows)

    def _header_line(self, syntax: Syntax) -> tuple[int | None, str]:
        """The first line that names what is required, else the one that names most."""
        best: tuple[tuple[bool, int], int, str] | None = None
        lines = re.split(rb"\r\n|\n|\r", self._trials.text)[:_HEADER_LINES]
        for number, line in enumerate(lines, 1):
            if syntax.delimiter not in line or (syntax.comment and line.startswith(syntax.comment)):
                continue
            cells = [
                cell.strip(b" \"'").decode("utf-8", "replace")
                for cell in line.split(syntax.delimiter)
            ]
            rank = rank_of(cells, self._contract)
            if rank[1] > 1 and (best is None or rank > best[0]):
                best = rank, number, ", ".join(map(printable, cells[:4]))
            if rank[0]:
                break
        return (best[1], best[2]) if best else (None, "")

    def _without_names(self, options: SourceOptions, rows: list[list[str]]) -> "Iterator[Try]":
        """A first record with names that are not known, or no header at all: by what cells hold."""
        found = columns_by_cells(rows[1:] or rows, self._contract)
        if any(name not in found for name in self._contract.required_names):
            return
        numbers = [name for name in found if name in self._contract.number_names]
        is_header = len(rows) > 1 and not any(
            reads_as(rows[0][found[name]], self._contract.column(name)) for name in numbers
        )
        why = "the header's names are not known" if is_header else "no line names the columns"
        said = [f"guessed by the cells, as {why}:"]
        for name, place in found.items():
            samples = " / ".join(printable(row[place], 30) for row in rows[is_header:][:3])
            said.append(f"  {name} is column {place + 1}: {samples}")
        said.append("decide: are they right, and which are the others?")
        if is_header:
            columns = {name: rows[0][place] for name, place in found.items()}
            yield replace(options, columns=columns), {"columns": said}
            return
        named = [""] * len(rows[0])
        for name, place in found.items():
            named[place] = name
        yield replace(options, header="none", names=tuple(named)), {"columns": said}

    # --- columns ----------------------------------------------------------------------------------

    def _with_columns(self, best: Trial) -> Trial:
        """A header that lacks a required name: by what the cells hold."""
        if best.staged is not None or "has no column" not in best.refusal:
            return best
        options = best.options
        if json_format(self._trials.text, 0):
            return self._better(best, list(self._lacking(options, self._trials.json_rows())))
        for delimiter in [options.delimiter] if options.delimiter else DELIMITERS:
            syntax = _syntax(replace(options, delimiter=delimiter))
            line, _ = self._header_line(syntax)
            start = _line_start(self._trials.text, line or 1)
            rows = self._trials.first_cells(syntax, start)
            if not rows or len(rows[0]) < len(self._contract.required_names):
                continue
            rows = [rows[0], *(row for row in rows[1:] if len(row) == len(rows[0]))]
            best = self._better(best, list(self._lacking(options, rows)))
        return best

    def _lacking(self, options: SourceOptions, rows: list[list[str]]) -> "Iterator[Try]":
        header = rows[0]
        taken = {
            place
            for place, name in enumerate(header)
            if rank_of([name], self._contract)[1] and normalised(name)
        }
        found = columns_by_cells(rows[1:], self._contract)
        lacking = {
            name: header[place]
            for name, place in found.items()
            if name in self._contract.required_names and place not in taken
        }
        if not lacking:
            return
        said = [
            f"guessed by the cells: {name} is {printable(column)}"
            for name, column in lacking.items()
        ]
        said.append("decide: is that right?")
        yield replace(options, columns=lacking), {"columns": said}


def _syntax(options: SourceOptions) -> Syntax:
    return Syntax(
        (options.delimiter or ",").encode(),
        backslash=options.escape in {"backslash", "anywhere"},
        quote=b"" if options.quote == "none" else (options.quote or '"').encode(),
        anywhere=options.escape == "anywhere",
        comment=options.comment.encode(),
    )


def _begins_lines(text: bytes, mark: str) -> bool:
    return (
        text.startswith(mark.encode())
        or re.search(rb"[\r\n]" + re.escape(mark.encode()), text) is not None
    )


def _line_start(text: bytes, line: int) -> int:
    ends: Any = re.finditer(rb"\r\n|\n|\r", text)
    starts = [0, *(found.end() for found, _ in zip(ends, range(line - 1), strict=False))]
    return starts[-1]
