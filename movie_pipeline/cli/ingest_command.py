"""The command that runs the ingest job."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from movie_pipeline.cli.command_options import (
    EXIT_SET_ASIDE,
    dataset_option,
    home_option,
    json_option,
    ruleset_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import (
    console,
    print_files,
    print_json,
    print_table,
    print_verdict,
    progress,
)
from movie_pipeline.cli.sent_files import SentFiles
from movie_pipeline.cli.verdict_line import verdict_of_ingest
from movie_pipeline.file_names import printable_name, without_number


@click.command()
@click.argument("paths", nargs=-1, required=True, type=SentFiles())
@home_option
@ruleset_option
@json_option
@dataset_option
@told_in_a_sentence
def ingest(
    *,
    paths: tuple[tuple[Path, ...], ...],
    home: Path | None,
    ruleset: Path | None,
    as_json: bool,
    dataset: str,
) -> None:
    """Run the ingest job once over copies of PATHS, in this process.

    PATHS are files, folders of files, or - for the standard input.

    Exit code: 0 all loaded or duplicate, 3 some held or rejected, 1 the pipeline failed, 2 usage.
    """
    from movie_pipeline.run_once import ingest_files

    files = [path for some in paths for path in some]
    settings = settings_from(home, ruleset, dataset)
    with progress("Ingesting", quiet=as_json) as step:
        report = ingest_files(files, settings, step)
    if as_json:
        print_json(report)
    else:
        _print_report(files, report)
    set_aside = [file for file in report["files"] if file["state"] in {"HELD", "REJECTED"}]
    sys.exit(EXIT_SET_ASIDE if set_aside else 0)


def _print_report(paths: Sequence[Path], report: Mapping[str, Any]) -> None:
    counts = ("rows_in", "rows_loaded", "rows_quarantined", "rows_superseded", "rows_held")
    print_files(
        f"Batch {report['batch_id']}",
        [
            {
                **{name: file[name] for name in ("file", "state", "reason")},
                **{name.removeprefix("rows_"): file[name] for name in counts},
            }
            for file in report["files"]
        ],
    )
    for path, file in zip(paths, report["files"], strict=True):
        if without_number(file["file"]) != file["file"]:
            console.print(
                f"{printable_name(str(path))} landed as {file['file']}, as another file of that "
                "name was there.",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
    rules = [
        {"file": file["file"], **{name: rule[name] for name in ("rule", "outcome", "failing_rows")}}
        for file in report["files"]
        for rule in file["rules"]
    ]
    if rules:
        print_table("Rules", rules)
    repairs = [
        {"file": file["file"], "column": column, "values repaired": count}
        for file in report["files"]
        for column, count in file["repairs"].items()
    ]
    if repairs:
        print_table("Repairs", repairs)
    print_verdict(verdict_of_ingest(report["files"]))
