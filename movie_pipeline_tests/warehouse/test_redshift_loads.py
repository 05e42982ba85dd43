"""Loads into Redshift through its driver, with answers lost, conflicts, and two loads at once."""

import socket
import threading
from collections.abc import Sequence

import pytest

from movie_pipeline.errors import WarehouseBusy, WarehouseConflict, WarehouseError
from movie_pipeline.ledger.ledger import LedgerEntry
from movie_pipeline.steps.load import LoadRun, load_batch
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.warehouse import redshift_connection
from movie_pipeline.warehouse.transactions import Tries
from movie_pipeline_tests.standins.redshift import Cut, Failure
from movie_pipeline_tests.steps.world import Film
from movie_pipeline_tests.warehouse.redshift_world import RedshiftWorld, race

RUN = LoadRun(batch_id="b", run_id="r")
ROUNDS = 12
"""Of the race; a hundred are run with the faults."""


def load(redshift: RedshiftWorld, *films: Film, **settings: float) -> Sequence[LedgerEntry]:
    outcome = redshift.screened("a.csv", films or (Film("m1"), Film("m2")))
    return load_batch(
        redshift.another_warehouse(**settings),
        [outcome],
        RUN,
        lambda _: [],
        tries=Tries(first_seconds=0.05),
    )


def assert_loaded_once(redshift: RedshiftWorld, entries: Sequence[LedgerEntry]) -> None:
    assert [entry.rows_loaded for entry in entries] == [2]
    assert sorted(redshift.table()) == ["m1", "m2"]
    assert redshift.count("mp_load_ledger") == 1


def test_a_batch_is_loaded_in_one_transaction_whose_first_statement_is_the_lock(
    redshift: RedshiftWorld,
) -> None:
    redshift.warehouse.prepare()
    before = len(redshift.standin.statements)
    entries = load_batch(
        redshift.warehouse, [redshift.screened("a.csv", [Film("m1")])], RUN, lambda _: []
    )
    number = redshift.standin.statements[before][0]
    sent = [
        text
        for (connection, _), text in zip(
            redshift.standin.statements, redshift.standin.sent(), strict=True
        )
        if connection == number
    ]
    assert sent[:4] == [
        "set statement_timeout to 900000",
        "set statement_timeout to 5000",
        "begin transaction",
        "lock table mp_writer_lock",
    ]
    assert sent[-1] == "commit"
    assert sent.count("commit") == 1
    assert entries[0].rows_loaded == 1


def test_copy_names_the_manifest_the_role_and_nothing_that_parquet_refuses(
    redshift: RedshiftWorld,
) -> None:
    load(redshift)
    [copy] = [text for text in redshift.standin.sent() if text.startswith("copy")]
    assert copy.startswith("copy mp_staging from 's3://movies-test/output/manifests/")
    assert copy.endswith(
        ".json' iam_role 'arn:aws:iam::123456789012:role/movies-redshift' "
        "format as parquet manifest"
    )
    assert redshift.storage.names(Area.OUTPUT, "manifests/") == []


@pytest.mark.parametrize("cut", [Cut.BEFORE, Cut.AFTER, Cut.MIDDLE])
def test_a_load_whose_commit_lost_its_connection_is_loaded_once_and_says_so(
    redshift: RedshiftWorld, cut: Cut
) -> None:
    redshift.warehouse.prepare()
    before = len(redshift.standin.sent())
    redshift.standin.faults.commits.append(cut)
    assert_loaded_once(redshift, load(redshift))
    commits = redshift.standin.sent()[before:].count("commit")
    assert commits == (2 if cut is Cut.BEFORE else 1)


@pytest.mark.parametrize("cut", [Cut.HANG_BEFORE, Cut.HANG_AFTER])
def test_a_load_whose_commit_is_never_answered_is_loaded_once_and_says_so(
    redshift: RedshiftWorld, cut: Cut, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redshift_connection, "READ_GRACE_SECONDS", 0.5)
    redshift.warehouse.prepare()
    redshift.standin.faults.commits.append(cut)
    assert_loaded_once(redshift, load(redshift, redshift_statement_seconds=1.0))


