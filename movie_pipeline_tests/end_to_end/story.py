"""Files of every kind, sent and taken in as people would; told to any place, and what it left.

What must come of them is worked out by faults/oracle.py from the same bytes.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.end_to_end.daemon import HandDaemon
from movie_pipeline_tests.end_to_end.places import Place, next_second
from movie_pipeline_tests.faults.oracle import Sent
from movie_pipeline_tests.faults.state import State, observe
from movie_pipeline_tests.faults.world import film, films
from movie_pipeline_tests.home import check_results

OLDER = {"older.csv": films(film("m1", "7.6"), film("m10", "7.8"))}
"""Sent first, taken in last: it must not undo what came later."""
FIRST = {
    "movies.csv": films(film("m1", "8.1"), film("m2", "8.2", year="2001"), film("m9", "9.9")),
    "same bytes.csv": films(film("m12", "8.3", year="", votes="")),
}
HOSTILE_NAMES = (
    "x' iam_role 'arn.csv",
    'quote"; drop table movie_data_table; --.csv',
    "new\nline\t\x1b[31m.csv",
    "=cmd()|' '!A0.csv",
    "%s {0} $(touch x) %2e%2e%2f.csv",
    "-rf *.csv",
    "\u202egpj.csv",
    "é e\u0301 日本語.csv",
    "folder/inner/a+b c.csv",
    "long" * 60 + ".csv",
)
HOSTILE_CELLS = (
    "'; drop table movie_data_table; --",
    '=cmd|" /C calc"!A0',
    "%s%n {0} ${HOME} $(id)",
    "a,b\\c\t\x07\u202ez",
    "NULL",
    ("long " * 200).strip(),
)
SECOND = {
    "movies.csv": films(film("m1", "9.1"), film("m13")),
    "clean.csv": films(film("m2", "8.8"), film("m3", "7.9", genre="Drama"), film("m4")),
    "some bad.csv": films(
        film("m5", "9.0"), film("m6", "6.0"), film("m7", year="PG"), film("m8", title="")
    ),
    "repeated.csv": films(film("m14", "8.0"), film("m11"), film("m14", "8.9"), film("m11")),
    "held.csv": films(*(film(f"h{number}") for number in range(13))),
    "rejected.csv": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\xff",
    "packed.csv.gz": gzip.compress(films(film("z1"), film("z2", "1.0")), mtime=0),
    "utf-16.csv": films(film("u1", title="日本語"), film("u2")).decode().encode("utf-16"),
    "bom.csv": "\ufeff".encode() + films(film("u3", title="é"), film("u4")),
    "cells.csv": films(
        *(film(f"c{number}", title=cell) for number, cell in enumerate(HOSTILE_CELLS))
    ),
    **{name: films(film(f"n{number}")) for number, name in enumerate(HOSTILE_NAMES)},
}
AGAIN = {"the same bytes again.csv": FIRST["same bytes.csv"]}
"""Said after all the others, and so no duplicate: within one second S3 knows no order."""


@dataclass(frozen=True)
class Story:
    """What was sent, and all that can be seen of it afterwards, as plain values.

    Attributes:
        batches: what was sent, as it was taken in together.
        state: table, ledger, quarantine, archives, views, told.
        names: of each file_id the file's name, numbered where two had it.
        records: the records set apart.
        rows: the table's rows, all columns.
        checks: check results of each run, by name: whether passed, severity, description.
        catalog: the columns of each table of the catalog, then the places of its partitions.
        succeeded: whether each run did.
        addresses: where each area lies.
    """

    batches: Sequence[Sequence[Sent]]
    state: State
    names: Mapping[str, str]
    records: Sequence[Mapping[str, Any]]
    rows: Sequence[Mapping[str, Any]]
    notices: Sequence[Mapping[str, Any]]
    events: Sequence[tuple[str, Mapping[str, Any]]]
    checks: Sequence[Mapping[str, Any]]
    catalog: Mapping[str, Sequence[tuple[str, str]]]
    succeeded: Sequence[bool]
    addresses: Mapping[str, str]


def tell(place: Place, daemon: HandDaemon) -> Story:
    """Send and take in all of it; to be called inside the place."""
    older = _put(place, OLDER)
    next_second()
    first = _put(place, FIRST)
    daemon.ingest([sent.file_id for sent in first])
    daemon.follow()
    next_second()
    second = [*older, *_put(place, SECOND)]
    next_second()
    second += _put(place, AGAIN)
    daemon.look()
    daemon.follow()
    daemon.tick("notices")
    return _seen(place, daemon, [first, second])


def _put(place: Place, files: Mapping[str, bytes]) -> list[Sent]:
    return [place.put(name, content) for name, content in files.items()]


def _seen(place: Place, daemon: HandDaemon, batches: Sequence[Sequence[Sent]]) -> Story:
    deployment = place.deployment
    table = deployment.warehouse.query("select * from movie_data_table order by movie_id")
    return Story(
        batches=batches,
        state=observe(place),
        names={
            sent.file_id: f"{sent.key} of batch {number}"
            for number, batch in enumerate(batches)
            for sent in batch
        },
        records=[
            json.loads(line)
            for name, content in sorted(place.files("badrecords").items())
            if name.endswith(".jsonl")
            for line in content.splitlines()
        ],
        rows=[
            {str(name): value for name, value in row.items()} for row in table.to_dict("records")
        ],
        notices=place.notices(),
        events=place.events(),
        checks=[_checks(result) for result in daemon.results],
        catalog={
            one.name: [
                *((column.name, column.type) for column in one.columns),
                *(
                    ("a partition at", partition.location)
                    for partition in deployment.catalog.partitions(one.name)
                ),
            ]
            for one in deployment.catalog.tables()
        },
        succeeded=[result.success for result in daemon.results],
        addresses={area: deployment.storage.uri(area, "").rstrip("/") for area in Area},
    )


def _checks(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    return {
        name: [check.passed, check.severity.value, check.description]
        for name, check in check_results(result).items()
    }
