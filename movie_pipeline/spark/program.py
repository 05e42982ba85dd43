"""The program of a job: it takes the question, screens its files, and leaves the answer.

How it is started, and told to whom, stands in __main__.py.
"""

import tempfile
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from movie_pipeline.arrow import pa
from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline.screening.reference_datasets import reference_tables
from movie_pipeline.screening.same_code import code_digest
from movie_pipeline.screening.screening_engine import screening_engine
from movie_pipeline.screening.spark_job import ANSWER, QUESTION, SparkAnswer, SparkQuestion
from movie_pipeline.spark.job_world import JobWorld, scratch_folder
from movie_pipeline.spark.judge_pieces import Session
from movie_pipeline.spark.screen_file import Job, Tell, screened
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.stored_values import from_json, to_json

_FILES_AT_ONCE = 4
"""So many are read or judged side by side: a small one leaves most executors idle."""


def _quietly(_: str) -> None:
    """Tell nobody."""


def answer_in(session: Session, world: JobWorld, tell: Tell = _quietly) -> None:
    """Answer the question that lies in the job's place.

    Args:
        session: Spark's.
        world: the job's.
        tell: is told how far it is, a sentence each, in any thread.
    """
    with world.storage.reading(Area.OUTPUT, f"{world.place}/{QUESTION}") as path:
        question = from_json(path.read_bytes(), SparkQuestion)
    code = code_digest()
    if question.code == code:
        answer = replace(answered(session, world, question, tell), code=code)
    else:
        answer = SparkAnswer((), _engine(session), code)
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-") as folder:
        text = Path(folder) / "answer"
        text.write_text(to_json(answer), encoding="ascii")
        world.storage.put(Area.OUTPUT, f"{world.place}/{ANSWER}", text)


def answered(
    session: Session, world: JobWorld, question: SparkQuestion, tell: Tell = _quietly
) -> SparkAnswer:
    """What becomes of each file, several side by side."""
    rulesets = {file.ruleset: parse_ruleset(file.ruleset) for file in question.files}
    with _references(session, world, rulesets) as references:
        job = Job(world, session, question, rulesets, references, tell)
        with ThreadPoolExecutor(_FILES_AT_ONCE) as beside:
            files = tuple(beside.map(partial(screened, job), question.files))
    return SparkAnswer(files, _engine(session))


def _engine(session: Session) -> str:
    return f"Spark {session.version} at {session.sparkContext.master}"


@contextmanager
def _references(
    session: Session, world: JobWorld, rulesets: Iterable[str]
) -> Generator[Sequence[str]]:
    """The reference datasets as global views, where a rule may name one; their aliases."""
    settings = world.settings
    with (
        scratch_folder() as folder,
        screening_engine(folder, settings.engine) as connection,
        reference_tables(connection, world.storage, settings, folder, rulesets) as tables,
        ExitStack() as views,
    ):
        for alias, table in tables.items():
            rows = connection.sql(f"SELECT * FROM {table}").to_arrow_table()
            _frame(session, rows).createOrReplaceGlobalTempView(alias)
            views.callback(session.catalog.dropGlobalTempView, alias)
        yield list(tables)


def _frame(session: Session, rows: Any) -> Any:  # noqa: ANN401 - an Arrow table, and a frame
    names = {pa.string(): "string", pa.int32(): "int", pa.int64(): "bigint", pa.float64(): "double"}
    columns = ", ".join(
        f"`{field.name.replace('`', '``')}` {names.get(field.type) or _other_type(field.type)}"
        for field in rows.schema
    )
    return session.createDataFrame([tuple(row.values()) for row in rows.to_pylist()], columns)


def _other_type(kind: Any) -> str:  # noqa: ANN401 - an Arrow type
    if pa.types.is_timestamp(kind):
        return "timestamp_ntz" if kind.tz is None else "timestamp"
    told = str(kind)
    return {"bool": "boolean", "date32[day]": "date", "float": "float"}.get(told) or told.replace(
        "decimal128", "decimal"
    ).replace("int16", "smallint").replace("int8", "tinyint")
