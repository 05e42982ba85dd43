"""Files as Arrow tables: CSV, Parquet and JSON, each with the types that are found in it.

For data at hand, whoever wrote it. The pipeline's own files go through `tabular`.
"""

import csv
import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from pyarrow import parquet

from movie_pipeline.arrow import pa
from movie_pipeline.dqdl.engines.duckdb_engine import FAULTS_OF_A_QUERY, Connection, new_connection
from movie_pipeline.errors import TableRefused

if TYPE_CHECKING:
    from movie_pipeline.dqdl.engines.arrow_tables import ArrowTable

CSV_ENDINGS = (".csv", ".tsv", ".txt")
PARQUET_ENDINGS = (".parquet", ".pq")
_ROWS_AT_ONCE = 10_000
_BLANK = 1_000
"""Characters within which what a file of JSON holds begins."""
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")


def read_table(path: Path) -> "ArrowTable":
    """A file as an Arrow table, by the ending of its name; `.gz` may stand behind it.

    A CSV is UTF-8 and has a header; the types of its columns are found over all of its rows, and an
    empty cell is missing. JSON is lines, or one list, of objects.

    Raises:
        TableRefused: there is no such file, its name has another ending, or it cannot be read.
    """
    ending = Path(path.name.removesuffix(".gz")).suffix.lower()
    if not path.is_file():
        raise TableRefused(f"there is no file {path}")
    if ending in PARQUET_ENDINGS:
        return _read_parquet(path)
    if ending not in (*CSV_ENDINGS, *JSON_ENDINGS):
        known = ", ".join((*CSV_ENDINGS, *PARQUET_ENDINGS, *JSON_ENDINGS))
        raise TableRefused(f"{path} has none of the endings that say what it is: {known}")
    with new_connection() as connection:
        try:
            if ending in JSON_ENDINGS:
                return _read_json(connection, path)
            return _read_csv(connection, path)
        except (*FAULTS_OF_A_QUERY, OSError, UnicodeDecodeError, csv.Error) as error:
            # the error's own words may hold a cell
            what = (
                "JSON, as lines or one list of objects,"
                if ending in JSON_ENDINGS
                else "a CSV in UTF-8 with a header"
            )
            raise TableRefused(f"{path} cannot be read as {what}") from error


def write_table(table: "ArrowTable", path: Path) -> None:
    """Writes rows to a CSV or a Parquet file; in a CSV a list stands as JSON.

    Raises:
        TableRefused: the name has another ending, or the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in (*CSV_ENDINGS, *PARQUET_ENDINGS):
        known = ", ".join((*CSV_ENDINGS, *PARQUET_ENDINGS))
        raise TableRefused(f"rows are written to a file that ends in one of {known}, not {path}")
    try:
        if ending in PARQUET_ENDINGS:
            parquet.write_table(table, path)
        else:
            _write_csv(table, path, "\t" if ending == ".tsv" else ",")
    except OSError as error:
        raise TableRefused(f"{path} cannot be written: {error.strerror}") from error
    except (*FAULTS_OF_A_QUERY, pa.ArrowException) as error:
        raise TableRefused(f"the columns of these rows cannot be written to {path}") from error


def _write_csv(table: "ArrowTable", path: Path, delimiter: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, delimiter=delimiter)
        writer.writerow(table.column_names)
        for batch in cast("Any", table).to_batches(max_chunksize=_ROWS_AT_ONCE):
            columns = [column.to_pylist() for column in batch.columns]
            for row in zip(*columns, strict=True):
                writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> object:
    nested = isinstance(value, list | dict)
    return json.dumps(value, ensure_ascii=False, default=str) if nested else value


def _read_parquet(path: Path) -> "ArrowTable":
    try:
        with path.open("rb") as opened:
            return cast("ArrowTable", parquet.ParquetFile(opened).read())
    except Exception as error:
        raise TableRefused(f"{path} cannot be read as Parquet") from error


def _read_json(connection: Connection, path: Path) -> "ArrowTable":
    with _opened(path) as lines:
        form = "array" if lines.read(_BLANK).lstrip().startswith("[") else "newline_delimited"
    query = f"SELECT * FROM read_json(?, format = '{form}', sample_size = -1)"
    return cast("ArrowTable", connection.sql(query, params=[str(path)]).to_arrow_table())


def _read_csv(connection: Connection, path: Path) -> "ArrowTable":
    query = "SELECT Delimiter, Quote FROM sniff_csv(?, header = true, sample_size = -1)"
    [(delimiter, quote)] = connection.execute(query, [str(path)]).fetchall()
    query = "SELECT * FROM read_csv(?, header = true, sample_size = -1)"
    table = cast("ArrowTable", connection.sql(query, params=[str(path)]).to_arrow_table())
    # The engine gives names of its own where two are alike, or where one is empty.
    names = _header(path, delimiter, quote)
    return table.rename_columns(names) if len(names) == len(table.column_names) else table


def _header(path: Path, delimiter: str, quote: str) -> list[str]:
    quoted = quote if len(quote) == 1 and quote != "\0" else None
    with _opened(path) as lines:
        quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        rows = csv.reader(lines, delimiter=delimiter, quotechar=quoted, quoting=quoting)
        return next(rows, cast("list[str]", []))


def _opened(path: Path) -> TextIO:
    reading = gzip.open if path.suffix == ".gz" else open
    return cast("TextIO", reading(path, "rt", encoding="utf-8-sig", newline=""))
