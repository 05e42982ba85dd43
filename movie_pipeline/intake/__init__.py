"""Bytes to typed rows: a file becomes staged rows, a record index and a summary.

What the rows mean, whether they are good and where they go is decided elsewhere.
"""

from movie_pipeline.intake.drift import Drift, drift
from movie_pipeline.intake.inspecting import Inspection, inspect_file
from movie_pipeline.intake.limits import Limits, SourceOptions
from movie_pipeline.intake.problems import Problem, ProblemKind, describe_problem, problems
from movie_pipeline.intake.records import RawRecord, raw_records
from movie_pipeline.intake.stage import stage_file
from movie_pipeline.intake.staged import ByteAccount, StagedFile

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
