"""The command line: words and JSON that other programs build on. It calls, it does not decide.

Dagster is imported only by the commands that run the job, so that the others answer at once.
"""

import json
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from rich.console import Console
from rich.table import Table

from movie_pipeline.errors import MoviePipelineError, ReplayError, RulesetError, SettingsError
from movie_pipeline.settings import Settings

EXIT_PIPELINE_FAILED, EXIT_USAGE, EXIT_SET_ASIDE = 1, 2, 3
WIDTH_OF_A_PIPE = 200


def _console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; a pipe has no width, and folded tables help nobody."""
    found = Console(stderr=stderr)
    return found if found.is_terminal else Console(stderr=stderr, width=WIDTH_OF_A_PIPE)


console = _console()
errors = _console(stderr=True)
P = ParamSpec("P")
R = TypeVar("R")


def _told_in_a_sentence(command: Callable[P, R]) -> Callable[P, R]:
    """Our errors end in a sentence and an exit code, never in a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (SettingsError, RulesetError, ReplayError) as error:
            errors.print(str(error), style="red", markup=False, highlight=False)
            sys.exit(EXIT_USAGE)
        except MoviePipelineError as error:
            errors.print(str(error), style="red", markup=False, highlight=False)
            sys.exit(EXIT_PIPELINE_FAILED)

    return run


def _home_option(command: Callable[P, R]) -> Callable[P, R]:
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        help="Home folder of the local world; MOVIE_PIPELINE_HOME, or data, by default.",
    )(command)


def _json_option(command: Callable[P, R]) -> Callable[P, R]:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def _ruleset_option(command: Callable[P, R]) -> Callable[P, R]:
    return click.option(
        "--ruleset",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="DQDL file to judge by; MOVIE_PIPELINE_RULESET, or the shipped one, by default.",
    )(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="movie-pipeline")
def main() -> None:
    """Judge movie CSVs row by row, load the good rows exactly once, quarantine the others."""


