"""Staged pieces judged by Spark: the rows as a view, the judgement, and the rows set apart.

Executors' Python reads what was staged, and gives Spark the columns that rules may ask for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import pyarrow.parquet as pq

from movie_pipeline.arrow import pa
from movie_pipeline.dqdl import Judgement, Ruleset
from movie_pipeline.quarantine.quarantine_writer import judged_columns
from movie_pipeline.spark.job_world import JobWorld
from movie_pipeline.spark.split_pieces import (
    NO_RECORD,
    PIECE_COLUMN,
    RECEIPTS,
    FileToSplit,
    PieceToSplit,
    Receipt,
    numbered,
    receipt_of,
    split,
)
from movie_pipeline.steps.good_rows import TECHNICAL_COLUMNS
from movie_pipeline.steps.judge import STAGED
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.tabular import TableContract, lacking_rows, marked_rows

Session = Any
"""pyspark's, which is not always there."""
OUT_OF_CONTRACT = "(_unreadable <> 0 OR _breached <> 0)"
_NAMES_ITS_COLUMNS = frozenset(
    {
        "ColumnCorrelation",
        "ColumnLength",
        "ColumnValues",
        "Completeness",
        "DistinctValuesCount",
        "Entropy",
        "IsComplete",
        "IsPrimaryKey",
        "IsUnique",
        "Mean",
        "RowCount",
        "StandardDeviation",
        "Sum",
        "UniqueValueRatio",
        "Uniqueness",
    }
)
"""Rules that ask for no other column than those that they name."""
_MOST_PARTITIONS = 2_000


@dataclass(frozen=True)
class StagedPieces:
    """The staged rows of a file, as executors read them.

    Attributes:
        world: where they lie.
        contract: what they must be.
        schema: of the rows.
        asked: columns that rules may ask for; the others come without values.
        shared: keys of rows that must be marked.
    """

    world: JobWorld
    contract: TableContract
    schema: Any
    asked: frozenset[str]
    shared: Any = None

    def rows(self, pieces: Iterable[Any]) -> Iterator[Any]:
        """The rows of pieces that are named in batches of Spark's."""
        fields = [self.schema.field(name) for name in self.schema.names]
        schema = pa.schema([pa.field(PIECE_COLUMN, pa.int32()), *fields])
        for number, batch in self._batches(pieces, [n for n in self.schema.names if self._is(n)]):
            if self.shared is not None:
                batch, _ = marked_rows(batch, self.contract, self.shared)  # noqa: PLW2901 - the same, marked
            there = dict(zip(batch.schema.names, batch.columns, strict=True))
            columns = [
                there.get(field.name, pa.nulls(batch.num_rows, field.type)) for field in fields
            ]
            piece = pa.array([number] * batch.num_rows, pa.int32())
            yield pa.record_batch([piece, *columns], schema=schema)

    def lacking(self, pieces: Iterable[Any]) -> Iterator[Any]:
        """Of rows whose derived key lacks a part: the key and a digest of the row."""
        for _, batch in self._batches(pieces, None):
            yield from lacking_rows(batch, self.contract).to_batches()

    def _is(self, name: str) -> bool:
        return name in self.asked or name in TECHNICAL_COLUMNS or name in self._of_the_key

    @property
    def _of_the_key(self) -> set[str]:
        rule = self.contract.derived_key if self.shared is not None else None
        return {self.contract.key, *(part.column for part in (rule.parts if rule else ()))}

    def _batches(
        self, pieces: Iterable[Any], columns: Sequence[str] | None
    ) -> Iterator[tuple[int, Any]]:
        for batch in pieces:
            for one in batch.to_pylist():
                with (
                    self.world.storage.reading(Area.OUTPUT, one["rows"]) as path,
                    cast("Any", pq).ParquetFile(path) as staged,
                ):
                    for rows in numbered(staged, one["base"], columns):
                        yield one["piece"], rows


def asked_columns(
    ruleset: Ruleset, names: Sequence[str], aliases: Mapping[str, str]
) -> frozenset[str]:
    """The columns whose values rules may ask for: all of them, where a rule may speak of any."""
    leaves = [leaf for rule in ruleset for leaf in rule.leaves()]
    if any(leaf.kind not in _NAMES_ITS_COLUMNS or leaf.where is not None for leaf in leaves):
        return frozenset(names)
    by_name = {name.lower(): column for name, column in aliases.items()}
    by_name |= {name.lower(): name for name in names}
    named = {by_name.get(column.lower()) for leaf in leaves for column in leaf.columns}
    return frozenset(name for name in named if name)


