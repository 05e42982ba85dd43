"""A last line that sums up the rows is no movie: the file is held; a footer may be declared."""

from pathlib import Path

import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.tabular import SourceOptions
from movie_pipeline_tests.tabular.in_pieces import stage_in_pieces
from movie_pipeline_tests.tabular.staging import ALIEN, HEADER, TWO_FILMS, stage

SUMS = {
    "Total,,8.4\n": "Total",
    '"TOTAL:",,8.4': "TOTAL",
    "Average (2 films),,8.4\n\n": "Average",
    "Gesamtergebnis,,8.4\n,,\n": "Gesamtergebnis",
    "Ortalama,NA?,8.4\n": None,
    "Średnia,,8.4\n": "Średnia",
    "平均,,8.4\n": "平均",
    'סה"כ,,8.4\n': 'סה"כ',
}


@pytest.mark.parametrize("line", SUMS)
def test_a_file_whose_last_row_sums_up_is_held_however_it_is_read(
    line: str, tmp_path: Path
) -> None:
    word = SUMS[line]
    content = (TWO_FILMS + line).encode()
    whole = stage(tmp_path, content)
    path = tmp_path / "in-pieces.csv"
    path.write_bytes(content)
    pieces = stage_in_pieces(path, MOVIES.contract, to=tmp_path / "pieces", piece_bytes=20)
    assert whole.summary.hold == pieces.hold
    if word is None:
        assert whole.summary.hold is None
        return
    quoted = word.replace('"', '\\"')
    assert whole.summary.hold == (
        f'The last record is called "{word}", and lacks what the rows above have: it seems to sum '
        f'them up. Send the file without it. Or declare footer = "{quoted}" for this source in the '
        "sources file (MOVIE_PIPELINE_SOURCES)."
    )
    declared = stage(tmp_path, content, source=SourceOptions(footer=word))
    assert (declared.summary.hold, declared.titles) == (None, ["Alien", "Heat"])


@pytest.mark.parametrize(
    "content",
    [
        TWO_FILMS + "Total,2003,8.4\n",  # a film of that name
        TWO_FILMS + "Total Recall,,8.4\n",
        TWO_FILMS + "The Total,,8.4\n",
        HEADER + "Total,,8.4\n",  # there is nothing to sum up
        HEADER + "Total,,8.4\n" + ALIEN,
        TWO_FILMS + "Total,,16.8\n",  # set apart as it is, for what it says
        TWO_FILMS + "Total,,\n",
        TWO_FILMS + "Total,2\n",
        '[{"title": "Heat", "rating": 8.3}, {"title": "Total", "year": null, "rating": 8.3}]',
    ],
)
def test_a_row_that_is_called_so_holds_no_file_otherwise(content: str, tmp_path: Path) -> None:
    assert stage(tmp_path, content).summary.hold is None


def test_a_source_may_declare_that_nothing_is_mended(tmp_path: Path) -> None:
    content = TWO_FILMS + "Total,,8.4\n"
    assert stage(tmp_path, content, source=SourceOptions(mend=False)).summary.hold is None
