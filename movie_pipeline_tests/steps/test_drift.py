"""What people are told when a source's columns change: added, gone, renamed, of another kind."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.earlier_files import EarlierFiles
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.tabular.column_drift import drift
from movie_pipeline.tabular.column_mapping import MappedColumn
from movie_pipeline_tests.samples import LENIENT_RULES, csv_file
from movie_pipeline_tests.steps.bench import Bench

ROWS = 12


def films(**columns: str | Sequence[str]) -> bytes:
    """A dozen films with these columns more; one text is taken for all of them."""
    cells = [[value] * ROWS if isinstance(value, str) else value for value in columns.values()]
    return csv_file(
        [(f"f{i}", f"Film {i}", "8.5", *rest) for i, rest in enumerate(zip(*cells, strict=True))]
        if cells
        else [(f"f{i}", f"Film {i}", "8.5") for i in range(ROWS)],
        header=("movie_id", "title", "rating", *columns),
    )


class Sender:
    """A source that sends one file after another."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._entries: list[LedgerEntry] = []
        self.last: DecidedFile | None = None

    def send(self, content: bytes) -> list[str]:
        """What is said of this file's columns, having seen the ones before."""
        number = len(self._entries) + 1
        bench = self._bench
        screened = bench.screen(content, key=f"vendor-{number}.csv")
        (decided,) = screen_batch(
            [screened.read],
            bench.work_folder_of(screened.read.landed),
            bench.deployment.storage,
            parse_ruleset(LENIENT_RULES),
            bench.deployment.settings,
            bench.deployment.dataset,
            earlier=EarlierFiles.of(self._entries),
        )
        self._entries.insert(0, _entry(decided))
        self.last = decided
        return [note for note in decided.summary.notes if note not in screened.staged.notes]


def _entry(decided: DecidedFile) -> LedgerEntry:
    now = datetime.now(UTC)
    return LedgerEntry(
        file_id=decided.file_id,
        store=decided.landed.store,
        key=decided.landed.key,
        version=decided.landed.version,
        size=decided.landed.size,
        content_sha256=decided.content_sha256,
        file_version=now,
        batch_id="b",
        run_id="r",
        attempt=1,
        ruleset_sha256=decided.ruleset_sha256,
        state=decided.state,
        summary=decided.summary,
        committed_at=now,
    )


@pytest.fixture
def sender(bench: Bench) -> Sender:
    return Sender(bench)


def test_an_added_column_is_announced_and_kept(sender: Sender) -> None:
    assert sender.send(films()) == []
    assert sender.send(films(studio="Acme")) == ["column studio is new"]
    assert sender.send(films(studio="Acme")) == []


def test_a_column_that_is_gone_is_announced(sender: Sender) -> None:
    sender.send(films(studio="Acme"))
    assert sender.send(films()) == ["column studio is no longer sent"]


def test_a_renamed_column_is_said_by_both_names(sender: Sender) -> None:
    sender.send(films(votes="100", studio_name="Acme"))
    assert sender.send(films(No_of_Votes="100", studio_names="Acme")) == [
        "column votes seems to be called No_of_Votes now",
        "column studio_name seems to be called studio_names now",
    ]


def test_a_missing_required_column_rejects_with_a_guess(sender: Sender) -> None:
    sender.send(films())
    sender.send(films().replace(b"rating", b"raiting", 1))
    outcome = sender.last
    assert outcome is not None
    assert outcome.state is FileState.REJECTED
    assert 'Did you mean "raiting" for imdb_rating? Rename it' in outcome.reason


@pytest.mark.parametrize(
    ("before", "now", "sentence"),
    [
        ("120", "PG-13", "column x held whole numbers before, and holds text now"),
        ("PG-13", "120", "column x held text before, and holds whole numbers now"),
        ("120", "1.5", "column x held whole numbers before, and holds numbers now"),
        (
            "2015-01-31",
            "31/01/2015",
            "column x held dates written 0000-00-00 before, and holds dates written 00/00/0000 now",
        ),
        ("31.01.2015", "soon", "column x held dates written 00.00.0000 before, and holds text now"),
    ],
)
def test_an_own_column_that_looks_otherwise_is_said(
    sender: Sender, before: str, now: str, sentence: str
) -> None:
    sender.send(films(x=before))
    assert sender.send(films(x=before)) == []
    assert sender.send(films(x=now)) == [sentence]
    assert sender.send(films(x=now)) == []


