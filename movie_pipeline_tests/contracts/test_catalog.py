"""What every catalog promises."""

from dataclasses import replace

import pytest

from movie_pipeline.catalog.catalog_port import (
    Catalog,
    CatalogColumn,
    CatalogPartition,
    CatalogTable,
)
from movie_pipeline.errors import CatalogError

TABLE = CatalogTable(
    name="raw_movies",
    location="somewhere/input",
    columns=(CatalogColumn("movie_id", "string", "who it is"), CatalogColumn("votes", "bigint")),
    row_count=7,
    parameters={"classification": "csv"},
    partition_keys=(CatalogColumn("committed_on", "date", "when"),),
)
MONDAY = CatalogPartition(("2026-03-02",), "somewhere/committed_on=2026-03-02")
TUESDAY = CatalogPartition(("2026-03-03",), "somewhere/committed_on=2026-03-03")


class TestCatalog:
    """Every implementation, by its interface alone."""

    def test_a_table_is_given_back_as_it_was_put(self, catalog: Catalog) -> None:
        catalog.update(TABLE)
        assert catalog.table("raw_movies") == TABLE

    def test_a_table_that_was_never_put_is_none(self, catalog: Catalog) -> None:
        assert catalog.table("raw_movies") is None
        assert catalog.tables() == []

    def test_the_first_description_and_other_columns_count_as_a_change(
        self, catalog: Catalog
    ) -> None:
        assert catalog.update(TABLE)
        assert not catalog.update(TABLE)
        assert not catalog.update(replace(TABLE, row_count=8))
        assert catalog.update(replace(TABLE, columns=TABLE.columns[:1]))
        assert catalog.update(TABLE)

    def test_partitions_are_given_back_by_their_values(self, catalog: Catalog) -> None:
        catalog.update(TABLE)
        assert catalog.partitions("raw_movies") == []
        assert catalog.register("raw_movies", [TUESDAY, MONDAY]) == 2
        assert catalog.partitions("raw_movies") == [MONDAY, TUESDAY]

    def test_a_partition_that_is_there_is_not_registered_again(self, catalog: Catalog) -> None:
        catalog.update(TABLE)
        assert catalog.register("raw_movies", [MONDAY]) == 1
        moved = replace(MONDAY, location="elsewhere")
        assert catalog.register("raw_movies", [moved, TUESDAY]) == 1
        assert catalog.register("raw_movies", [MONDAY, TUESDAY]) == 0
        assert catalog.partitions("raw_movies") == [MONDAY, TUESDAY]

    def test_another_description_of_the_table_keeps_its_partitions(self, catalog: Catalog) -> None:
        catalog.update(TABLE)
        catalog.register("raw_movies", [MONDAY])
        catalog.update(replace(TABLE, columns=TABLE.columns[:1]))
        assert catalog.partitions("raw_movies") == [MONDAY]

    def test_hundreds_of_partitions_are_registered_at_once(self, catalog: Catalog) -> None:
        catalog.update(TABLE)
        many = [CatalogPartition((str(number),), f"place/{number}") for number in range(1000, 1250)]
        assert catalog.register("raw_movies", many) == 250
        assert catalog.partitions("raw_movies") == many

    def test_a_table_that_was_never_put_has_no_partitions(self, catalog: Catalog) -> None:
        assert catalog.partitions("raw_movies") == []
        with pytest.raises(CatalogError, match=r"raw_movies"):
            catalog.register("raw_movies", [MONDAY])

    def test_all_tables_come_by_name(self, catalog: Catalog) -> None:
        for name in ("zebra", "ape"):
            catalog.update(replace(TABLE, name=name))
        assert [table.name for table in catalog.tables()] == ["ape", "zebra"]

    @pytest.mark.parametrize("name", ["", "../x", "A", "a b", "a.json", "1a", "a" * 200, "x\n"])
    def test_a_name_that_no_table_can_have_is_refused(self, catalog: Catalog, name: str) -> None:
        with pytest.raises(CatalogError, match="cannot be a table's name"):
            catalog.update(replace(TABLE, name=name))
