"""A source with a layout of its own, through everything that may become of its files."""

import re
import shutil
from pathlib import Path

import msgspec
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.quarantine.quarantine_record import KeptRecord
from movie_pipeline.reports.file_check import check_file
from movie_pipeline.sender_report.correction_file import text_of
from movie_pipeline.sender_report.make_report import ReportPaths
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.rebuild import rebuild
from movie_pipeline.upkeep.rejudge import rejudge, to_judge
from movie_pipeline.upkeep.retract import Wish
from movie_pipeline.upkeep.verify import verify
from movie_pipeline_tests.samples import LENIENT_RULES
from movie_pipeline_tests.upkeep.world import Years

SOURCES = {
    "unload": (
        """
        [unload]
        files = "*.unload*"
        header = "none"
        columns = ["movie_id", "title", "year", "rating", "", "votes"]
        delimiter = "|"
        quote = "none"
        escape = "anywhere"
        comment = "#"
        footer = "rows:"
        nulls = ["k. A."]
        lenient = ["votes"]
        """,
        (
            "# exported\n"
            'a1|Night\\|"Day|1999|8.1|x|5\n'
            "# more\n"
            "a2|Line\\\nbreak|PG|8.2|k. A.|many\n"
            "a3|Plain|PG|8.3|y|\\N\n"
            "rows: 3\n"
        ),
    ),
    "other signs": (
        """
        [signs]
        files = "*.unload*"
        encoding = "utf-16-le"
        delimiter = "||"
        quote = "'"
        header_line = 3
        footer = 1
        columns = { movie_id = 1, movie_title = 2 }
        units = { imdb_rating = "of 100" }
        lenient = ["votes"]
        """,
        (
            "Export\r\n\r\n"
            "code||what||year||rating||note||votes\r\n"
            "a1||'Night||\"Day'||1999||81||x||5\r\n"
            "a2||'Line\r\nbreak'||PG||82||||many\r\n"
            "a3||Plain||PG||83||y||\r\n"
            "rows: 3\r\n"
        ),
    ),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_declared_files_are_told_corrected_judged_again_and_made_anew(
    tmp_path: Path, kind: str
) -> None:
    declared, text = SOURCES[kind]
    codec = "utf-16-le" if "utf-16" in declared else "utf-8"
    sources = tmp_path / "sources.toml"
    sources.write_text(declared, encoding="utf-8")
    years = Years(tmp_path / "home", sources=sources)
    content = text.encode(codec)
    entry = years.ingest({"m.unload": content})["m.unload"]
    assert (entry.state, entry.rows_loaded, entry.rows_quarantined) == ("LOADED", 1, 2)
    assert entry.summary.source in {"unload", "signs"}

    # quarantine has each record as it stands in the file
    records = years.open_records()
    assert [record["record_number"] for record in records] == [2, 3]
    raw = text[text.index("a2") : text.index("a3")].rstrip("\r\n")
    kept = msgspec.convert(
        records[0] | {"columns": msgspec.Raw(b"null"), "reasons": msgspec.Raw(b"[]")}, KeptRecord
    )
    assert text_of(kept, codec) == raw
    assert records[1]["columns"]["votes"] == ("\\N" if kind == "unload" else "")

    # the sender's report tells the lines, and its correction file comes back
    path = tmp_path / "m.unload"
    path.write_bytes(content)
    checked = check_file(
        path,
        parse_ruleset(LENIENT_RULES),
        years.settings,
        years.storage,
        MOVIES,
        report=ReportPaths(tmp_path, "told"),
    )
    assert (checked.state, checked.rows_good, checked.rows_apart) == ("LOADED", 1, 2)
    answer = next(tmp_path.glob("told*.csv")).read_bytes().decode(codec)
    line = text[: text.index("a2")].count("\n") + 1
    assert re.search(rf"[,|]{line}[,|]year must be a whole number", answer)
    corrected = answer.replace("PG", "1987").encode(codec)
    back = years.ingest({"answer.unload.csv": corrected})["answer.unload.csv"]
    assert (back.state, back.rows_loaded, back.rows_quarantined) == ("LOADED", 2, 0)
    titles = "select movie_title from movie_data_table order by movie_id"
    line_end = "\r\n" if kind == "other signs" else "\n"
    expected = [
        'Night||"Day' if line_end == "\r\n" else 'Night|"Day',
        f"Line{line_end}break",
        "Plain",
    ]
    assert [row["movie_title"] for row in years.query(titles)] == expected
    ratings = [
        row["imdb_rating"] for row in years.query("select * from movie_data_table order by 1")
    ]
    assert ratings == ["8.1", "8.2", "8.3"]

    # a replay, and whatever reads the original again, reads as declared then
    second = years.ingest({"n.unload": re.sub(r"\ba(?=[123])", "b", text).encode(codec)})
    assert second["n.unload"].rows_quarantined == 2
    [replayed] = [each for each in years.correct("release_year", "1988") if "n.unload" in each.key]
    assert (replayed.rows_loaded, replayed.rows_quarantined) == (2, 0)
    sources.write_text("[other]\nfiles = '*'\n", encoding="utf-8")
    before = years.state()
    shutil.rmtree(years.area(Area.OUTPUT))
    rebuild(years.parts)
    assert years.state() == before
    found = verify(years.parts, deep=True, repair=False).findings
    assert {finding.kind for finding in found} == {"output-missing"}
    strict = parse_ruleset('Rules = [ColumnValues "imdb_rating" > 8.15]')
    chosen = to_judge(years.parts, strict, name="m.unload")
    [told] = rejudge(years.parts, chosen, strict, Wish(by="ana", why="strict"), dry_run=False)
    assert (told.problem, told.loaded_to_apart) == ("", 1)
