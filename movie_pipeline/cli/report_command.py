"""The command that makes the report for a file's sender."""

import sys
import webbrowser
from pathlib import Path

import click

from movie_pipeline.cli.command_options import (
    dataset_option,
    home_option,
    json_option,
    ruleset_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import (
    print_json,
    print_problem,
    print_sentence,
    print_verdict,
    progress,
)
from movie_pipeline.cli.sent_files import SentFile
from movie_pipeline.cli.verdict_line import PASS, verdict
from movie_pipeline.settings import Settings


@click.command()
@click.argument("file")
@click.option("--open", "show", is_flag=True, help="Open the page in a browser.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to; beside the records set apart, or here, by default.",
)
@home_option
@ruleset_option
@json_option
@dataset_option
@told_in_a_sentence
def report(
    *,
    file: str,
    show: bool,
    out: Path | None,
    home: Path | None,
    ruleset: Path | None,
    as_json: bool,
    dataset: str,
) -> None:
    """Make the report for the sender of FILE: a page, the same as JSON, and the rows to correct.

    FILE is the name or the file_id of a file that landed, or the path of one that did not, or - for
    the standard input: it is judged as `check` does. Exit code: 0 made, 1 the pipeline failed, 2
    there is no such file.
    """
    settings = settings_from(home, ruleset, dataset)
    with progress("Reporting", quiet=as_json):
        told = None if file == "-" else _of_landed(file, settings, out, show=show)
        told = told or _of_path(file, settings, out)
    if as_json:
        print_json(told)
    else:
        print_sentence(told["page"])
    if show and not webbrowser.open(_address(told["page"])):
        print_problem("No browser could be opened; open the page above.")
    if not as_json:
        said = f"the report of {told['file']} is made"
        print_verdict(verdict(PASS, said, "send it to whoever sent the file"), aside=True)
    sys.exit(0)


def _of_landed(
    file: str, settings: Settings, out: Path | None, *, show: bool
) -> dict[str, str] | None:
    """The report of a file of the ledger; None where it knows none of the name."""
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.sender_answers import answer_sender, landed_file
    from movie_pipeline.steps.tell_sender import Teller

    if settings.deployment == "local" and not settings.home.is_dir():
        return None
    world = deployment_from(settings)
    world.warehouse.prepare()
    entry = landed_file(world.warehouse, file)
    if entry is None:
        return None
    if show and out is None and settings.deployment != "local":
        out = Path.cwd()  # a browser opens no object of a store
    answer = answer_sender(Teller(world.storage, world.settings, world.dataset), entry, out)
    return {"file": entry.shown_name, "file_id": entry.file_id, "page": answer.page}


def _of_path(file: str, settings: Settings, out: Path | None) -> dict[str, str]:
    from movie_pipeline.datasets.ruleset_files import read_ruleset
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.file_check import check_file
    from movie_pipeline.reports.sender_answers import not_found
    from movie_pipeline.sender_report.make_report import report_paths

    if file != "-" and not Path(file).is_file():
        raise not_found(file)
    path = SentFile().convert(file, None, click.get_current_context())
    world = deployment_from(settings)
    paths = report_paths(out or Path.cwd(), path.name)
    rules = read_ruleset(world.ruleset)
    check_file(path, rules, world.settings, world.storage, world.dataset, report=paths)
    return {"file": path.name, "file_id": "", "page": str(paths.page)}


def _address(page: str) -> str:
    return page if "://" in page else Path(page).resolve().as_uri()
