"""Which files their senders get a report of, and where in the quarantine area it lies.

Fixed by the entry alone, so that a notice can name it before it is made.
"""

from movie_pipeline.ledger.ledger import FileState, LedgerEntry


def report_folder() -> str:
    """What the names of all reports begin with."""
    return "reports/"


def page_name(file_id: str) -> str:
    """The page of a file's report, in the quarantine area; its other parts lie beside it."""
    return f"{report_folder()}{file_id}.html"


def has_report(entry: LedgerEntry) -> bool:
    """Whether a report is made by itself: of what a sender is to correct.

    A replay is a file of ours, and what was taken back is no sender's matter any more.
    """
    if entry.summary.replay is not None:
        return False
    if entry.state is FileState.LOADED:
        return entry.rows_quarantined > 0
    return entry.state in {FileState.HELD, FileState.REJECTED}


def report_name(entry: LedgerEntry) -> str:
    """The page of an entry's report; empty where none is made by itself."""
    return page_name(entry.file_id) if has_report(entry) else ""
