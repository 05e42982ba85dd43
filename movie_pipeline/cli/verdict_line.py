"""The last line of a command: one word, what it means, and the next step."""

from collections.abc import Mapping, Sequence
from typing import Any

from movie_pipeline.file_names import printable_name

PASS, WARN, HELD, FAILED = "PASS", "WARN", "HELD", "FAILED"
_QUARANTINE = "movie-pipeline quarantine"


def verdict_of_ingest(files: Sequence[Mapping[str, Any]]) -> str:
    """What an ingest came to, from its report: the worst that became of a file decides."""
    rows = sum(file["rows_loaded"] for file in files)
    loaded = f"{counted(rows, 'row')} of {counted(len(files), 'file')} loaded"
    if found := [file for file in files if file["state"] == "REJECTED"]:
        return verdict(FAILED, f"{_named(found)} could not be read", _report(found[0]["file_id"]))
    if found := [file for file in files if file["state"] == "HELD"]:
        waits = "waits" if len(found) == 1 else "wait"
        return verdict(HELD, f"{_named(found)} {waits} as a whole", _report(found[0]["file_id"]))
    if found := [file for file in files if file["rows_quarantined"]]:
        apart = sum(file["rows_quarantined"] for file in found)
        waits = "waits" if apart == 1 else "wait"
        what = f"{loaded}, {counted(apart, 'row')} {waits} to be corrected"
        return verdict(WARN, what, _report(found[0]["file_id"]))
    if found := [file for file in files if file["state"] == "DUPLICATE"]:
        came = f"the bytes of {_named(found)} came before"
        what = f"{loaded}; {came}" if rows else f"{came}, and nothing was loaded"
        return verdict(PASS, what, f"movie-pipeline show {found[0]['file_id']}")
    return verdict(PASS, loaded, "movie-pipeline status")


def verdict_of_check(files: Sequence[Mapping[str, Any]], next_steps: Sequence[str]) -> str:
    """What a check came to, from its reports: the worst file decides.

    Args:
        files: what was said of each.
        next_steps: for each of them, what to do where something is wrong with it.
    """

    def next_of(found: Sequence[Mapping[str, Any]]) -> str:
        return next_steps[next(place for place, one in enumerate(files) if one is found[0])]

    for state, word, what in (
        ("REJECTED", FAILED, "could not be read"),
        ("HELD", HELD, "would wait as a whole"),
    ):
        if found := [file for file in files if file["state"] == state]:
            return verdict(word, f"{_named(found)} {what}", next_of(found))
    good = f"{counted(sum(file['rows_good'] for file in files), 'row')} would load"
    if found := [file for file in files if file["rows_apart"]]:
        apart = counted(sum(file["rows_apart"] for file in found), "row")
        return verdict(WARN, f"{good}, {apart} would be set apart", next_of(found))
    return verdict(PASS, good, next_steps[0] if len(files) == 1 else "movie-pipeline ingest FILES")


def verdict_of_replay(report: Mapping[str, Any]) -> str:
    """What replays came to: the worst of them decides."""
    told = report["replays"]
    if not told:
        return verdict(PASS, "no open record is among those asked for", _QUARANTINE)
    records = counted(sum(one["replayed"] for one in told), "record")
    if report["dry_run"]:
        return verdict(PASS, f"{records} would be replayed", "the same without --dry-run")
    for state, word in (("REJECTED", FAILED), ("HELD", HELD)):
        if found := [one for one in told if one["state"] == state]:
            again = f"{_named(found)} {'is' if len(found) == 1 else 'are'} {state} again"
            return verdict(word, again, _QUARANTINE)
    if again := sum(one["quarantined_again"] or 0 for one in told):
        are = "is" if again == 1 else "are"
        return verdict(WARN, f"{again:,} of {records} {are} set apart again", _QUARANTINE)
    return verdict(PASS, f"{records} replayed", "movie-pipeline status")


def verdict_of_status(waiting: int, records: int, landing: int = 0) -> str:
    """What waits for a person.

    Args:
        waiting: files that are held or rejected.
        records: that are open in quarantine.
        landing: files that lie in landing and are not taken, each told above.
    """
    if waiting:
        waits = "waits" if waiting == 1 else "wait"
        return verdict(
            WARN,
            f"{counted(waiting, 'file')} {waits} as a whole",
            "movie-pipeline show FILE, then replay, retract or dismiss it",
        )
    if landing:
        waits = "waits" if landing == 1 else "wait"
        said = f"{counted(landing, 'file')} {waits} in landing, as told above"
        return verdict(WARN, said, "movie-pipeline doctor")
    if records:
        waits = "waits" if records == 1 else "wait"
        return verdict(WARN, f"{counted(records, 'record')} {waits} in quarantine", _QUARANTINE)
    return verdict(PASS, "nothing waits for a person")


def _report(file_id: str) -> str:
    return f"movie-pipeline report {file_id}"


def _named(files: Sequence[Mapping[str, Any]]) -> str:
    first = printable_name(files[0]["file"])
    return first if len(files) == 1 else f"{first} and {len(files) - 1:,} more"


def verdict(word: str, what: str, next_step: str = "") -> str:
    """A last line: one of the four words, what it means, and the next step."""
    return f"{word}: {what}." + (f" Next: {next_step}" if next_step else "")


def counted(count: int, noun: str) -> str:
    """A number with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
