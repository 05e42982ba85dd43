"""Bytes to typed rows: a file becomes staged rows, a record index and a summary.

What the rows mean, whether they are good and where they go is decided elsewhere.
"""

from movie_pipeline.tabular.cell_problems import Problem, ProblemKind, describe_problem, problems
from movie_pipeline.tabular.chosen_rows import staged_values
from movie_pipeline.tabular.column_drift import Drift, drift
from movie_pipeline.tabular.column_mapping import (
    REMARK_COLUMNS,
    MappedColumn,
    map_header,
    normalised,
    printable,
    without_remarks,
)
from movie_pipeline.tabular.counted_lines import LineNumbers, line_numbers
from movie_pipeline.tabular.date_forms import BadForm, DateForm
from movie_pipeline.tabular.declaration_guess import Guess, guessed_declaration
from movie_pipeline.tabular.declaration_text import declaration_lines
from movie_pipeline.tabular.declared_units import UNITS, factor_of
from movie_pipeline.tabular.encodings import is_declarable
from movie_pipeline.tabular.engine import Engine, shared_engine
from movie_pipeline.tabular.file_content import expect_room
from movie_pipeline.tabular.file_notes import ENDED, UNENDED
from movie_pipeline.tabular.inspection import Inspection, inspect_file
from movie_pipeline.tabular.raw_record import RawRecord, Record, raw_records
from movie_pipeline.tabular.read_file import stage_file
from movie_pipeline.tabular.reading_limits import (
    DEFAULT_LIMITS,
    NOTHING_DECLARED,
    Limits,
    SourceOptions,
)
from movie_pipeline.tabular.row_flags import flagged_columns, most_dates
from movie_pipeline.tabular.staged_file import ByteAccount, StagedFile, record_keys
from movie_pipeline.tabular.table_contract import (
    OTHER_COLUMNS,
    OTHER_COLUMNS_BYTES,
    Column,
    ColumnType,
    DerivedKey,
    KeyPart,
    NumberForm,
    TableContract,
)

__all__ = [
    "DEFAULT_LIMITS",
    "ENDED",
    "NOTHING_DECLARED",
    "OTHER_COLUMNS",
    "OTHER_COLUMNS_BYTES",
    "REMARK_COLUMNS",
    "UNENDED",
    "UNITS",
    "BadForm",
    "ByteAccount",
    "Column",
    "ColumnType",
    "DateForm",
    "DerivedKey",
    "Drift",
    "Engine",
    "Guess",
    "Inspection",
    "KeyPart",
    "Limits",
    "LineNumbers",
    "MappedColumn",
    "NumberForm",
    "Problem",
    "ProblemKind",
    "RawRecord",
    "Record",
    "SourceOptions",
    "StagedFile",
    "TableContract",
    "declaration_lines",
    "describe_problem",
    "drift",
    "expect_room",
    "factor_of",
    "flagged_columns",
    "guessed_declaration",
    "inspect_file",
    "is_declarable",
    "line_numbers",
    "map_header",
    "most_dates",
    "normalised",
    "printable",
    "problems",
    "raw_records",
    "record_keys",
    "shared_engine",
    "stage_file",
    "staged_values",
    "without_remarks",
]
