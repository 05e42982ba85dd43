"""The command that judges records again."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from movie_pipeline.cli.command_options import (
    EXIT_SET_ASIDE,
    dataset_option,
    existing,
    home_option,
    json_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import (
    console,
    print_files,
    print_json,
    print_problem,
    print_table,
    print_verdict,
    progress,
)
from movie_pipeline.cli.verdict_line import counted, verdict_of_replay


@click.command()
@home_option
@click.option("--file", "name", default="", help="A file's name or file_id; its replays count too.")
@click.option(
    "--where",
    default="",
    help="A condition over quarantine records, such as \"state = 'HELD'\".",
)
@click.option(
    "--corrections",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV of quarantine_id, column and value; `quarantine --template` writes one to edit.",
)
@click.option(
    "--ruleset",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Judge by this DQDL file, instead of the one in use.",
)
@click.option("--accept", is_flag=True, help="Held files load, whatever held them.")
@click.option("--by", help="Who asks; the login name by default.")
@click.option("--why", default="", help="The reason; needed with --corrections and --accept.")
@click.option("--dry-run", is_flag=True, help="Only say what would be replayed.")
@json_option
@dataset_option
@told_in_a_sentence
def replay(
    *,
    home: Path | None,
    name: str,
    where: str,
    corrections: Path | None,
    ruleset: Path | None,
    accept: bool,
    by: str | None,
    why: str,
    dry_run: bool,
    as_json: bool,
    dataset: str,
) -> None:
    """Judge quarantined or held records again, as they were or corrected; survivors load.

    Exit code: 0 done, 3 some are held or rejected, 1 the pipeline failed, 2 usage.
    """
    from movie_pipeline.replay.replay_request import ReplayRequest, login_name
    from movie_pipeline.run_once import replay_records

    settings = existing(settings_from(home, dataset=dataset))
    request = ReplayRequest(
        file=name,
        where=where,
        corrections=corrections,
        ruleset=ruleset,
        accept=accept,
        by=login_name() if by is None else by,
        why=why,
    )
    with progress("Replaying", quiet=as_json) as step:
        report = replay_records(request, settings, step, dry_run=dry_run)
    for sentence in report["gone"]:
        print_problem(sentence)
    if as_json:
        print_json(report)
    else:
        _print_replays(report)
    set_aside = [told for told in report["replays"] if told["state"] in {"HELD", "REJECTED"}]
    sys.exit(EXIT_SET_ASIDE if set_aside else 0)


def _print_replays(report: Mapping[str, Any]) -> None:
    hidden = {"notes", "file_id", "replay_file_id", "run_id", "accepted"}
    if report["dry_run"]:
        hidden |= {"state", "loaded", "superseded", "quarantined_again", "held_again", "reason"}
    rows = [
        {name: value for name, value in told.items() if name not in hidden}
        for told in report["replays"]
    ]
    if rows and report["dry_run"]:
        print_table("Would be replayed", rows)
    elif rows:
        print_files("Replayed", rows)
    if report["left_open"]:
        console.print(
            f"Left open: {counted(report['left_open'], 'record')}. The cells cannot be told apart, "
            "so that only corrections that give every column can replay them."
        )
    if report["superseded"]:
        console.print(
            f"Superseded: {counted(report['superseded'], 'record')}. The table has later rows of "
            "the keys: `movie-pipeline quarantine --all` shows them; a correction takes one anyway."
        )
    for told in report["replays"]:
        for note in told["notes"]:
            console.print(f"{told['file']}: {note}", markup=False, highlight=False)
    print_verdict(verdict_of_replay(report))
