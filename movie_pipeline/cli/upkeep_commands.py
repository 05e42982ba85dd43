"""The commands that close what a crash left open, and remove what is old."""

import sys
from pathlib import Path

import click

from movie_pipeline.cli.command_options import (
    EXIT_PIPELINE_FAILED,
    dataset_option,
    existing,
    home_option,
    json_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import console, errors, print_json, print_table


@click.command()
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def reconcile(*, home: Path | None, as_json: bool, dataset: str) -> None:
    """Close what a crash left open: archive decided files, refresh stale views, send notices.

    Exit code: 0 all is closed, 1 something could not be; it is tried again the next time.
    """
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.file_reports import reconcile_report
    from movie_pipeline.steps.reconcile import reconcile as close

    world = deployment_from(existing(settings_from(home, dataset=dataset)))
    report = reconcile_report(close(world.storage, world.warehouse, world.alerts, world.events))
    if as_json:
        print_json(report)
    else:
        shown = ("archived", "not_found", "notices_sent", "views_refreshed")
        print_table("", [{name: report[name] for name in shown}])
        for problem in report["problems"]:
            errors.print(problem, style="red", markup=False, highlight=False)
    sys.exit(EXIT_PIPELINE_FAILED if report["problems"] else 0)


@click.command("clean-up")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def clean_up(*, dry_run: bool, home: Path | None, as_json: bool, dataset: str) -> None:
    """Remove what is kept no longer, and report files that nobody owns.

    With DAGSTER_HOME set, old runs are removed too. Exit code: 0 done, 1 something failed.
    """
    from movie_pipeline.run_once import clean_home

    report = clean_home(existing(settings_from(home, dataset=dataset)), dry_run=dry_run)
    if as_json:
        print_json(report)
    else:
        print_table("Would be removed" if dry_run else "Removed", report["removed"])
        for name in report["orphans"]:
            console.print(f"orphan: {name}", markup=False, highlight=False, soft_wrap=True)
        for problem in report["problems"]:
            errors.print(problem, style="red", markup=False, highlight=False)
    sys.exit(EXIT_PIPELINE_FAILED if report["problems"] else 0)
