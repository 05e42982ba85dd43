"""What every warehouse promises of its version: made, migrated, refused, and never half."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import WarehouseError, WarehouseRefused
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse import duckdb_warehouse, redshift_warehouse, upgrading
from movie_pipeline.warehouse.home_marker import NAME
from movie_pipeline.warehouse.migrations import Migration
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline.warehouse.warehouse_port import Warehouse
from movie_pipeline_tests.contracts.conftest import Fresh

SHIPPED = Statements.migrations.func, Statements.table_migrations.func
ADD = Migration(
    "9001_studio",
    0,
    """-- A column more, filled.
    alter table mp_outbox add column channel varchar(64);
    update mp_outbox set channel = 'mail; or not'""",
)
SWAP = Migration(
    "9001_votes",
    0,
    """-- Votes may have a part.
    alter table movie_data_table add column votes_new double precision;
    update movie_data_table set votes_new = votes;
    alter table movie_data_table drop column votes;
    alter table movie_data_table rename column votes_new to votes""",
)


@contextmanager
def program(
    *more: Migration, of_the_table: Sequence[Migration] = (), name: str = "9.9"
) -> Generator[None]:
    """A program that has these migrations beside those that are shipped."""

    def after(shipped: Callable[[Statements], tuple[Migration, ...]], new: Sequence[Migration]):  # noqa: ANN202
        def all_of_them(statements: Statements) -> tuple[Migration, ...]:
            own = shipped(statements)
            return own + tuple(
                Migration(each.name, len(own) + place, each.text)
                for place, each in enumerate(new, 2)
            )

        return property(all_of_them)

    with (
        patch.object(Statements, "migrations", after(SHIPPED[0], more)),
        patch.object(Statements, "table_migrations", after(SHIPPED[1], of_the_table)),
        patch.object(upgrading, "program_version", lambda: name),
    ):
        yield


def identity(warehouse: Warehouse) -> dict[str, Any]:
    with warehouse.reading() as session:
        [row] = session.fetch("warehouse/found")
    return row


def outbox_columns(warehouse: Warehouse) -> list[str]:
    return [column.name for column in warehouse.columns("mp_outbox")]


class TestUpgrades:
    """Every implementation, by its interface alone."""

    def test_a_fresh_warehouse_has_the_newest_version_and_an_id(self, warehouse: Warehouse) -> None:
        assert warehouse.upgrade_plan().steps == ("make the warehouse",)
        warehouse.prepare()
        assert len(identity(warehouse)["warehouse_id"]) == 32
        plan = warehouse.upgrade_plan()
        assert (plan.steps, plan.found) == ((), plan.known)

    def test_looking_at_what_is_to_be_done_does_nothing(self, warehouse: Warehouse) -> None:
        warehouse.upgrade_plan()
        assert warehouse.upgrade_plan().steps == ("make the warehouse",)

    def test_an_older_warehouse_is_migrated_once_and_keeps_its_id(
        self, warehouse: Warehouse, fresh: Fresh
    ) -> None:
        before = identity(warehouse)
        with program(ADD):
            plan = fresh().upgrade_plan()
            assert plan.steps == ("9001_studio: A column more, filled.",)
            assert plan.found != plan.known
            fresh().prepare()
            after = identity(fresh())
            assert "channel" in outbox_columns(fresh())
            assert fresh().upgrade_plan().steps == ()
            fresh().prepare()
            assert identity(fresh()) == after
        assert after["warehouse_id"] == before["warehouse_id"]
        assert after["schema_version"] == before["schema_version"] + 1
        assert after["program_version"] == "9.9"

    def test_a_warehouse_of_before_versions_were_counted_is_the_first_version(
        self,
        world: tuple[Warehouse, Storage],
        fresh: Fresh,
        administer: Callable[[str], None],
    ) -> None:
        warehouse, storage = world
        warehouse.prepare()
        administer("drop table mp_warehouse")
        storage.remove(Area.HISTORY, NAME)
        assert fresh().upgrade_plan().found == "1.1"
        fresh().prepare()
        assert identity(fresh())["warehouse_id"]
        assert fresh().upgrade_plan().steps == ()

    def test_a_newer_warehouse_is_refused_by_an_older_program_naming_both(
        self, warehouse: Warehouse, fresh: Fresh
    ) -> None:
        warehouse.prepare()
        with program(ADD):
            fresh().prepare()
        refused = (
            r"has version \d+\.\d+, made so by movie-pipeline 9\.9, but this program, "
            r"movie-pipeline \S+, knows versions up to \d+\.\d+ only: start the newer program .* "
            r"or put back a backup"
        )
        with pytest.raises(WarehouseRefused, match=refused):
            fresh().prepare()
        with pytest.raises(WarehouseRefused, match=refused):
            fresh().upgrade_plan()
        with pytest.raises(WarehouseRefused, match=refused), fresh().writing():
            pytest.fail("it may write")

    def test_an_error_in_a_migration_undoes_all_of_it(
        self, warehouse: Warehouse, fresh: Fresh
    ) -> None:
        before = identity(warehouse)
        broken = Migration("9001_broken", 0, f"{ADD.text};\nselect nothing from nowhere")
        with program(broken), pytest.raises(WarehouseError, match=r"migrations/9001_broken\.sql"):
            fresh().prepare()
        assert identity(warehouse) == before
        assert "channel" not in outbox_columns(warehouse)

    @pytest.mark.parametrize("at", ["before", "within", "after"])
    def test_a_migration_that_is_interrupted_is_done_by_the_next_program(
        self, warehouse: Warehouse, fresh: Fresh, at: str
    ) -> None:
        before = identity(warehouse)
        label = {
            "before": "migration.9001_studio.before",
            "within": "sql.migrations/9001_studio.sql.before",
            "after": "migration.9001_studio.after",
        }[at]

        class Interrupted(BaseException):
            pass

        def interrupt(reached: str) -> None:
            crash_point(reached)
            if reached == label:
                raise Interrupted

        with program(ADD):
            with (
                patch.object(upgrading, "crash_point", interrupt),
                patch.object(duckdb_warehouse, "crash_point", interrupt),
                patch.object(redshift_warehouse, "crash_point", interrupt),
                pytest.raises(Interrupted),
            ):
                fresh().prepare()
            assert "channel" not in outbox_columns_without_upgrade(fresh())
            fresh().prepare()
            assert outbox_columns(fresh()).count("channel") == 1
            assert identity(fresh())["warehouse_id"] == before["warehouse_id"]

    def test_a_column_may_change_its_type_under_the_views(
        self, warehouse: Warehouse, fresh: Fresh
    ) -> None:
        warehouse.prepare()
        with program(of_the_table=[SWAP]):
            fresh().prepare()
            kinds = {each.name: each.type for each in fresh().columns("movie_data_table")}
            assert kinds["votes"].startswith("double")
            assert fresh().columns("mv_top_rated_movies")
            assert fresh().upgrade_plan().steps == ()

    def test_a_missing_table_is_made_beside_those_that_hold_rows(
        self, warehouse: Warehouse, fresh: Fresh, administer: Callable[[str], None]
    ) -> None:
        warehouse.prepare()
        administer("drop table mp_replays")
        assert fresh().upgrade_plan().steps == ("make the table mp_replays",)
        fresh().prepare()
        assert fresh().columns("mp_replays")


def outbox_columns_without_upgrade(warehouse: Warehouse) -> list[str]:
    """As it lies there: what asks by the port prepares first."""
    plan = warehouse.upgrade_plan()
    return [] if plan.steps else outbox_columns(warehouse)
