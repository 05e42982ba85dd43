"""Soak, quiesce, compare: `python -m movie_pipeline_tests.soak --help`."""

import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click
import dagster as dg

from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.reports.record_reports import quarantined_records
from movie_pipeline_tests.faults.state import State, observe
from movie_pipeline_tests.faults.world import told_in
from movie_pipeline_tests.soak.disturbances import DISTURBANCES, Disturbance
from movie_pipeline_tests.soak.running import PROGRAMS, Soak
from movie_pipeline_tests.soak.sent_files import Sender, expected

DROP_SECONDS, DISTURB_SECONDS, COMMANDS = (0.2, 3.0), (4.0, 15.0), 2
LONGEST_QUIET = 900.0
"""Seconds in which all that waits must be decided when nothing disturbs any more."""


def disturb(soak: Soak, seconds: float, disturbances: list[Disturbance]) -> None:
    """Files, commands and disturbances, at random moments, for so long."""
    end = time.monotonic() + seconds
    drop_at = disturb_at = time.monotonic()
    while time.monotonic() < end:
        now = time.monotonic()
        soak.keep_daemon()
        soak.undo_what_is_due()
        if now >= drop_at:
            soak.drop()
            drop_at = now + soak.chance.uniform(*DROP_SECONDS)
        if len(soak.ingests) < COMMANDS:
            soak.begin_ingest()
        soak.go_on_with_ingests()
        if now >= disturb_at:
            chosen = soak.chance.choice(disturbances)
            done = chosen(soak)
            soak.counts[chosen.__name__.replace("_", " ") if done else "nothing to disturb"] += 1
            disturb_at = now + soak.chance.uniform(*DISTURB_SECONDS)
        time.sleep(0.1)


def quiesce(soak: Soak) -> str:
    """Let all that waits be decided; say what did not come to rest, '' where all did."""
    soak.undo_what_is_due(all_of_it=True)
    deadline = time.monotonic() + LONGEST_QUIET
    with dg.DagsterInstance.from_config(str(soak.folder / "dagster")) as instance:
        while time.monotonic() < deadline:
            soak.keep_daemon()
            soak.go_on_with_ingests()
            if not soak.ingests and not _waiting(soak) and not _active(instance):
                return ""
            time.sleep(1)
        return (
            f"not at rest after {LONGEST_QUIET:g} s: {len(soak.ingests)} commands, "
            f"{len(_waiting(soak))} files in landing, {_active(instance)} runs"
        )


def _waiting(soak: Soak) -> list[Path]:
    return [path for path in soak.landing.rglob("*") if path.is_file()]


def _active(instance: dg.DagsterInstance) -> int:
    ended = {
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
    }
    active = [status for status in dg.DagsterRunStatus if status not in ended]
    return instance.get_runs_count(dg.RunsFilter(statuses=active))


class _Seen:
    """The soaked home, as the faults look at a world."""

    def __init__(self, soak: Soak) -> None:
        self.deployment = soak.deployment
        self._soak = soak

    def waiting(self) -> list[bytes]:
        """What is still in landing."""
        return [path.read_bytes() for path in _waiting(self._soak)]

    def told(self) -> list[str]:
        """The notices that people got."""
        return told_in(self._soak.home / "alerts.jsonl")


def differences(soak: Soak) -> list[str]:
    """What is not as it must be."""
    soak.end_processes()
    wrong: list[str] = []
    closed = soak.command(PROGRAMS / "movie-pipeline", "reconcile")
    if closed.returncode:
        wrong.append(f"reconcile: {closed.stdout} {closed.stderr}")
    end = observe(_Seen(soak))
    wrong += _held_against_the_oracle(soak, end)
    wrong += [f"stale view: {name}" for name in soak.deployment.warehouse.stale_views()]
    verified = soak.command(PROGRAMS / "movie-pipeline", "verify", "--deep")
    if "No such command" in verified.stderr:
        soak.counts["verify --deep: there is no such command"] += 1
    elif verified.returncode:
        wrong.append(f"verify --deep: {verified.stdout} {verified.stderr}")
    else:
        soak.counts["verify --deep: nothing named"] += 1
    return wrong


