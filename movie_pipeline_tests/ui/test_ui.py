"""The Dagster UI as its user sees it: a running instance, a file dropped in, a real Chromium.

Screenshots go to test-output/ui, to be looked at. What the assets do is tested elsewhere.
"""

import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import psutil
import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from movie_pipeline.datasets.movies.sample import write_sample
from movie_pipeline.deployments import Deployment, deployment_from
from movie_pipeline.reports.record_reports import quarantined_records
from movie_pipeline.settings import Settings
from movie_pipeline_tests.samples import Film, film_file

REPOSITORY = Path(__file__).parents[2]
PICTURES = REPOSITORY / "test-output" / "ui"
CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on this machine: the UI was not looked at"
    ),
]
PART = {"lineage": (560, 230, 1700, 1080, 0.65), "checks": (240, 0, 1500, 800, 0.72)}
"""Of pictures that stand in the docs: what part of the screen, and how much smaller."""
LONGEST_WAIT = 600.0
"""For a machine with much else to do; it costs nothing where there is less."""


@dataclass(frozen=True)
class RunningUi:
    """A `dagster dev` of the test's own, with its home folder."""

    address: str
    home: Path

    def ask(self, query: str) -> dict[str, Any]:
        """The answer to a GraphQL query."""
        request = urllib.request.Request(
            f"{self.address}/graphql",
            json.dumps({"query": query}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return cast("dict[str, Any]", json.load(answer)["data"])


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(what: str, done: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return
        time.sleep(0.5)
    pytest.fail(f"{what} did not come true within {seconds:.0f} seconds")


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningUi]:
    home = tmp_path_factory.mktemp("home")
    dagster_home = home / "dagster"
    dagster_home.mkdir()
    shutil.copy(REPOSITORY / "dagster.yaml", dagster_home)
    (home / "input").mkdir()
    write_sample(home / "input" / "sample.csv", rows=1000)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(dagster_home),
        "MOVIE_PIPELINE_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONWARNINGS": "ignore",
    }
    programs = Path(sys.executable).parent
    subprocess.run(
        [programs / "dagster", "instance", "info"], env=environment, check=True, capture_output=True
    )
    port = free_port()
    with (home / "dagster.log").open("wb") as log:
        server = subprocess.Popen(
            [  # as `make run` does
                sys.executable,
                "-m",
                "movie_pipeline.cli.supervise",
                "--ui",
                f"http://127.0.0.1:{port}",
                programs / "dagster",
                "dev",
                "-w",
                "workspace.yaml",
                "-h",
                "127.0.0.1",
                "-p",
                str(port),
            ],
            cwd=REPOSITORY,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        running = RunningUi(f"http://127.0.0.1:{port}", home)
        try:
            wait_until("the UI answering", lambda: _answers(running), LONGEST_WAIT)
            yield running
            processes = psutil.Process(server.pid).children(recursive=True)
        finally:
            server.terminate()
            server.wait(LONGEST_WAIT)
    # neither webserver nor daemon nor code server nor a run outlives what was started
    assert len(processes) >= 4
    assert server.returncode == -signal.SIGTERM
    assert [process for process in processes if process.is_running()] == []


def _answers(ui: RunningUi) -> bool:
    try:
        with urllib.request.urlopen(f"{ui.address}/server_info", timeout=5):
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    """With a memory of its own, so that the UI's program is fetched and compiled once."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            headless=True,
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield chromium.new_context(viewport={"width": 2300, "height": 1500})
        chromium.close()


def look(browser: BrowserContext, ui: RunningUi, path: str, words: list[str], picture: str) -> None:
    """Open a page, wait until every word stands on it; a screenshot is kept in any case."""
    foreign: list[str] = []
    page: Page = browser.new_page()
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(
                (ui.address, "data:", "blob:", ui.address.replace("http", "ws"))
            )
            else foreign.append(request.url)
        ),
    )
    try:
        page.goto(f"{ui.address}{path}")
        for word in words:
            page.get_by_text(word).first.wait_for(state="attached", timeout=LONGEST_WAIT * 1000)
        # The page's policy forbids evaluated text, so the waiting is done here.
        wait_until(
            f"{path} being loaded",
            lambda: "Loading" not in page.locator("body").inner_text(),
            LONGEST_WAIT,
        )
        page.wait_for_timeout(500)
        assert foreign == []
    finally:
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{picture}.png")
        if picture in PART:
            small_picture(page, PART[picture], PICTURES / f"{picture}.small.png")
        page.close()


def small_picture(page: Page, part: tuple[float, ...], to: Path) -> None:
    """A part of the screen, made smaller by the browser."""
    clip = dict(zip(("x", "y", "width", "height", "scale"), part, strict=True))
    session = page.context.new_cdp_session(page)
    taken = cast(
        "dict[str, str]", session.send("Page.captureScreenshot", {"format": "png", "clip": clip})
    )
    to.write_bytes(base64.b64decode(taken["data"]))


MATERIALIZED = """{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { runId } } }"""
GROUPS = ("intake", "screening", "warehouse", "marts", "catalog")
EXPECTED = {
    "raw_movies",
    "validated_movies",
    "quarantined_movies",
    "movie_data_table",
    "archived_files",
    "mv_top_rated_movies",
    "mv_genre_statistics",
    "mv_yearly_trends",
    "raw_movies_catalog",
    "warehouse_catalog",
}


def _materialized(ui: RunningUi) -> set[str]:
    nodes = ui.ask(MATERIALIZED)["assetNodes"]
    return {node["assetKey"]["path"][-1] for node in nodes if node["assetMaterializations"]}


def test_a_file_dropped_into_the_landing_folder_turns_every_asset_green(ui: RunningUi) -> None:
    wait_until(
        "every asset being materialized", lambda: _materialized(ui) >= EXPECTED, LONGEST_WAIT
    )
    assert not (ui.home / "input" / "sample.csv").exists()
    told = map(json.loads, (ui.home / "alerts.jsonl").read_text().splitlines())
    assert [one["kind"] for one in told if one["details"]["file"] == "sample.csv"] == ["success"]


def test_the_lineage_page_shows_the_whole_way_of_the_data(
    ui: RunningUi, browser: BrowserContext
) -> None:
    groups = ",".join(f"global@global:{group}" for group in GROUPS)
    look(
        browser,
        ui,
        f"/asset-groups?expanded={quote(groups)}",
        ["landing_movies", *sorted(EXPECTED)],
        "lineage",
    )


def test_the_checks_page_shows_each_rule_in_glues_words(
    ui: RunningUi, browser: BrowserContext
) -> None:
    look(
        browser,
        ui,
        "/assets/validated_movies?view=checks",
        ["every_record_accounted_for", "movie_contract"],
        "checks",
    )


def test_an_assets_page_shows_its_pictures_and_counts(
    ui: RunningUi, browser: BrowserContext
) -> None:
    look(browser, ui, "/assets/validated_movies?view=events", ["ratings_chart"], "validated_movies")
    look(browser, ui, "/assets/quarantined_movies?view=events", ["reports"], "reports")
    look(
        browser,
        ui,
        "/assets/quarantined_movies?view=overview",
        ["reasons_chart"],
        "quarantined_movies",
    )
    look(browser, ui, "/assets/movie_data_table?view=overview", ["imdb_rating"], "movie_data_table")


LAUNCH = """mutation { launchPipelineExecution(executionParams: {
  selector: {repositoryName: "__repository__", repositoryLocationName: "movie_pipeline",
             pipelineName: "replay_quarantined"},
  mode: "default", runConfigData: %s})
  { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
"""What the Launchpad sends when its button is pressed: the config is the editor's text."""
RUNS = "{ runsOrError(limit: 50) { ... on Runs { results { runId status jobName } } } }"


def test_a_record_corrected_in_the_launchpad_comes_into_the_table_and_the_view(
    ui: RunningUi, browser: BrowserContext
) -> None:
    world = deployment_from(Settings(home=ui.home))
    record = _rated_too_high(world)
    look(
        browser,
        ui,
        "/assets/movie_data_table?view=checks&checkDetail=quarantine_backlog",
        ["quarantine_backlog", "by_reason", "by_age", "records_waiting"],
        "backlog_before",
    )
    corrections = ui.home / "corrections.csv"
    line = f"{record['quarantine_id']},IMDB_Rating,9.9"
    corrections.write_text(f"quarantine_id,column,value\n{line}\n", encoding="utf-8")
    config = (
        "ops:\n  land_replays:\n    config:\n"
        f"      corrections: {corrections}\n      by: ana\n      why: a slip of the key\n"
    )
    look(
        browser,
        ui,
        "/locations/movie_pipeline/jobs/replay_quarantined/playground",
        ["Launch Run", "land_replays"],
        "replay_launchpad",
    )
    launched = ui.ask(LAUNCH % json.dumps(config))["launchPipelineExecution"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run_id = launched["run"]["runId"]
    wait_until("the replay being asked for", lambda: _status(ui, run_id) == "SUCCESS", LONGEST_WAIT)
    look(browser, ui, f"/runs/{run_id}", ["land_replays"], "replay_run")
    wait_until("the film in the view", lambda: _in_the_view(world, record), LONGEST_WAIT)
    resolved = [
        told
        for told in quarantined_records(world.storage, world.warehouse, None, resolved=True)
        if told["quarantine_id"] == record["quarantine_id"]
    ]
    assert [told["resolution"]["outcome"] for told in resolved] == ["LOADED"]
    assert resolved[0]["resolution"]["by"] == "ana"
    look(
        browser,
        ui,
        "/assets/movie_data_table?view=checks&checkDetail=quarantine_backlog",
        ["quarantine_backlog", "by_reason", "by_age"],
        "backlog_after",
    )


def _rated_too_high(world: Deployment) -> dict[str, Any]:
    """A record of the sample of which nothing but the rating is wrong: it has lost its point."""
    records = quarantined_records(world.storage, world.warehouse, None)
    too_high = re.compile(r"[1-9][0-9]\.[0-9]")
    return next(one for one in records if too_high.fullmatch(one["columns"]["IMDB_Rating"]))


def _in_the_view(world: Deployment, record: dict[str, Any]) -> bool:
    titles = world.warehouse.query("select movie_title from mv_top_rated_movies")["movie_title"]
    return record["columns"]["Series_Title"] in set(titles)


def _status(ui: RunningUi, run_id: str) -> str:
    runs = ui.ask(RUNS)["runsOrError"]["results"]
    return next(run["status"] for run in runs if run["runId"] == run_id)


WAITING = """{ assetCheckExecutions(assetKey: {path: ["movie_data_table"]},
  checkName: "no_file_waits", limit: 1) { status evaluation { success description } } }"""


def test_a_held_file_is_red_until_it_is_answered_and_says_what_to_do(
    ui: RunningUi, browser: BrowserContext
) -> None:
    titles = ["" if number % 4 == 0 else f"Film {number}" for number in range(20)]
    films = [Film(f"held{number}", title) for number, title in enumerate(titles)]
    (ui.home / "input" / "short month.csv").write_bytes(film_file(*films))

    def told() -> str:
        executions: list[dict[str, Any]] = ui.ask(WAITING)["assetCheckExecutions"]
        return json.dumps(executions)

    wait_until("the held file being told", lambda: "short month.csv (HELD" in told(), LONGEST_WAIT)
    detail = "/assets/movie_data_table?view=checks&checkDetail=no_file_waits"
    look(browser, ui, detail, ["short month.csv", "Completeness"], "held_file")
    look(browser, ui, "/assets/validated_movies?view=checks", ["completeness"], "checks_of_a_held")
    look(
        browser,
        ui,
        "/locations/movie_pipeline/jobs/ingest_movies/playground",
        ["Launch Run", "batch_id", "files"],
        "ingest_launchpad",
    )
    look(browser, ui, "/locations/movie_pipeline/resources/storage", ["FolderStorage"], "storage")
