"""A contract that contradicts itself is refused, with the way out."""

from dataclasses import replace
from typing import Any

import pytest

from movie_pipeline.errors import SettingsError
from movie_pipeline.tabular import Column, ColumnType, DerivedKey, KeyPart
from movie_pipeline_tests.books import BOOKS


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"key": "ean"}, "the key is ean, but the book contract has no such column."),
        (
            {"aliases": {"isbn": ("ean",), "shelf": ("place",), "colour": ("color",)}},
            "aliases.toml names colour, shelf, but the book contract has no such column.",
        ),
        (
            {"derived_key": DerivedKey("b", (KeyPart("name"),), "the name", "a name")},
            "the key is derived from name, but the book contract has no such column.",
        ),
        (
            {"derived_key": DerivedKey("b", (KeyPart("price"),), "the price", "a price")},
            (
                "the book contract derives its key from price, but a decimal may be written in "
                "several ways: derive it from texts and whole numbers."
            ),
        ),
    ],
)
def test_a_contradiction_is_told(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        replace(BOOKS.contract, **wrong)
    assert str(refused.value) == sentence


def test_a_contract_has_no_more_columns_than_a_rows_flags_can_tell() -> None:
    more = tuple(Column(f"number_{place}", ColumnType.INTEGER) for place in range(54))
    with pytest.raises(SettingsError, match="the book contract has 61 columns, more than the 60 "):
        replace(BOOKS.contract, columns=(*BOOKS.contract.columns, *more))
    assert replace(BOOKS.contract, columns=(*BOOKS.contract.columns, *more[1:]))