def _held_against_the_oracle(soak: Soak, end: State) -> list[str]:
    must = expected(soak.sender.sent)
    entries = list(end.entries.values())
    table = {str(row[0]): _as_text(row[1:6]) for row in end.table}
    wanted = {key: _as_text(_typed(film[1:])) for key, film in must.table.items()}
    decided = [
        (entry.content_sha256, str(entry.state))
        for entry in entries
        if str(entry.state) != "DUPLICATE"
    ]
    must_wait = Counter(raw for sha256, _ in decided for raw in must.apart.get(sha256, ()))
    apart = Counter[str]()
    for (file_id, _, raw), times in end.quarantine.items():
        entry = end.entries.get(file_id)
        if entry is None or entry.quarantine_name is None:
            # screened by a run that was killed, and decided later as a DUPLICATE of another
            soak.counts["records of quarantine files that no entry names"] += times
        else:
            apart[raw] += times
    soak.counts["rows in the table"] = len(table)
    soak.counts["records in quarantine"] = sum(apart.values())
    soak.counts["entries in the ledger"] = len(entries)
    waits = _open_and_loaded(soak, end)
    found: list[tuple[str, bool]] = [
        ("a movie stands twice in the table", len(table) == len(end.table)),
        (f"table: {_difference(table, wanted)}", table == wanted),
        (
            f"quarantine: {apart - must_wait} too many, {must_wait - apart} missing",
            apart == must_wait,
        ),
        (
            f"states: {sorted(set(decided) ^ set(must.states.items()))}",
            set(decided) == set(must.states.items()),
        ),
        (f"in landing: {end.landing}", not end.waiting),
        ("a file's bytes are nowhere", must.contents <= set(end.archived.values())),
        ("a notice was not sent", all(notice.sent for notice in end.outbox.values())),
        (
            "an entry does not add up",
            all(
                entry.rows_in
                == entry.rows_loaded
                + entry.rows_quarantined
                + entry.rows_superseded
                + entry.rows_held
                for entry in entries
            ),
        ),
        (f"open in quarantine, and in the table: {waits}", not waits),
        ("a file is not archived", not Ledger(soak.deployment.warehouse).unarchived()),
    ]
    return [sentence for sentence, is_well in found if not is_well]


def _open_and_loaded(soak: Soak, end: State) -> list[str]:
    """Films of open records of which a later file's row is in the table."""
    versions = {str(row[0]): row[6] for row in end.table}
    deployment = soak.deployment
    found: list[str] = []
    for record in quarantined_records(deployment.storage, deployment.warehouse, None):
        cells: dict[str, str] = record["columns"] or {}
        film = cells.get("movie_id", "")
        of_record = end.entries[record["file_id"]].file_version.replace(tzinfo=None)
        if film in versions and versions[film] > of_record:
            found.append(film)
    return found[:9]


def _typed(film: tuple[str, ...]) -> tuple[object, ...]:
    title, year, rating, genre, votes = film
    return title, int(year), float(rating), genre, int(votes)


def _as_text(values: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(f"{value:g}" if isinstance(value, float) else str(value) for value in values)


def _difference(found: dict[str, tuple[str, ...]], wanted: dict[str, tuple[str, ...]]) -> str:
    wrong = sorted(key for key in found.keys() & wanted.keys() if found[key] != wanted[key])
    missing, extra = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    return f"missing {missing[:9]}, too many {extra[:9]}, wrong {wrong[:9]}"


@click.command()
@click.option("--minutes", default=20.0, show_default=True, help="How long it is disturbed.")
@click.option("--seed", default=1, show_default=True, help="From which all chance is drawn.")
@click.option("--only", default="", help="Disturbances, by their functions' names.")
@click.option("--keep", is_flag=True, help="Leave the home where it is, also after a good end.")
def main(*, minutes: float, seed: int, only: str, keep: bool) -> None:
    """Soak the real daemon; exit with 1 where the end is not the oracle's."""
    names = {name.strip() for name in only.split(",") if name.strip()}
    chosen = [each for each in DISTURBANCES if not names or each.__name__ in names]
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    chance = random.Random(seed)
    soak = Soak(folder / "world", chance, Sender(chance))
    wrong = ["it did not come to its end"]
    try:
        wrong = _soaked(soak, minutes * 60, chosen, click.echo)
    finally:
        soak.end_processes()
        if wrong or keep:
            click.echo(f"Its home and its logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(bool(wrong))


def _soaked(
    soak: Soak, seconds: float, disturbances: list[Disturbance], say: Callable[[str], None]
) -> list[str]:
    soak.prepare()
    disturb(soak, seconds, disturbances)
    say(f"{seconds:g} s of disturbances are over, {len(soak.sender.sent)} files were sent.")
    began = time.monotonic()
    restless = quiesce(soak)
    say(f"Quiet after {time.monotonic() - began:.0f} s more.")
    wrong = ([restless] if restless else []) + differences(soak)
    for name, count in sorted(soak.counts.items()):
        say(f"{count:>7,}  {name}")
    for sentence in wrong:
        say(f"WRONG: {sentence}")
    say("Not as it must be." if wrong else "Every row once, every file told: as the oracle says.")
    return wrong


if __name__ == "__main__":
    main()
