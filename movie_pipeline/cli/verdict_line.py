"""The last line of a command over files: one word, what it means, and the next step."""

from collections.abc import Mapping, Sequence
from typing import Any

from movie_pipeline.file_names import printable_name

PASS, WARN, HELD, FAILED = "PASS", "WARN", "HELD", "FAILED"


def verdict_of_ingest(files: Sequence[Mapping[str, Any]]) -> str:
    """What an ingest came to, from its report: the worst that became of a file decides."""
    rows = sum(file["rows_loaded"] for file in files)
    loaded = f"{_counted(rows, 'row')} of {_counted(len(files), 'file')} loaded"
    if found := [file for file in files if file["state"] == "REJECTED"]:
        return _line(FAILED, f"{_named(found)} could not be read", _report(found[0]["file_id"]))
    if found := [file for file in files if file["state"] == "HELD"]:
        waits = "waits" if len(found) == 1 else "wait"
        return _line(HELD, f"{_named(found)} {waits} as a whole", _report(found[0]["file_id"]))
    if found := [file for file in files if file["rows_quarantined"]]:
        apart = sum(file["rows_quarantined"] for file in found)
        waits = "waits" if apart == 1 else "wait"
        what = f"{loaded}, {_counted(apart, 'row')} {waits} to be corrected"
        return _line(WARN, what, _report(found[0]["file_id"]))
    return _line(PASS, loaded, "movie-pipeline status")


def verdict_of_check(checked: Mapping[str, Any], name: str) -> str:
    """What a check came to."""
    shown = printable_name(name)
    next_step = f"movie-pipeline check {shown} --report PAGE"
    if checked["state"] == "REJECTED":
        return _line(FAILED, f"{shown} could not be read", next_step)
    if checked["state"] == "HELD":
        return _line(HELD, f"{shown} would wait as a whole", next_step)
    good = f"{_counted(checked['rows_good'], 'row')} would load"
    if checked["rows_apart"]:
        apart = _counted(checked["rows_apart"], "row")
        return _line(WARN, f"{good}, {apart} would be set apart", next_step)
    return _line(PASS, good, f"movie-pipeline ingest {shown}")


def _report(file_id: str) -> str:
    return f"movie-pipeline report {file_id}"


def _named(files: Sequence[Mapping[str, Any]]) -> str:
    first = printable_name(files[0]["file"])
    return first if len(files) == 1 else f"{first} and {len(files) - 1:,} more"


def _line(word: str, what: str, next_step: str) -> str:
    return f"{word}: {what}." + (f" Next: {next_step}" if next_step else "")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
