"""Files on their way from the store to the work folder."""

from dataclasses import replace
from pathlib import Path

from movie_pipeline.ledger.ledger import FileState
from movie_pipeline_tests.samples import Film, film_file
from movie_pipeline_tests.steps.bench import Bench
from movie_pipeline_tests.stores import TwoAtOnce


def test_as_many_files_are_fetched_and_put_at_once_as_the_store_takes(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deployment = replace(bench.deployment, storage=TwoAtOnce(bench.deployment.settings))
    files = {f"{name}.csv": film_file(Film(name)) for name in "abcd"}
    screened = bench.screen_all(files)
    assert [file.read.landed.key for file in screened] == list(files)
    assert {file.decided.state for file in screened} == {FileState.LOADED}
