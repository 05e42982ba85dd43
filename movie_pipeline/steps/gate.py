"""Gate, the sixth step: what was published is counted again, and held against the contract.

The counts that steps report are what is checked here, so none of them is trusted. The contract is
told by pandera, apart from the engine that judged the rows, batch by batch in bounded memory.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pandera.errors
import pyarrow as pa
import pyarrow.parquet as pq

from movie_pipeline.arrow import pc
from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.quarantine.quarantine_record import count_records
from movie_pipeline.storage.part_list import Part, is_in_parts, part_list, parts_of
from movie_pipeline.storage.side_by_side import side_by_side
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.tabular import OTHER_COLUMNS, OTHER_COLUMNS_BYTES
from movie_pipeline.warehouse.parquet_rows import rows_at_end, stored_encoded

BATCH_ROWS = 100_000
_ARROW = cast("Any", pa)
_PANDAS_TYPES = {_ARROW.int32(): pd.Int32Dtype(), _ARROW.int64(): pd.Int64Dtype()}


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
    """Count a file's published rows and records.

    Of a part, whose writer read it once more where it lies, the end or the size tells whether it
    is what was counted; one that is not counts for nothing.

    Raises:
        StorageError: something is not there, or a list of parts is not what was written.
        BatchRefused: a file of good rows is no Parquet file.
    """
    good = set_apart = 0
    summary = decided.summary
    if decided.output_name:
        parts = parts_of(storage, Area.OUTPUT, decided.output_name, summary.output)
        good = sum(side_by_side(partial(_rows_in, storage), parts, at_once=storage.at_once))
    if decided.quarantine_name:
        parts = parts_of(storage, Area.QUARANTINE, decided.quarantine_name, summary.quarantine)
        set_apart = sum(side_by_side(partial(_records_in, storage), parts, at_once=storage.at_once))
    return Account(decided, good, set_apart)


def _rows_in(storage: Storage, part: Part) -> int:
    if not _has_its_size(storage, Area.OUTPUT, part):
        return 0
    return rows_at_end(lambda size: storage.tail(Area.OUTPUT, part.name, size), part.name)


def _records_in(storage: Storage, part: Part) -> int:
    if part.count is None:
        with storage.reading(Area.QUARANTINE, part.name) as path:
            return count_records(path)
    return part.count if _has_its_size(storage, Area.QUARANTINE, part) else 0


def _has_its_size(storage: Storage, area: Area, part: Part) -> bool:
    """Whether a part is as long as it was; of what no writer counted, that is not asked."""
    if part.count is None or part.stored is None:
        return True
    return storage.size(area, part.name) == part.stored.size


def violations_of_parts(decided: DecidedFile, storage: Storage) -> dict[str, int] | None:
    """What the writers of a file's parts found when they read them once more; None of one file."""
    if not decided.output_name or not is_in_parts(decided.output_name):
        return None
    published = part_list(storage, Area.OUTPUT, decided.output_name, decided.summary.output)
    return dict(published.broken)


def contract_violations(path: Path, dataset: Dataset) -> dict[str, int]:
    """What a Parquet file breaks of the dataset's contract.

    Returns:
        "column: check" -> how many values break it; empty where the contract is kept. No values.
    """
    with cast("Any", pq).ParquetFile(path) as file:
        found, metadata = file.schema_arrow.names, file.metadata
    if missing := set(dataset.contract.names) - set(found):
        return {f"{name}: the column is missing": 1 for name in missing}
    texts = {each.name for each in dataset.contract.columns if each.nullable}
    few = stored_encoded(metadata, {*texts & dataset.judged_text_by_text, OTHER_COLUMNS})
    broken = _broken(path, dataset, few)
    # a text that many rows share was looked at once
    return _broken(path, dataset, []) if broken and few else broken


