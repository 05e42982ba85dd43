"""Values of single rows of a staged file, by the numbers of their records."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from movie_pipeline.arrow import pa
from movie_pipeline.tabular.raw_record import rows_path
from movie_pipeline.tabular.row_typer import RECORD_NUMBER


def staged_values(
    path: Path, *, folder: Path, columns: Sequence[str], numbers: Collection[int]
) -> dict[int, tuple[Any, ...]]:
    """Record number to the values of these columns; records that are no rows are left out.

    Args:
        path: the file that was staged.
        folder: where it was staged to.
        columns: their names in the staged rows; those that are not there are left out.
        numbers: of the records.
    """
    found: dict[int, tuple[Any, ...]] = {}
    wanted = np.unique(np.fromiter(numbers, np.int64))
    with pa.memory_map(str(rows_path(path, folder))) as file, pa.ipc.open_file(file) as reader:
        there = [name for name in columns if name in reader.schema.names]
        for place in range(reader.num_record_batches):
            batch: Any = reader.get_batch(place)
            records = batch[RECORD_NUMBER].to_numpy()
            chosen = np.flatnonzero(np.isin(records, wanted))
            if not len(chosen):
                continue
            values = [batch[name].take(pa.array(chosen)).to_pylist() for name in there]
            found.update(zip(records[chosen].tolist(), zip(*values, strict=True), strict=True))
    return found
