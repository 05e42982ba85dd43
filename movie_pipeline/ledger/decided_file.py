"""What was decided about one file, before the load: what screening makes and the load takes.

A value with its invariants; who decides, and how, stands in steps/.
"""

from dataclasses import dataclass, field
from datetime import datetime

from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.file_summary import FileSummary
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.storage.storage_port import LandedFile


@dataclass(frozen=True, kw_only=True)
class DecidedFile:
    """One file with the decision about it.

    Attributes:
        landed: the version that was judged.
        state: the decision.
        content_sha256: hash of the bytes that were judged.
        ruleset_sha256: the rules it was judged by.
        file_version: what decides between two rows of one key; the latest wins.
        rows_in: records that an independent count found in the file.
        rows_good: rows in the Parquet file; how many of them load shows in the load.
        rows_quarantined: records set apart while the others load.
        rows_held: records that wait because the file as a whole is held.
        output_name: the Parquet file in the output area, needed where rows_good is not 0.
        quarantine_name: the records set apart, in the quarantine area.
        reason: why it does not load, or not as usual.
        summary: what was found of it.
        replay_id: of a replay, its id; its bytes may have been loaded before.
        resolutions_name: of a replay that resolves records: their Parquet file in the output area.
        keys_name: the keys of the records set apart, as a Parquet file there; None where none has
            a key.
        keys_apart: how many these are.
    """

    landed: LandedFile
    state: FileState
    content_sha256: str
    ruleset_sha256: str
    file_version: datetime
    rows_in: int = 0
    rows_good: int = 0
    rows_quarantined: int = 0
    rows_held: int = 0
    output_name: str | None = None
    quarantine_name: str | None = None
    reason: str = ""
    summary: FileSummary = field(default_factory=FileSummary)
    replay_id: str | None = None
    resolutions_name: str | None = None
    keys_name: str | None = None
    keys_apart: int = 0

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise MoviePipelineError(
                f"what was decided about {self.shown_name} contradicts itself: {problem}. "
                "This is a fault of the pipeline; nothing was loaded of it."
            )

    @property
    def file_id(self) -> str:
        """The version's id."""
        return self.landed.file_id

    @property
    def shown_name(self) -> str:
        """The file's name for people: printable, one line."""
        return printable_name(self.landed.key)

    def _problem(self) -> str | None:
        accounted = self.rows_good + self.rows_quarantined + self.rows_held
        contradictions = {
            "a count is negative": min(self.rows_good, self.rows_quarantined, self.rows_held) < 0,
            f"{self.rows_in} rows came in, but {self.rows_good} good + {self.rows_quarantined} "
            f"quarantined + {self.rows_held} held are {accounted}": self.rows_in != accounted,
            f"it is {self.state}, but {self.rows_good} of its rows are to load": (
                self.state is not FileState.LOADED and self.rows_good > 0
            ),
            f"it is LOADED, but {self.rows_held} of its rows are held": (
                self.state is FileState.LOADED and self.rows_held > 0
            ),
            f"it has {self.keys_apart} keys of records set apart": (
                self.keys_apart > self.rows_quarantined + self.rows_held
                or bool(self.keys_apart) != bool(self.keys_name)
            ),
            f"{self.rows_good} good rows have no Parquet file": (
                self.rows_good > 0 and not self.output_name
            ),
            "its version has no time zone": self.file_version.tzinfo is None,
        }
        return next((problem for problem, found in contradictions.items() if found), None)