def _broken(path: Path, dataset: Dataset, few: Sequence[str]) -> dict[str, int]:
    """The same of a file that has all columns; of these each different text counts once."""
    broken: Counter[str] = Counter()
    names = dataset.contract.names
    for rows in _rows_of(path, [*names, OTHER_COLUMNS], few):
        if OTHER_COLUMNS in rows.column_names:
            broken.update(_too_long(rows[OTHER_COLUMNS]))
        frame = rows.select(names).to_pandas(types_mapper=_PANDAS_TYPES.get)
        broken.update(_violations(frame, dataset))
    return dict(broken)


def _rows_of(path: Path, names: Sequence[str], few: Sequence[str]) -> Iterator[Any]:
    """The rows of a file, as Arrow tables; of these columns the different texts, and nulls."""
    with cast("Any", pq).ParquetFile(path, read_dictionary=few, pre_buffer=False) as file:
        there = [name for name in names if name in file.schema_arrow.names]
        gathered: list[Any] = []
        for batch in file.iter_batches(BATCH_ROWS, columns=there, use_threads=False):
            gathered.append(batch)
            if sum(each.num_rows for each in gathered) >= BATCH_ROWS:
                yield _each_text_once(gathered, few)
                gathered = []
        if gathered:
            yield _each_text_once(gathered, few)


def _each_text_once(batches: Sequence[Any], few: Sequence[str]) -> Any:  # noqa: ANN401 - Arrow's
    rows = _ARROW.Table.from_batches(batches)
    for place, (name, column) in enumerate(zip(rows.column_names, rows.columns, strict=True)):
        if name in few and _ARROW.types.is_dictionary(column.type):
            texts = _ARROW.chunked_array([chunk.dictionary for chunk in column.chunks])
            if len(texts) > rows.num_rows:
                texts = column.cast(texts.type)
            nulls = _ARROW.nulls(rows.num_rows - len(texts), texts.type)
            texts = _ARROW.chunked_array([*texts.chunks, nulls])
            rows = rows.set_column(place, name, texts)
    return rows


def violations_of_each(paths: Sequence[Path], dataset: Dataset) -> list[dict[str, int]]:
    """What each of several Parquet files breaks; to be called with files that fit into memory.

    They are validated as one table first, since a validation costs far more than a small file's
    rows; only where that finds anything are they looked at one by one.
    """
    if len(paths) > 1 and _together_all_is_well(paths, dataset):
        return [{} for _ in paths]
    return [contract_violations(path, dataset) for path in paths]


def _together_all_is_well(paths: Sequence[Path], dataset: Dataset) -> bool:
    tables = [_read_whole(path) for path in paths]
    names = dataset.contract.names
    first = tables[0].schema
    if not set(names) <= set(first.names) or any(table.schema != first for table in tables):
        return False
    whole = _ARROW.concat_tables(tables)
    if OTHER_COLUMNS in first.names and _too_long(whole[OTHER_COLUMNS]):
        return False
    return not _violations(whole.select(names).to_pandas(types_mapper=_PANDAS_TYPES.get), dataset)


def _read_whole(path: Path) -> Any:  # noqa: ANN401 - an Arrow table, untyped
    """The rows of a small file, without threads, which it is not worth."""
    with cast("Any", pq).ParquetFile(path, pre_buffer=False) as file:
        return file.read(use_threads=False)


def _too_long(texts: Any) -> dict[str, int]:  # noqa: ANN401 - an Arrow array, untyped
    """What other_columns breaks; it stands beside the model, which is of the contract's columns."""
    count = pc.sum(pc.greater(pc.binary_length(texts), OTHER_COLUMNS_BYTES)).as_py()
    return {f"{OTHER_COLUMNS}: _fits_varchar(limit={OTHER_COLUMNS_BYTES})": count} if count else {}


def _violations(frame: pd.DataFrame, dataset: Dataset) -> Counter[str]:
    try:
        # An all-null text column comes without a type of its own.
        columns = dataset.contract.columns
        texts = {column.name: "str" for column in columns if column.max_bytes is not None}
        dataset.model.validate(frame.astype(texts), lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = cast("pd.DataFrame", error.failure_cases)
        return Counter(
            f"{column}: {check}"
            for column, check in zip(cases["column"], cases["check"], strict=True)
        )
    return Counter()
