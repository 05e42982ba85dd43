"""The commands that keep a home for years: close, clean, verify, back up, restore, rebuild."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

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
from movie_pipeline.cli.printing import (
    console,
    errors,
    print_json,
    print_table,
    print_verdict,
    progress,
)
from movie_pipeline.cli.verdict_line import FAILED, PASS, WARN, counted, verdict

if TYPE_CHECKING:
    from movie_pipeline.settings import Settings
    from movie_pipeline.upkeep.parts import Parts
    from movie_pipeline.upkeep.verify import VerifyReport


@click.command()
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def reconcile(*, home: Path | None, as_json: bool, dataset: str) -> None:
    """Close what a crash left open: archive decided files, refresh stale views, send notices.

    Exit code: 0 all is closed, 1 something could not be; it is tried again the next time.
    """
    from movie_pipeline.datasets.sources import read_sources
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.file_reports import reconcile_report
    from movie_pipeline.steps.reconcile import reconcile as close
    from movie_pipeline.steps.tell_sender import Teller

    world = deployment_from(existing(settings_from(home, dataset=dataset)))
    sources = read_sources(world.settings.reading.sources, world.dataset)
    teller = Teller(world.storage, world.settings, world.dataset)
    report = reconcile_report(
        close(
            world.storage,
            world.warehouse,
            world.alerts,
            world.events,
            sources=sources,
            teller=teller,
        )
    )
    if as_json:
        print_json(report)
    else:
        shown = ("archived", "not_found", "notices_sent", "views_refreshed")
        print_table("", [{name: report[name] for name in shown}])
    _end_with(
        () if as_json else report["problems"],
        "all is closed",
        as_json=as_json,
        failed=bool(report["problems"]),
    )


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
    removed = sum(one["count"] for one in report["removed"])
    _end_with(
        () if as_json else report["problems"],
        f"{counted(removed, 'thing')} {'would be' if dry_run else 'were'} removed",
        "the same without --dry-run" if dry_run and removed else "",
        as_json=as_json,
        failed=bool(report["problems"]),
    )


@click.command()
@click.option("--deep", is_flag=True, help="Read all contents, and compare every row.")
@click.option("--repair", is_flag=True, help="Do what is safe, and say what was done.")
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def verify(*, deep: bool, repair: bool, home: Path | None, as_json: bool, dataset: str) -> None:
    """Hold history, output, quarantine, ledger, table and outbox against each other.

    Exit code: 0 nothing disagrees, or all of it was repaired; 1 something disagrees.
    """
    from movie_pipeline.reports.upkeep_reports import verify_report
    from movie_pipeline.upkeep.verify import verify as look

    with progress("Verifying", quiet=as_json):
        found = look(
            _parts(existing(settings_from(home, dataset=dataset))), deep=deep, repair=repair
        )
    if as_json:
        print_json(verify_report(found))
    else:
        for finding in found.findings:
            done = f" Repaired: {finding.repaired}." if finding.repaired else ""
            way_out = "" if finding.repaired else f" Way out: {finding.way_out}."
            _say(f"{finding.kind}: {finding.sentence}{way_out}{done}")
        _print_verified(found)
    is_open = any(not finding.repaired for finding in found.findings)
    sys.exit(EXIT_PIPELINE_FAILED if is_open else 0)


def _print_verified(found: "VerifyReport") -> None:
    """What a verification came to."""
    count = len(found.findings)
    said = f"{counted(found.files, 'file')}, {counted(count, 'disagreement')}"
    left = sum(not finding.repaired for finding in found.findings)
    if left:
        line = verdict(FAILED, f"{said}, {left:,} of them open", "movie-pipeline verify --repair")
    elif count:
        line = verdict(WARN, f"{said}, all repaired", "movie-pipeline verify")
    else:
        line = verdict(PASS, said)
    print_verdict(line)


@click.command()
@click.argument("to", type=click.Path(dir_okay=False, path_type=Path))
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def backup(*, to: Path, home: Path | None, as_json: bool, dataset: str) -> None:
    """Write a copy of the warehouse to the file TO, whole or not at all; loads wait meanwhile.

    The files of the areas are not in it: copy them with the tools of their store.
    """
    from movie_pipeline.upkeep.backup import back_up

    with progress("Copying", quiet=as_json):
        files = back_up(_parts(existing(settings_from(home, dataset=dataset))), to)
    if as_json:
        print_json({"backup": str(to), "files": files})
    else:
        said = f"{to} has the warehouse, with the decisions on {counted(files, 'file')}"
        print_verdict(verdict(PASS, said, f"movie-pipeline restore {to} puts it back"))


@click.command()
@click.argument("copy", metavar="FROM", type=click.Path(path_type=Path))
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def restore(*, copy: Path, home: Path | None, as_json: bool, dataset: str) -> None:
    """Put the backup FROM in the warehouse's place, and load what was decided since.

    The present warehouse is kept beside it. Exit code: 0 done, 1 something could not be loaded.
    """
    from movie_pipeline.reports.upkeep_reports import restore_report
    from movie_pipeline.upkeep.backup import restore as put_back

    with progress("Restoring", quiet=as_json):
        report = put_back(_parts(settings_from(home, dataset=dataset)), copy)
    if as_json:
        print_json(restore_report(report))
    else:
        if report.kept:
            _say(f"what stood there is kept as {report.kept}")
        _say(
            f"{report.caught_up.files:,} files with {report.caught_up.rows:,} good rows were "
            "decided after the backup, and are loaded again"
        )
        if report.caught_up.decided_again:
            _say(
                f"of {len(report.caught_up.decided_again):,} files the decision was changed after "
                "the backup, and counts again"
            )
    _end_with(
        report.caught_up.problems.values(),
        f"{copy} is the warehouse now",
        "movie-pipeline verify",
        as_json=as_json,
    )


@click.command()
@click.option("--dry-run", is_flag=True, help="Only make it beside and compare.")
@click.option("--anyway", is_flag=True, help="Swap it in even where files had to be left out.")
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def rebuild(*, dry_run: bool, anyway: bool, home: Path | None, as_json: bool, dataset: str) -> None:
    """Make table, views and ledger anew from history, compare them with the present, swap them in.

    Exit code: 0 swapped, or without a difference in a dry run; 1 files had to be left out, or a dry
    run found differences.
    """
    from movie_pipeline.reports.upkeep_reports import rebuild_report
    from movie_pipeline.upkeep.rebuild import rebuild as make_anew

    with progress("Rebuilding", quiet=as_json):
        parts = _parts(existing(settings_from(home, dataset=dataset)))
        report = make_anew(parts, dry_run=dry_run, anyway=anyway)
    if as_json:
        print_json(rebuild_report(report))
    else:
        for difference in report.differences:
            _say(difference.sentence())
        _say(
            f"{report.caught_up.files:,} files with {report.caught_up.rows:,} good rows made anew; "
            f"{len(report.differences):,} differences; "
            + ("swapped in" if report.swapped else "nothing was swapped")
        )
        if report.kept:
            _say(f"what stood there is kept as {report.kept}")
    _end_with(
        report.caught_up.problems.values(),
        "the warehouse is made anew" if report.swapped else "nothing would differ",
        "movie-pipeline verify" if report.swapped else "",
        as_json=as_json,
        failed=dry_run and bool(report.differences),
    )


def _parts(settings: "Settings") -> "Parts":
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.upkeep.parts import Parts

    world = deployment_from(settings)
    return Parts(world.storage, world.warehouse, world.settings, world.dataset)


def _say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _end_with(
    problems: Iterable[str], done: str, next_step: str = "", *, as_json: bool, failed: bool = False
) -> None:
    """Tell what did not work, or that all did, and end."""
    for problem in problems:
        failed = True
        errors.print(problem, style="red", markup=False, highlight=False)
    if failed:
        said = "not all could be done, as said above"
        print_verdict(verdict(FAILED, said, "movie-pipeline verify"), aside=True)
    elif not as_json:
        print_verdict(verdict(PASS, done, next_step))
    sys.exit(EXIT_PIPELINE_FAILED if failed else 0)
