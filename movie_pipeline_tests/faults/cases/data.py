"""Faults of what files say: order, repetition, drift, hostility, number, size."""

import gzip
import io
import random
import resource
import zipfile
from collections.abc import Sequence

from movie_pipeline.dqdl import parse_ruleset
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases.common import empty, end, in_child, run, safe, seen
from movie_pipeline_tests.faults.children import start
from movie_pipeline_tests.faults.fault import BOTH, FOLDER, Bench, Fault, counted, named
from movie_pipeline_tests.faults.oracle import HEADER, Record, Sent, expect
from movie_pipeline_tests.faults.state import rows_of, same
from movie_pipeline_tests.faults.world import LocalWorld, film, films
from movie_pipeline_tests.samples import csv_file


def _one_unreadable(bench: Bench, key: str) -> None:
    """F07: one file among many that cannot be read, whatever it is called."""
    count = 20 if bench.short else 100
    world = empty(bench)
    sent = [
        world.put(f"{number}.csv", films(film(f"m{number}")), number) for number in range(count - 1)
    ]
    sent.append(world.put(key, b"\x89PNG\r\n\x1a\n\x00\xff", 5))
    run(world)
    state = end(world, [sent])
    states = sorted(str(entry.state) for entry in state.entries.values())
    assert states == ["LOADED"] * (count - 1) + ["REJECTED"]


