"""`clean-up`: what it removes, and what it only tells."""

from movie_pipeline_tests.cli.conftest import CommandLine
from movie_pipeline_tests.samples import clean_movies


def test_a_dry_run_lists_kinds_and_orphans_and_removes_nothing(command: CommandLine) -> None:
    home = command.home
    home.drop("a.csv", clean_movies(3))
    assert home.run().success
    orphan = command.folder / "output" / f"{'0' * 32}.parquet"
    orphan.write_bytes(b"nobody's")
    report = command.json("clean-up", "--dry-run")
    assert report["dry_run"] is True
    assert [kind["what"] for kind in report["removed"]] == [
        "runs",
        "work folders",
        "output files",
        "sent notices",
    ]
    assert report["orphans"] == [str(orphan)]
    result = command.here("clean-up")
    assert result.exit_code == 0
    assert str(orphan) in result.stdout
    assert orphan.exists()
