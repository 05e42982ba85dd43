"""The page of a report: self-contained HTML, made from its values by a template.

What stands on it is decided in told_file.py; how it looks, in page.html.jinja.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import jinja2
from markupsafe import Markup
from markupsafe import escape as markup_escape

from movie_pipeline.sender_report.told_file import SenderReport, ToldRow

MOST_ROWS_ON_PAGE = 100
MOST_COLUMNS_ON_PAGE = 8
_MOST_BARS = 10
_EMPTY = '<b class="empty">(empty)</b>'
_LONGEST = 160
"""Characters of a cell on the page; its JSON has more of it."""


@dataclass(frozen=True)
class Bar:
    """A bar of the picture: a column, how many rows have a fault in it, its length of 100."""

    name: str
    rows: int
    length: float


def written_page(report: SenderReport) -> str:
    """The page; all that is foreign on it is escaped."""
    shown = report.shown[:MOST_ROWS_ON_PAGE]
    columns = _columns_shown(report, shown)
    return _template().render(
        report=report,
        share=_share(report),
        bars=_bars(report),
        rows=_rows(shown, columns),
        rows_shown=len(shown),
        columns=columns,
        left_out_columns=len(report.columns) - len(columns),
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = "{:,}".format
    return environment.get_template("page.html.jinja")


def _share(report: SenderReport) -> Mapping[str, float]:
    """The three parts of the rows, of 100."""
    rows = max(report.rows, 1)
    accepted = 100 * report.rows_accepted / rows
    wrong = 100 * report.rows_to_correct / rows
    return {"accepted": accepted, "wrong": wrong, "waiting": max(0.0, 100 - accepted - wrong)}


def _bars(report: SenderReport) -> list[Bar]:
    """The columns in which the most rows have a fault."""
    found = list(report.rows_by_column.items())[:_MOST_BARS]
    most = max((rows for _, rows in found), default=1)
    return [
        Bar(name or "the row as a whole", rows, max(1.0, 100 * rows / most)) for name, rows in found
    ]


def _columns_shown(report: SenderReport, rows: tuple[ToldRow, ...]) -> list[str]:
    """Columns with faults, and the first ones of the file, by which a row is recognised."""
    faulty = Counter(problem.column for row in rows for problem in row.problems if problem.column)
    chosen = [name for name, _ in faulty.most_common(MOST_COLUMNS_ON_PAGE - 2)]
    for name in report.columns:
        if len(chosen) < min(MOST_COLUMNS_ON_PAGE, len(set(faulty)) + 3) and name not in chosen:
            chosen.append(name)
    return [name for name in report.columns if name in chosen]


def _rows(rows: Sequence[ToldRow], columns: Sequence[str]) -> Markup:
    """The rows of the table, what is wrong marked; the template is slow in the small."""
    labels = [f'<td data-label="{escape(name)}"' for name in columns]
    said = cache(_said)
    return Markup("\n    ".join(_row(row, columns, labels, said) for row in rows))  # noqa: S704 - escaped


def _row(
    row: ToldRow, columns: Sequence[str], labels: Sequence[str], said: Callable[[str], str]
) -> str:
    line = "\u2013" if row.line is None else row.line
    if row.text or not row.cells:
        text = markup_escape(_cut(row.text))
        cells = f'<td colspan="{len(columns)}" class="wrong raw" data-label="The row">{text}</td>'
    else:
        cells = _cells(row, columns, labels)
    sentences = "".join(map(said, row.sentences))
    return (
        f'<tr>\n      <th scope="row" class="n" data-label="Line">{line}</th>\n      {cells}\n'
        f'      <td class="fix" data-label="What to correct"><ul>\n{sentences}      </ul></td>\n'
        "    </tr>"
    )


def _said(sentence: str) -> str:
    return f"        <li>{markup_escape(sentence)}</li>\n"


def _cells(row: ToldRow, columns: Sequence[str], labels: Sequence[str]) -> str:
    wrong = {problem.column for problem in row.problems if problem.column}
    cells = [row.cells.get(name, "") for name in columns]
    # at once: in what is shown stands no NUL
    texts = escape("\0".join(map(_cut, cells))).split("\0") if cells else []
    told = [
        f"{label}>{text}</td>" if cell else f'{label} class="none"></td>'
        for label, cell, text in zip(labels, cells, texts, strict=True)
    ]
    for place, name in enumerate(columns):
        if name in wrong:
            shown = f"<b>{texts[place]}</b>" if cells[place].strip() else _EMPTY
            told[place] = f'{labels[place]} class="wrong">{shown}</td>'
    return "\n      ".join(told)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