def test_a_renamed_column_that_looks_otherwise_is_said_both_ways(sender: Sender) -> None:
    sender.send(films(studio_name="Acme"))
    assert sender.send(films(studio_names="17")) == [
        "column studio_name seems to be called studio_names now",
        "column studio_names held text before, and holds whole numbers now",
    ]


def test_a_contract_column_that_comes_as_text_is_said_and_held(sender: Sender) -> None:
    sender.send(films(votes="28,341,469"))
    assert sender.send(films(votes="many")) == [
        "column votes held numbers before, and holds text now"
    ]
    outcome = sender.last
    assert outcome is not None
    assert outcome.state is FileState.HELD
    assert outcome.reason == (
        '12 of 12 values of votes (the file\'s column "votes") cannot be read as bigint: the '
        'column holds something else. Rename it. Or declare columns = { votes = "..." } with the '
        'right name, or lenient = ["votes"], for this source in the sources file '
        "(MOVIE_PIPELINE_SOURCES)."
    )


def test_titles_that_are_all_numbers_are_said(sender: Sender) -> None:
    sender.send(films())
    numbers = csv_file(
        [(f"f{i}", str(i), "8") for i in range(ROWS)], header=("id", "title", "imdb")
    )
    assert "column title held text before, and holds whole numbers now" in sender.send(numbers)


def test_declared_dates_that_come_otherwise_are_said_and_held(tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text('[v]\nfiles = "*"\ndates = { shown = "%d.%m.%Y" }\n', encoding="utf-8")
    sender = Sender(Bench(tmp_path / "home", sources=sources))
    sender.send(films(shown="31.01.2015"))
    assert sender.send(films(shown="2015-01-31")) == [
        "column shown held dates written 00.00.0000 before, and holds dates written 0000-00-00 now"
    ]
    outcome = sender.last
    assert outcome is not None
    assert outcome.reason == (
        '12 of 12 values of shown (the file\'s column "shown") cannot be read as dates of the '
        "form %d.%m.%Y: the column holds something else. Write all dates in that form. Or "
        "declare another form in dates, or none, for this source in the sources file "
        "(MOVIE_PIPELINE_SOURCES)."
    )


def test_a_column_that_was_blank_for_a_while_is_compared_with_what_it_held(sender: Sender) -> None:
    sender.send(films(x="120"))
    assert sender.send(films(x="")) == []
    assert sender.send(films(x="PG-13")) == [
        "column x held whole numbers before, and holds text now"
    ]


def test_words_for_missing_and_a_stray_value_change_nothing(sender: Sender) -> None:
    sender.send(films(x="120"))
    mixed = ["n/a", "-", *["7"] * 9, "seven"]
    assert sender.send(films(x=mixed)) == []
    half = ["n/a", "-", *["7"] * 5, *["seven"] * 5]
    assert sender.send(films(x=half)) == ["column x held whole numbers before, and holds text now"]


def test_a_few_values_say_nothing_of_a_column(sender: Sender) -> None:
    sender.send(films(x=["1917"] * 9 + [""] * 3))
    assert sender.send(films(x="text")) == []


def test_what_is_said_holds_no_value(sender: Sender) -> None:
    sender.send(films(x="120"))
    assert "CANARY" not in str(sender.send(films(x="CANARY")))


def test_a_past_without_looks_says_nothing_of_them() -> None:
    columns = [MappedColumn("x", "x", is_contract=False)]
    assert drift(columns, columns, shapes_before=None, shapes_now={"x": "text"}).notes == ()


def test_a_file_without_a_last_line_end_is_told_where_the_one_before_had_it(bench: Bench) -> None:
    sender = Sender(bench)
    said = "the file before it of its source ended with a line end: it may be cut off"
    assert sender.send(films()) == []
    assert sender.send(films()[:-1]) == [said]
    assert sender.send(films()[:-1]) == [], "the source does so"
