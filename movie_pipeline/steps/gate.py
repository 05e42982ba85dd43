"""Whether every record is accounted for, counted again from the published files themselves.

The counts that steps report are what is checked here, so none of them is trusted: Parquet footers
and lines are counted anew.
"""

from dataclasses import dataclass
from typing import Any, cast

import pyarrow.parquet as pq

from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.quarantine.quarantine_record import count_records
from movie_pipeline.storage.storage_port import Area, Storage


@dataclass(frozen=True)
class Account:
    """One file's records: how many came in, and how many lie where.

    Attributes:
        decided: what the steps said.
        good: rows found in the published Parquet file.
        set_apart: records found in the published quarantine file.
    """

    decided: DecidedFile
    good: int
    set_apart: int

    @property
    def balanced(self) -> bool:
        """Whether what came in lies somewhere, and lies where the steps said."""
        decided = self.decided
        return (
            decided.rows_in == self.good + self.set_apart
            and decided.rows_good == self.good
            and decided.rows_quarantined + decided.rows_held == self.set_apart
        )


def account_for(decided: DecidedFile, storage: Storage) -> Account:
    """Count a file's published rows and records."""
    good = set_apart = 0
    if decided.output_name:
        with storage.reading(Area.OUTPUT, decided.output_name) as path:
            good = int(cast("Any", pq).read_metadata(path).num_rows)
    if decided.quarantine_name:
        with storage.reading(Area.QUARANTINE, decided.quarantine_name) as path:
            set_apart = count_records(path)
    return Account(decided, good, set_apart)