def test_a_load_that_loses_its_connection_three_times_on_the_way_is_loaded_once(
    redshift: RedshiftWorld,
) -> None:
    redshift.warehouse.prepare()
    redshift.standin.faults.commits.extend([Cut.BEFORE, Cut.BEFORE, Cut.AFTER])
    assert_loaded_once(redshift, load(redshift))


@pytest.mark.parametrize(
    "statement", ["lock table", "copy ", "insert into movie_data_table", "insert into mp_load"]
)
def test_a_connection_that_is_lost_at_a_statement_is_no_end_of_the_load(
    redshift: RedshiftWorld, statement: str
) -> None:
    redshift.warehouse.prepare()
    redshift.standin.faults.lose_answer_to = statement
    assert_loaded_once(redshift, load(redshift))
    assert redshift.standin.faults.lose_answer_to == ""


@pytest.mark.parametrize("statement", ["commit", "delete from movie_data_table"])
@pytest.mark.parametrize(
    ("state", "message", "detail"),
    [
        ("XX000", "1023", "Serializable isolation violation on table - 100542, transactions"),
        ("40001", "could not serialize access", ""),
        ("XX000", "could not complete because of conflict with concurrent transaction", ""),
        ("40P01", "deadlock detected", ""),
        ("57014", "Query (150) cancelled on user's request", ""),
    ],
)
def test_three_conflicts_are_no_end_of_the_load(
    redshift: RedshiftWorld, statement: str, state: str, message: str, detail: str
) -> None:
    redshift.warehouse.prepare()
    failure = Failure(statement, state, message, detail, times=3)
    redshift.standin.faults.failures.append(failure)
    assert_loaded_once(redshift, load(redshift))
    assert failure.times == 0


def test_conflicts_without_end_are_told_and_nothing_is_loaded(redshift: RedshiftWorld) -> None:
    redshift.warehouse.prepare()
    redshift.standin.faults.failures.append(Failure("commit", "40001", "x", times=99))
    with pytest.raises(WarehouseConflict, match=r"COMMIT failed in the warehouse: another trans"):
        load(redshift)
    assert redshift.table() == {}


@pytest.mark.parametrize("counted", [0, 1])
def test_a_copy_that_loads_fewer_rows_than_were_written_loads_nothing(
    redshift: RedshiftWorld, counted: int
) -> None:
    redshift.warehouse.prepare()
    redshift.standin.faults.lose_rows = 1
    redshift.standin.faults.count_lost_rows = bool(counted)
    with pytest.raises(WarehouseError, match="staging holds 1 rows where screening wrote 2"):
        load(redshift)
    assert redshift.table() == {}
    assert redshift.count("mp_load_ledger") == 0


def test_a_copy_whose_own_count_is_another_loads_nothing(redshift: RedshiftWorld) -> None:
    redshift.warehouse.prepare()
    redshift.standin.faults.lose_rows = -1
    redshift.standin.faults.count_lost_rows = True
    with pytest.raises(WarehouseError, match="screening wrote 2"):
        load(redshift)
    assert redshift.table() == {}


def test_a_text_that_is_too_long_in_bytes_is_refused_without_it(redshift: RedshiftWorld) -> None:
    long = Film("m1", more={"certificate": "\N{SNOWMAN}" * 30})
    with pytest.raises(
        WarehouseError, match="a text of 90 bytes does not fit certificate, which holds 64"
    ):
        load(redshift, long)
    assert redshift.table() == {}


