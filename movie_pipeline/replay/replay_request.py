"""What a person asks for: which records, how corrected, judged by what, by whom and why."""

import getpass
from dataclasses import dataclass, field
from pathlib import Path

from movie_pipeline.errors import ReplayError

MOST_BYTES = 4_000
"""Bytes that a reason may have, and a condition: what the ledger's tables hold."""
_MOST_NAME = 200


def login_name() -> str:
    """Who is logged in; empty where the machine does not know."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


@dataclass(frozen=True, kw_only=True)
class ReplayRequest:
    """A replay as it is asked for; what is left empty is not asked.

    Attributes:
        file: a name or a file_id; replays of that file count as the file.
        where: a condition over quarantine records; see record_condition.py.
        corrections: a CSV of quarantine_id, column and value.
        ruleset: a DQDL file to judge by, instead of the one in use.
        accept: let held files load whatever held them.
        by: who asks.
        why: the reason, kept for ever.
    """

    file: str = ""
    where: str = ""
    corrections: Path | None = None
    ruleset: Path | None = None
    accept: bool = False
    by: str = field(default_factory=login_name)
    why: str = ""

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise ReplayError(problem)

    def _problem(self) -> str | None:
        if not (self.file or self.where or self.corrections):
            return (
                "a replay must say which records it takes: give a file, a condition (where) or "
                "corrections. The condition `true` takes all that are open."
            )
        if (self.corrections or self.accept) and not self.why.strip():
            what = "corrections change" if self.corrections else "an acceptance overrules"
            return (
                f"{what} what the rules decided, so a replay with them needs a reason: say why. "
                "It is kept with the records."
            )
        if not self.by.strip():
            return "a replay must say who asks for it (by): the machine knows no login name."
        if len(self.why.encode()) > MOST_BYTES or len(self.by.encode()) > _MOST_NAME:
            return (
                f"the reason may have {MOST_BYTES:,} bytes and the name {_MOST_NAME}: say it "
                "shorter."
            )
        return None
