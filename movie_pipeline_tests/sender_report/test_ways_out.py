"""What only the people of the pipeline can do is told to them, and to no sender."""

import re
from pathlib import Path

import pytest

from movie_pipeline.sender_report.for_senders import for_senders
from movie_pipeline.tabular import SourceOptions
from movie_pipeline_tests.samples import REPOSITORY
from movie_pipeline_tests.tabular.staging import HEADER, refusal, stage

OURS = re.compile(r"MOVIE_PIPELINE|sources file|[Dd]eclare|movie-pipeline")
ROW = "A,2001,8.1\n"
HELD = {
    "open quote": HEADER + ROW + '"B,2002,8.2\n' + ROW * 3,
    "ragged": HEADER + "A,1,2,3\n" * 12,
    "no numbers": HEADER + "A,2001,many\n" * 12,
    "optional column": "title,rating,votes\n" + "A,8,many\n" * 12,
    "seconds": "title,rating,runtime\n" + "A,8,5400\n" * 12,
    "two readings": "title,rating,votes\n" + "A,8,1.000\n" * 12,
    "cut JSON": '[{"title": "A", "rating": 8}, {"title": "B',
}
REFUSED = {
    "no header": ROW,
    "no column": "title,year\nA,2001\n",
    "two delimiters": "title;rating,year\nA;8,1979\n",
    "unknown delimiter": "title^year^rating\nA^2001^8\n",
    "below": "x\n" * 30 + HEADER + ROW,
    "two escapes": 'title,rating\n"a\\\\",7\nB,8\n',
    "mixture": "title,rating\nAmélie,8.3\n".encode() + b"Caf\xe9,5\n",
    "some encoding": "title,rating\nЁж и я,8.1\n".encode("cp1251"),
    "UTF-16": (HEADER + ROW).encode("utf-16-le"),
}


@pytest.mark.parametrize("kind", [*HELD, *REFUSED])
def test_a_file_that_does_not_load_names_the_declaration_and_where_it_stands(
    kind: str, tmp_path: Path
) -> None:
    if kind in HELD:
        sentence = stage(tmp_path, HELD[kind]).summary.hold or ""
    else:
        sentence = refusal(tmp_path, REFUSED[kind])
    assert " Or declare " in sentence
    assert "for this source in the sources file (MOVIE_PIPELINE_SOURCES)." in sentence
    told = for_senders(sentence)
    assert not OURS.search(told), told
    assert told.endswith(".")
    assert len(told) > len("It cannot be read.")


def test_what_is_declared_wrongly_is_told_with_where_it_stands(tmp_path: Path) -> None:
    for source in (
        SourceOptions(columns={"movie_title": "Film"}),
        SourceOptions(columns={"movie_title": 9}),
        SourceOptions(header_line=2),
        SourceOptions(delimiter=";"),
        SourceOptions(footer=9),
        SourceOptions(header="none", names=("a", "b")),
        SourceOptions(encoding="klingon"),
    ):
        assert "sources file (MOVIE_PIPELINE_SOURCES)" in refusal(
            tmp_path, HEADER + ROW, source=source
        )


def test_no_sentence_points_into_the_installed_package() -> None:
    for path in (REPOSITORY / "movie_pipeline").rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search(r"aliases\.toml|columns\.toml", line):
                assert "add it" not in line.lower(), path
