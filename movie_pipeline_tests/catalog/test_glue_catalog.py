"""What the Glue catalog promises beyond the interface: versions, hostile headers, crawlers."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber

from movie_pipeline.catalog.catalog_port import (
    CatalogColumn,
    CatalogPartition,
    CatalogTable,
    Crawled,
)
from movie_pipeline.catalog.glue_catalog import GlueCatalog
from movie_pipeline.errors import CatalogError
from movie_pipeline.ledger.file_summary import FileColumn, FileSummary
from movie_pipeline.orchestration.assets.catalog_assets import describe_raw_files, differences
from movie_pipeline.settings.groups import GlueSettings
from movie_pipeline_tests.ledger.test_notices import entry
from movie_pipeline_tests.standins.aws import pipeline_clients
from movie_pipeline_tests.standins.hooks import first, hooked, response
from movie_pipeline_tests.standins.ministack import Ministack

TABLE = CatalogTable(
    name="raw_movies",
    location="s3://movies-gds/history/",
    columns=(CatalogColumn("movie_id", "string"), CatalogColumn("votes", "string")),
    row_count=7,
    parameters={"classification": "csv"},
)
PARTITIONED = replace(TABLE, partition_keys=(CatalogColumn("committed_on", "date"),))
MONDAY = CatalogPartition(("2026-03-02",), "s3://movies-gds/history/committed_on=2026-03-02")
DATABASE = "movie_database"
CRAWLER = "crawl-movies-in-s3"


class Glue:
    """A Glue database, the pipeline's catalog over it, and a clock that jumps."""

    def __init__(self, services: Ministack, **settings: object) -> None:
        self.outside = services.client("glue")
        self.outside.create_database(DatabaseInput={"Name": DATABASE})
        self.client = pipeline_clients(services, "glue")("glue")
        self.waited: list[float] = []
        self.catalog = GlueCatalog(
            replace(GlueSettings(raw_crawler=CRAWLER), **settings),
            pipeline_clients(services, "glue"),
            wait=self.waited.append,
            clock=lambda: sum(self.waited),
        )


@pytest.fixture
def glue(ministack: Ministack) -> Glue:
    return Glue(ministack)


def refusal(code: str, message: str = "said so") -> AWSResponse:
    """An error as Glue answers it."""
    body = f'{{"__type": "{code}", "Message": "{message}"}}'.encode()
    return response(400, body, {"content-type": "application/x-amz-json-1.1"})


def test_a_csv_table_can_be_read_by_athena(glue: Glue) -> None:
    glue.catalog.update(TABLE)
    described = glue.outside.get_table(DatabaseName=DATABASE, Name="raw_movies")["Table"]
    storage = described["StorageDescriptor"]
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith("OpenCSVSerde")
    assert described["Parameters"]["skip.header.line.count"] == "1"


def test_only_other_columns_leave_an_older_version_behind(glue: Glue) -> None:
    calls: list[bool] = []

    def note(params: dict[str, Any], **_: object) -> None:
        calls.append(params["SkipArchive"])

    with hooked(glue.client, "provide-client-params.glue.UpdateTable", note):
        glue.catalog.update(TABLE)
        glue.catalog.update(replace(TABLE, row_count=8))
        glue.catalog.update(replace(TABLE, columns=TABLE.columns[:1]))
    assert calls == [True, False]


def test_hostile_headers_become_columns_that_glue_takes(glue: Glue) -> None:
    names = ["a\nb", "", "é" * 300, "Votes", "votes", "x\0", " ", "a'b"]
    columns = tuple(CatalogColumn(name, "string", f"from {name}") for name in names)
    assert glue.catalog.update(replace(TABLE, columns=columns))
    assert not glue.catalog.update(replace(TABLE, columns=columns))
    found = glue.catalog.table("raw_movies")
    assert found is not None
    kept = [column.name for column in found.columns]
    assert len({name.lower() for name in kept}) == len(names)
    for column in found.columns:
        assert column.name.isprintable()
        assert 0 < len(column.name.encode()) <= 255
        assert len(column.comment.encode()) <= 255


def test_a_partition_has_the_columns_and_the_format_of_its_table(glue: Glue) -> None:
    glue.catalog.update(PARTITIONED)
    glue.catalog.register("raw_movies", [MONDAY])
    answer = glue.outside.get_partitions(DatabaseName=DATABASE, TableName="raw_movies")
    [found] = answer["Partitions"]
    described = glue.outside.get_table(DatabaseName=DATABASE, Name="raw_movies")["Table"]
    assert found["Values"] == ["2026-03-02"]
    assert found["StorageDescriptor"] == {
        **described["StorageDescriptor"],
        "Location": MONDAY.location,
    }


