"""Files in which quotes are text, as in IMDb's own TSVs: known by all their records."""

import random
from pathlib import Path

import pytest

from movie_pipeline.tabular import SourceOptions, chunk_reader
from movie_pipeline.tabular.unquoted import UNQUOTED_NOTE
from movie_pipeline_tests.tabular.staging import Staged, stage

HEADER = "tconst\tprimaryTitle\tstartYear\taverageRating\n"


def rows(*titles: str) -> str:
    return "".join(f"tt{number}\t{title}\t2001\t8.1\n" for number, title in enumerate(titles))


def is_unquoted(staged: Staged) -> bool:
    return UNQUOTED_NOTE in staged.summary.notes


@pytest.mark.parametrize(
    "titles",
    [
        ['"Vela"', '"Odd" Lamp', "Plain", '"Open', "Five"],
        ['"Open', "Plain"],
        ['"Wild" Cat', 'Six "guns"', "Plain\\", "a, b"],
        ['"', "Plain"],
        ['"A" or "B"', "Plain", "C"],
        ['"One', 'Two"', "Three"],
        ["Plain"] * 40 + ['"Open', 'Close"', '"Open'],
    ],
)
def test_quotes_are_text_where_they_would_break_records(titles: list[str], tmp_path: Path) -> None:
    staged = stage(tmp_path, HEADER + rows(*titles))
    assert staged.titles == titles
    assert is_unquoted(staged)
    assert staged.summary.reader == "fast"
    assert staged.summary.dialect.describe().startswith("tab, UTF-8, no quotes")
    columns = [record.columns or {} for record in staged.raw(*range(1, len(titles) + 1))]
    assert [each["primaryTitle"] for each in columns] == titles


@pytest.mark.parametrize(
    "content",
    [
        # quotes that enclose, as programs write them that quote
        HEADER + rows('"A\tB"', "C"),
        HEADER + rows('"A ""B"""', '"Open'),
        HEADER + rows(*['"A"'] * 4, '"Open" x'),
        HEADER.replace("primaryTitle", '"primaryTitle"') + rows('"Open" x', "B"),
        # without quoting, a record would be too wide
        HEADER + rows("A", '"Open" x', "B\tC"),
        # where a comma parts cells, a quote is meant to enclose
        (HEADER + rows("A", '"Open" x', "B")).replace("\t", ","),
    ],
)
def test_quotes_enclose_where_a_program_quotes(content: str, tmp_path: Path) -> None:
    assert not is_unquoted(stage(tmp_path, content))


def test_a_declared_quote_wins(tmp_path: Path) -> None:
    content = HEADER + rows("A", '"Open" x')
    staged = stage(tmp_path, content, source=SourceOptions(quote='"'))
    assert staged.titles == ["A"]
    assert not is_unquoted(staged)


def test_whatever_stands_in_cells_they_come_back_wherever_chunks_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(1)
    pieces = ['"', '""', "a", " b", "\\", ",", "'", "é", "8"]
    titles = ["x" + "".join(chance.choices(pieces, k=chance.randint(0, 5))) for _ in range(300)]
    titles += ['"Open'] * 3
    for size in (64, 100, 4_000):
        monkeypatch.setattr(chunk_reader, "CHUNK", size)
        staged = stage(tmp_path, HEADER + rows(*titles))
        assert staged.titles == titles
        assert is_unquoted(staged)
