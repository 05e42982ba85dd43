"""The commands that try rules: what they demand, and what they say of one file."""

import sys
from pathlib import Path

import click

from movie_pipeline.cli.command_options import (
    EXIT_SET_ASIDE,
    dataset_option,
    json_option,
    ruleset_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import console, print_json, print_table, progress
from movie_pipeline.settings import Settings


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@json_option
@told_in_a_sentence
def rules(*, file: Path | None, as_json: bool) -> None:
    """Parse a ruleset, list its rules, and say what each demands."""
    from movie_pipeline.datasets.movies import MOVIES
    from movie_pipeline.datasets.ruleset_files import read_ruleset
    from movie_pipeline.reports.rule_reports import rule_reports

    ruleset = read_ruleset(file or Settings.from_environment().ruleset or MOVIES.ruleset)
    reports = rule_reports(ruleset)
    if as_json:
        print_json({"sha256": ruleset.sha256, "rules": reports, "warnings": list(ruleset.warnings)})
        return
    print_table("", reports)
    for warning in ruleset.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@ruleset_option
@json_option
@dataset_option
@told_in_a_sentence
def check(*, file: Path, ruleset: Path | None, as_json: bool, dataset: str) -> None:
    """Judge FILE by a ruleset with no pipeline around it; nothing is loaded or kept.

    Exit code: 0 it would load, 3 it would be held or rejected, 2 usage.
    """
    from dataclasses import asdict

    from movie_pipeline.datasets.ruleset_files import read_ruleset
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.file_check import check_file

    deployment = deployment_from(settings_from(None, ruleset, dataset))
    rules_read = read_ruleset(deployment.ruleset)
    with progress("Checking", quiet=as_json):
        checked = check_file(
            file, rules_read, deployment.settings, deployment.storage, deployment.dataset
        )
    if as_json:
        print_json(asdict(checked))
    else:
        for warning in rules_read.warnings:
            console.print(f"warning: {warning}", style="yellow", markup=False)
        counts = ("state", "rows_in", "rows_good", "rows_apart", "reason")
        print_table(file.name, [{name: getattr(checked, name) for name in counts}])
        if checked.rules:
            shown = ("rule", "outcome", "failing_rows", "reason")
            print_table("Rules", [{name: rule[name] for name in shown} for rule in checked.rules])
    sys.exit(EXIT_SET_ASIDE if checked.state != "LOADED" else 0)
