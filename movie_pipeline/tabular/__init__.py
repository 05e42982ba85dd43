"""Bytes to typed rows: a file becomes staged rows, a record index and a summary.

What the rows mean, whether they are good and where they go is decided elsewhere.
"""

from movie_pipeline.tabular.cell_problems import (
    SHARED_KEY,
    Problem,
    ProblemKind,
    describe_problem,
    problems,
)
from movie_pipeline.tabular.chosen_rows import staged_values
from movie_pipeline.tabular.column_drift import Drift, drift
from movie_pipeline.tabular.column_mapping import (
    REMARK_COLUMNS,
    MappedColumn,
    map_header,
    normalised,
    printable,
    with_declared_names,
    without_remarks,
)
from movie_pipeline.tabular.content_bytes import ContentBytes
from movie_pipeline.tabular.counted_lines import LineNumbers, line_numbers
from movie_pipeline.tabular.cuts import Range
from movie_pipeline.tabular.date_forms import BadForm, DateForm
from movie_pipeline.tabular.declaration_guess import Guess, guessed_declaration
from movie_pipeline.tabular.declaration_text import declaration_lines
from movie_pipeline.tabular.declared_units import UNITS, factor_of
from movie_pipeline.tabular.encodings import is_declarable, tells_its_encoding
from movie_pipeline.tabular.engine import Engine, shared_engine
from movie_pipeline.tabular.file_content import (
    HEAD,
    content_of,
    expect_room,
    is_no_text_yet,
    require_bytes,
    require_text,
    unpacked_name,
)
from movie_pipeline.tabular.file_notes import ENDED, UNENDED
from movie_pipeline.tabular.inspection import Inspection, inspect_file
from movie_pipeline.tabular.mapped_rows import MappedRows
from movie_pipeline.tabular.piece_reader import PieceRead, read_piece
from movie_pipeline.tabular.piecewise import (
    NotInPieces,
    ReadPieces,
    read_in_pieces,
    summed_up,
)
from movie_pipeline.tabular.plain_records import LEFT_OUT, PlainRecords, Room
from movie_pipeline.tabular.range_tasks import RangeTask
from movie_pipeline.tabular.raw_record import (
    Record,
    RecordGroup,
    groups_at,
    index_path,
    raw_records,
    read_index,
    record_groups,
    rows_path,
)
from movie_pipeline.tabular.read_file import stage_file
from movie_pipeline.tabular.reader_outputs import Typing
from movie_pipeline.tabular.reading_limits import (
    DEFAULT_LIMITS,
    NOTHING_DECLARED,
    Limits,
    SourceOptions,
    as_written_out,
    with_lenient,
)
from movie_pipeline.tabular.reading_plan import ReadingPlan
from movie_pipeline.tabular.row_flags import flagged_columns, most_dates
from movie_pipeline.tabular.shared_keys import lacking_rows, marked_rows
from movie_pipeline.tabular.staged_file import ByteAccount, StagedFile, record_keys
from movie_pipeline.tabular.summing_up import FileSize, summary_of
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
    "HEAD",
    "LEFT_OUT",
    "NOTHING_DECLARED",
    "OTHER_COLUMNS",
    "OTHER_COLUMNS_BYTES",
    "REMARK_COLUMNS",
    "SHARED_KEY",
    "UNENDED",
    "UNITS",
    "BadForm",
    "ByteAccount",
    "Column",
    "ColumnType",
    "ContentBytes",
    "DateForm",
    "DerivedKey",
    "Drift",
    "Engine",
    "FileSize",
    "Guess",
    "Inspection",
    "KeyPart",
    "Limits",
    "LineNumbers",
    "MappedColumn",
    "MappedRows",
    "NotInPieces",
    "NumberForm",
    "PieceRead",
    "PlainRecords",
    "Problem",
    "ProblemKind",
    "Range",
    "RangeTask",
    "ReadPieces",
    "ReadingPlan",
    "Record",
    "RecordGroup",
    "Room",
    "SourceOptions",
    "StagedFile",
    "TableContract",
    "Typing",
    "as_written_out",
    "content_of",
    "declaration_lines",
    "describe_problem",
    "drift",
    "expect_room",
    "factor_of",
    "flagged_columns",
    "groups_at",
    "guessed_declaration",
    "index_path",
    "inspect_file",
    "is_declarable",
    "is_no_text_yet",
    "lacking_rows",
    "line_numbers",
    "map_header",
    "marked_rows",
    "most_dates",
    "normalised",
    "printable",
    "problems",
    "raw_records",
    "read_in_pieces",
    "read_index",
    "read_piece",
    "record_groups",
    "record_keys",
    "require_bytes",
    "require_text",
    "rows_path",
    "shared_engine",
    "stage_file",
    "staged_values",
    "summary_of",
    "summed_up",
    "tells_its_encoding",
    "unpacked_name",
    "with_declared_names",
    "with_lenient",
    "without_remarks",
]
