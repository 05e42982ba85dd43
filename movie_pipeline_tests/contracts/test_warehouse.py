"""What every warehouse promises."""

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import (
    BatchRefused,
    QueryMistake,
    StoredFileChanged,
    StoredFileMissing,
    WarehouseError,
    WarehouseRefused,
)
from movie_pipeline.stop_signals import Stopped
from movie_pipeline.storage.part_list import Part, PartList, list_name
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.stored_values import to_json
from movie_pipeline.warehouse.query_answers import QueryLimits
from movie_pipeline.warehouse.warehouse_port import Warehouse, WarehouseSession
from movie_pipeline_tests.contracts.conftest import Fresh
from movie_pipeline_tests.steps.world import OUTPUT_SCHEMA

VIEWS = ("mv_genre_statistics", "mv_top_rated_movies", "mv_yearly_trends")
MOMENT = datetime(2026, 1, 1)  # noqa: DTZ001 - the tables hold UTC without a zone
Table = Any
"""pyarrow's, which has no types."""


def notice(number: int) -> dict[str, object]:
    return {"id": f"n{number}", "kind": "success", "body": "{}", "created_at": MOMENT}


def unsent(session: WarehouseSession) -> list[dict[str, Any]]:
    return session.fetch("outbox/unsent", limit=10_000, waiting="batch-%")


def ids(warehouse: Warehouse) -> list[str]:
    with warehouse.reading() as session:
        return [row["id"] for row in unsent(session)]


@pytest.fixture
def storage(world: tuple[Warehouse, Storage]) -> Storage:
    """Where the warehouse copies from: a folder; what stores promise is tested by themselves."""
    return world[1]


@pytest.fixture
def put_parquet(storage: Storage, tmp_path: Path) -> Callable[[str, Any], None]:
    """Puts an Arrow table into the output area."""

    def put(name: str, table: object) -> None:
        path = tmp_path / "rows.parquet"
        cast("Any", pq).write_table(table, path)
        storage.put(Area.OUTPUT, name, path)

    return put


def rows(count: int, schema: object = OUTPUT_SCHEMA) -> Table:
    films = [
        {
            "movie_id": f"m{number}",
            "movie_title": "A",
            "imdb_rating": 8.0,
            "file_id": "f",
            "record_number": number,
            "file_version": MOMENT,
        }
        for number in range(count)
    ]
    return cast("Any", pa).Table.from_pylist(films, schema=schema)


def without_last_column(table: Table) -> Table:
    return table.drop_columns(["file_version"])


def with_votes_as_parts(table: Table) -> Table:
    place = table.schema.names.index("votes")
    return table.set_column(place, "votes", [[12.75]])


def with_a_column_more(table: Table) -> Table:
    return table.append_column("studio", [["Warner"]])


def with_long_texts(table: Table) -> Table:
    place = table.schema.names.index("movie_title")
    arrow = cast("Any", pa)
    texts = table["movie_title"].cast(arrow.large_string())
    return table.set_column(
        place, arrow.field("movie_title", arrow.large_string(), nullable=False), texts
    )


def renamed(table: Table) -> Table:
    return table.rename_columns([f"c{n}" for n in range(len(OUTPUT_SCHEMA.names))])


def with_years_of_64_bits(table: Table) -> Table:
    return table.set_column(2, "release_year", [[1]])


LIMITS = QueryLimits(60.0, 10**9)


def write_and_fail(warehouse: Warehouse) -> None:
    with warehouse.writing() as session:
        session.run("outbox/insert", **notice(2))
        raise WarehouseError("of the block")


