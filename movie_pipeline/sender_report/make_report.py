"""One pass over what was set apart of a file: counts, the first rows, and the correction file.

Memory does not grow with the rows but for a line of a counter: a report of a million wrong rows is
as long as one of some hundreds.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from movie_pipeline.errors import SettingsError
from movie_pipeline.file_names import safe_basename
from movie_pipeline.ledger.file_summary import RuleAnswer, RuleState
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.quarantine.plain_rules import (
    how_many,
    is_key_rule,
    judges_the_file,
    meaning,
)
from movie_pipeline.quarantine.quarantine_record import KeptReasons, KeptRecord, kept
from movie_pipeline.sender_report.correction_file import CorrectionFile, ending_of, text_of
from movie_pipeline.sender_report.for_senders import for_senders, notes_for_senders
from movie_pipeline.sender_report.headlines import Counted, fix_first, headline
from movie_pipeline.sender_report.page import written_page
from movie_pipeline.sender_report.repeated_keys import RepeatedKeys
from movie_pipeline.sender_report.row_problems import Demand, Demands
from movie_pipeline.sender_report.sent_layout import SentLayout
from movie_pipeline.sender_report.told_file import (
    LONGEST_CELL,
    MOST_LINES,
    MOST_OF_A_PROBLEM,
    MOST_PROBLEMS,
    MOST_ROWS,
    Problem,
    RowProblem,
    SenderReport,
    ToldRow,
    WholeFile,
    sentences_of,
)
from movie_pipeline.tabular import (
    REMARK_COLUMNS,
    LineNumbers,
    StagedFile,
    line_numbers,
    printable,
)

_MOST_SHOWN_TEXT = 1_000_000
"""Characters of all cells that are shown."""
_MOST_LINES_KNOWN = 1_000_000
"""Lines of records that are remembered: eight bytes each."""
_MOST_ALIKE = 10_000
"""Reasons that are remembered, for rows that share them."""
_MOST_READ_ONCE = 1_000_000
"""Bytes of records that are kept in memory, where they are looked at twice."""
_AS_IT_IS = "nothing is wrong with this row: it waits with the whole file"


@dataclass(frozen=True, kw_only=True)
class FileToTell:
    """A file that was decided, or only checked.

    Attributes:
        name: as it is called for people.
        file_id: which version.
        state: what was decided.
        rows_in, rows_good, rows_apart: its records, those that load, and those set apart or held.
        reason: why it does not load, or not as usual.
        rules: every rule's answer.
        notes: what is worth knowing of it.
        would: whether it was only checked: nothing was done yet.
    """

    name: str
    file_id: str
    state: FileState
    rows_in: int = 0
    rows_good: int = 0
    rows_apart: int = 0
    reason: str = ""
    rules: Sequence[RuleAnswer] = ()
    notes: Sequence[str] = ()
    would: bool = False


@dataclass(frozen=True)
class ReportPaths:
    """Where the three parts of a report are written to; they lie in one folder.

    Attributes:
        folder: which.
        stem: what their names begin with.
    """

    folder: Path
    stem: str

    @property
    def page(self) -> Path:
        """The page."""
        return self.folder / f"{self.stem}.html"

    @property
    def json(self) -> Path:
        """The same for programs."""
        return self.folder / f"{self.stem}.json"

    def correction(self, ending: str) -> Path:
        """The rows to correct."""
        return self.folder / f"{self.stem}.correction.{ending}"


def report_paths(page: Path, file_name: str) -> ReportPaths:
    """Where a report goes that a person asks for.

    Args:
        page: the page's path, or a folder that is there.
        file_name: of the file, after which the page is called in a folder.

    Raises:
        SettingsError: there is no such folder.
    """
    if page.is_dir():
        return ReportPaths(page, f"{Path(safe_basename(file_name)).stem}.report")
    if not page.parent.is_dir():
        raise SettingsError(
            f"there is no folder {page.parent} for the report: make it, or name another one."
        )
    return ReportPaths(page.parent, page.stem if page.suffix == ".html" else page.name)


@dataclass(frozen=True)
class Sent:
    """A file as it was sent and read.

    Attributes:
        source: its bytes, in the folder it was staged to; None where they are not at hand.
        staged: what the reading found; None likewise.
        layout: how the sender writes.
    """

    source: Path | None
    staged: StagedFile | None
    layout: SentLayout


def make_report(
    file: FileToTell, sent: Sent | None, quarantine: Path | None, to: ReportPaths
) -> list[Path]:
    """Write the report of a file; the page comes last, when what it links to is there.

    Args:
        file: what was decided.
        sent: the file; None where it could not be read.
        quarantine: its records set apart; None where there are none.
        to: where to.

    Returns:
        The files written, the page last.
    """
    gathered = _Gathered()
    correction: Path | None = None
    if sent is not None and quarantine is not None:
        correction = to.correction(ending_of(sent.layout))
        behind, asks_for_keys = _demands(file, sent), _asks_for_keys(file)
        _gather(sent, quarantine, correction, gathered, behind, asks_for_keys=asks_for_keys)
    report = _report(file, sent, gathered, correction)
    to.json.write_bytes(report.to_json())
    to.page.write_text(written_page(report), encoding="utf-8")
    return [*([correction] if correction else []), to.json, to.page]


def first_rows(file: FileToTell, sent: Sent, quarantine: Path, most: int) -> Iterator[ToldRow]:
    """The first rows of a file that something is wrong with, in its order.

    Args:
        file: what was decided.
        sent: the file.
        quarantine: its records set apart.
        most: so many at most; 0: all.
    """
    behind, at, keys = _demands(file, sent), _Lines(), RepeatedKeys()
    records = _Records(quarantine)
    if _asks_for_keys(file):
        keys = _repeated_keys(sent, records, behind, at)
    with _lines_of(sent) as lines:
        found = 0
        for place, record in enumerate(records.whole()):
            asked = behind(bytes(record.reasons))
            if asked:
                yield _told(record, at.of(place, record, lines), asked, keys, sent.layout)
                found += 1
            if most and found == most:
                return


Behind = Callable[[bytes], tuple[Demand, ...]]
"""From the reasons of a record, as JSON, to what it is not."""


def _demands(file: FileToTell, sent: Sent) -> Behind:
    unevaluated = frozenset(rule.rule for rule in file.rules if rule.outcome is RuleState.ERROR)
    return lru_cache(maxsize=_MOST_ALIKE)(_demands_of(sent.layout, unevaluated).behind)


_demands_of = lru_cache(maxsize=16)(Demands)
"""Files of one sender are laid out alike."""


def _asks_for_keys(file: FileToTell) -> bool:
    return any(rule.failing_rows and is_key_rule(rule.rule) for rule in file.rules)


@contextmanager
def _lines_of(sent: Sent) -> Generator[LineNumbers | None]:
    """Where the lines of the file begin; nothing where its bytes are not at hand."""
    if sent.source is None or sent.staged is None:
        yield None
        return
    with line_numbers(sent.source, sent.staged, folder=sent.source.parent) as lines:
        yield lines


# --- one pass over the records --------------------------------------------------------------------


@dataclass
class _Seen:
    """One problem, counted."""

    rows: int = 0
    lines: list[int | None] = field(default_factory=list[int | None])
    records: list[int] = field(default_factory=list[int])


@dataclass
class _Alike:
    """Rows that are not the same.

    Attributes:
        demands: what they are not.
        seen: their problems, as far as these are told.
        left_out: how many are not.
        remark: what is said of each; None where that differs.
        rows: how many there are.
    """

    demands: Sequence[Demand]
    seen: Sequence[_Seen]
    left_out: int
    remark: str | None = None
    rows: int = 0


@dataclass
class _Gathered:
    """What the pass found."""

    rows: int = 0
    wrong: int = 0
    seen: dict[Demand, _Seen] = field(default_factory=dict[Demand, _Seen])
    left_out: int = 0
    of_columns: Counter[str] = field(default_factory=Counter[str])
    shown: list[ToldRow] = field(default_factory=list[ToldRow])
    text: int = 0
    _alike: dict[tuple[Demand, ...], _Alike] = field(
        default_factory=dict[tuple[Demand, ...], _Alike]
    )
    _of_reasons: dict[bytes, _Alike] = field(default_factory=dict[bytes, _Alike])

    def alike(self, reasons: bytes, behind: Behind) -> _Alike:
        """The rows that are not the same as those of these reasons, so far."""
        known = self._of_reasons.get(reasons)
        if known is None:
            if len(self._of_reasons) >= _MOST_ALIKE:
                self.add_up()
            asked = behind(reasons)
            known = self._alike.get(asked)
            if known is None:
                known = self._alike[asked] = self._first_of(asked)
            self._of_reasons[reasons] = known
        return known

    def _first_of(self, asked: Sequence[Demand]) -> _Alike:
        told = [seen for seen in map(self._seen, asked) if seen is not None]
        has_partners = any(demand.key_rule for demand in asked)
        remark = None if has_partners else _remark(asked, RepeatedKeys(), 0)
        return _Alike(asked, told, len(asked) - len(told), remark)

    def _seen(self, demand: Demand) -> _Seen | None:
        seen = self.seen.get(demand)
        if seen is None and len(self.seen) < MOST_PROBLEMS:
            seen = self.seen[demand] = _Seen()
        return seen

    def count(self, alike: _Alike, line: int | None, record: int) -> bool:
        """Count a row's problems; whether the row is to be shown for one of them."""
        self.rows += 1
        alike.rows += 1
        is_wanted = False
        for seen in alike.seen:
            seen.rows += 1
            is_wanted |= seen.rows <= MOST_OF_A_PROBLEM
            if len(seen.records) < MOST_LINES:
                seen.lines.append(line)
                seen.records.append(record)
        return is_wanted

    def add_up(self) -> None:
        """Count what holds for all rows that are alike."""
        for alike in self._alike.values():
            self.wrong += alike.rows if alike.demands else 0
            self.left_out += alike.rows * alike.left_out
            columns = dict.fromkeys(", ".join(demand.columns) for demand in alike.demands)
            self.of_columns.update(dict.fromkeys(columns, alike.rows))
        self._alike.clear()
        self._of_reasons.clear()


