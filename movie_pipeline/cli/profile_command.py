"""The command that says what a file's columns are like, and suggests a ruleset."""

from dataclasses import asdict
from pathlib import Path

import click

from movie_pipeline.cli.command_options import (
    dataset_option,
    json_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import print_json, print_table, print_verdict, progress
from movie_pipeline.cli.sent_files import SentFile
from movie_pipeline.cli.verdict_line import PASS, counted, verdict
from movie_pipeline.file_names import printable_name

_SHOWN = 40


@click.command()
@click.argument("file", type=SentFile())
@click.option(
    "--rules",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the suggested ruleset to this file.",
)
@json_option
@dataset_option
@told_in_a_sentence
def profile(*, file: Path, out: Path | None, as_json: bool, dataset: str) -> None:
    """Say what the columns of FILE are like, and suggest a ruleset that it keeps.

    Each suggested rule says why, and how many rows of FILE it would set apart.
    """
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.dqdl import parse_ruleset
    from movie_pipeline.reports.file_check import check_file
    from movie_pipeline.reports.file_profile import profile_file

    world = deployment_from(settings_from(None, None, dataset))
    with progress("Profiling", quiet=as_json):
        found = profile_file(file, world.settings, world.dataset)
        ruleset = parse_ruleset(found.ruleset)
        checked = check_file(file, ruleset, world.settings, world.storage, world.dataset)
    failing = {rule["rule"]: rule["failing_rows"] for rule in checked.rules}
    suggestions = [
        {"rule": str(rule), "why": one.why, "sets apart": failing.get(str(rule))}
        for rule, one in zip(ruleset, found.suggestions, strict=True)
    ]
    if out is not None:
        out.write_text(found.ruleset, encoding="utf-8")
    if as_json:
        columns = [asdict(column) for column in found.columns]
        print_json({"rows": found.rows, "columns": columns, "suggestions": suggestions})
        return
    print_table(
        f"{file.name}: {found.rows:,} rows",
        [
            {
                "column": column.name,
                "type": column.type.lower(),
                "filled": f"{column.share:.1%}",
                "distinct": column.distinct,
                "min": _bound(column.low),
                "max": _bound(column.high),
                "picture": column.picture,
                "commonest": ", ".join(column.typical[:3])[:_SHOWN],
            }
            for column in found.columns
        ],
    )
    print_table("Suggested rules", suggestions)
    if out is not None:
        next_step = f"movie-pipeline check {printable_name(file.name)} --ruleset {out}"
        print_verdict(verdict(PASS, f"{counted(len(suggestions), 'rule')} in {out}", next_step))
    else:
        said = f"{counted(len(suggestions), 'rule')} suggested"
        print_verdict(verdict(PASS, said, "--rules FILE writes them to a file"))


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
