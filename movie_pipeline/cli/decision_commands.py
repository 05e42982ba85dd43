"""The commands that change what was decided: a file taken back, history judged again."""

import sys
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
    print_problem,
    print_table,
    print_verdict,
    progress,
)
from movie_pipeline.cli.verdict_line import FAILED, PASS, counted, verdict

if TYPE_CHECKING:
    from movie_pipeline.deployments import Deployment
    from movie_pipeline.upkeep.parts import Parts
    from movie_pipeline.upkeep.rejudge import Rejudged


@click.command()
@click.argument("file")
@click.option("--why", default="", help="The reason; needed, and kept for ever.")
@click.option("--by", help="Who asks; the login name by default.")
@click.option("--dry-run", is_flag=True, help="Only say what would go and come back.")
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def retract(
    *,
    file: str,
    why: str,
    by: str | None,
    dry_run: bool,
    home: Path | None,
    as_json: bool,
    dataset: str,
) -> None:
    """Take FILE back, a name or a file_id: its rows go, what they had superseded comes back.

    Its replays go with it. The same bytes are held when they land again. Exit code: 0 done, 1 the
    pipeline failed, 2 it cannot be taken back; nothing was done.
    """
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.upkeep_reports import retract_report
    from movie_pipeline.upkeep.retract import Wish
    from movie_pipeline.upkeep.retract import retract as take_back

    world = deployment_from(existing(settings_from(home, dataset=dataset)))
    world.warehouse.prepare()
    wish = Wish(by=_login(by), why=why)
    with progress("Retracting", quiet=as_json):
        told = retract_report(take_back(_parts(world), file, wish, dry_run=dry_run), dry_run)
        problems = [] if dry_run else _close(world)
    if as_json:
        print_json(told)
    else:
        shown = ("file", "file_id", "rows_gone", "rows_back", "records_closed")
        title = "Would be retracted" if dry_run else "Retracted"
        print_table(
            "Was retracted before" if told["before"] else title,
            [{**{name: told[name] for name in shown}, "replays": len(told["replays"])}],
        )
    rows = counted(told["rows_gone"], "row")
    _end_with(
        problems,
        f"{told['file']} would be taken back, {rows} would go"
        if dry_run
        else f"{told['file']} is taken back, {rows} went",
        "the same without --dry-run" if dry_run else f"movie-pipeline show {told['file_id']}",
        as_json=as_json,
    )


@click.command()
@click.argument("file")
@click.option("--why", default="", help="The reason; needed, and kept for ever.")
@click.option("--by", help="Who asks; the login name by default.")
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def dismiss(
    *, file: str, why: str, by: str | None, home: Path | None, as_json: bool, dataset: str
) -> None:
    """Say that nothing will be made of FILE, a name or a file_id, which is held or was rejected.

    It waits no longer, and the check `no_file_waits` names it no more. Exit code: 0 done, 1 the
    pipeline failed, 2 it does not wait; nothing was done.
    """
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.upkeep.dismiss import dismiss as say_so
    from movie_pipeline.upkeep.retract import Wish

    world = deployment_from(existing(settings_from(home, dataset=dataset)))
    world.warehouse.prepare()
    with progress("Dismissing", quiet=as_json):
        told = say_so(_parts(world), file, Wish(by=_login(by), why=why))
        problems = _close(world)
    report = {
        "file": told.entry.shown_name,
        "file_id": told.entry.file_id,
        "state": str(told.entry.state),
        "records_closed": told.records_closed,
        "before": told.before,
    }
    if as_json:
        print_json(report)
    else:
        print_table("Was dismissed before" if told.before else "Dismissed", [report])
    _end_with(problems, f"{report['file']} waits no more", "movie-pipeline status", as_json=as_json)