@dataclass
class _Records:
    """Records set apart, as often as they are asked for; few of them are read once."""

    path: Path

    @cached_property
    def _few(self) -> Sequence[KeptRecord] | None:
        if self.path.stat().st_size > _MOST_READ_ONCE:
            return None
        return list(kept(self.path, KeptRecord))

    def whole(self) -> Iterable[KeptRecord]:
        """With their cells."""
        return kept(self.path, KeptRecord) if self._few is None else self._few

    def reasons(self) -> Iterable[KeptReasons]:
        """As much as their reasons and places need."""
        return kept(self.path, KeptReasons) if self._few is None else self._few


def _gather(  # noqa: PLR0913 - what is read, what is asked, and where it goes
    sent: Sent,
    quarantine: Path,
    correction: Path,
    gathered: _Gathered,
    behind: Behind,
    *,
    asks_for_keys: bool,
) -> None:
    at, keys, records = _Lines(), RepeatedKeys(), _Records(quarantine)
    if asks_for_keys:
        keys = _repeated_keys(sent, records, behind, at)
    with ExitStack() as stack:
        lines = stack.enter_context(_lines_of(sent))
        written = stack.enter_context(CorrectionFile(correction, sent.layout))
        for place, record in enumerate(records.whole()):
            line = at.of(place, record, lines)
            alike = gathered.alike(bytes(record.reasons), behind)
            remark = alike.remark
            if remark is None:
                remark = _remark(alike.demands, keys, record.record_number)
            written.add(record, line, remark)
            is_wanted = gathered.count(alike, line, record.record_number)
            room = gathered.text < _MOST_SHOWN_TEXT
            if alike.demands and room and (is_wanted or len(gathered.shown) < MOST_ROWS):
                told = _told(record, line, alike.demands, keys, sent.layout)
                gathered.shown.append(told)
                gathered.text += len(told.text) + sum(map(len, told.cells.values()))
    gathered.add_up()


