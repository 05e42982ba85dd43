"""What every catalog promises."""

from dataclasses import replace

import pytest

from movie_pipeline.errors import CatalogError
from movie_pipeline.interfaces import Catalog, CatalogColumn, CatalogTable

TABLE = CatalogTable(
    name="raw_movies",
    location="somewhere/input",
    columns=(CatalogColumn("movie_id", "string", "who it is"), CatalogColumn("votes", "bigint")),
    row_count=7,
    parameters={"classification": "csv"},
)


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

    def test_all_tables_come_by_name(self, catalog: Catalog) -> None:
        for name in ("zebra", "ape"):
            catalog.update(replace(TABLE, name=name))
        assert [table.name for table in catalog.tables()] == ["ape", "zebra"]

    @pytest.mark.parametrize("name", ["", "../x", "A", "a b", "a.json", "1a", "a" * 200, "x\n"])
    def test_a_name_that_no_table_can_have_is_refused(self, catalog: Catalog, name: str) -> None:
        with pytest.raises(CatalogError, match="cannot be a table's name"):
            catalog.update(replace(TABLE, name=name))
