"""A Glue crawler started, or joined where it runs already, and awaited."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from movie_pipeline.aws_clients import Client, has_code, translated
from movie_pipeline.errors import CatalogError
from movie_pipeline.file_names import printable_name

POLL_SECONDS = 5.0
_GOOD = ("SUCCEEDED", "COMPLETED")
_RUNNING = ("CrawlerRunningException",)


def await_crawl(
    glue: Client,
    name: str,
    *,
    seconds: float,
    wait: Callable[[float], None],
    clock: Callable[[], float],
) -> None:
    """Have a crawler run once to its end.

    Raises:
        CatalogError: it cannot be started, failed, was stopped, or took longer than `seconds`.
    """
    with translated(f"running the crawler {name}", CatalogError):
        before = _last_started(glue.get_crawler(Name=name)["Crawler"])
        try:
            glue.start_crawler(Name=name)
        except ClientError as error:
            if not has_code(error, _RUNNING):
                raise
        end = clock() + seconds
        while True:
            crawler = glue.get_crawler(Name=name)["Crawler"]
            # READY alone does not say that the crawl that was asked for is over: it may not have
            # begun to show; nor does a crawl's end, while its crawler is still STOPPING
            if crawler["State"] == "READY" and _last_started(crawler) != before:
                break
            if clock() > end:
                raise CatalogError(
                    f"the crawler {name} is {crawler['State']} after {seconds:g} seconds: look at "
                    "it in the Glue console, or give it longer by MOVIE_PIPELINE_CRAWLER_SECONDS."
                )
            wait(POLL_SECONDS)
    _expect_success(name, crawler["LastCrawl"])


def _last_started(crawler: dict[str, Any]) -> object:
    return crawler.get("LastCrawl", {}).get("StartTime")


def _expect_success(name: str, crawl: dict[str, Any]) -> None:
    if crawl.get("Status") in _GOOD:
        return
    said = printable_name(" ".join(str(crawl.get("ErrorMessage", "it does not say why")).split()))
    raise CatalogError(
        f"the crawler {name} ended as {crawl.get('Status')}: {said.rstrip('.')}. Its log is in "
        f"CloudWatch, {crawl.get('LogGroup', '/aws-glue/crawlers')}; the load is not held up by it."
    )