@main.command()
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@_home_option
@_ruleset_option
@_json_option
@_told_in_a_sentence
def ingest(paths: tuple[Path, ...], home: Path | None, ruleset: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Run the ingest job once over copies of PATHS, in this process.

    Exit code: 0 all loaded or duplicate, 3 some held or rejected, 1 the pipeline failed, 2 usage.
    """
    from movie_pipeline.headless import ingest_files

    settings = _settings(home, ruleset)
    with _progress("Ingesting", quiet=as_json) as step:
        report = ingest_files(paths, settings, step)
    if as_json:
        _print_json(report)
    else:
        _print_report(report)
    set_aside = [file for file in report["files"] if file["state"] in {"HELD", "REJECTED"}]
    sys.exit(EXIT_SET_ASIDE if set_aside else 0)


@main.command()
@_home_option
@click.option("--limit", default=20, show_default=True, help="Entries to show, the newest first.")
@_json_option
@_told_in_a_sentence
def status(home: Path | None, limit: int, as_json: bool) -> None:  # noqa: FBT001
    """Show the ledger: what became of each file."""
    from movie_pipeline.reports.files import entry_report, totals_report

    with _ledger(_existing(_settings(home))) as ledger:
        entries = [entry_report(entry) for entry in ledger.entries(limit=limit)]
        totals = [totals_report(total) for total in ledger.totals()]
    if as_json:
        _print_json({"totals": totals, "files": entries})
        return
    if not entries:
        console.print("Nothing has been ingested yet.")
        return
    _print_table("Files by state", totals)
    shown = ("file", "state", "rows_in", "rows_loaded", "rows_quarantined", "rows_superseded")
    shown = (*shown, "rows_held", "committed_at", "reason")
    _print_table("Newest files", [{name: entry[name] for name in shown} for entry in entries])


@main.command()
@_home_option
@_json_option
@_told_in_a_sentence
def reconcile(home: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Close what a crash left open: archive decided files, refresh stale views, send notices.

    Exit code: 0 all is closed, 1 something could not be; it is tried again the next time.
    """
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.loading.reconcile import reconcile as close
    from movie_pipeline.reports.files import reconcile_report

    world = deployment_from(_existing(_settings(home)))
    report = reconcile_report(close(world.storage, world.warehouse, world.alerts, world.events))
    if as_json:
        _print_json(report)
    else:
        shown = ("archived", "not_found", "notices_sent", "views_refreshed")
        _print_table("", [{name: report[name] for name in shown}])
        for problem in report["problems"]:
            errors.print(problem, style="red", markup=False, highlight=False)
    sys.exit(EXIT_PIPELINE_FAILED if report["problems"] else 0)


@main.command("clean-up")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@_home_option
@_json_option
@_told_in_a_sentence
def clean_up(dry_run: bool, home: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Remove what is kept no longer, and report files that nobody owns.

    With DAGSTER_HOME set, old runs are removed too. Exit code: 0 done, 1 something failed.
    """
    from movie_pipeline.headless import clean_home

    report = clean_home(_existing(_settings(home)), dry_run=dry_run)
    if as_json:
        _print_json(report)
    else:
        _print_table("Would be removed" if dry_run else "Removed", report["removed"])
        for name in report["orphans"]:
            console.print(f"orphan: {name}", markup=False, highlight=False, soft_wrap=True)
        for problem in report["problems"]:
            errors.print(problem, style="red", markup=False, highlight=False)
    sys.exit(EXIT_PIPELINE_FAILED if report["problems"] else 0)


@main.command()
@click.argument("sql")
@_home_option
@_json_option
@_told_in_a_sentence
def query(sql: str, home: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Ask the warehouse; SQL is one read-only query, such as "select * from mv_yearly_trends"."""
    from movie_pipeline.deployments import deployment_from

    warehouse = deployment_from(_existing(_settings(home))).warehouse
    warehouse.prepare()
    frame = warehouse.query(sql)
    if as_json:
        click.echo(frame.to_json(orient="records", date_format="iso", force_ascii=False))
    else:
        _print_table("", frame.astype(object).where(frame.notna(), None).to_dict("records"))
        console.print(f"{len(frame)} {'row' if len(frame) == 1 else 'rows'}")


@main.command()
@_home_option
@click.option("--file", "name", help="Only the records of files of this name or file_id.")
@click.option("--all", "resolved", is_flag=True, help="Those too that a replay resolved.")
@click.option("--limit", default=50, show_default=True, help="Records to show; 0 shows all.")
@click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a corrections file to edit: a line for each failing cell of each open record.",
)
@_json_option
@_told_in_a_sentence
def quarantine(  # noqa: PLR0913 - one parameter for each option
    *,
    home: Path | None,
    name: str | None,
    resolved: bool,
    limit: int,
    template: Path | None,
    as_json: bool,
) -> None:
    """Show the quarantined records that are open, with their reasons."""
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.reports.records import quarantined_records

    deployment = deployment_from(_existing(_settings(home)))
    deployment.warehouse.prepare()
    if template is not None:
        _write_template(deployment, name, template)
        return
    records = quarantined_records(deployment.storage, deployment.warehouse, name, resolved=resolved)
    if as_json:
        for record in records:
            click.echo(json.dumps(record, ensure_ascii=False))
        return
    shown = 0
    grid = Table()
    for heading in ("file", "record", "quarantine_id", "reasons", "raw"):
        grid.add_column(heading, overflow="fold")
    if resolved:
        grid.add_column("resolved", overflow="fold")
    for record in records:
        if limit and shown == limit:
            break
        reasons = "\n".join(reason["message"] for reason in record["reasons"])
        told = [_plain(_resolved_text(record["resolution"]))] if resolved else []
        grid.add_row(
            _plain(record["file"]),
            str(record["record_number"]),
            record["quarantine_id"],
            _plain(reasons),
            _plain(str(record["raw"])[:200]),
            *told,
        )
        shown += 1
    console.print(grid if shown else "No record is in quarantine.")


def _resolved_text(resolution: Mapping[str, Any] | None) -> str:
    """A resolution for people: what, by which run, from what to what, who and why."""
    if resolution is None:
        return "open"
    lines = [f"{resolution['outcome']} by run {resolution['run_id']}"]
    lines += [
        f"{column}: {change['from']!r} -> {change['to']!r}"
        for column, change in resolution["corrections"].items()
    ]
    lines.append(f"{resolution['by']}, {resolution['at']}")
    return "\n".join([*lines, resolution["why"]]).rstrip()


def _write_template(deployment: Any, name: str | None, path: Path) -> None:  # noqa: ANN401
    from movie_pipeline.replay.corrections import write_template
    from movie_pipeline.replay.template import template_lines

    lines = template_lines(deployment.storage, deployment.warehouse, name)
    count = write_template(path, lines)
    console.print(
        f"{path} has {count:,} {'cell' if count == 1 else 'cells'} to look at: write the right "
        "values, and take out the lines that you do not correct.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@main.command()
@_home_option
@click.option("--file", "name", default="", help="A file's name or file_id; its replays count too.")
@click.option(
    "--where",
    default="",
    help="A condition over quarantine records, such as \"release_year = 'PG'\".",
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
@_json_option
@_told_in_a_sentence
def replay(  # noqa: PLR0913 - one parameter for each option
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
) -> None:
    """Judge quarantined or held records again, as they were or corrected; survivors load.

    Exit code: 0 done, 3 some are held or rejected, 1 the pipeline failed, 2 usage.
    """
    from movie_pipeline.headless import replay_records
    from movie_pipeline.replay.wish import Wish, login_name

    settings = _existing(_settings(home))
    wish = Wish(
        file=name,
        where=where,
        corrections=corrections,
        ruleset=ruleset,
        accept=accept,
        by=login_name() if by is None else by,
        why=why,
    )
    with _progress("Replaying", quiet=as_json) as step:
        report = replay_records(wish, settings, step, dry_run=dry_run)
    if as_json:
        _print_json(report)
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
    if rows:
        _print_table("Would be replayed" if report["dry_run"] else "Replayed", rows)
    else:
        console.print("No open record is among those asked for.")
    if report["left_open"]:
        console.print(
            f"{report['left_open']:,} records stay open: their cells cannot be told apart, so they "
            "can only be replayed with corrections that give every column."
        )
    for told in report["replays"]:
        for note in told["notes"]:
            console.print(f"{told['file']}: {note}", markup=False, highlight=False)


@main.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@_json_option
@_told_in_a_sentence
def rules(file: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Parse a ruleset, list its rules, and say what each demands."""
    from movie_pipeline.reports.rules import rule_reports
    from movie_pipeline.rulesets import read_ruleset

    ruleset = read_ruleset(file or Settings.from_environment().ruleset)
    reports = rule_reports(ruleset)
    if as_json:
        _print_json(
            {"sha256": ruleset.sha256, "rules": reports, "warnings": list(ruleset.warnings)}
        )
        return
    _print_table("", reports)
    for warning in ruleset.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_ruleset_option
@_json_option
@_told_in_a_sentence
def check(file: Path, ruleset: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Judge FILE by a ruleset with no pipeline around it; nothing is loaded or kept.

    Exit code: 0 it would load, 3 it would be held or rejected, 2 usage.
    """
    from dataclasses import asdict

    from movie_pipeline.rulesets import read_ruleset
    from movie_pipeline.screening.checking import check_file

    settings = _settings(None, ruleset)
    rules_read = read_ruleset(settings.ruleset)
    with _progress("Checking", quiet=as_json):
        checked = check_file(file, rules_read, settings)
    if as_json:
        _print_json(asdict(checked))
    else:
        for warning in rules_read.warnings:
            console.print(f"warning: {warning}", style="yellow", markup=False)
        counts = ("state", "rows_in", "rows_good", "rows_apart", "reason")
        _print_table(file.name, [{name: getattr(checked, name) for name in counts}])
        if checked.rules:
            shown = ("rule", "outcome", "failing_rows", "reason")
            _print_table("Rules", [{name: rule[name] for name in shown} for rule in checked.rules])
    sys.exit(EXIT_SET_ASIDE if checked.state != "LOADED" else 0)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_told_in_a_sentence
def inspect(file: Path) -> None:
    """Show what the intake makes of FILE: layout, columns, repairs, the first problems."""
    from movie_pipeline.intake.inspecting import inspect_file
    from movie_pipeline.intake.sources import read_sources

    declared = read_sources(_settings(None).sources).of(file.name).options
    with _progress("Reading"):
        found = inspect_file(file, source=declared)
    for line in found.lines():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    sys.exit(EXIT_SET_ASIDE if found.refusal else 0)


@main.command()
@click.option("--rows", required=True, type=click.IntRange(min=0), help="Films to invent.")
@click.option("--seed", default=0, show_default=True, help="The same seed makes the same file.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@_told_in_a_sentence
def sample(rows: int, seed: int, out: Path) -> None:
    """Write a CSV that looks like the real one, with the same kinds of dirt, all invented."""
    from movie_pipeline.sample import write_sample

    with _progress("Writing"):
        write_sample(out, rows=rows, seed=seed)
    errors.print(f"{rows:,} films in {out}", markup=False, highlight=False)


def _settings(home: Path | None, ruleset: Path | None = None) -> Settings:
    import os

    environment = dict(os.environ)
    if home is not None:
        environment["MOVIE_PIPELINE_HOME"] = str(home)
    if ruleset is not None:
        environment["MOVIE_PIPELINE_RULESET"] = str(ruleset)
    return Settings.from_environment(environment)


def _existing(settings: Settings) -> Settings:
    """The settings, where there is something to look at: looking must not make a new home."""
    if settings.deployment == "local" and not settings.home.is_dir():
        raise SettingsError(
            f"there is no home {settings.home}; nothing has been ingested there yet. Say which one "
            "with --home or MOVIE_PIPELINE_HOME."
        )
    return settings


@contextmanager
def _ledger(settings: Settings) -> Generator[Any]:
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.loading.ledger import Ledger

    warehouse = deployment_from(settings).warehouse
    warehouse.prepare()
    yield Ledger(warehouse)


@contextmanager
def _progress(title: str, *, quiet: bool = False) -> Generator[Callable[[str], None]]:
    """A line that moves while something takes long; nothing where no person looks."""
    if quiet or not errors.is_terminal:
        yield lambda _: None
        return
    with errors.status(title) as line:
        yield lambda step: line.update(f"{title}: {step}")


def _print_json(value: Mapping[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def _print_report(report: Mapping[str, Any]) -> None:
    counts = ("rows_in", "rows_loaded", "rows_quarantined", "rows_superseded", "rows_held")
    _print_table(
        f"Batch {report['batch_id']}",
        [
            {name: file[name] for name in ("file", "state", *counts, "reason")}
            for file in report["files"]
        ],
    )
    rules = [
        {"file": file["file"], **{name: rule[name] for name in ("rule", "outcome", "failing_rows")}}
        for file in report["files"]
        for rule in file["rules"]
    ]
    if rules:
        _print_table("Rules", rules)
    repairs = [
        {"file": file["file"], "column": column, "values repaired": count}
        for file in report["files"]
        for column, count in file["repairs"].items()
    ]
    if repairs:
        _print_table("Repairs", repairs)


def _print_table(title: str, rows: Sequence[Mapping[Any, Any]]) -> None:
    if not rows:
        console.print("No rows.")
        return
    grid = Table(title=title or None, title_justify="left")
    for name, value in rows[0].items():
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        grid.add_column(str(name), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_plain(value) for value in row.values()))
    console.print(grid)


def _plain(value: object) -> str:
    """A cell's text: no markup, no control characters of a foreign name or value."""
    from rich.markup import escape

    if value is None:
        return ""
    shown = "".join(
        letter if letter.isprintable() or letter == "\n" else "�" for letter in str(value)
    )
    return escape(shown)
