"""The command that says what a file's or table's columns are like, and suggests a ruleset."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from movie_pipeline.cli.command_options import (
    dataset_option,
    existing,
    home_option,
    json_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import (
    print_json,
    print_sentence,
    print_table,
    print_verdict,
    progress,
)
from movie_pipeline.cli.sent_files import SentFile
from movie_pipeline.cli.verdict_line import PASS, counted, verdict
from movie_pipeline.file_names import printable_name

if TYPE_CHECKING:
    from movie_pipeline.reports.file_profile import ColumnProfile
    from movie_pipeline.reports.table_profile import Suggested
    from movie_pipeline.settings import Settings

_SHOWN = 40


@click.command()
@click.argument("what", metavar="FILE_OR_TABLE")
@click.option(
    "--rules",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the suggested ruleset to this file.",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with a picture of each column to this file.",
)
@click.option(
    "--as-is",
    is_flag=True,
    help="Take a CSV as `evaluate` does: no column mapped, no value repaired.",
)
@home_option
@json_option
@dataset_option
@click.pass_context
@told_in_a_sentence
def profile(
    context: click.Context,
    *,
    what: str,
    out: Path | None,
    html: Path | None,
    as_is: bool,
    home: Path | None,
    as_json: bool,
    dataset: str,
) -> None:
    """Say what the columns of a file or table are like, and suggest a ruleset that it keeps.

    FILE_OR_TABLE is a file, - for the standard input, or a table or view of the warehouse. Parquet
    and JSON are taken as they are. Each suggested rule says why, and how many rows it would
    set apart.
    """
    from movie_pipeline.reports.profile_page import profile_page

    settings = settings_from(home, None, dataset)
    with progress("Profiling", quiet=as_json):
        name, found = _profiled(what, settings, context, as_is=as_is)
    suggestions = found.suggestions
    if out is not None:
        out.write_text(found.profile.ruleset, encoding="utf-8")
    if html is not None:
        html.write_text(profile_page(name, found.profile, suggestions), encoding="utf-8")
    if as_json:
        columns = [
            {**asdict(column), "picture": column.picture} for column in found.profile.columns
        ]
        print_json({"rows": found.profile.rows, "columns": columns, "suggestions": suggestions})
        return
    _print_profile(name, found)
    if html is not None:
        print_sentence(f"The page: {html}")
    count = counted(len(suggestions), "rule")
    if out is not None:
        judge = "evaluate" if as_is else "check"
        next_step = f"movie-pipeline {judge} {printable_name(what)} --ruleset {out}"
        print_verdict(verdict(PASS, f"{count} in {out}", next_step))
    else:
        print_verdict(verdict(PASS, f"{count} suggested", "--rules FILE writes them to a file"))


def _profiled(
    what: str, settings: "Settings", context: click.Context, *, as_is: bool
) -> tuple[str, "Suggested"]:
    """What was asked for by name, and what it is like."""
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.table_profile import (
        AS_IT_IS,
        suggested_for_file,
        suggested_for_table_file,
        suggested_for_warehouse,
    )

    world = deployment_from(settings)
    if what in {world.dataset.table, *world.dataset.view_names} and not Path(what).exists():
        existing(settings)
        world.warehouse.prepare()
        return what, suggested_for_warehouse(what, world.warehouse, world.settings)
    path = SentFile().convert(what, None, context)
    if as_is or path.suffix.lower() in AS_IT_IS:
        return path.name, suggested_for_table_file(path, world.settings)
    return path.name, suggested_for_file(path, world.settings, world.storage, world.dataset)


def _print_profile(name: str, found: "Suggested") -> None:
    print_table(
        f"{name}: {found.profile.rows:,} rows",
        [
            {
                "column": column.name,
                "type": column.type.lower(),
                "filled": column.filled,
                "distinct": column.distinct,
                "min": _bound(column.low, column),
                "max": _bound(column.high, column),
                "picture": column.picture,
                "commonest": ", ".join(column.typical[:3])[:_SHOWN],
            }
            for column in found.profile.columns
        ],
    )
    print_table("Suggested rules", found.suggestions)


def _bound(value: float | None, column: "ColumnProfile") -> str:
    if value is None:
        return ""
    return f"{value:g}" if column.is_number else f"{value:g} long"