def test_a_missing_file_of_the_batch_loads_nothing(redshift: RedshiftWorld) -> None:
    redshift.warehouse.prepare()
    outcome = redshift.screened("a.csv", [Film("m1")])
    assert outcome.output_name is not None

    def vanish(uri: str) -> bytes:
        if uri.endswith(".parquet"):
            raise KeyError(uri)
        return redshift.storage.bytes_at(uri)

    assert isinstance(redshift.storage.size(Area.OUTPUT, outcome.output_name), int)
    redshift.standin.read = vanish
    with pytest.raises(WarehouseError, match="is no more in the output area"):
        load_batch(redshift.warehouse, [outcome], RUN, lambda _: [])
    assert redshift.table() == {}


def test_a_lock_that_another_load_holds_is_waited_for_and_then_told(
    redshift: RedshiftWorld,
) -> None:
    hasty = redshift.another_warehouse(warehouse_wait_seconds=0.4)
    hasty.prepare()

    def write() -> None:
        with hasty.writing():
            pass

    with (
        redshift.warehouse.writing(),
        pytest.raises(WarehouseBusy, match=r"the writer lock .* was not to be had within 0\.4 s"),
    ):
        write()
    write()


def test_a_warehouse_that_nobody_answers_for_is_busy(redshift: RedshiftWorld) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        redshift.standin.port = unused.getsockname()[1]
        away = redshift.another_warehouse(warehouse_wait_seconds=0.3)
        with pytest.raises(WarehouseBusy, match=r"127\.0\.0\.1:\d+ took no connection for 0\.3 s"):
            away.query("select 1")


def test_a_database_that_is_not_there_is_named_by_its_setting(redshift: RedshiftWorld) -> None:
    redshift.standin.postgres.psql(f"drop database {redshift.standin.database}")
    named = pytest.raises(
        WarehouseError, match="no such database: check MOVIE_PIPELINE_REDSHIFT_DA"
    )
    with named:
        redshift.warehouse.query("select 1")


def test_two_processes_may_prepare_at_once(redshift: RedshiftWorld) -> None:
    warehouses = [redshift.another_warehouse() for _ in range(3)]
    threads = [threading.Thread(target=warehouse.prepare) for warehouse in warehouses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert redshift.count("mp_view_definitions") == 3
    assert redshift.warehouse.columns("mv_yearly_trends")


def test_a_view_whose_text_has_changed_is_made_again_by_its_refresh_alone(
    redshift: RedshiftWorld,
) -> None:
    redshift.warehouse.prepare()
    redshift.standin.postgres.psql(
        "update mp_view_definitions set definition_sha256 = 'x' where name = 'mv_yearly_trends'",
        redshift.standin.database,
    )
    before = len(redshift.standin.statements)
    warehouse = redshift.another_warehouse()
    warehouse.prepare()
    assert warehouse.stale_views() == ["mv_yearly_trends"]
    assert not [text for text in redshift.standin.sent()[before:] if "materialized view" in text]
    warehouse.refresh("mv_yearly_trends")
    assert warehouse.stale_views() == []
    made = [text for text in redshift.standin.sent()[before:] if "materialized view" in text]
    assert [text[:50] for text in made] == [
        "drop materialized view if exists mv_yearly_trends",
        "create materialized view mv_yearly_trends diststyl",
    ]


def test_two_loads_at_once_leave_what_one_after_the_other_would(redshift: RedshiftWorld) -> None:
    assert race(redshift, ROUNDS) == []


def test_without_the_lock_two_loads_at_once_are_found_out(redshift: RedshiftWorld) -> None:
    # on a busy machine two loads may miss each other for a while
    assert any(race(redshift, ROUNDS, locked=False) for _ in range(5))


def test_only_the_columns_of_our_own_schema_are_told(redshift: RedshiftWorld) -> None:
    warehouse = redshift.another_warehouse()
    ours = warehouse.columns("movie_data_table")
    redshift.standin.postgres.psql(
        "create schema theirs; create table theirs.movie_data_table (foreign_column integer);",
        redshift.standin.database,
    )
    assert warehouse.columns("movie_data_table") == ours
    assert "foreign_column" not in {column.name for column in ours}
