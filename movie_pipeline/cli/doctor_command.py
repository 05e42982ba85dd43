"""The command that looks at what a deployment stands on."""

import os
import sys
from dataclasses import asdict
from pathlib import Path

import click

from movie_pipeline.cli.command_options import (
    EXIT_PIPELINE_FAILED,
    dataset_option,
    home_option,
    json_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import console, print_json, print_verdict
from movie_pipeline.cli.verdict_line import FAILED, PASS, counted, verdict

_SECONDS_WAITED = 0.5


@click.command()
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def doctor(*, home: Path | None, as_json: bool, dataset: str) -> None:
    """Look at versions, settings, rights, space, store, warehouse and daemon; change nothing.

    Each is a line, and where it is amiss, what to do. Exit code: 0 all is well, 1 something is not.
    """
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.doctor_report import look

    settings = settings_from(home, dataset=dataset)
    # who holds the warehouse is told at once
    world = deployment_from(settings.with_values(warehouse_wait_seconds=_SECONDS_WAITED))
    findings = list(look(world.settings, world.storage, world.warehouse))
    if os.environ.get("DAGSTER_HOME"):
        from movie_pipeline.run_once import look_at_dagster

        findings += look_at_dagster(settings)
    amiss = [finding for finding in findings if not finding.is_well]
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
        sys.exit(EXIT_PIPELINE_FAILED if amiss else 0)
    for finding in findings:
        line = f"{'ok  ' if finding.is_well else 'LOOK'} {finding.what}: {finding.found}"
        console.print(
            f"{line}. To do: {finding.to_do}." if finding.to_do else line,
            style=None if finding.is_well else "yellow",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    are = "is" if len(amiss) == 1 else "are"
    print_verdict(
        verdict(FAILED, f"{counted(len(amiss), 'thing')} {are} amiss", "what is said at LOOK")
        if amiss
        else verdict(PASS, f"{counted(len(findings), 'thing')} looked at")
    )
    sys.exit(EXIT_PIPELINE_FAILED if amiss else 0)
