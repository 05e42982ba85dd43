"""Reference datasets: what rules such as ReferentialIntegrity hold a file against, read once a run.

Which there are is a setting. They are people's files, trusted no more than others: fetched under
names of ours, and nothing of them is guessed. What rules make of them is dqdl/'s affair.
"""

import csv
import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path

from movie_pipeline.errors import SettingsError, StoredFileMissing
from movie_pipeline.screening.screening_engine import (
    FAULTS_OF_DATA,
    OUT_OF_MEMORY,
    Connection,
    literal,
)
from movie_pipeline.settings import Settings
from movie_pipeline.storage.storage_port import Storage
from movie_pipeline.time_limit import TimeIsUp, time_limit

VARIABLE = "MOVIE_PIPELINE_REFERENCE_DATASETS"
_DECLARED = re.compile(r"(?P<alias>[A-Za-z_][A-Za-z0-9_]*)=(?P<place>.+)")
_MAY_NAME_ONE = re.compile(
    r"\b(AggregateMatch|CustomSql|DatasetMatch|ReferentialIntegrity|RowCountMatch|SchemaMatch)\b"
)
_TAKEN = {"primary"}
_KINDS = (".csv", ".parquet")


def declared_datasets(settings: Settings) -> dict[str, str]:
    """The aliases that rules may use, and where each dataset lies.

    Raises:
        SettingsError: one of them has another form, or an alias is there twice.
    """
    places: dict[str, str] = {}
    for text in settings.reference_datasets:
        found = _DECLARED.fullmatch(text)
        if found is None or Path(found["place"]).suffix.lower() not in _KINDS:
            raise SettingsError(
                f"{VARIABLE} must be a list such as studios=lists/studios.csv, of .csv or .parquet "
                f"files, but has {text!r}."
            )
        alias = found["alias"]
        if alias.lower() in _TAKEN | {known.lower() for known in places}:
            raise SettingsError(
                f"{VARIABLE} names {alias} twice, or takes the name of the data itself: each "
                "dataset needs an alias of its own."
            )
        places[alias] = found["place"]
    return places


@contextmanager
def reference_tables(
    connection: Connection,
    storage: Storage,
    settings: Settings,
    folder: Path,
    rulesets: Iterable[str],
) -> Generator[Mapping[str, str]]:
    """The datasets as tables for the length of the block, where a rule may name one.

    Args:
        connection: the engine that judges.
        storage: where the datasets are fetched from.
        settings: which there are.
        folder: a folder to work in.
        rulesets: the texts of all rulesets that files are judged by.

    Yields:
        The name of the table by the alias.

    Raises:
        SettingsError: one is not there, or cannot be read.
    """
    asked = any(map(_MAY_NAME_ONE.search, rulesets))
    tables: dict[str, str] = {}
    try:
        for dataset in declared_datasets(settings).items() if asked else ():
            table = tables[dataset[0]] = f"reference_{len(tables)}"
            _read(connection, storage, settings, dataset, folder, table)
        yield tables
    finally:
        for table in tables.values():
            connection.execute(f"DROP TABLE IF EXISTS {table}")


def _read(  # noqa: PLR0913, PLR0917 - what is read, from where, and where to
    connection: Connection,
    storage: Storage,
    settings: Settings,
    dataset: tuple[str, str],
    folder: Path,
    table: str,
) -> None:
    alias, place = dataset
    copy = folder / f"{table}{Path(place).suffix.lower()}"
    try:
        storage.fetch_reference(place, copy)
        reader = _csv_reader(copy) if copy.suffix == ".csv" else f"read_parquet({literal(copy)})"
        with time_limit(connection, settings.engine.rule_seconds):
            connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM {reader}")
    except StoredFileMissing as error:
        raise SettingsError(
            f"the reference dataset {alias} of {VARIABLE} is not there: {error}"
        ) from None
    except TimeIsUp as error:
        raise SettingsError(
            f"the reference dataset {alias} ({place}) of {VARIABLE} is too large: reading it took "
            f"more than {error.seconds:g} s, which is MOVIE_PIPELINE_RULE_SECONDS."
        ) from None
    except OUT_OF_MEMORY:
        raise SettingsError(
            f"the reference dataset {alias} ({place}) of {VARIABLE} is too large for "
            f"MOVIE_PIPELINE_MEMORY_LIMIT, {settings.engine.memory_limit}, and the work folder."
        ) from None
    except (ValueError, csv.Error, *FAULTS_OF_DATA) as error:
        # DuckDB's own words quote the row
        cause = str(error) if isinstance(error, _HeaderError) else _EXPECTED[copy.suffix]
        raise SettingsError(
            f"the reference dataset {alias} ({place}) of {VARIABLE} cannot be read: {cause}"
        ) from None
    finally:
        copy.unlink(missing_ok=True)


class _HeaderError(ValueError):
    """A header that names no columns; the message says why."""


_EXPECTED = {
    ".csv": "a CSV must be UTF-8, comma separated, with a header and as many cells in each record.",
    ".parquet": "it is no whole Parquet file.",
}


def _csv_reader(path: Path) -> str:
    """SQL that reads a CSV as text, as it stands: nothing is sniffed, an empty cell is missing."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        header = next(csv.reader(lines, strict=True), list[str]())
    if not header or not all(name.strip() for name in header):
        raise _HeaderError("its header must name every column.")
    if len({name.lower() for name in header}) < len(header):
        raise _HeaderError("its header names a column twice.")
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    return (
        f"read_csv({literal(path)}, auto_detect = false, header = true, delim = ',', quote = '\"', "
        f"escape = '\"', columns = {{{columns}}})"
    )
