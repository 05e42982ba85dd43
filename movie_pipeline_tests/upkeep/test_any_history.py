"""Whatever was loaded, corrected, accepted or cut off: what is made anew is what stood there."""

import random
import shutil
from pathlib import Path

import pytest

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.errors import ReplayError
from movie_pipeline.steps import archive as archive_module
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.rebuild import rebuild
from movie_pipeline.upkeep.rejudge import rejudge, to_judge
from movie_pipeline.upkeep.retract import OPEN, Wish, retract
from movie_pipeline_tests.samples import Film, film_file, hopeless
from movie_pipeline_tests.upkeep.test_rebuild import HOLDING, lose_warehouse, parts_of
from movie_pipeline_tests.upkeep.world import Years

pytestmark = pytest.mark.long
STEPS = 7


class Cut(Exception):
    """The process ends here."""


class History:
    """Random events in one home; the same seed makes the same."""

    def __init__(self, years: Years, seed: int) -> None:
        self.years = years
        self.chance = random.Random(seed)
        self.sent: list[bytes] = [self.films()]

    def films(self) -> bytes:
        """A file over few keys, so that files meet; some of its years are none."""
        keys = self.chance.sample("abcdefgh", self.chance.randint(1, 5))
        films = [
            Film(
                key,
                f"Film {self.chance.randint(1, 99)}",
                year=self.chance.choice(["1999", "2001", "PG"]),
                rating=str(self.chance.randint(1, 9)),
            )
            for key in keys
        ]
        return film_file(*films)

    def happen(self, number: int) -> None:
        """One event."""
        years, name = self.years, f"{number}.csv"
        match self.chance.randint(0, 9):
            case 0 | 1:
                self.sent.append(self.films())
                years.ingest({name: self.sent[-1]})
            case 2:
                years.ingest({name: self.chance.choice(self.sent)})
            case 3:
                years.ingest({name: self.films(), f"no{name}": hopeless()}, HOLDING)
            case 4:
                self.replay(corrections="1995")
            case 5:
                self.replay(accept=True)
            case 6:
                years.decide([years.drop(name, self.films())])
            case 7:
                self.change_a_mind(number)
            case 8:
                self.judge_again(number)
            case _:
                self.cut_off(name)

    def change_a_mind(self, number: int) -> None:
        """A file that is loaded or held is taken back."""
        open_files = [
            entry.file_id
            for entry in self.years.ledger.entries()
            if entry.state in OPEN and entry.summary.replay is None
        ]
        if open_files:
            wish = Wish(by="ana", why=f"for the reason {number}")
            retract(self.years.parts, self.chance.choice(sorted(open_files)), wish)

    def judge_again(self, number: int) -> None:
        """All of history is judged by another ruleset."""
        least = self.chance.randint(0, 4)
        ruleset = parse_ruleset(f'Rules = [ColumnValues "imdb_rating" > {least}]')
        chosen = to_judge(self.years.parts, ruleset)
        wish = Wish(by="ana", why=f"for the reason {number}")
        told = list(rejudge(self.years.parts, chosen, ruleset, wish))
        assert [one.problem for one in told if one.problem] == []

    def replay(self, *, corrections: str = "", accept: bool = False) -> None:
        """A person's decision about what waits, if anything does."""
        try:
            if corrections:
                self.years.correct("release_year", corrections)
            elif accept:
                self.years.replay(where="true", accept=True, why="it is right")
        except ReplayError:
            self.years.archive()

    def cut_off(self, name: str) -> None:
        """An archiving that ends at one of its effects."""
        self.years.decide([self.years.drop(name, self.films())])
        label = self.chance.choice(
            ["archive.decisions_kept", "archive.settled", "archive.places_kept"]
        )

        def point(passed: str) -> None:
            if passed == label:
                raise Cut

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(archive_module, "crash_point", point)
            with pytest.raises(Cut):
                self.years.archive()


@pytest.mark.parametrize("seed", range(3))
def test_any_history_is_made_anew_as_it_was(tmp_path: Path, seed: int) -> None:
    years = Years(tmp_path / "home")
    history = History(years, seed)
    for number in range(STEPS):
        history.happen(number)
    years.archive()
    state = years.state()
    report = rebuild(parts_of(years), dry_run=True)
    assert (report.caught_up.problems, report.differences) == ({}, [])
    lose_warehouse(years)
    shutil.rmtree(years.area(Area.OUTPUT), ignore_errors=True)
    later = Years(tmp_path / "home")
    report = rebuild(parts_of(later))
    assert (report.caught_up.problems, report.swapped) == ({}, True)
    assert later.state() == state
