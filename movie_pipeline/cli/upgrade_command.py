"""The command that brings a warehouse to the form that this program knows."""

from pathlib import Path

import click

from movie_pipeline.cli.command_options import (
    dataset_option,
    existing,
    home_option,
    json_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import console, print_json, print_verdict
from movie_pipeline.cli.verdict_line import PASS, verdict


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option(
    "--adopt",
    is_flag=True,
    help="Take the warehouse that is there as this home's own, though another belonged to it.",
)
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def upgrade(*, dry_run: bool, adopt: bool, home: Path | None, as_json: bool, dataset: str) -> None:
    """Bring the warehouse to this program's version; every other command does so by itself.

    Exit code: 0 it is, or would be, up to date, 1 it cannot be.
    """
    from movie_pipeline.deployments import deployment_from

    warehouse = deployment_from(existing(settings_from(home, dataset=dataset))).warehouse
    plan = warehouse.upgrade_plan(adopting=adopt)
    if adopt and not dry_run:
        warehouse.adopt()
    elif not dry_run:
        warehouse.prepare()
    report = {
        "from_version": plan.found or None,
        "to_version": plan.known,
        "steps": list(plan.steps),
        "adopt": adopt,
        "dry_run": dry_run,
    }
    if as_json:
        print_json(report)
        return
    if plan.steps:
        what = "would be" if dry_run else "was"
        begin = f"version {plan.found}" if plan.found else "nothing"
        console.print(f"The warehouse {what} brought from {begin} to version {plan.known}:")
        for step in plan.steps:
            console.print(f"- {step}", markup=False, highlight=False, soft_wrap=True)
    if adopt:
        console.print(f"It {'would be' if dry_run else 'is'} this home's own now.")
    said = f"the warehouse is at version {plan.known}"
    if dry_run and plan.steps:
        said = f"the warehouse would be at version {plan.known}"
    next_step = "the same without --dry-run" if dry_run and plan.steps else ""
    print_verdict(verdict(PASS, said, next_step))
