"""What every warehouse promises of who it is: a foreign, older or missing one is never written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from movie_pipeline.errors import WarehouseRefused
from movie_pipeline.storage.storage_port import Area, Storage
from movie_pipeline.warehouse.home_marker import NAME
from movie_pipeline.warehouse.warehouse_port import Warehouse
from movie_pipeline_tests.contracts.conftest import Fresh
from movie_pipeline_tests.contracts.test_warehouse import ids, notice

ADOPT = r"restore.*rebuild.*verify.*upgrade --adopt"


@pytest.fixture
def storage(world: tuple[Warehouse, Storage]) -> Storage:
    return world[1]


def write(warehouse: Warehouse, number: int) -> None:
    with warehouse.writing() as session:
        session.run("outbox/insert", **notice(number))


def marker(storage: Storage) -> dict[str, object]:
    with storage.reading(Area.HISTORY, NAME) as path:
        return json.loads(path.read_bytes())


class TestIdentity:
    """Every implementation, by its interface alone."""

    def test_each_transaction_that_writes_is_counted_and_the_marker_follows(
        self, warehouse: Warehouse, storage: Storage
    ) -> None:
        write(warehouse, 1)
        first = marker(storage)
        write(warehouse, 2)
        second = marker(storage)
        assert (first["generation"], second["generation"]) == (1, 2)
        assert first["warehouse_id"] == second["warehouse_id"]

    def test_what_is_rolled_back_is_not_counted(
        self, warehouse: Warehouse, storage: Storage
    ) -> None:
        write(warehouse, 1)

        def fail() -> None:
            with warehouse.writing():
                raise ValueError("anything")

        with pytest.raises(ValueError, match="anything"):
            fail()
        assert marker(storage)["generation"] == 1

    def test_a_warehouse_that_is_ahead_of_its_marker_is_taken(
        self, warehouse: Warehouse, storage: Storage, fresh: Fresh, tmp_path: Path
    ) -> None:
        """A crash between the commit and the marker is no fault."""
        write(warehouse, 1)
        old = tmp_path / "old.json"
        old.write_text(json.dumps(marker(storage)))
        write(warehouse, 2)
        storage.put(Area.HISTORY, NAME, old)
        write(fresh(), 3)
        assert ids(fresh()) == ["n1", "n2", "n3"]
        assert marker(storage)["generation"] == 3

    def test_who_writes_while_another_looks_makes_it_no_older_copy(
        self, warehouse: Warehouse, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(warehouse, 1)
        late = fresh()
        look = getattr(late, "_look")  # noqa: B009 - what every implementation calls it

        def look_and_be_overtaken() -> object:
            found = look()
            write(warehouse, 2)
            return found

        monkeypatch.setattr(late, "_look", look_and_be_overtaken)
        late.prepare()
        assert ids(late) == ["n1", "n2"]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ("update mp_warehouse set generation = 1", "is an older copy: 1 transactions wrote"),
            ("update mp_warehouse set warehouse_id = 'theirs'", r"is another one \(theirs\)"),
            ("drop table mp_warehouse", "is an older copy: 0 transactions wrote"),
        ],
    )
    def test_another_or_older_warehouse_is_refused_until_it_is_adopted(
        self,
        warehouse: Warehouse,
        fresh: Fresh,
        administer: Callable[[str], None],
        change: str,
        message: str,
    ) -> None:
        write(warehouse, 1)
        write(warehouse, 2)
        administer(change)
        with pytest.raises(WarehouseRefused, match=f"{message}.*{ADOPT}"):
            fresh().prepare()
        with pytest.raises(WarehouseRefused, match=message), fresh().reading():
            pytest.fail("it may be read")
        with pytest.raises(WarehouseRefused, match=r"exchanged|cannot|failed|older copy"):
            write(warehouse, 3)  # the program that was at work meanwhile
        fresh().adopt()
        write(fresh(), 4)
        assert ids(fresh()) == ["n1", "n2", "n4"]

    def test_a_marker_that_somebody_else_wrote_is_told(
        self, warehouse: Warehouse, storage: Storage, fresh: Fresh, tmp_path: Path
    ) -> None:
        write(warehouse, 1)
        (tmp_path / "x").write_text("[]")
        storage.put(Area.HISTORY, NAME, tmp_path / "x")
        with pytest.raises(WarehouseRefused, match=r"is damaged: .*upgrade --adopt writes it anew"):
            fresh().prepare()
        fresh().adopt()
        fresh().prepare()

    def test_a_store_without_a_marker_gets_one(
        self, warehouse: Warehouse, storage: Storage, fresh: Fresh
    ) -> None:
        write(warehouse, 1)
        storage.remove(Area.HISTORY, NAME)
        fresh().prepare()
        assert marker(storage)["generation"] == 1

    def test_looking_again_costs_no_write(
        self, warehouse: Warehouse, storage: Storage, fresh: Fresh
    ) -> None:
        write(warehouse, 1)
        before = marker(storage)
        fresh().prepare()
        warehouse.prepare()
        assert marker(storage) == before
