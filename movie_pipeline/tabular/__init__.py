"""Bytes to typed rows: a file becomes staged rows, a record index and a summary.

What the rows mean, whether they are good and where they go is decided elsewhere.
"""

from movie_pipeline.tabular.cell_problems import Problem, ProblemKind, describe_problem, problems
from movie_pipeline.tabular.column_drift import Drift, drift
from movie_pipeline.tabular.inspection import Inspection, inspect_file
from movie_pipeline.tabular.raw_record import RawRecord, raw_records
from movie_pipeline.tabular.read_file import stage_file
from movie_pipeline.tabular.reading_limits import Limits, SourceOptions
from movie_pipeline.tabular.staged_file import ByteAccount, StagedFile

__all__ = [
    "ByteAccount",
    "Drift",
    "Inspection",
    "Limits",
    "Problem",
    "ProblemKind",
    "RawRecord",
    "SourceOptions",
    "StagedFile",
    "describe_problem",
    "drift",
    "inspect_file",
    "problems",
    "raw_records",
    "stage_file",
]
