"""A world's state as plain values, and the two demands on it: the oracle's end, and safety."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Protocol, cast

import pandas as pd

from movie_pipeline.deployments import Deployment
from movie_pipeline.ledger.ledger import Ledger, LedgerEntry
from movie_pipeline.quarantine.quarantine_record import read_records
from movie_pipeline.storage.storage_port import Area
from movie_pipeline_tests.faults import oracle
from movie_pipeline_tests.faults.oracle import Expected, Sent

_ARCHIVED_NAME = re.compile(r"(?:files|committed_on=\d{4}-\d\d-\d\d)/([0-9a-f]{32})__")


@dataclass(frozen=True)
class Notified:
    """A notice of the outbox: whether it is marked as sent, and the files it is about."""

    sent: bool
    files: frozenset[str]


@dataclass(frozen=True)
class State:
    """What can be seen of a world, after the fact."""

    table: list[tuple[Any, ...]]
    entries: dict[str, LedgerEntry]
    ledger_rows: int
    outbox: dict[str, Notified]
    outbox_rows: int
    quarantine: Counter[tuple[str, int, str]]
    unreasoned: int
    archived: dict[tuple[str, str], bytes]
    landing: list[str]
    waiting: list[bytes]
    views: dict[str, oracle.View]
    told: list[str]
    resolutions: list[tuple[Any, ...]]


class Watched(Protocol):
    """What is looked at; a World is one."""

    @property
    def deployment(self) -> Deployment:
        """The implementations under test."""
        ...

    def waiting(self) -> list[bytes]:
        """The bytes of every file that is still in landing."""
        ...

    def told(self) -> list[str]:
        """The ids of all notices that people got."""
        ...


def observe(world: Watched) -> State:
    """Look at everything; to be done in a child, as it opens the warehouse."""
    deployment = world.deployment
    storage, warehouse = deployment.storage, deployment.warehouse
    entries = Ledger(warehouse).entries(limit=100_000)
    outbox = warehouse.query("select id, body, sent_at from mp_outbox")
    records = list(_quarantined(world))
    return State(
        table=_rows(
            warehouse.query(
                "select movie_id, movie_title, release_year, imdb_rating, genre, votes, "
                "file_version, file_id, record_number from movie_data_table"
            )
        ),
        entries={entry.file_id: entry for entry in entries},
        ledger_rows=len(entries),
        outbox={
            str(row["id"]): Notified(not pd.isna(row["sent_at"]), _files_in(str(row["body"])))
            for row in outbox.to_dict("records")
        },
        outbox_rows=len(outbox),
        quarantine=Counter(
            (record["file_id"], record["record_number"], record["raw"]) for record in records
        ),
        unreasoned=sum(not record["reasons"] for record in records),
        archived=_archived(world),
        landing=[file.key for file in storage.landed()],
        waiting=world.waiting(),
        views={
            "mv_top_rated_movies": _rows(
                warehouse.query("select movie_id, imdb_rating from mv_top_rated_movies")
            ),
            "mv_genre_statistics": _rows(
                warehouse.query(
                    "select genre, movies, best_rating, total_votes from mv_genre_statistics"
                )
            ),
            "mv_yearly_trends": _rows(
                warehouse.query(
                    "select release_year, movies, best_rating, total_votes from mv_yearly_trends"
                )
            ),
        },
        told=world.told(),
        resolutions=_rows(
            warehouse.query(
                "select file_id, record_number, outcome, replay_file_id, replay_record_number "
                "from mp_resolutions"
            )
        ),
    )


def _rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    found = [
        tuple(None if pd.isna(value) else value for value in row)
        for row in frame.astype(object).itertuples(index=False, name=None)
    ]
    return sorted(found, key=repr)


def _files_in(body: str) -> frozenset[str]:
    """The file_ids that a notice names, whatever its form."""
    return frozenset(re.findall(r'"file_id": ?"([0-9a-f]{32})"', body))


def _quarantined(world: Watched) -> Iterable[Mapping[str, Any]]:
    storage = world.deployment.storage
    for name in storage.names(Area.QUARANTINE):
        if name.endswith(".jsonl") and not name.startswith("replays/"):
            # a damaged line is no record: then records are missing, and that is what is told
            with storage.reading(Area.QUARANTINE, name) as path, suppress(ValueError):
                yield from read_records(path)


def _archived(world: Watched) -> dict[tuple[str, str], bytes]:
    """By area and file id; by its whole name what lies where it should not, or once too often."""
    storage = world.deployment.storage
    places = {"history": (Area.HISTORY, "committed_on="), "quarantine": (Area.QUARANTINE, "files/")}
    found: dict[tuple[str, str], bytes] = {}
    for called, (area, prefix) in places.items():
        for name in storage.names(area, prefix):
            place = _ARCHIVED_NAME.match(name)
            key = (called, place[1] if place else name)
            with storage.reading(area, name) as path:
                found[(called, name) if key in found else key] = path.read_bytes()
    return found


# --- the demands ---------------------------------------------------------------------------------


def check_end(
    state: State,
    batches: Iterable[Sequence[Sent]],
    *,
    in_order: bool = True,
    notices: bool = True,
) -> None:
    """The state is the oracle's, and nothing is left to do.

    Args:
        state: what is there.
        batches: what was sent, as it was loaded together.
        in_order: False where it is not known what loaded with what: then only the sum of loaded and
            superseded rows is known of each file.
        notices: False where the outbox was lost with the warehouse.
    """
    batches = [list(batch) for batch in batches]
    expected = oracle.expect(batches, _duplicates(state))
    same("the table", state.table, rows_of(expected))
    same("the states", _states(state), {key: a.state for key, a in expected.accounts.items()})
    wanted = _expected_accounts(expected, in_order=in_order)
    same("the accounts", _accounts(state, in_order=in_order), wanted)
    same("the ledger's rows", state.ledger_rows, len(state.entries))
    same("quarantine", _counted(state, expected), expected.quarantine)
    same("records without a reason", state.unreasoned, 0)
    same("landing", state.landing, [])
    same("files on their way out of landing", len(state.waiting), 0)
    same("the files' places", _places(state, expected), expected.archived)
    same("files not archived", _unarchived(state), [])
    same("the resolutions", _resolutions(state), expected.resolutions)
    same("top rated", state.views["mv_top_rated_movies"], _sorted(oracle.top_rated(expected.table)))
    same(
        "genres",
        state.views["mv_genre_statistics"],
        _sorted(oracle.genre_statistics(expected.table)),
    )
    same("years", state.views["mv_yearly_trends"], _sorted(oracle.yearly_trends(expected.table)))
    if notices:
        _check_notices(state, expected)


def _check_notices(state: State, expected: Expected) -> None:
    told = set[str]().union(*(notice.files for notice in state.outbox.values()))
    same("files told of", told, set(expected.accounts))
    same("the outbox's rows", state.outbox_rows, len(state.outbox))
    # the digests of batches that come together are told by one that the outbox holds too
    batches_told = any(name.startswith("digest-") for name in state.told)
    own = {key for key in state.outbox if not (key.startswith("batch-") and batches_told)}
    same("notices sent", set(state.told), own)
    same("notices unsent", [key for key, notice in state.outbox.items() if not notice.sent], [])


def check_safe(state: State, sent: Iterable[Sent]) -> None:
    """What must hold at the moment of a crash, before anything is repaired."""
    rows = Counter(row[7] for row in state.table)
    films = Counter(row[0] for row in state.table)
    told = set[str]().union(*(notice.files for notice in state.outbox.values()))
    same("films twice in the table", [key for key, count in films.items() if count > 1], [])
    same("the ledger's rows", state.ledger_rows, len(state.entries))
    for file_id, count in rows.items():
        assert file_id in state.entries, f"{count} rows of {file_id} without a ledger entry"
        assert str(state.entries[file_id].state) == "LOADED", "rows of a file that is not LOADED"
        assert count <= state.entries[file_id].rows_loaded, "more rows than the ledger says"
    waiting = Counter(file_id for file_id, _, _ in state.quarantine)
    for entry in state.entries.values():
        assert entry.file_id in told, "a ledger entry without its notice"
        apart = entry.rows_quarantined + entry.rows_held
        assert entry.rows_in == entry.rows_loaded + entry.rows_superseded + apart, "accounting"
        if apart:
            same("records in quarantine", waiting[entry.file_id], apart)
    _check_resolutions(state)
    assert set(state.told) <= set(state.outbox), "a notice of what never happened"
    kept = {*state.waiting, *state.archived.values()}
    lost = [file.key for file in sent if file.content not in kept]
    same("files that are nowhere", lost, [])


def _check_resolutions(state: State) -> None:
    """They stand there exactly where the replay does, once for each of its records."""
    same("records resolved twice", len(_resolutions(state)), len(state.resolutions))
    resolved = Counter(replay for _, _, _, replay, _ in state.resolutions)
    decided = {
        entry.file_id: entry.rows_in
        for entry in state.entries.values()
        if entry.summary.replay and str(entry.state) != "DUPLICATE"
    }
    same("records that replays resolved", resolved, decided)


def _resolutions(state: State) -> oracle.Resolutions:
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in state.resolutions}


def _duplicates(state: State) -> set[str]:
    """The files that the ledger says are duplicates; another with their bytes is loaded or held.

    A content may be loaded more than once only where something else was said after the first time,
    and is held once.
    """
    loaded = [entry for entry in state.entries.values() if str(entry.state) == "LOADED"]
    held = [entry for entry in state.entries.values() if str(entry.state) == "HELD"]
    contents = {entry.content_sha256 for entry in (*loaded, *held)}
    found = [entry for entry in state.entries.values() if str(entry.state) == "DUPLICATE"]
    replays = {entry.file_id for entry in found if entry.summary.replay}
    lone = [entry.key for entry in found if entry.content_sha256 not in contents]
    same("duplicates of nothing", [key for key in lone if key not in replays], [])
    for_nothing = [
        entry.key for entry in loaded if not entry.summary.replay and _said_already(entry, loaded)
    ]
    same("contents loaded twice", for_nothing, [])
    contents_held = Counter(entry.content_sha256 for entry in held if not entry.summary.replay)
    same("contents held twice", [one for one, times in contents_held.items() if times > 1], [])
    return {entry.file_id for entry in found}


def _said_already(entry: LedgerEntry, loaded: Sequence[LedgerEntry]) -> bool:
    """Whether another file loaded the same bytes and nothing else was said after it."""

    def age(one: LedgerEntry) -> tuple[object, ...]:
        return one.file_version, one.file_id

    same_bytes = [
        one
        for one in loaded
        if one.content_sha256 == entry.content_sha256
        and age(one) < age(entry)
        and one.committed_at <= entry.committed_at
    ]
    others = [one for one in loaded if one.content_sha256 != entry.content_sha256]
    return any(not any(age(other) > age(one) for other in others) for one in same_bytes)


def rows_of(expected: Expected) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for row in expected.table.values():
        movie_id, title, year, rating, genre, votes = row.film
        provenance = (pd.Timestamp(row.version.astimezone(UTC).replace(tzinfo=None)),)
        rows.append(
            (
                movie_id,
                title,
                int(year) if year else None,
                float(rating),
                genre or None,
                int(votes) if votes else None,
                *provenance,
                row.file_id,
                row.record_number,
            )
        )
    return _sorted(rows)


def _sorted(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)


def _states(state: State) -> dict[str, str]:
    return {key: str(entry.state) for key, entry in state.entries.items()}


def _accounts(state: State, *, in_order: bool) -> dict[str, tuple[int, ...]]:
    return {
        key: _account(
            entry.rows_in,
            entry.rows_loaded,
            entry.rows_superseded,
            entry.rows_quarantined,
            entry.rows_held,
            in_order=in_order,
        )
        for key, entry in state.entries.items()
    }


def _expected_accounts(expected: Expected, *, in_order: bool) -> dict[str, tuple[int, ...]]:
    return {
        key: _account(
            account.rows_in,
            account.loaded,
            account.superseded,
            account.quarantined,
            account.held,
            in_order=in_order,
        )
        for key, account in expected.accounts.items()
    }


def _account(  # noqa: PLR0913 - the five numbers of an account
    rows_in: int, loaded: int, superseded: int, quarantined: int, held: int, *, in_order: bool
) -> tuple[int, ...]:
    good = (loaded, superseded) if in_order else (loaded + superseded,)
    return (rows_in, *good, quarantined, held)


def _counted(state: State, expected: Expected) -> Counter[tuple[str, int, str]]:
    """Quarantined records of the files that were decided, and are no duplicates.

    Files are published before they are decided: a crash and a sender who replaces the file then
    leave records that belong to no entry.
    """
    ours = {key for key, account in expected.accounts.items() if account.state != "DUPLICATE"}
    return Counter({key: count for key, count in state.quarantine.items() if key[0] in ours})


def _places(state: State, expected: Expected) -> dict[tuple[str, str], bytes]:
    """Where files lie, without those whose entry says that they were not there to be moved."""
    missing = {key for key, entry in state.entries.items() if entry.archive_note}
    for place in [place for place in expected.archived if place[1] in missing]:
        del expected.archived[place]
    return state.archived


def _unarchived(state: State) -> list[str]:
    return [key for key, entry in state.entries.items() if entry.archived_at is None]


def same(what: str, found: object, wanted: object) -> None:
    assert found == wanted, f"{what}: {_difference(found, wanted)}"


def _difference(found: object, wanted: object) -> str:
    """What is there too much and what is missing, in few words."""
    if isinstance(found, list) and isinstance(wanted, list):
        here, there = cast("list[Any]", found), cast("list[Any]", wanted)
        extra = [item for item in here if item not in there]
        missing = [item for item in there if item not in here]
        return f"too much {extra!r:.600}, missing {missing!r:.600}"
    if isinstance(found, dict) and isinstance(wanted, dict):
        given, asked = cast("dict[Any, Any]", found), cast("dict[Any, Any]", wanted)
        keys = [key for key in {*given, *asked} if given.get(key) != asked.get(key)]
        pairs = {key: (given.get(key), asked.get(key)) for key in keys[:4]}
        return f"found and wanted differ at {pairs!r:.900}"
    return f"found {found!r:.600}, wanted {wanted!r:.600}"