def registered(glue: Glue, code: str) -> int:
    """What registering returns where Glue answers so, after no partition was there to be seen."""
    refused = {
        "PartitionValues": ["2026-03-02"],
        "ErrorDetail": {"ErrorCode": code, "ErrorMessage": "said so"},
    }
    described: dict[str, Any] = {"Name": "raw_movies", "StorageDescriptor": {}}
    with Stubber(glue.client) as stub:
        stub.add_response("get_partitions", {"Partitions": []})
        stub.add_response("get_table", {"Table": described})
        stub.add_response("batch_create_partition", {"Errors": [refused]})
        return glue.catalog.register("raw_movies", [MONDAY])


def test_a_partition_that_another_run_has_just_registered_is_taken_as_it_is(glue: Glue) -> None:
    assert registered(glue, "AlreadyExistsException") == 0


def test_a_partition_that_glue_does_not_take_is_named(glue: Glue) -> None:
    with pytest.raises(
        CatalogError, match=r"partition 2026-03-02 of raw_movies: ResourceNumberLimit\w+: said so"
    ):
        registered(glue, "ResourceNumberLimitExceededException")


@pytest.mark.parametrize("code", ["ConcurrentModificationException", "AlreadyExistsException"])
def test_a_conflict_is_tried_again(glue: Glue, code: str) -> None:
    conflict = first(2, lambda: refusal(code))
    with hooked(glue.client, "before-send.glue.CreateTable", conflict):
        assert glue.catalog.update(TABLE)
    assert glue.waited == [0.4, 0.8]
    assert glue.catalog.table("raw_movies") == TABLE


def test_a_conflict_that_does_not_end_is_told(glue: Glue) -> None:
    conflict = first(99, lambda: refusal("ConcurrentModificationException"))
    with (
        hooked(glue.client, "before-send.glue.CreateTable", conflict),
        pytest.raises(CatalogError, match=r"describing raw_movies in movie_database failed: Concu"),
    ):
        glue.catalog.update(TABLE)


def test_a_database_that_is_not_there_is_told(ministack: Ministack) -> None:
    catalog = GlueCatalog(GlueSettings(database="none"), pipeline_clients(ministack, "glue"))
    for ask in (lambda: catalog.table("raw_movies"), lambda: catalog.update(TABLE)):
        with pytest.raises(CatalogError, match=r"EntityNotFoundException.*none"):
            ask()


# --- crawlers --------------------------------------------------------------------------------


def state(name: str, started: int | None, status: str = "SUCCEEDED", **more: str) -> dict[str, Any]:
    """A crawler as Glue describes it."""
    crawl = {} if started is None else {"StartTime": started, "Status": status, **more}
    return {"Crawler": {"Name": CRAWLER, "State": name, "LastCrawl": crawl}}


KEPT = {
    "Name": "raw_input",
    "Parameters": {"UPDATED_BY_CRAWLER": CRAWLER},
    "StorageDescriptor": {
        "Location": "s3://movies-gds/input/",
        "Columns": [{"Name": "movie_id", "Type": "bigint"}],
    },
}
OTHER = {"Name": "theirs", "Parameters": {"UPDATED_BY_CRAWLER": "another"}}


def crawl(
    glue: Glue, *states: dict[str, Any], running: bool = False, tables: list[Any] | None = None
) -> list[CatalogTable] | None:
    """A crawl during which the crawler goes through these states."""
    with Stubber(glue.client) as stub:
        stub.add_response("get_crawler", states[0])
        if running:
            stub.add_client_error("start_crawler", "CrawlerRunningException")
        else:
            stub.add_response("start_crawler", {})
        for one in states[1:]:
            stub.add_response("get_crawler", one)
        if tables is not None:
            stub.add_response("get_tables", {"TableList": tables})
        found = glue.catalog.crawl(Crawled.RAW_FILES)
        stub.assert_no_pending_responses()
        return found


