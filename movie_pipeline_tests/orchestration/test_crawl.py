"""A crawl that failed is not repeated by the step that asked for it; what is free of charge is."""

from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from movie_pipeline.catalog.catalog_port import CatalogTable, Crawled
from movie_pipeline.catalog.folder_catalog import FolderCatalog
from movie_pipeline.definitions import REFRESH_JOB
from movie_pipeline.errors import CatalogError
from movie_pipeline.orchestration.sensors.failure_causes import cause_of_failure
from movie_pipeline.orchestration.sensors.past_run import Fault
from movie_pipeline_tests.home import QUIET, Home
from movie_pipeline_tests.samples import clean_movies


class FailingCrawlers(FolderCatalog):
    """A catalog whose crawlers fail, and whose first update does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.crawls: list[Crawled] = []
        self.updates = 0

    def update(self, table: CatalogTable) -> bool:
        """Fail once."""
        self.updates += 1
        if self.updates == 1:
            raise CatalogError("another run describes it at this moment.")
        return super().update(table)

    def crawl(self, what: Crawled) -> list[CatalogTable] | None:
        """Fail."""
        self.crawls.append(what)
        raise CatalogError(f"the crawler of the {what} ended as FAILED.")


def test_a_failed_crawl_is_paid_for_once_and_told_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once(_: dg.RetryPolicy, __: int) -> float:
        return 0.0

    monkeypatch.setattr(dg.RetryPolicy, "calculate_delay", at_once)
    home = Home(tmp_path)
    home.drop("films.csv", clean_movies())
    assert home.run().success
    catalog = FailingCrawlers(tmp_path / "catalog")
    home.deployment = replace(home.deployment, catalog=catalog)
    job = home.definitions().resolve_job_def(REFRESH_JOB)
    result = job.execute_in_process(run_config=QUIET, raise_on_error=False)
    assert sorted(catalog.crawls) == [Crawled.RAW_FILES, Crawled.WAREHOUSE]
    assert catalog.updates > 2
    causes = [cause_of_failure(event) for event in result.all_events if event.is_step_failure]
    assert sorted(cause.sentence for cause in causes) == [
        "the crawler of the raw files ended as FAILED.",
        "the crawler of the warehouse ended as FAILED.",
    ]
    assert {cause.fault for cause in causes} == {Fault.WORLD}
