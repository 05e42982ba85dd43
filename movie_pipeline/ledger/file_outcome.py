"""What screening decided about one file: the load's input, and what the steps hand on.

A value with its invariants; who decides, and how, stands elsewhere.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger.ledger import FileState
from movie_pipeline.storage.storage_port import LandedFile


@dataclass(frozen=True, kw_only=True)
class FileOutcome:
    """The decision about one file, before the load.

    Attributes:
        file: the version that was judged.
        state: the decision.
        content_sha256: hash of the bytes that were judged.
        ruleset_sha256: the rules it was judged by.
        file_version: what decides between two rows of one film; by default when the file came.
        rows_in: records that an independent count found in the file.
        rows_good: rows in the Parquet file; how many of them load shows in the load.
        rows_quarantined: records set apart while the others load.
        rows_held: records that wait because the file as a whole is held.
        output_name: the Parquet file in the output area, needed where rows_good is not 0.
        quarantine_name: the records set apart, in the quarantine area.
        reason: why it does not load, or not as usual.
        summary: JSON values: `repairs` {column: n}, `rules` [{rule, outcome, failing_rows, metrics,
            reason}], `reasons` {rule: records}, `notes` [sentences]. Never a row value.
        replay_id: of a replay, its id; its bytes may have been loaded before.
        resolutions_name: of a replay that resolves records: their Parquet file in the output area.
    """

    file: LandedFile
    state: FileState
    content_sha256: str
    ruleset_sha256: str
    file_version: datetime | None = None
    rows_in: int = 0
    rows_good: int = 0
    rows_quarantined: int = 0
    rows_held: int = 0
    output_name: str | None = None
    quarantine_name: str | None = None
    reason: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict[str, Any])
    replay_id: str | None = None
    resolutions_name: str | None = None

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise MoviePipelineError(
                f"the outcome of {printable_name(self.file.key)} contradicts itself: {problem}. "
                "This is a fault of the pipeline; nothing was loaded of it."
            )

    @property
    def version(self) -> datetime:
        """What decides between two rows of one film."""
        return self.file_version or self.file.modified_at

    def to_dict(self) -> dict[str, Any]:
        """JSON values from which `from_dict` makes the same outcome."""
        values = asdict(self)
        values["file"]["modified_at"] = self.file.modified_at.isoformat()
        values["file_version"] = self.file_version.isoformat() if self.file_version else None
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The outcome that `to_dict` was asked for."""
        file = dict(values["file"])
        file["modified_at"] = datetime.fromisoformat(file["modified_at"])
        version = values["file_version"]
        read: dict[str, Any] = {
            **values,
            "file": LandedFile(**file),
            "state": FileState(values["state"]),
            "file_version": datetime.fromisoformat(version) if version else None,
        }
        return cls(**read)

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
            f"{self.rows_good} good rows have no Parquet file": (
                self.rows_good > 0 and not self.output_name
            ),
            "its version has no time zone": self.version.tzinfo is None,
        }
        return next((problem for problem, found in contradictions.items() if found), None)