@pytest.mark.parametrize("running", [False, True])
def test_a_crawl_is_awaited_through_stopping_until_it_is_a_new_one(
    glue: Glue, *, running: bool
) -> None:
    found = crawl(
        glue,
        state("READY", 1),
        state("READY", 1),  # started, and not shown yet
        state("RUNNING", 1),
        state("STOPPING", 2),
        state("READY", 2),
        running=running,
        tables=[OTHER, KEPT],
    )
    assert found is not None
    assert [(table.name, table.columns[0].type) for table in found] == [("raw_input", "bigint")]
    assert glue.waited == [5.0, 5.0, 5.0]


def test_a_first_crawl_has_none_before_it(glue: Glue) -> None:
    assert crawl(glue, state("READY", None), state("READY", 1), tables=[KEPT])


@pytest.mark.parametrize(
    ("status", "said"),
    [("FAILED", "no access\nto s3"), ("CANCELLED", "")],
)
def test_a_crawl_that_failed_says_why(glue: Glue, status: str, said: str) -> None:
    more = {"ErrorMessage": said, "LogGroup": "/aws-glue/crawlers"} if said else {}
    why = "no access to s3" if said else "it does not say why"
    with pytest.raises(
        CatalogError,
        match=rf"crawler {CRAWLER} ended as {status}: {why}\. Its log is in CloudWatch, /aws-glue",
    ):
        crawl(glue, state("READY", 1), state("READY", 2, status, **more))


def test_a_crawl_without_a_table_is_a_failure(glue: Glue) -> None:
    with pytest.raises(CatalogError, match=r"succeeded, but the database movie_database has no"):
        crawl(glue, state("READY", 1), state("READY", 2), tables=[OTHER])


def test_a_crawl_that_takes_too_long_is_given_up(ministack: Ministack) -> None:
    glue = Glue(ministack, crawler_seconds=12.0)
    states = itertools.repeat(state("RUNNING", 1), 5)
    with pytest.raises(CatalogError, match=r"is RUNNING after 12 seconds: look at it in the Glue"):
        crawl(glue, state("READY", 1), *states)


def test_without_a_crawler_nothing_is_started(glue: Glue) -> None:
    assert glue.catalog.crawl(Crawled.WAREHOUSE) is None


def test_a_crawler_that_is_not_there_is_told(glue: Glue) -> None:
    with pytest.raises(
        CatalogError, match=rf"running the crawler {CRAWLER} failed: EntityNotFound"
    ):
        glue.catalog.crawl(Crawled.RAW_FILES)


def test_a_crawler_is_really_started_and_seen_to_end(ministack: Ministack) -> None:
    outside = ministack.client("glue")
    outside.create_database(DatabaseInput={"Name": DATABASE})
    outside.create_crawler(
        Name=CRAWLER,
        Role="arn:aws:iam::000000000000:role/x",
        DatabaseName=DATABASE,
        Targets={"S3Targets": [{"Path": "s3://movies-gds/input/"}]},
    )
    settings = GlueSettings(raw_crawler=CRAWLER, crawler_seconds=60.0)
    catalog = GlueCatalog(settings, pipeline_clients(ministack, "glue"))
    outside.start_crawler(Name=CRAWLER)  # joined, not refused
    with pytest.raises(CatalogError, match=r"succeeded, but the database movie_database has no"):
        catalog.crawl(Crawled.RAW_FILES)


def test_a_crawlers_columns_are_compared_with_those_described() -> None:
    crawled = replace(
        TABLE, columns=(CatalogColumn("MOVIE_ID", "bigint"), CatalogColumn("new\n", "string"))
    )
    assert differences(TABLE, [crawled]) == [
        "the crawler has no column votes",
        "only the crawler has new[line end]",
    ]
    assert differences(TABLE, [TABLE]) == []
    assert differences(TABLE, []) == ["the crawler has no table of raw_movies"]


def test_names_in_other_capitals_are_one_column_where_they_mean_the_same() -> None:
    brought = (
        FileColumn("Title", "movie_title", is_contract=True),
        FileColumn("note", "note", is_contract=False),
    )
    later = (
        FileColumn("TITLE", "movie_title", is_contract=True),
        FileColumn("title", "title_2", is_contract=False),
    )
    entries = [entry(summary=FileSummary(mapping=each)) for each in (brought, later)]
    columns = describe_raw_files("raw_movies", entries, "s3://x/").columns
    assert [(column.name, column.comment) for column in columns] == [
        ("Title", "read as movie_title"),
        ("note", "kept as the file's own"),
        ("title", "kept as the file's own"),
    ]