@click.command()
@click.option(
    "--ruleset",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="DQDL file to judge by.",
)
@click.option("--source", default="", help="Only files of this source.")
@click.option("--file", "name", default="", help="Only this file: its name or file_id.")
@click.option("--why", default="", help="The reason; that ruleset by default.")
@click.option("--by", help="Who asks; the login name by default.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def rejudge(
    *,
    ruleset: Path,
    source: str,
    name: str,
    why: str,
    by: str | None,
    dry_run: bool,
    home: Path | None,
    as_json: bool,
    dataset: str,
) -> None:
    """Judge again what other rulesets judged: all of history, or of one source, or one file.

    A file is changed at a time; give a stopped command again, and it goes on. Exit code: 0 done, 1
    some files could not be judged again, or the pipeline failed, 2 usage.
    """
    from movie_pipeline.datasets.ruleset_files import read_ruleset
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.upkeep_reports import rejudge_report
    from movie_pipeline.upkeep.rejudge import AT_ONCE, to_judge
    from movie_pipeline.upkeep.rejudge import rejudge as judge_again
    from movie_pipeline.upkeep.retract import Wish

    world = deployment_from(existing(settings_from(home, dataset=dataset)))
    world.warehouse.prepare()
    rules, parts = read_ruleset(ruleset), _parts(world)
    wish = Wish(by=_login(by), why=why or f"the ruleset {ruleset.name}")
    chosen = to_judge(parts, rules, source=source, name=name)
    told: list[Rejudged] = []
    with progress("Judging again", quiet=as_json) as step:
        for start in range(0, len(chosen), AT_ONCE):
            piece = chosen[start : start + AT_ONCE]
            for one in judge_again(parts, piece, rules, wish, dry_run=dry_run):
                told.append(one)
                step(f"{len(told):,} of {len(chosen):,} files")
        problems = [] if dry_run else _close(world)
    report = rejudge_report(told, dry_run)
    if as_json:
        print_json(report)
    else:
        hidden = {"problem", "new_file_id", "rows_loaded" if dry_run else "problem"}
        print_table(
            "Would be judged again" if dry_run else "Judged again",
            [
                {key: value for key, value in file.items() if key not in hidden}
                for file in report["files"]
                if not file["problem"]
            ],
        )
        totals = report["totals"]
        console.print(
            f"{totals['files']:,} files: {totals['loaded_to_apart']:,} records "
            f"{'would be' if dry_run else 'are'} set apart that were loaded, "
            f"{totals['apart_to_loaded']:,} the other way round."
        )
    left = [f"{one.file} ({one.file_id}): {one.problem}" for one in told if one.problem]
    files = counted(report["totals"]["files"], "file")
    _end_with(
        [*left, *problems],
        f"{files} would be judged again" if dry_run else f"{files} judged again",
        "the same without --dry-run" if dry_run else "movie-pipeline status",
        as_json=as_json,
    )


def _login(by: str | None) -> str:
    from movie_pipeline.replay.replay_request import login_name

    return login_name() if by is None else by


def _parts(world: "Deployment") -> "Parts":
    from movie_pipeline.upkeep.parts import Parts

    return Parts(world.storage, world.warehouse, world.settings, world.dataset)


def _close(world: "Deployment") -> list[str]:
    """Keep the records, refresh the views, send the notices; return what did not work."""
    from movie_pipeline.steps.reconcile import reconcile
    from movie_pipeline.steps.tell_sender import Teller

    teller = Teller(world.storage, world.settings, world.dataset)
    report = reconcile(world.storage, world.warehouse, world.alerts, world.events, teller=teller)
    for sentence in report.untold:
        print_problem(sentence)
    return list(report.problems)


def _end_with(problems: list[str], done: str, next_step: str, *, as_json: bool) -> None:
    for problem in problems:
        errors.print(problem, style="red", markup=False, highlight=False)
    if problems:
        said = f"{counted(len(problems), 'thing')} could not be done"
        print_verdict(verdict(FAILED, said, "the same again"), aside=True)
    elif not as_json:
        print_verdict(verdict(PASS, done, next_step))
    sys.exit(EXIT_PIPELINE_FAILED if problems else 0)
