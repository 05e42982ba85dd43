"""The commands that ask what is there: ledger, warehouse, quarantine."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from movie_pipeline.cli.command_options import (
    dataset_option,
    existing,
    home_option,
    json_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.moments import SINCE
from movie_pipeline.cli.printing import (
    console,
    errors,
    plain,
    print_json,
    print_problem,
    print_rows,
    print_sentence,
    print_table,
    print_verdict,
)
from movie_pipeline.cli.verdict_line import PASS, WARN, counted, verdict, verdict_of_status
from movie_pipeline.file_names import printable_name
from movie_pipeline.private_files import open_to_others

_COUNTS = ("in", "loaded", "quarantined", "superseded", "held")
_ALL = 2**31 - 1
_LONGEST_REASON = 200
"""Letters of a reason in a list; `show` says all of it."""
STATES = ("LOADED", "HELD", "REJECTED", "DUPLICATE", "RETRACTED", "REJUDGED")

if TYPE_CHECKING:  # slow to import: only the commands that need them do so
    from movie_pipeline.deployments import Deployment
    from movie_pipeline.warehouse.query_answers import QueryAnswer


@click.command()
@home_option
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Entries to show, the newest first; 0 shows all.",
)
@click.option(
    "--state", type=click.Choice(STATES, case_sensitive=False), help="Only files of this state."
)
@click.option("--file", "name", default="", help="Only files of this name or file_id.")
@click.option(
    "--since",
    type=SINCE,
    help="Only what was decided since a day such as 2026-03-01, or since 30m, 12h or 7d ago.",
)
@json_option
@dataset_option
@told_in_a_sentence
def status(
    *,
    home: Path | None,
    limit: int,
    state: str | None,
    name: str,
    since: datetime | None,
    as_json: bool,
    dataset: str,
) -> None:
    """Show the ledger: what became of each file, and what lies in landing and is never taken."""
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.ledger.backlog import backlog
    from movie_pipeline.ledger.ledger import FileState, Ledger
    from movie_pipeline.reports.file_reports import backlog_report, entry_report, totals_report
    from movie_pipeline.steps.left_in_landing import left_in_landing
    from movie_pipeline.steps.left_out import still_left_out

    settings = existing(settings_from(home, dataset=dataset))
    if open_to_others(settings.home, [settings.home / settings.areas.landing]):
        errors.print(
            f"Other users of this machine can read what is in {plain(settings.home)}; "
            "chmod -R go= takes that away.",
            soft_wrap=True,
        )
    deployment = deployment_from(settings)
    deployment.warehouse.prepare()
    ledger = Ledger(deployment.warehouse)
    chosen = FileState(state) if state else None
    most = limit or _ALL
    found = (
        [
            entry
            for entry in ledger.of_file(name)
            if chosen in {None, entry.state} and (since is None or entry.committed_at >= since)
        ][:most]
        if name
        else ledger.entries(limit=most, state=chosen, since=since)
    )
    entries = [entry_report(entry) for entry in found]
    totals = [totals_report(total) for total in ledger.totals()]
    waits = backlog(deployment.warehouse, datetime.now(UTC))
    unseen: list[str] = []
    deployment.storage.oldest(0, warn=unseen.append)
    left_out = still_left_out(deployment.storage.landed(), ledger, deployment.warehouse)
    left = left_in_landing(deployment.storage, ledger)
    untaken = [*left, *left_out.values(), *unseen]
    for sentence in untaken:
        print_problem(sentence)
    if as_json:
        print_json({"totals": totals, "files": entries, "backlog": backlog_report(waits)})
        return
    if not entries:
        asked = state or name or since
        if untaken and not asked:
            print_verdict(verdict_of_status(0, 0, len(untaken)))
            return
        nothing = "the ledger has no such file" if asked else "nothing has been ingested yet"
        next_step = "movie-pipeline status" if asked else "movie-pipeline ingest FILE"
        print_verdict(verdict(PASS, nothing, next_step))
        return
    print_table("Files by state", [_in_short(total, ("state", "files")) for total in totals])
    print_table("Newest files", [_in_short(entry, ("file", "state")) for entry in entries])
    for entry in entries:
        if entry["reason"]:
            why = shorten(entry["reason"], _LONGEST_REASON, placeholder=" ...")
            print_sentence(f"{printable_name(entry['file'])} ({entry['state']}): {why}")
    if waits.records:
        wait = "waits" if waits.records == 1 else "wait"
        console.print(f"{counted(waits.records, 'record')} {wait} in quarantine.")
    if waits.superseded:
        console.print(f"Superseded by rows that came later: {counted(waits.superseded, 'record')}.")
    print_verdict(verdict_of_status(len(ledger.waiting()), waits.records, len(untaken)))


def _in_short(told: Mapping[str, Any], first: Sequence[str]) -> dict[str, Any]:
    """What a terminal has room for: counts under short names, and moments to the minute."""
    counts = {name: told[f"rows_{name}"] for name in _COUNTS}
    moment = {} if "committed_at" not in told else {"decided (UTC)": _minute(told["committed_at"])}
    return {**{name: told[name] for name in first}, **counts, **moment}


def _minute(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M}"


@click.command()
@click.argument("sql", required=False)
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="Read the query from this file; - is the standard input.",
)
@home_option
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    help="Rows to show as a table; 0 shows all.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print all rows as CSV.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print all rows as Markdown.")
@json_option
@dataset_option
@told_in_a_sentence
def query(
    *,
    sql: str | None,
    source: str | None,
    home: Path | None,
    limit: int,
    as_csv: bool,
    as_markdown: bool,
    as_json: bool,
    dataset: str,
) -> None:
    """Ask the warehouse; SQL is one read-only query, such as "select * from mv_yearly_trends".

    - in place of SQL reads it from the standard input.
    """
    if as_csv + as_markdown + as_json > 1:
        raise click.UsageError("--csv, --markdown and --json exclude each other.")
    sql = _query_text(sql, source)
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.warehouse.query_answers import QueryLimits

    deployment = deployment_from(existing(settings_from(home, dataset=dataset)))
    engine = deployment.settings.engine
    deployment.warehouse.prepare()
    limits = QueryLimits(engine.query_seconds, engine.query_bytes)
    with deployment.warehouse.answer(sql, limits) as answer:
        if as_json:
            _print_as_json(answer)
        elif as_csv:
            _print_as_csv(answer)
        elif as_markdown:
            _print_as_markdown(answer)
        else:
            _print_as_tables(answer, limit)
    if not as_json:
        print_verdict(verdict(PASS, "the query is answered"), aside=True)


def _query_text(sql: str | None, source: str | None) -> str:
    """The query, from the arguments, a file or the standard input."""
    if (sql is None) == (source is None):
        raise click.UsageError("give a query, or a file with one (--from), and not both.")
    place = source if sql is None else ("-" if sql == "-" else None)
    if place is None:
        if (sql or "").lower().endswith(".sql") and not (sql or "").split()[1:]:
            raise click.UsageError(f"is {sql} a file? --from {sql} reads the query from it.")
        return sql or ""
    with click.open_file(place, encoding="utf-8") as file:
        return file.read()


def _print_as_csv(answer: "QueryAnswer") -> None:
    """The header once, then every row, page by page."""
    for number, page in enumerate(answer.pages):
        click.echo(page.to_csv(index=False, header=number == 0, lineterminator="\n"), nl=False)


def _print_as_markdown(answer: "QueryAnswer") -> None:
    """One table, page by page; cells are as the table for people has them."""
    for number, page in enumerate(answer.pages):
        if number == 0:
            click.echo(_markdown_row(page.columns))
            click.echo(_markdown_row("---" for _ in page.columns))
        for row in page.astype(object).where(page.notna(), None).itertuples(index=False):
            click.echo(_markdown_row(row))


def _markdown_row(cells: Iterable[object]) -> str:
    shown = ("" if cell is None else str(cell) for cell in cells)
    escaped = (
        cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>") for cell in shown
    )
    return f"| {' | '.join(escaped)} |"


def _print_as_json(answer: "QueryAnswer") -> None:
    """One list of objects, written page by page."""
    before = "["
    for page in answer.pages:
        rows = page.to_json(orient="records", date_format="iso", force_ascii=False)[1:-1]
        if rows:
            click.echo(f"{before}{rows}", nl=False)
            before = ","
    click.echo("[]" if before == "[" else "]")


def _print_as_tables(answer: "QueryAnswer", limit: int) -> None:
    """A table for each page, up to so many rows, and how many more there are."""
    shown, more = 0, False
    for page in answer.pages:
        left = limit - shown if limit else len(page)
        more = len(page) > left
        part = page.head(left)
        if len(part) or not shown:
            rows = part.astype(object).where(part.notna(), None).to_dict("records")
            print_rows(rows, first=shown + 1)
        shown += len(part)
        if more:
            break
    console.print(f"{shown} {'row' if shown == 1 else 'rows'}")
    if more:
        count = "more" if answer.rows is None else f"{answer.rows - shown:,} more"
        console.print(f"There are {count}: --limit 0 shows all, --json prints all.")


@click.command()
@home_option
@click.option("--file", "name", help="Only the records of files of this name or file_id.")
@click.option("--all", "resolved", is_flag=True, help="Those too that were resolved or superseded.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="Records to show; 0 shows all.",
)
@click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a corrections file to edit: a line for each failing cell of each open record.",
)
@json_option
@dataset_option
@told_in_a_sentence
def quarantine(
    *,
    home: Path | None,
    name: str | None,
    resolved: bool,
    limit: int,
    template: Path | None,
    as_json: bool,
    dataset: str,
) -> None:
    """Show the quarantined records that are open, with their reasons."""
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.ledger.ledger import Ledger
    from movie_pipeline.reports.record_reports import quarantined_records
    from movie_pipeline.reports.sender_answers import not_found

    deployment = deployment_from(existing(settings_from(home, dataset=dataset)))
    deployment.warehouse.prepare()
    if name is not None and not Ledger(deployment.warehouse).of_file(name):
        raise not_found(name)
    if template is not None:
        _write_template(deployment, name, template)
        return
    records = quarantined_records(
        deployment.storage, deployment.warehouse, name, resolved=resolved, tell=print_problem
    )
    if as_json:
        for record in records:
            print_json(record)
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
        told = [plain(_became(record))] if resolved else []
        grid.add_row(
            plain(record["file"]),
            str(record["record_number"]),
            record["quarantine_id"],
            plain(reasons),
            plain(str(record["raw"])[:200]),
            *told,
        )
        shown += 1
    if not shown:
        which = f"no record of {printable_name(name)}" if name else "no record"
        print_verdict(verdict(PASS, f"{which} is in quarantine"))
        return
    console.print(grid)
    said = f"{counted(shown, 'record')} shown" + ("" if resolved else ", to be corrected")
    print_verdict(verdict(WARN, said, "movie-pipeline quarantine --template FILE"))


def _became(record: Mapping[str, Any]) -> str:
    """What became of a record for people: what, by which run, from what to what, who and why."""
    resolution, later = record["resolution"], record["superseded_by"]
    if later is not None:
        return f"superseded by record {later['record_number']} of {later['file']}, {later['at']}"
    if resolution is None:
        return "open"
    lines = [f"{resolution['outcome']} by run {resolution['run_id']}"]
    lines += [
        f"{column}: {change['from']!r} -> {change['to']!r}"
        for column, change in resolution["corrections"].items()
    ]
    lines.append(f"{resolution['by']}, {resolution['at']}")
    return "\n".join([*lines, resolution["why"]]).rstrip()


def _write_template(deployment: "Deployment", name: str | None, path: Path) -> None:
    from movie_pipeline.replay.corrections import write_template
    from movie_pipeline.replay.corrections_template import template_lines

    lines = template_lines(deployment.storage, deployment.warehouse, name, print_problem)
    count = write_template(path, lines)
    console.print(
        "Write the right values, and take out the lines that you do not correct.", soft_wrap=True
    )
    said = f"{path} has {counted(count, 'cell')} to look at"
    next_step = f"movie-pipeline replay --corrections {path} --why WHY"
    print_verdict(verdict(WARN if count else PASS, said, next_step))
