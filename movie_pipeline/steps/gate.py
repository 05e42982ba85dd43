"""Whether every record is accounted for, counted again from the published files themselves.

The counts that steps report are what is checked here, so none of them is trusted: Parquet footers
and lines are counted anew.
"""

from dataclasses import dataclass
from typing import Any, cast

import pyarrow.parquet as pq

from movie_pipeline.ledger.file_outcome import FileOutcome
from movie_pipeline.quarantine.quarantine_record import count_records
from movie_pipeline.storage.storage_port import Area, Storage


@dataclass(frozen=True)
class Account:
    """One file's records: how many came in, and how many lie where.

    Attributes:
        outcome: what the steps said.
        good: rows found in the published Parquet file.
        set_apart: records found in the published quarantine file.
    """

    outcome: FileOutcome
    good: int
    set_apart: int

    @property
    def balanced(self) -> bool:
        """Whether what came in lies somewhere, and lies where the steps said."""
        outcome = self.outcome
        return (
            outcome.rows_in == self.good + self.set_apart
            and outcome.rows_good == self.good
            and outcome.rows_quarantined + outcome.rows_held == self.set_apart
        )


def account_for(outcome: FileOutcome, storage: Storage) -> Account:
    """Count a file's published rows and records."""
    good = set_apart = 0
    if outcome.output_name:
        with storage.reading(Area.OUTPUT, outcome.output_name) as path:
            good = int(cast("Any", pq).read_metadata(path).num_rows)
    if outcome.quarantine_name:
        with storage.reading(Area.QUARANTINE, outcome.quarantine_name) as path:
            set_apart = count_records(path)
    return Account(outcome, good, set_apart)
