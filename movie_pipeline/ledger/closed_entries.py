"""The entry of a file of which nothing counts any more: taken back, or judged again.

Who closes one, and what comes in its place, stands in steps/ and upkeep/.
"""

from dataclasses import replace

import msgspec

from movie_pipeline.ledger.file_summary import FileSummary, Retraction
from movie_pipeline.ledger.ledger import FileState, LedgerEntry


def closed(
    entry: LedgerEntry, state: FileState, retraction: Retraction, reason: str
) -> LedgerEntry:
    """The entry of a file of which nothing counts any more.

    All of its records count as superseded: they add up, none is in the table, and none waits. Where
    they were stands in the summary.
    """
    return replace(
        entry,
        state=state,
        rows_loaded=0,
        rows_quarantined=0,
        rows_superseded=entry.rows_in,
        rows_held=0,
        reason=reason,
        summary=_with(
            entry.summary,
            msgspec.structs.replace(
                retraction,
                state=str(entry.state),
                rows_loaded=entry.rows_loaded,
                rows_quarantined=entry.rows_quarantined,
                rows_superseded=entry.rows_superseded,
                rows_held=entry.rows_held,
            ),
        ),
    )


def _with(summary: FileSummary, retraction: Retraction) -> FileSummary:
    return msgspec.structs.replace(summary, retraction=retraction)