def _repeated_keys(sent: Sent, records: _Records, behind: Behind, at: "_Lines") -> RepeatedKeys:
    """The partners of rows that fail rules about keys: a pass of its own, where there are any."""
    keys = RepeatedKeys()
    if sent.source is None or sent.staged is None:
        return keys
    with _lines_of(sent) as lines:
        for place, record in enumerate(records.reasons()):
            line = at.of(place, record, lines)
            asked = behind(bytes(record.reasons))
            if line and (rules := [demand.key_rule for demand in asked if demand.key_rule]):
                keys.see(rules, record.record_number, line)
    keys.compare(sent.source, sent.staged)
    return keys


@dataclass
class _Lines:
    """The lines of records: those of the first ones are remembered, and the file is read once."""

    _known: "array[int]" = field(default_factory=lambda: array("q"))

    def of(self, place: int, record: KeptReasons, lines: LineNumbers | None) -> int | None:
        """The line in which a record begins; they are asked for in their order.

        Args:
            place: how many records stand before it in quarantine.
            record: the record.
            lines: of its file, where that is at hand.
        """
        if lines is None:
            return None
        if place < len(self._known):
            return self._known[place]
        line = lines.at(record.byte_offset)
        if place == len(self._known) < _MOST_LINES_KNOWN:
            self._known.append(line)
        return line


def _remark(demands: Sequence[Demand], keys: RepeatedKeys, record_number: int) -> str:
    """What is said of a row in the correction file, which shows its values beside."""
    problems = _problems_of_row(demands, {}, keys, record_number)
    return "; ".join(sentences_of(problems)) or _AS_IT_IS