class TestWarehouse:
    """Every implementation, by its interface alone."""

    def test_preparing_twice_is_preparing_once(self, warehouse: Warehouse) -> None:
        warehouse.prepare()
        with warehouse.writing() as session:
            session.run("outbox/insert", **notice(1))
        warehouse.prepare()
        assert ids(warehouse) == ["n1"]

    def test_the_table_has_the_contracts_columns(self, warehouse: Warehouse) -> None:
        columns = warehouse.columns("movie_data_table")
        wanted = [(column.name, column.nullable) for column in MOVIES.contract.columns]
        assert [(column.name, column.nullable) for column in columns][: len(wanted)] == wanted

    def test_a_table_that_is_not_there_has_no_columns(self, warehouse: Warehouse) -> None:
        assert warehouse.columns("nothing") == []

    def test_a_block_that_ends_well_is_committed(self, warehouse: Warehouse) -> None:
        with warehouse.writing() as session:
            session.run_many("outbox/insert", [notice(1), notice(2)])
        assert ids(warehouse) == ["n1", "n2"]

    def test_many_rows_at_once_are_the_same_rows_one_by_one(self, warehouse: Warehouse) -> None:
        """More of them than fit one statement, with texts that are SQL."""
        hostile = "'); -- $id :id VALUES ($id_0) \N{SNOWMAN}"
        wanted = [{**notice(number), "id": f"{number:05}{hostile}"} for number in range(2_601)]
        with warehouse.writing() as session:
            for row in wanted[:3]:
                session.run("outbox/insert", **row)
            session.run_many("outbox/insert", wanted[3:])
            found = unsent(session)
        assert found == [{name: row[name] for name in ("id", "kind", "body")} for row in wanted]

    def test_a_statement_that_is_no_insert_runs_once_per_row(self, warehouse: Warehouse) -> None:
        with warehouse.writing() as session:
            session.run_many("outbox/insert", [notice(1), notice(2), notice(3)])
            marks = [{"id": "n1", "sent_at": MOMENT}, {"id": "n3", "sent_at": MOMENT}]
            session.run_many("outbox/mark_sent", marks)
        assert ids(warehouse) == ["n2"]

    def test_an_exception_in_the_block_rolls_everything_back(self, warehouse: Warehouse) -> None:
        def fail() -> None:
            with warehouse.writing() as session:
                session.run("outbox/insert", **notice(1))
                raise ValueError("anything")

        with pytest.raises(ValueError, match="anything"):
            fail()
        assert ids(warehouse) == []

    def test_a_swallowed_error_does_not_commit_what_came_before(self, warehouse: Warehouse) -> None:
        def swallow() -> None:
            with warehouse.writing() as session:
                session.run("outbox/insert", **notice(1))
                with pytest.raises(WarehouseError):
                    session.run("outbox/insert", id=None, kind=None, body=None, created_at=None)

        with pytest.raises(WarehouseError, match="nothing was committed, since before"):
            swallow()
        assert ids(warehouse) == []

    def test_values_are_bound_whatever_they_hold(self, warehouse: Warehouse) -> None:
        hostile = "'); drop table mp_outbox; -- $id :id \N{SNOWMAN}"
        with warehouse.writing() as session:
            session.run("outbox/insert", **{**notice(1), "id": hostile})
        assert ids(warehouse) == [hostile]

    def test_a_statement_that_fails_is_named(self, warehouse: Warehouse) -> None:
        def fail() -> None:
            with warehouse.writing() as session:
                session.run("load/count_staged")

        with pytest.raises(WarehouseError, match="load/count_staged"):
            fail()

    def test_an_error_does_not_repeat_a_value(self, warehouse: Warehouse) -> None:
        def fail() -> None:
            with warehouse.writing() as session:
                session.run("outbox/insert", **{**notice(1), "created_at": "SSN-CANARY"})

        with pytest.raises(WarehouseError, match="outbox/insert") as caught:
            fail()
        assert "SSN-CANARY" not in str(caught.value)

    def test_a_writer_does_not_disturb_a_reader(self, warehouse: Warehouse) -> None:
        with warehouse.writing() as session:
            session.run("outbox/insert", **notice(1))
            assert ids(warehouse) == []
        assert ids(warehouse) == ["n1"]

    def test_while_it_is_kept_open_it_reads_writes_and_refreshes_as_ever(
        self, warehouse: Warehouse
    ) -> None:
        with warehouse.kept_open():
            assert ids(warehouse) == []
            with warehouse.kept_open(), warehouse.writing() as session:
                session.run("outbox/insert", **notice(1))
            assert ids(warehouse) == ["n1"]
            warehouse.refresh("mv_top_rated_movies")
            with pytest.raises(WarehouseError):
                write_and_fail(warehouse)
            assert list(warehouse.query("select 1 as one")["one"]) == [1]
        assert ids(warehouse) == ["n1"]

    def test_who_comes_after_a_kept_block_finds_it_free(
        self, warehouse: Warehouse, fresh: Fresh
    ) -> None:
        with warehouse.kept_open():
            assert ids(warehouse) == []
        with fresh().writing() as session:
            session.run("outbox/insert", **notice(1))
        assert ids(warehouse) == ["n1"]

    def test_parquet_files_are_appended_by_name(
        self, warehouse: Warehouse, put_parquet: Callable[[str, Any], None]
    ) -> None:
        """Files of an older form too: other columns' order, and none where a row needs none."""
        put_parquet("a.parquet", rows(3))
        turned = rows(2).select([*reversed(OUTPUT_SCHEMA.names)])
        put_parquet("b.parquet", turned)
        put_parquet("c.parquet", rows(1).drop_columns(["genre", "other_columns", "star1"]))
        put_parquet("d.parquet", with_long_texts(rows(1)))
        with warehouse.writing() as session:
            session.run("load/create_staging")
            assert session.copy("mp_staging", [f"{name}.parquet" for name in "abcd"]) == 7
            assert session.fetch("load/count_staged") == [{"file_id": "f", "row_count": 7}]
            session.run("load/insert_staged", loaded_at=MOMENT)
        found = warehouse.query("select distinct movie_title, genre from movie_data_table")
        assert found["movie_title"].tolist() == ["A"]
        assert found["genre"].isna().all()

    def test_the_name_of_a_file_in_parts_stands_for_all_of_them(
        self,
        warehouse: Warehouse,
        storage: Storage,
        put_parquet: Callable[[str, Any], None],
        tmp_path: Path,
    ) -> None:
        parts = [Part(f"parts/b/1/f/{number}.parquet") for number in range(3)]
        for number, part in enumerate(parts):
            put_parquet(part.name, rows(number + 1))
        put_parquet("alone.parquet", rows(1))
        named, text = list_name(parts[0].name), tmp_path / "list"
        text.write_text(to_json(PartList(tuple(parts))))
        storage.put(Area.OUTPUT, named, text)
        with warehouse.writing() as session:
            session.run("load/create_staging")
            assert session.copy("mp_staging", [named, "alone.parquet"]) == 7

        def load() -> None:
            with warehouse.writing() as session:
                session.run("load/create_staging")
                session.copy("mp_staging", ["alone.parquet", named])

        storage.remove(Area.OUTPUT, parts[1].name)
        with pytest.raises(StoredFileMissing):
            load()
        text.write_text("no list")
        storage.put(Area.OUTPUT, named, text)
        with pytest.raises(StoredFileChanged, match="is not what was written there"):
            load()

    def test_what_was_rewritten_for_copy_is_removed(
        self, warehouse: Warehouse, storage: Storage, put_parquet: Callable[[str, Any], None]
    ) -> None:
        put_parquet("c.parquet", rows(1).drop_columns(["genre"]))
        with warehouse.writing() as session:
            session.run("load/create_staging")
            session.copy("mp_staging", ["c.parquet"])
        assert storage.names(Area.OUTPUT) == ["c.parquet"]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                without_last_column,
                "it lacks file_version",
            ),
            (
                with_years_of_64_bits,
                "release_year is int64, but the table's is integer and takes int32",
            ),
            (
                with_votes_as_parts,
                "votes is double, but the table's is bigint and takes int64",
            ),
            (
                with_a_column_more,
                "the table has no studio",
            ),
            (
                renamed,
                "it lacks movie_id.*the table has no c0",
            ),
        ],
    )
    def test_a_parquet_file_of_another_shape_is_refused(
        self,
        warehouse: Warehouse,
        put_parquet: Callable[[str, Any], None],
        change: Callable[[Any], Any],
        message: str,
    ) -> None:
        put_parquet("bad.parquet", change(rows(1)))

        def load() -> None:
            with warehouse.writing() as session:
                session.run("load/create_staging")
                session.copy("mp_staging", ["bad.parquet"])

        with pytest.raises(WarehouseError, match=message):
            load()

    def test_a_file_that_is_no_parquet_is_refused(
        self, warehouse: Warehouse, storage: Storage, tmp_path: Path
    ) -> None:
        (tmp_path / "x").write_bytes(b"not parquet at all")
        storage.put(Area.OUTPUT, "x.parquet", tmp_path / "x")

        def load() -> None:
            with warehouse.writing() as session:
                session.run("load/create_staging")
                session.copy("mp_staging", ["x.parquet"])

        with pytest.raises(BatchRefused, match="in the output area cannot be read as Parquet"):
            load()

    def test_the_one_file_of_many_that_is_wrong_is_named_and_none_is_loaded(
        self, warehouse: Warehouse, put_parquet: Callable[[str, Any], None]
    ) -> None:
        put_parquet("a.parquet", rows(1))
        put_parquet("bad.parquet", with_a_column_more(rows(1)))
        put_parquet("c.parquet", rows(1))

        def load() -> None:
            with warehouse.writing() as session:
                session.run("outbox/insert", **notice(1))
                session.run("load/create_staging")
                session.copy("mp_staging", ["a.parquet", "bad.parquet", "c.parquet"])

        with pytest.raises(BatchRefused, match=r"^bad\.parquet .* the table has no studio"):
            load()
        assert ids(warehouse) == []

    def test_a_stop_while_files_are_copied_is_no_fault_of_the_warehouse(
        self,
        warehouse: Warehouse,
        storage: Storage,
        put_parquet: Callable[[str, Any], None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        put_parquet("a.parquet", rows(1))
        put_parquet("b.parquet", rows(1).drop_columns(["genre"]))
        reading = storage.reading

        def stopped(area: Area, name: str) -> AbstractContextManager[Path]:
            if name == "b.parquet":
                raise Stopped(signal.SIGINT)
            return reading(area, name)

        monkeypatch.setattr(storage, "reading", stopped)

        def load() -> None:
            with warehouse.writing() as session:
                session.run("load/create_staging")
                session.copy("mp_staging", ["a.parquet", "b.parquet"])

        with pytest.raises(Stopped):
            load()

    @pytest.mark.parametrize("view", VIEWS)
    def test_a_view_is_there_from_the_start_and_can_be_refreshed(
        self, warehouse: Warehouse, view: str
    ) -> None:
        warehouse.refresh(view)
        assert warehouse.query(f"select * from {view}").empty
        assert warehouse.columns(view)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ("add column studio varchar(64)", "studio is in the table, but not in the contract"),
            ("drop column star1", r"star1 \(varchar\(512\)\) is missing in the table"),
            (
                "rename column star2 to star_two",
                r"star2 \(varchar\(512\)\) is missing .*star_two is in the table, but not",
            ),
            (
                "rename column meta_score to votes_of_old",
                "meta_score .integer. is missing",
            ),
        ],
    )
    def test_a_table_that_is_not_as_the_contract_says_is_refused_column_by_column(
        self, warehouse: Warehouse, administer: Callable[[str], None], change: str, message: str
    ) -> None:
        warehouse.prepare()
        with warehouse.reading() as session:
            session.expect_contract()
        if warehouse.columns("mp_view_definitions"):  # on DuckDB a view is a table of its own
            for view in VIEWS:
                administer(f"drop materialized view {view}")
        administer(f"alter table movie_data_table {change}")
        with (
            pytest.raises(WarehouseRefused, match=message),
            warehouse.reading() as session,
        ):
            session.expect_contract()

    def test_a_view_shows_new_rows_only_after_a_refresh(
        self, warehouse: Warehouse, put_parquet: Callable[[str, Any], None]
    ) -> None:
        put_parquet("a.parquet", rows(3))
        with warehouse.writing() as session:
            session.run("load/create_staging")
            session.copy("mp_staging", ["a.parquet"])
            session.run("load/insert_staged", loaded_at=MOMENT)
        count = "select count(*) as n from mv_top_rated_movies"
        assert warehouse.query(count)["n"].tolist() == [0]
        warehouse.refresh("mv_top_rated_movies")
        assert warehouse.query(count)["n"].tolist() == [3]

    def test_views_are_stale_from_a_load_to_their_refresh(
        self, warehouse: Warehouse, put_parquet: Callable[[str, Any], None]
    ) -> None:
        assert warehouse.stale_views() == []
        put_parquet("a.parquet", rows(3))
        with warehouse.writing() as session:
            session.run("load/create_staging")
            session.copy("mp_staging", ["a.parquet"])
            session.run("load/insert_staged", loaded_at=MOMENT)
        assert warehouse.stale_views() == list(VIEWS)
        loaded = MOMENT.replace(tzinfo=UTC)
        assert warehouse.stale_views(before=loaded) == list(VIEWS)
        assert warehouse.stale_views(before=loaded - timedelta(seconds=1)) == []
        warehouse.refresh("mv_top_rated_movies")
        assert warehouse.stale_views() == ["mv_genre_statistics", "mv_yearly_trends"]

    def test_refreshing_what_is_no_view_says_which_there_are(self, warehouse: Warehouse) -> None:
        with pytest.raises(WarehouseError, match="did you mean mv_yearly_trends"):
            warehouse.refresh("mv_yearly_trend")

    def test_a_query_answers_with_a_frame(self, warehouse: Warehouse) -> None:
        frame = warehouse.query("select 1 as a, 'x' as b union all select 2, 'y' order by a")
        assert frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}

    def test_whole_numbers_stay_whole_where_one_is_missing(self, warehouse: Warehouse) -> None:
        large = 2**53 + 1  # no float holds it
        frame = warehouse.query(
            f"select {large} as n, 'x' as t, 1.5 as d "
            "union all select null, null, null order by t nulls last"
        )
        assert [frame["n"].tolist()[0], str(frame["n"].dtype)] == [large, "Int64"]
        assert frame["n"].isna().tolist() == [False, True]
        assert len(warehouse.query("select 1 as a, 2 as a, 3 as b").columns) == 3

    @pytest.mark.parametrize(
        "text",
        [
            "delete from mp_outbox",
            "with gone as (delete from mp_outbox returning *) select * from gone",
            "explain analyze delete from mp_outbox",
            "drop table mp_outbox",
            "select 1; delete from mp_outbox",
            "insert into mp_outbox select 'x', 'x', 'x', now(), null",
            "",
        ],
    )
    def test_a_query_that_would_write_is_refused_and_writes_nothing(
        self, warehouse: Warehouse, text: str
    ) -> None:
        with warehouse.writing() as session:
            session.run("outbox/insert", **notice(1))
        with pytest.raises(WarehouseError, match=r"read-only|the query failed|one statement"):
            warehouse.query(text)
        assert ids(warehouse) == ["n1"]

    def test_a_query_that_would_write_is_refused_beside_a_writer_too(
        self, warehouse: Warehouse
    ) -> None:
        text = "with gone as (delete from mp_writer_lock returning *) select * from gone"
        refused = pytest.raises(WarehouseError, match="the query failed")
        with warehouse.writing(), refused:
            warehouse.query(text)

    def test_a_query_with_a_mistake_is_told_where(self, warehouse: Warehouse) -> None:
        with pytest.raises(QueryMistake, match=r'the query failed: .*at or near "selct"'):
            warehouse.query("selct 1")

    @pytest.mark.parametrize(
        "text", ["", "select 1; select 2", "selct 1", "select nothing_such", "drop view v"]
    )
    def test_a_query_that_only_another_can_mend_is_told_from_a_warehouse_that_fails(
        self, warehouse: Warehouse, text: str
    ) -> None:
        with (
            pytest.raises(QueryMistake),
            warehouse.answer(text, LIMITS) as answer,
        ):
            list(answer.pages)

    def test_a_large_answer_comes_page_by_page(self, warehouse: Warehouse) -> None:
        digits = " union all ".join(f"select {digit} as d" for digit in range(10))
        text = (
            f"with digits as ({digits}) select a.d + 10 * b.d + 100 * c.d + 1000 * e.d as n "
            "from digits a, digits b, digits c, digits e order by n;"
        )
        with warehouse.answer(text, LIMITS) as answer:
            pages = list(answer.pages)
        assert answer.rows in {None, 10_000}
        assert max(len(page) for page in pages) <= 1000
        assert [n for page in pages for n in page["n"].tolist()] == list(range(10_000))

    def test_an_answer_without_rows_is_one_page_with_its_columns(
        self, warehouse: Warehouse
    ) -> None:
        with warehouse.answer("select 1 as a, 2 as a where 1 = 0", LIMITS) as answer:
            [page] = answer.pages
        assert [len(page), list(page.columns)] == [0, ["a", "a_1"]]

    def test_a_load_does_not_wait_for_a_reader_of_an_answer(self, warehouse: Warehouse) -> None:
        with warehouse.answer("select id from mp_outbox", LIMITS) as answer:
            with warehouse.writing() as session:
                session.run("outbox/insert", **notice(1))
            assert sum(len(page) for page in answer.pages) == 0
        assert ids(warehouse) == ["n1"]

    def test_an_answer_that_is_too_large_or_too_slow_is_refused(self, warehouse: Warehouse) -> None:
        digits = " union all ".join(f"select {digit} as d" for digit in range(10))
        million = ", ".join(f"digits d{place}" for place in range(7))
        text = f"with digits as ({digits}) select d0.d, d1.d, d2.d from {million}"

        def read(limits: QueryLimits) -> None:
            with warehouse.answer(text, limits) as answer:
                for _ in answer.pages:
                    pass

        with pytest.raises(WarehouseError, match="the query failed: its answer is larger than 9,0"):
            read(QueryLimits(60.0, 9_000))
        with pytest.raises(WarehouseError, match=r"the query failed: it took longer than 0\.05 s"):
            read(QueryLimits(0.05, 10**12))
        text = (
            "select cast(case when d > 7 then 'x' else '1' end as int) from (" + digits + ") as t"
        )
        with pytest.raises(QueryMistake, match="the query failed: "):
            read(LIMITS)

    def test_an_answer_that_would_write_is_refused(self, warehouse: Warehouse) -> None:
        with (
            pytest.raises(WarehouseError, match=r"read-only|the query failed"),
            warehouse.answer("delete from mp_outbox", LIMITS),
        ):
            pass
