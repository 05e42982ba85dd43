"""Bytes to typed rows: a file becomes staged rows, a record index and a summary.

What the rows mean, whether they are good and where they go is decided elsewhere.
"""

from movie_pipeline.intake.limits import Limits, SourceOptions
from movie_pipeline.intake.records import RawRecord, raw_records
from movie_pipeline.intake.stage import stage_file
from movie_pipeline.intake.staged import ByteAccount, StagedFile

__all__ = [
    "ByteAccount",
    "Limits",
    "RawRecord",
    "SourceOptions",
    "StagedFile",
    "raw_records",
    "stage_file",
]
