"""Held bytes that come again: nothing waits twice, and nothing waits that is loaded.

Part of the load's transaction. The same bytes held in the same way are a duplicate of the held
file; judged otherwise, or loaded, they count in its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from movie_pipeline.crash_points import crash_point
from movie_pipeline.ledger import ledger
from movie_pipeline.ledger.closed_entries import closed
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.file_summary import Retraction
from movie_pipeline.ledger.held_content import HeldContent, held_content
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.warehouse.warehouse_port import WarehouseSession

BY = "the pipeline"
"""Who closes a held file whose bytes came again."""


def held_before(session: WarehouseSession, files: Sequence[DecidedFile]) -> dict[str, str]:
    """file_id of each held file of a batch whose bytes are held already to the sentence why.

    Of the same bytes twice in the batch the later file is held.
    """
    again = [file for file in files if file.state is FileState.HELD and not file.replay_id]
    if not again:
        return {}
    held = held_content(session, [file.content_sha256 for file in again])
    latest: dict[str, DecidedFile] = {}
    for file in sorted(again, key=lambda file: (file.file_version, file.file_id)):
        latest[file.content_sha256] = file
    found: dict[str, str] = {}
    for file in again:
        same = next((one for one in held.get(file.content_sha256, ()) if _is_same(one, file)), None)
        last = latest[file.content_sha256]
        if same is not None:
            found[file.file_id] = _of_held(same)
        elif last is not file:
            found[file.file_id] = (
                f"the same bytes as {last.shown_name} ({last.file_id}), which came later and is "
                f"held: its records wait once. {_way_out(last.file_id)}"
            )
    return found


def close_held(
    session: WarehouseSession, entries: Sequence[LedgerEntry], moment: datetime
) -> list[LedgerEntry]:
    """Close the held files whose bytes were loaded, or held otherwise, by these new entries.

    Args:
        session: the transaction that writes the entries, which are in the ledger by now.
        entries: what was decided.
        moment: when.

    Returns:
        The entries that were closed; what they held no longer waits.
    """
    by_content = _deciding(session, entries)
    if not by_content:
        return []
    closing: dict[str, LedgerEntry] = {}
    for content, held in held_content(session, by_content).items():
        entry, root = by_content[content]
        own = sum(one.records_open for one in held if one.root_file_id == root)
        if entry.summary.replay is not None and own:
            continue  # a part of the file was accepted, and the rest waits
        closing |= {
            one.entry.file_id: _closed(one.entry, entry, moment)
            for one in held
            if one.records_open and one.root_file_id != root
        }
    ledger.rewrite(session, list(closing.values()))
    if closing:
        crash_point("load.held_closed")
    return list(closing.values())


def _deciding(
    session: WarehouseSession, entries: Sequence[LedgerEntry]
) -> dict[str, tuple[LedgerEntry, str]]:
    """Hash of the bytes as they landed to the entry that counts now, and the file it goes back to.

    Of several the loaded one counts.
    """
    replays = [entry for entry in entries if entry.summary.replay is not None]
    roots = (
        ledger.known(
            session,
            [entry.summary.replay.root_file_id for entry in replays if entry.summary.replay],
        )
        if replays
        else {}
    )
    found: dict[str, tuple[LedgerEntry, str]] = {}
    for entry in sorted(entries, key=lambda entry: entry.state is FileState.LOADED):
        replay = entry.summary.replay
        if replay is None and entry.state in {FileState.LOADED, FileState.HELD}:
            found[entry.content_sha256] = (entry, entry.file_id)
        elif replay is not None and entry.state is FileState.LOADED:
            root = roots.get(replay.root_file_id)
            if root is not None and root.state is FileState.HELD:
                found[root.content_sha256] = (entry, root.file_id)
    return found


def _is_same(one: HeldContent, file: DecidedFile) -> bool:
    """Whether nothing new would come of holding this file too."""
    if not one.is_whole:
        return False
    if one.stands:
        return True
    if not one.records_open or one.entry.ruleset_sha256 != file.ruleset_sha256:
        return False
    then, now = one.entry.summary, file.summary
    # what is declared about sources tells them apart; without it, a name changes nothing
    same_source = then.source == now.source or not now.read_with.sources_sha256
    return then.read_with == now.read_with and same_source


def _of_held(one: HeldContent) -> str:
    entry = one.entry
    named = f"{entry.shown_name} ({entry.file_id})"
    if one.stands:
        return (
            f"the same bytes as {named}, which was held and whose records were loaded by replays; "
            "nothing was loaded twice."
        )
    return (
        f"the same bytes as {named}, which is held since {entry.committed_at:%Y-%m-%d %H:%M} UTC: "
        f"its records wait once. {_way_out(entry.file_id)}"
    )


def _way_out(file_id: str) -> str:
    return (
        f"`movie-pipeline replay --file {file_id}` judges it by the present rules, and with "
        "--accept and --why it loads whatever holds it."
    )


def _closed(held: LedgerEntry, by: LedgerEntry, moment: datetime) -> LedgerEntry:
    what = f"the same bytes came again as {by.shown_name} (file {by.file_id})"
    retraction = Retraction(
        by=BY,
        why=f"{what}, which is {by.state}",
        at=moment.isoformat(timespec="seconds"),
        state="",
        judged_again_as=by.file_id,
    )
    return closed(
        held, FileState.REJUDGED, retraction, f"{what}, which is {by.state} and counts instead"
    )


def as_duplicates(files: Sequence[DecidedFile], reasons: Mapping[str, str]) -> list[DecidedFile]:
    """The files, those with a reason as duplicates that have no records of their own."""
    return [
        without_records(file, reasons[file.file_id]) if file.file_id in reasons else file
        for file in files
    ]


def without_records(file: DecidedFile, reason: str) -> DecidedFile:
    """The same file as a DUPLICATE, whose records are all accounted for elsewhere."""
    return replace(
        file,
        state=FileState.DUPLICATE,
        rows_in=0,
        rows_good=0,
        rows_quarantined=0,
        rows_held=0,
        output_name=None,
        quarantine_name=None,
        keys_name=None,
        keys_apart=0,
        reason=reason,
    )
