"""What a reader fills: the rows of a text, and the index of its records."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from movie_pipeline.tabular.engine import Connection, Engine, available_cores, engine_connection
from movie_pipeline.tabular.reading_plan import ReadingPlan
from movie_pipeline.tabular.row_sink import RowSink
from movie_pipeline.tabular.row_typer import RowTyper
from movie_pipeline.tabular.table_contract import TableContract


@dataclass(frozen=True)
class Typing:
    """How rows are typed.

    Attributes:
        contract: what they must be.
        engine: what DuckDB may use.
    """

    contract: TableContract
    engine: Engine


@contextmanager
def reader_outputs(
    plan: ReadingPlan, typing: Typing, *, rows: Path, index: Path
) -> Generator[tuple[RowSink, BinaryIO]]:
    """The sink of the rows and the index, to be filled in the block.

    Args:
        plan: how the text is read.
        typing: how its rows are typed.
        rows: the Arrow file.
        index: the index.
    """
    # the engine closes last: threads of the sink may use it up to its end
    with ExitStack() as engines, ExitStack() as opened:
        typer = typer_of(plan, typing, _Opening(engines, typing.engine, rows.parent))
        threads = typing.engine.threads or available_cores()
        sink = opened.enter_context(RowSink(rows, typer, threads))
        yield sink, opened.enter_context(index.open("wb"))


def typer_of(plan: ReadingPlan, typing: Typing, opening: "_Opening | None" = None) -> RowTyper:
    """A typer that has counted nothing; without an engine it only adds up what others counted."""
    return RowTyper(
        plan.mapping,
        typing.contract,
        lenient=plan.lenient,
        nulls=plan.layout.dialect.nulls,
        connection=opening.cursor if opening else _no_engine,
    )


class _Opening:
    """An engine that is opened when it is asked for, once, by whatever thread."""

    def __init__(self, opened: ExitStack, engine: Engine, folder: Path) -> None:
        self._opened = opened
        self._engine = engine
        self._folder = folder
        self._lock = Lock()
        self._connection: Connection | None = None

    def cursor(self) -> Connection:
        with self._lock:
            if self._connection is None:
                opening = engine_connection(self._engine, (self._folder,))
                self._connection = self._opened.enter_context(opening)
            return self._connection.cursor()


def _no_engine() -> Connection:
    raise AssertionError("no rows are typed here")
