"""`reconcile`: what a dead run left open is closed by hand."""

from datetime import UTC, datetime

from movie_pipeline_tests.cli.conftest import CommandLine
from movie_pipeline_tests.samples import clean_movies

UP_TO_THE_LOAD = ["raw_movies", "quarantined_movies", "validated_movies", "movie_data_table"]


def test_what_is_open_is_closed_and_counted(command: CommandLine) -> None:
    home = command.home
    home.drop("a.csv", clean_movies(3))
    assert home.run(asset_selection=UP_TO_THE_LOAD).success
    report = command.json("reconcile")
    assert report == {
        "archived": 1,
        "not_found": 0,
        "notices_sent": 1,
        "views_refreshed": 3,
        "views": ["mv_genre_statistics", "mv_top_rated_movies", "mv_yearly_trends"],
        "problems": [],
    }
    assert home.deployment.storage.landed() == []
    assert command.json("reconcile")["archived"] == 0


def test_what_cannot_be_done_is_said_and_is_no_success(command: CommandLine) -> None:
    home = command.home
    home.drop("a.csv", clean_movies(3))
    assert home.run(asset_selection=UP_TO_THE_LOAD).success
    day = datetime.now(UTC).date()
    (command.folder / "history" / f"committed_on={day}").write_text("where a folder should be")
    result = command.here("reconcile")
    assert result.exit_code == 1
    assert "moving a.csv to history failed" in " ".join(result.stderr.split())
