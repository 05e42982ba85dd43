"""Upgrades, and warehouses that are not what the program expects: migrated whole, or refused."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from unittest.mock import patch

from movie_pipeline import crash_points
from movie_pipeline.errors import WarehouseRefused
from movie_pipeline.warehouse.migrations import Migration
from movie_pipeline.warehouse.sql_files import Statements
from movie_pipeline_tests.faults import job
from movie_pipeline_tests.faults.cases.common import SMALL, AnyWorld, begun, run
from movie_pipeline_tests.faults.children import in_child, start
from movie_pipeline_tests.faults.fault import BOTH, Bench, Fault, named
from movie_pipeline_tests.faults.state import check_end, observe, same

NAME = "9001_studio"
TEXT = """-- A column more in the table, and a change that must be made once.
alter table movie_data_table add column studio varchar(64);
update mp_load_ledger set attempt = attempt + 100"""
POINTS = (
    f"migration.{NAME}.before",
    f"sql.migrations/{NAME}.sql.before",
    f"migration.{NAME}.after",
    "sql.warehouse/set_version.after",
    "sql.commit.before",
    "sql.commit.after",
    "sql.prepare.after",
)
BACK = "alter table movie_data_table drop column studio"
CHANGES = {
    "a column more": ["alter table movie_data_table add column studio varchar(64)", BACK],
    "another type": [
        "alter table movie_data_table rename column imdb_rating to imdb_rating_kept",
        "alter table movie_data_table add column imdb_rating bigint",
        "alter table movie_data_table drop column imdb_rating",
        "alter table movie_data_table rename column imdb_rating_kept to imdb_rating",
    ],
}
OTHERS = {
    "an older copy": "update mp_warehouse set generation = 0",
    "another one": "update mp_warehouse set warehouse_id = 'theirs'",
}


@contextmanager
def _newer_program() -> Generator[None]:
    """One that has a migration more."""
    own = Statements.table_migrations.func

    def more(statements: Statements) -> tuple[Migration, ...]:
        shipped = own(statements)
        return (*shipped, Migration(NAME, len(shipped) + 2, TEXT))

    with patch.object(Statements, "table_migrations", property(more)):
        yield


def _anew(world: AnyWorld) -> None:
    """Prepare as a program that starts: it knows nothing of the warehouse yet."""
    setattr(world.deployment.warehouse, "_own", None)  # noqa: B010 - of either kind
    world.deployment.warehouse.prepare()


def _upgrade(world: AnyWorld, crash_at: str = "") -> None:
    with _newer_program():
        crash_points.arm(crash_at=crash_at)
        _anew(world)


def _attempts(world: AnyWorld) -> list[int]:
    frame = world.deployment.warehouse.query("select distinct attempt from mp_load_ledger")
    return sorted(int(value) for value in frame["attempt"])


def _outside(world: AnyWorld, *statements: str) -> None:
    """What somebody beside the pipeline does to the database."""
    for text in statements:
        with world.deployment.warehouse.writing() as session:
            session.run_text(text, name="from outside")  # pyright: ignore[reportAttributeAccessIssue]


def _expect_refusal(work: Callable[[], object]) -> None:
    try:
        work()
    except WarehouseRefused:
        return
    raise AssertionError("the warehouse was not refused")


def _loads(world: AnyWorld) -> None:
    job.run_job(world.deployment, work="batch")


def _killed(bench: Bench, point: str) -> None:
    """U01: an upgrade is done whole, once, by whoever comes next."""
    world, _ = begun(bench, SMALL)
    ended = start(lambda: _upgrade(world, point)).wait()
    assert ended.killed, ended.trace
    in_child(lambda: _upgrade(world))
    same("attempts after the upgrade", in_child(lambda: _newly(world)), [101])


def _newly(world: AnyWorld) -> list[int]:
    with _newer_program():
        return _attempts(world)


def _older_beside(bench: Bench, _: str) -> None:
    """U02: a program that was started before the upgrade writes nothing after it."""
    world, _past = begun(bench, SMALL)

    def go_on() -> None:
        world.deployment.warehouse.prepare()
        in_child(lambda: _upgrade(world))
        _expect_refusal(lambda: _loads(world))

    in_child(go_on)
    left = in_child(lambda: _newly(world))
    same("attempts of what is loaded", left, [101])


def _other_form(bench: Bench, change: str) -> None:
    """U03: nothing is loaded into a table that is not as the contract says, and nothing is lost."""
    world, past = begun(bench, SMALL)
    statements = CHANGES[change]
    half = len(statements) // 2
    in_child(lambda: _outside(world, *statements[:half]))
    in_child(lambda: _expect_refusal(lambda: _loads(world)))
    in_child(lambda: _outside(world, *statements[half:]))
    run(world, work="again")
    check_end(in_child(lambda: observe(world)), past.batches)


def _other_warehouse(bench: Bench, change: str) -> None:
    """U04: a warehouse that is not the store's own is not written, whoever put it there."""
    world, _ = begun(bench, SMALL)
    in_child(lambda: _outside(world, OTHERS[change]))
    in_child(lambda: _expect_refusal(lambda: (_anew(world), _loads(world))))


FAULTS = (
    Fault(
        "U01",
        "kill -9 at each effect of an upgrade",
        "crash points; a program with a migration more",
        _killed,
        named(*POINTS),
        worlds=BOTH,
    ),
    Fault(
        "U02",
        "an older program beside a newer one",
        "upgraded while it runs",
        _older_beside,
        worlds=BOTH,
    ),
    Fault(
        "U03",
        "a table that is not as the contract says",
        "columns added, missing and retyped",
        _other_form,
        named(*CHANGES),
        worlds=BOTH,
    ),
    Fault(
        "U04",
        "a warehouse that is not the store's own",
        "its identity changed",
        _other_warehouse,
        named(*OTHERS),
        worlds=BOTH,
    ),
)