def _shuffled(bench: Bench, case: str) -> None:
    """F09, F18: versions of the same movies in any order and any batches; the newest wins."""
    chance = random.Random(f"{bench.seed} {case}")
    world = empty(bench)
    versions = [
        (f"{n}.csv", n // 2, films(*_some_films(chance, n))) for n in range(chance.randint(3, 6))
    ]
    chance.shuffle(versions)
    batches: list[list[Sent]] = []
    while versions:
        size = chance.randint(1, len(versions))
        batches.append([world.put(key, content, n) for key, n, content in versions[:size]])
        versions = versions[size:]
        run(world, work=f"batch-{len(batches)}")
    end(world, batches)


def _some_films(chance: random.Random, number: int) -> list[Record]:
    ids = chance.choices(["m1", "m2", "m3", "m4"], k=chance.randint(1, 4))
    return [
        film(movie_id, f"{7.6 + number / 10 + place / 100:.2f}")
        for place, movie_id in enumerate(ids)
    ]


def _older_later(bench: Bench, how: str) -> None:
    """F18: an older version of films that the table has newer."""
    world = empty(bench)
    newer, older = films(film("m1", "9.0"), film("m2", "9.0")), films(film("m1"), film("m3"))
    batches = [[world.put("newer.csv", newer, 5)]]
    if how == "same batch":
        batches[0].append(world.put("older.csv", older, 1))
        run(world)
    else:
        run(world)
        batches.append([world.put("older.csv", older, 1)])
        run(world, work="next")
    state = end(world, batches)
    (entry,) = [e for e in state.entries.values() if e.key == "older.csv"]
    assert (entry.rows_loaded, entry.rows_superseded) == (1, 1)


def _repeated(bench: Bench, how: str) -> None:
    """F19: the same film, or the same file, more than once."""
    world = empty(bench)
    content = films(film("m1", "8.0"), film("m2"), film("m1", "8.1"), film("m1", "8.2"))
    batches = [[world.put("a.csv", content, 1)]]
    if how == "in one file":
        run(world)
        state = end(world, batches)
        assert [entry.rows_superseded for entry in state.entries.values()] == [2]
        return
    if how == "the same bytes in one batch":
        batches[0].append(world.put("b.csv", content, 2))
        run(world)
    else:
        run(world)
        batches.append([world.put("b.csv", content, 2)])
        run(world, work="next")
    state = end(world, batches)
    assert sorted(str(entry.state) for entry in state.entries.values()) == ["DUPLICATE", "LOADED"]


# --- F41 -----------------------------------------------------------------------------------------

_FILMS = [film("m1", "8.1"), film("m2", "8.2"), film("m3", "8.3")]


def _written(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    return csv_file(rows, header=header)


def _without(name: str, rows: Sequence[Record]) -> tuple[list[str], list[Record]]:
    place = HEADER.index(name)
    return (
        [column for column in HEADER if column != name],
        [(*row[:place], *row[place + 1 :]) for row in rows],
    )


def _retyped(count: int) -> list[Record]:
    return [film(f"m{number}", "a lot" if number < count else "8.5") for number in range(11)]


DRIFTS: dict[str, tuple[bytes, list[Record], str]] = {
    "added": (
        _written([*HEADER, "studio"], [(*row, "A Studio") for row in _FILMS]),
        _FILMS,
        "LOADED",
    ),
    "missing, optional": (
        _written(*_without("votes", _FILMS)),
        [(*row[:5], "") for row in _FILMS],
        "LOADED",
    ),
    "missing, required": (_written(*_without("imdb_rating", _FILMS)), [], "REJECTED"),
    "renamed": (
        _written(["tconst", "Series_Title", "Year", "IMDB Score", "Genres", "No_of_Votes"], _FILMS),
        _FILMS,
        "LOADED",
    ),
    "retyped, some": (films(*_retyped(3)), _retyped(3)[3:], "LOADED"),
    "retyped, most": (films(*_retyped(10)), [], "HELD"),
    "reordered": (_written(HEADER[::-1], [row[::-1] for row in _FILMS]), _FILMS, "LOADED"),
}
"""How a sender's columns change: the file, the films that load of it, its state."""


def _drifted(bench: Bench, how: str) -> None:
    content, loading, state_expected = DRIFTS[how]
    world = empty(bench)
    before = world.put("before.csv", films(film("m0")), 0)
    run(world)
    sent = world.put("movies.csv", content, 1)
    run(world, work="next")
    state = safe(world, [before, sent])
    entry = state.entries[sent.file_id]
    assert str(entry.state) == state_expected, entry.reason
    assert entry.rows_loaded == len(loading)
    expected = expect([[before], [Sent(sent.file_id, sent.key, films(*loading), sent.version)]])
    rows = rows_of(expected)
    # the oracle read the loading films alone: their record numbers are others
    same("the table", [row[:-1] for row in state.table], [row[:-1] for row in rows])
    assert entry.archived_at is not None


# --- F42 -----------------------------------------------------------------------------------------

_GOOD = films(*_FILMS)


def _zip(*tables: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, table in enumerate(tables):
            archive.writestr(zipfile.ZipInfo(f"{number}.csv"), table, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


HOSTILE: dict[str, tuple[bytes, str]] = {
    "unclosed quote": (
        _GOOD + b'm4,"A Film,1999,8.5,Drama,1000\nm5,A Film,1999,8.5,Drama,1\n',
        "HELD",
    ),
    "NUL": (_GOOD + b"m4,A\0Film,1999,8.5,Drama,1000\n", "LOADED"),
    "BOM": (b"\xef\xbb\xbf" + _GOOD, "LOADED"),
    "latin-1": (_GOOD + "m4,Amélie,2001,8.3,Drama,1000\n".encode("latin-1"), "LOADED"),
    "mixed line ends": (
        _GOOD.replace(b"\n", b"\r\n", 1) + b"m4,A Film,1999,8.5,Drama,1\r\n",
        "LOADED",
    ),
    "ragged": (_GOOD + b"m4,A Film\nm5,A Film,1999,8.5,Drama,1,2,3\n", "LOADED"),
    "empty": (b"", "REJECTED"),
    "header only": (_GOOD.split(b"\n")[0] + b"\n", "REJECTED"),
    "3 MB in a cell": (_GOOD + b"m4," + b"x" * 3_000_000 + b",1999,8.5,Drama,1\n", "LOADED"),
    "header twice": (
        b"movie_id,movie_title,movie_title,imdb_rating\nm1,A,B,8.5\nm2,A,B,8.5\n",
        "LOADED",
    ),
    "gzip bomb": (gzip.compress(_GOOD + b"x" * 40_000_000, mtime=0), "REJECTED"),
    "ZIP of parts": (
        _zip(_GOOD, films(film("m4"), film("m5", "1.0"), film("m1", "9.0"))),
        "LOADED",
    ),
    "ZIP bomb": (_zip(_GOOD, b"x" * 20_000_000, b"x" * 20_000_000), "REJECTED"),
    "ZIP of others": (_zip(_GOOD, b"user,movie\n1,2\n"), "REJECTED"),
    "picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "REJECTED"),
}


def _hostile(bench: Bench, how: str) -> None:
    """F42: whatever the bytes, they are accounted for, beside a good file that loads."""
    content, wanted = HOSTILE[how]
    world = empty(bench)
    good = world.put("good.csv", films(film("g1"), film("g2")), 0)
    sent = world.put("hostile.csv", content, 1)
    run(world)
    state = safe(world, [good, sent])
    entry = state.entries[sent.file_id]
    assert str(entry.state) == wanted, f"{entry.state}: {entry.reason}"
    assert state.entries[good.file_id].rows_loaded == 2
    assert state.landing == []
    area = "quarantine" if wanted == "REJECTED" else "history"
    assert state.archived[area, sent.file_id] == content


# --- F60 -----------------------------------------------------------------------------------------

MANY = ", ".join(f"primary p{number}" for number in range(30))
UNJUDGEABLE = {
    "out of range": ("RowCount > last(1 / 0)", "a number or a date in it is out of range"),
    "too slow": (f'CustomSql "select count(*) from {MANY}" > 0', "it was stopped after 1 s"),
    "too much memory": (
        f'CustomSql "select array_agg(repeat(p0.movie_title, 1000)) from {MANY}" > 0',
        "it ",  # which of the two it runs out of first is the machine's affair
    ),
    "nested": (f'IsComplete "movie_title" where "{"not " * 900}true"', "nested too deeply"),
}


def _unjudgeable(bench: Bench, how: str) -> None:
    """F60: a rule that cannot be judged is named, its file HELD, and nothing is rejected for it."""
    rule, cause = UNJUDGEABLE[how]
    world = empty(bench, rule_seconds=1.0)
    sent = world.put("good.csv", films(*(film(f"g{number}") for number in range(40))), 0)

    def work() -> None:
        ruleset = parse_ruleset(f"Rules = [RowCount > 0, {rule}]")
        job.load(world.deployment, job.prepare(world.deployment, ruleset=ruleset))
        job.finish(world.deployment)

    in_child(work)
    entry = safe(world, [sent]).entries[sent.file_id]
    assert (str(entry.state), entry.rows_held) == ("HELD", 40), entry.reason
    assert f"the rule {rule} could not be evaluated: " in entry.reason
    assert cause in entry.reason


# --- F39, F40 ------------------------------------------------------------------------------------


def _many(bench: Bench, count: str) -> None:
    """F39: a burst of small files; every batch is of bounded size, and all load."""
    world = empty(bench, batch_files=100)
    assert isinstance(world, LocalWorld), "a burst on AWS is measured elsewhere"
    sent = [
        world.put_fast(
            f"{number}.csv", films(film(f"m{number % 997}", f"{7.6 + number % 20 / 10}")), number
        )
        for number in range(int(count))
    ]
    batches = in_child(lambda: job.run_in_batches(world.deployment), seconds=3600)
    by_id = {file.file_id: file for file in sent}
    state = end(world, [[by_id[file_id] for file_id in batch] for batch in batches])
    assert max(map(len, batches)) <= 100
    # one for each batch, and those that tell several of them together
    assert len(state.outbox) <= 2 * len(batches), "a notice per file"


def _large(bench: Bench, _: str) -> None:
    """F40: a file of eight times the engine's memory limit; less than the file is ever resident."""
    limit, size = 48_000_000, 400_000_000
    world = empty(bench, memory_limit="48MB")
    assert isinstance(world, LocalWorld), "the engine is the same on AWS"
    row = "m{0},A Film,1999,8.5,Drama," + "1" * 3 + "\n"
    rows = 0
    path = bench.folder / "large.csv"
    with path.open("w") as file:
        file.write(",".join([*HEADER, "overview"]) + "\n")
        filler = "x" * 2000
        while file.tell() < size:
            file.writelines(
                row.format(number)[:-1] + f",{filler}\n" for number in range(rows, rows + 5000)
            )
            rows += 5000
    world.landing.mkdir(parents=True, exist_ok=True)
    path.rename(world.landing / "large.csv")

    def work() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        outcomes = job.prepare(world.deployment, ruleset=parse_ruleset("Rules = [RowCount > 0]"))
        job.load(world.deployment, outcomes)
        job.finish(world.deployment)
        return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024

    ended = start(work).wait(600)
    assert ended.code == 0, ended.trace
    (entry,) = seen(world).entries.values()
    assert (entry.rows_in, entry.rows_loaded) == (rows, rows)
    assert ended.value < size, f"{ended.value:,} bytes more were resident, for a limit of {limit:,}"


FAULTS = (
    Fault(
        "F07",
        "one unreadable file in a batch of 100",
        "a picture; foreign names",
        _one_unreadable,
        named("poison.csv", "x' iam_role 'arn.csv", "naïve\n.csv"),
        worlds=BOTH,
    ),
    Fault(
        "F09",
        "files out of order",
        "shuffled versions and batches",
        _shuffled,
        lambda bench: counted(20 if bench.world == FOLDER else 6, 3)(bench),
        worlds=BOTH,
    ),
    Fault(
        "F18",
        "an older file after a newer one",
        "older version, later or beside it",
        _older_later,
        named("same batch", "later batch"),
        worlds=BOTH,
    ),
    Fault(
        "F19",
        "the same movies or bytes again",
        "keys repeated in a file; the file sent twice",
        _repeated,
        named("in one file", "the same bytes in one batch", "the same bytes later"),
        worlds=BOTH,
    ),
    Fault(
        "F39",
        "thousands of small files at once",
        "generator",
        _many,
        lambda bench: {"short": ["250"], "full": ["1000"]}.get(bench.extent, ["10000"]),
        only_full=True,
    ),
    Fault("F40", "a file of eight times the memory limit", "generator", _large, only_full=True),
    Fault(
        "F41",
        "columns added, missing, renamed, retyped, reordered",
        "files",
        _drifted,
        named(*DRIFTS),
        worlds=BOTH,
    ),
    Fault("F42", "hostile files", "files", _hostile, named(*HOSTILE), worlds=BOTH),
    Fault(
        "F60",
        "a rule that cannot be judged",
        "rulesets",
        _unjudgeable,
        named(*UNJUDGEABLE),
        worlds=BOTH,
    ),
)