def piece_frame(session: Session, pieces: Sequence[PieceToSplit]) -> Any:  # noqa: ANN401 - a frame
    """The pieces by number, a partition for each."""
    rows = [(number, piece.base, piece.staged.rows) for number, piece in enumerate(pieces)]
    context = session.sparkContext
    return session.createDataFrame(
        context.parallelize(rows, len(rows)), "piece int, base bigint, rows string"
    )


def shared_keys(
    session: Session, pieces: Sequence[PieceToSplit], staged: StagedPieces
) -> tuple[Any, int]:
    """The derived keys that lack a part and stand for rows which differ, and these rows' number."""
    known = [piece.staged.lacking for piece in pieces]
    if not any(rows is None for rows in known):
        return _shared_of([row for rows in known for row in rows or ()])
    found = piece_frame(session, pieces).mapInArrow(staged.lacking, "key string, content binary")
    found.createOrReplaceTempView("lacking")
    rows = session.sql(
        "SELECT key, count(*) AS times FROM lacking GROUP BY key "
        "HAVING min(content) <> max(content)"
    ).collect()
    return pa.array([row.key for row in rows], pa.string()), sum(row.times for row in rows)


def _shared_of(rows: Sequence[tuple[str, bytes]]) -> tuple[Any, int]:
    contents: dict[str, set[bytes]] = {}
    for key, content in rows:
        contents.setdefault(key, set()).add(content)
    shared = {key for key, said in contents.items() if len(said) > 1}
    return pa.array(sorted(shared), pa.string()), sum(key in shared for key, _ in rows)


def view_of(
    stack: ExitStack, session: Session, pieces: Sequence[PieceToSplit], staged: StagedPieces
) -> None:
    """Have the staged rows as the view STAGED for the length of the stack."""
    columns = ", ".join(f"{_quoted(field.name)} {_type(field.type)}" for field in staged.schema)
    frame = piece_frame(session, pieces).mapInArrow(staged.rows, f"{PIECE_COLUMN} int, {columns}")
    frame = frame.persist()
    stack.callback(frame.unpersist)
    frame.createOrReplaceTempView(STAGED)


def split_on_executors(
    session: Session, file: FileToSplit, pieces: Sequence[PieceToSplit], judgement: Judgement
) -> list[Receipt]:
    """Split every piece by what the judgement says of its rows."""
    key = _quoted(file.why.contract.key)
    columns = judged_columns(judgement.row_rules_sql, key)
    bad = "TRUE" if file.is_held else f"({judgement.fails_sql}) OR {OUT_OF_CONTRACT}"
    judged = session.sql(f"SELECT {PIECE_COLUMN}, {columns} FROM {STAGED} WHERE {bad}")
    # so that a piece without such rows is split, too
    nothing = ", ".join(
        f"CAST({NO_RECORD if place == 1 else 'NULL'} AS {field.dataType.simpleString()})"
        f" AS {_quoted(field.name)}"
        for place, field in enumerate(judged.schema)
        if place
    )
    session.range(len(pieces)).createOrReplaceTempView("pieces")
    every = session.sql(f"SELECT CAST(id AS int) AS {PIECE_COLUMN}, {nothing} FROM pieces")
    number = judged.columns[1]
    by_number = dict(enumerate(pieces))
    found = (
        judged.union(every)
        .repartition(min(2 * len(pieces), _MOST_PARTITIONS), PIECE_COLUMN)
        .sortWithinPartitions(PIECE_COLUMN, number)
        .mapInArrow(partial(split, file, by_number), RECEIPTS)
        .collect()
    )
    receipts = {row[0]: receipt_of(row[1]) for row in found}
    return [receipts[number] for number in range(len(pieces))]


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _type(kind: Any) -> str:  # noqa: ANN401 - an Arrow type
    names = {pa.int32(): "int", pa.int64(): "bigint", pa.float64(): "double", pa.string(): "string"}
    return names.get(kind) or "date"
