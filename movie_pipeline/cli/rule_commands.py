"""The commands that try rules: what they demand, and what they say of one file."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from movie_pipeline.cli.command_options import (
    EXIT_PIPELINE_FAILED,
    EXIT_SET_ASIDE,
    dataset_option,
    home_option,
    json_option,
    limit_option,
    ruleset_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import (
    console,
    print_json,
    print_sentence,
    print_table,
    print_verdict,
    progress,
)
from movie_pipeline.cli.sent_files import SentFile, SentFiles, as_typed
from movie_pipeline.cli.verdict_line import FAILED, PASS, WARN, counted, verdict, verdict_of_check
from movie_pipeline.errors import SettingsError
from movie_pipeline.file_names import printable_name
from movie_pipeline.settings import Settings

if TYPE_CHECKING:  # slow to import: only the commands that need them do so
    from movie_pipeline.deployments import Deployment
    from movie_pipeline.reports.file_check import CheckedFile


@click.command()
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--on",
    multiple=True,
    help="With diff: a file, a folder of files, or the name or file_id of a file that landed, to "
    "hold to both rulesets; may be given again.",
)
@home_option
@json_option
@dataset_option
@click.pass_context
@told_in_a_sentence
def rules(
    context: click.Context,
    *,
    files: tuple[Path, ...],
    on: tuple[str, ...],
    home: Path | None,
    as_json: bool,
    dataset: str,
) -> None:
    """Parse the ruleset FILES names, list its rules, and say what each demands.

    - in place of FILES reads one from the standard input. `rules diff OLD NEW --on FILE` says which
    rules came and went, and what NEW would decide otherwise on each FILE. Exit code: 0 done, 2 a
    ruleset is wrong.
    """
    if files and str(files[0]) == "diff":
        settings = settings_from(home, None, dataset)
        _print_difference(files[1:], on, settings, context, as_json=as_json)
        return
    if len(files) > 1 or on:
        raise click.UsageError("give one ruleset; two are compared by: rules diff OLD NEW.")
    named = next(iter(files), None)
    from movie_pipeline.datasets.movies import MOVIES
    from movie_pipeline.datasets.ruleset_files import parsed_ruleset, read_ruleset
    from movie_pipeline.reports.rule_reports import rule_reports

    if str(named) == "-":
        with click.open_file("-", "rb") as lines:
            ruleset = parsed_ruleset(lines, "the standard input")
    else:
        ruleset = read_ruleset(named or Settings.from_environment().ruleset or MOVIES.ruleset)
    reports = rule_reports(ruleset)
    if as_json:
        print_json({"sha256": ruleset.sha256, "rules": reports, "warnings": list(ruleset.warnings)})
        return
    print_table("", reports)
    for warning in ruleset.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False)
    said = counted(len(reports), "rule")
    print_verdict(
        verdict(WARN, f"{said}, {counted(len(ruleset.warnings), 'warning')}")
        if ruleset.warnings
        else verdict(PASS, said, "movie-pipeline check FILE --ruleset RULESET")
    )


def _print_difference(
    files: Sequence[Path],
    on: Sequence[str],
    settings: Settings,
    context: click.Context,
    *,
    as_json: bool,
) -> None:
    from movie_pipeline.datasets.ruleset_files import read_ruleset
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.rules_diff import decided_otherwise, rules_that_changed

    if len(files) != 2:  # noqa: PLR2004 - the old and the new one
        raise click.UsageError("rules diff takes two rulesets: the old one, and the new one.")
    old, new = map(read_ruleset, files)
    changed = rules_that_changed(old, new)
    world = deployment_from(settings)
    with progress("Judging", quiet=as_json), tempfile.TemporaryDirectory() as folder:
        paths = [path for name in on for path in _sent(name, world, Path(folder), context)]
        decided = list(
            decided_otherwise(paths, old, new, world.settings, world.storage, world.dataset)
        )
    if as_json:
        print_json({**changed, "files": decided})
        return
    for sign, name in (("+", "added"), ("-", "removed")):
        for rule in changed[name]:
            print_sentence(f"{sign} {rule}")
    if decided:
        print_table("", decided)
    differing = sum(file["differs"] for file in decided)
    if differing:
        said = f"{differing} of {counted(len(decided), 'file')} would be decided otherwise"
        print_verdict(verdict(WARN, said, f"movie-pipeline rejudge --dry-run --ruleset {files[1]}"))
    elif not any(changed.values()):
        print_verdict(verdict(PASS, "both have the same rules"))
    elif decided:
        said = f"none of {counted(len(decided), 'file')} would be decided otherwise"
        print_verdict(verdict(PASS, said))
    else:
        rules_changed = counted(sum(map(len, changed.values())), "rule")
        print_verdict(
            verdict(WARN, f"{rules_changed} came or went", "rules diff OLD NEW --on FILE")
        )


def _sent(name: str, world: "Deployment", folder: Path, context: click.Context) -> tuple[Path, ...]:
    """The files of this machine that are named so, or else the one that landed."""
    from movie_pipeline.reports.sender_answers import copy_of_landed, landed_file, not_found

    if name == "-" or Path(name).exists():
        return SentFiles().convert(name, None, context)
    if world.settings.deployment == "local" and not world.settings.home.is_dir():
        raise not_found(name)
    world.warehouse.prepare()
    entry = landed_file(world.warehouse, name)
    if entry is None:
        raise not_found(name)
    return (copy_of_landed(world.storage, entry, folder),)


@click.command()
@click.argument("files", nargs=-1, required=True, type=SentFiles())
@ruleset_option
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Write the sender's report: a page of this name, and JSON and corrections beside it.",
)
@limit_option
@json_option
@dataset_option
@told_in_a_sentence
def check(
    *,
    files: tuple[tuple[Path, ...], ...],
    ruleset: Path | None,
    report: Path | None,
    limit: int,
    as_json: bool,
    dataset: str,
) -> None:
    """Judge FILES by a ruleset with no pipeline around them; nothing is loaded or kept.

    FILES are files, folders of files, or - for the standard input. The first rows with a fault are
    listed, by line.

    Without --ruleset it is the one that the job would take: that of a file's source, where one is
    declared, else the dataset's.

    Exit code: 0 all would load, 3 some would be held or rejected, 2 usage.
    """
    from movie_pipeline.datasets.ruleset_files import read_ruleset, source_rulesets
    from movie_pipeline.datasets.sources import read_sources
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.file_check import CheckedFile, check_file
    from movie_pipeline.sender_report.make_report import report_paths

    paths = [path for some in files for path in some]
    if report is not None and len(paths) > 1 and not report.is_dir():
        raise click.UsageError("the reports of several files need a folder that is there.")
    world = deployment_from(settings_from(None, ruleset, dataset))
    rules_read = read_ruleset(world.ruleset)
    sources = read_sources(world.settings.reading.sources, world.dataset)
    own = source_rulesets(sources) if ruleset is None else {}
    told: dict[Path, CheckedFile] = {}
    with progress("Checking", quiet=as_json) as step:
        for path in paths:
            step(printable_name(path.name))
            told[path] = check_file(
                path,
                own.get(sources.of(path.name).name, rules_read),
                world.settings,
                world.storage,
                world.dataset,
                report=None if report is None else report_paths(report, path.name),
                most_rows=limit,
            )
    checked = [{"file": path.name, **asdict(each)} for path, each in told.items()]
    if as_json:
        for each in checked:
            print_json(each)
    else:
        for warning in rules_read.warnings:
            console.print(f"warning: {warning}", style="yellow", markup=False)
        for path, each in zip(paths, checked, strict=True):
            _print_checked(each)
            if report is not None:
                print_sentence(f"The report: {report_paths(report, path.name).page}")
        print_verdict(verdict_of_check(checked, [_next(path, told[path], report) for path in told]))
    sys.exit(EXIT_SET_ASIDE if any(each["state"] != "LOADED" for each in checked) else 0)


def _next(path: Path, checked: "CheckedFile", report: Path | None) -> str:
    """What to do with a file that was checked."""
    from movie_pipeline.sender_report.make_report import report_paths

    if checked.state == "LOADED" and not checked.rows_apart:
        return f"movie-pipeline ingest {as_typed(path)}"
    if report is not None:
        return f"correct what {report_paths(report, path.name).page} says"
    return f"movie-pipeline check {as_typed(path)} --report PAGE"


def _print_checked(checked: Mapping[str, Any]) -> None:
    counts = ("state", "rows_in", "rows_good", "rows_apart")
    print_table(printable_name(checked["file"]), [{name: checked[name] for name in counts}])
    if checked["reason"]:
        print_sentence(checked["reason"])
    if checked["rules"]:
        shown = ("rule", "outcome", "failing_rows", "reason")
        print_table("Rules", [{name: rule[name] for name in shown} for rule in checked["rules"]])
    rows = [
        {
            "line": row["line"],
            "column": problem["column"],
            "value": problem["value"] or row["text"],
            "problem": problem["rule"],
        }
        for row in checked["rows"]
        for problem in row["problems"]
    ]
    if rows:
        print_table(f"The first {counted(len(checked['rows']), 'row')} with a fault", rows)


@click.command()
@click.argument("table", type=SentFile())
@click.option(
    "--ruleset",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="DQDL file to judge by.",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="ALIAS=PATH",
    help="A reference dataset under the alias that rules use; may be given several times.",
)
@click.option(
    "--rows",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the rows with Glue's four columns to this CSV or Parquet file.",
)
@click.option(
    "--filtered-rows",
    type=click.Choice(["PASSED", "SKIPPED"]),
    default="PASSED",
    help="What a rule says of rows that its where clause leaves out.",
)
@click.option(
    "--composite-method",
    type=click.Choice(["COLUMN", "ROW"]),
    default="COLUMN",
    help="Whether a composite rule's outcome comes from its members' outcomes or from the rows.",
)
@click.option(
    "--unsupported-rules",
    type=click.Choice(["refuse", "fail"]),
    default="refuse",
    help="Refuse the ruleset for a rule that is not supported, or let that rule fail alone.",
)
@json_option
@told_in_a_sentence
def evaluate(
    *,
    table: Path,
    ruleset: Path,
    sources: tuple[str, ...],
    rows: Path | None,
    filtered_rows: Literal["PASSED", "SKIPPED"],
    composite_method: Literal["COLUMN", "ROW"],
    unsupported_rules: Literal["refuse", "fail"],
    as_json: bool,
) -> None:
    """Judge any CSV, Parquet or JSON TABLE by a ruleset, as Glue does; nothing is loaded.

    - in place of TABLE reads a CSV from the standard input.

    Exit code: 0 every rule passed, 1 a rule failed, 2 usage.
    """
    from movie_pipeline import dqdl
    from movie_pipeline.datasets.ruleset_files import read_ruleset
    from movie_pipeline.reports.table_evaluation import evaluation_report, sources_named

    if rows is not None and rows.resolve() == table.resolve():
        raise SettingsError(f"the rows cannot be written to {rows}, which is the table itself")
    rules_read = read_ruleset(ruleset, supported=unsupported_rules == "refuse")
    with progress("Evaluating", quiet=as_json):
        found = dqdl.evaluate(
            rules_read,
            table,
            sources=sources_named(sources),
            rule_seconds=settings_from(None).engine.rule_seconds,
            filtered_rows=filtered_rows,
            composite_method=composite_method,
            unsupported_rules=unsupported_rules,
        )
    if rows is not None:
        dqdl.write_table(found.rows, rows)
    report = evaluation_report(found, rules_read)
    if as_json:
        print_json(report)
    else:
        for warning in rules_read.warnings:
            console.print(f"warning: {warning}", style="yellow", markup=False)
        counts = ("passed", "rows", "failing_rows")
        print_table(table.name, [{name: report[name] for name in counts}])
        shown = ("rule", "outcome", "failing_rows", "reason")
        print_table("Rules", [{name: rule[name] for name in shown} for rule in report["rules"]])
        if report["metrics"]:
            print_table("Metrics", report["metrics"])
        failed = [rule for rule in report["rules"] if rule["outcome"] != "Passed"]
        of = counted(len(report["rules"]), "rule")
        print_verdict(
            verdict(PASS, f"{of} passed")
            if found.passed
            else verdict(
                FAILED,
                f"{len(failed)} of {of} did not pass",
                f"{'--rows OUT.csv' if rows is None else rows} shows the rows",
            )
        )
    sys.exit(0 if found.passed else EXIT_PIPELINE_FAILED)