def _problems_of_row(
    demands: Sequence[Demand], cells: Mapping[str, str], keys: RepeatedKeys, record_number: int
) -> list[RowProblem]:
    problems: list[RowProblem] = []
    for demand in demands:
        partners = keys.lines(demand.key_rule, record_number) if demand.key_rule else ()
        columns = _names_shown(demand.columns)
        together = columns if len(columns) > 1 else ()
        problems += [
            RowProblem(
                column=column,
                value=_shown(cells.get(key, "")),
                rule=demand.rule,
                together=together,
                partner_lines=partners,
            )
            for key, column in zip(demand.columns, columns, strict=True)
        ] or [RowProblem(column="", value="", rule=demand.rule, partner_lines=partners)]
    return problems


def _told(
    record: KeptRecord,
    line: int | None,
    demands: Sequence[Demand],
    keys: RepeatedKeys,
    layout: SentLayout,
) -> ToldRow:
    cells = record.cells
    return ToldRow(
        line=line,
        record=record.record_number,
        cells=_cells_shown(cells or {}),
        text="" if cells is not None else _shown(text_of(record, layout.codec)),
        problems=tuple(_problems_of_row(demands, cells or {}, keys, record.record_number)),
    )


def _cells_shown(cells: Mapping[str, str]) -> dict[str, str]:
    names, all_of_it = _names_shown(tuple(cells)), "".join(cells.values())
    if all_of_it.isprintable() and len(all_of_it) <= LONGEST_CELL:
        return dict(zip(names, cells.values(), strict=True))
    return dict(zip(names, map(_shown, cells.values()), strict=True))


@lru_cache(maxsize=1_000)
def _names_shown(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(printable, names))


def _shown(cell: str) -> str:
    return printable(cell, LONGEST_CELL)


# --- what is told ---------------------------------------------------------------------------------


def _report(
    file: FileToTell, sent: Sent | None, gathered: _Gathered, correction: Path | None
) -> SenderReport:
    layout = sent.layout if sent else None
    problems = tuple(_problems(gathered)) if layout else ()
    whole_file = tuple(_whole_file(file, layout)) if layout else ()
    is_held = file.state is FileState.HELD
    counted = Counted(
        state=file.state,
        rows=file.rows_in,
        accepted=file.rows_good,
        to_correct=gathered.wrong,
        apart=file.rows_apart,
        whole_file=len(whole_file),
        without_rows=sum(rule.rows is None or not rule.rows for rule in whole_file),
        would=file.would,
    )
    reason = for_senders(file.reason)
    answer, sentence, to_do = headline(counted, reason)
    return SenderReport(
        file=file.name,
        file_id=file.file_id,
        answer=answer,
        checked=file.would,
        headline=sentence,
        to_do=to_do,
        rows=file.rows_in,
        rows_accepted=file.rows_good,
        rows_to_correct=gathered.wrong,
        rows_waiting=file.rows_apart - gathered.wrong if is_held else 0,
        whole_file=whole_file,
        reason="" if whole_file else reason,
        fix_first=tuple(fix_first(gathered.seen, counted)),
        problems=problems,
        problems_left_out=gathered.left_out,
        rows_by_column={
            printable(columns): rows for columns, rows in gathered.of_columns.most_common()
        },
        shown=tuple(gathered.shown),
        columns=tuple(map(printable, layout.sent_keys)) if layout else (),
        layout=layout.described if layout else "",
        notes=notes_for_senders(file.notes),
        correction_file=correction.name if correction else "",
        correction_columns=REMARK_COLUMNS if correction else (),
    )


def _problems(gathered: _Gathered) -> Iterator[Problem]:
    for demand, seen in sorted(gathered.seen.items(), key=lambda pair: -pair[1].rows):
        yield Problem(
            column=printable(", ".join(demand.columns)),
            rule=demand.rule,
            rows=seen.rows,
            lines=tuple(seen.lines),
            records=tuple(seen.records),
        )


def _whole_file(file: FileToTell, layout: SentLayout) -> Iterator[WholeFile]:
    """Rules about the whole file that it does not keep, and those that could not be asked."""
    if file.state is not FileState.HELD:
        return
    for answer in file.rules:
        if answer.waived or answer.outcome is RuleState.PASSED:
            continue
        if answer.outcome is RuleState.ERROR:
            found = f"this could not be found out: {answer.reason}"
            yield WholeFile(rule=meaning(answer.rule, layout.written), found=found, rows=None)
        elif judges_the_file(answer.rule):
            found = (
                f"it is {next(iter(answer.metrics.values())):,.6g}"
                if answer.metrics
                else "it is not so"
            )
            if answer.failing_rows:
                found = how_many(answer.rule, answer.failing_rows, file.rows_in, layout.written)
            rule = meaning(answer.rule, layout.written)
            yield WholeFile(rule=rule, found=found, rows=answer.failing_rows)
