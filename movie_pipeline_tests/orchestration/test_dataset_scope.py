"""Two datasets in one deployment ask for resources of their own, by names of their own."""

from dataclasses import dataclass, replace
from typing import Any

import dagster as dg
import pytest

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name

BOOKS = replace(MOVIES, name="books", namespace="books")


@dataclass(frozen=True)
class Shelf:
    """What a dataset stands on here."""

    of: str


def _look(
    context: dg.AssetExecutionContext, shelf: dg.ResourceParam[Shelf]
) -> dg.MaterializeResult[Any]:
    """A look at the shelf."""
    del context
    return dg.MaterializeResult(metadata={"shelf": shelf.of})


def _asset(dataset: Dataset) -> dg.AssetsDefinition:
    return dg.asset(name=scoped_name(dataset, "look"))(scoped(dataset, _look))


def _tick(context: dg.SensorEvaluationContext, shelf: dg.ResourceParam[Shelf]) -> dg.SkipReason:
    del context
    return dg.SkipReason(shelf.of)


def test_a_dataset_without_a_namespace_keeps_the_plain_names() -> None:
    assert scoped_name(MOVIES, "ingest") == "ingest"
    assert scoped(MOVIES, _look) is _look


def test_another_one_has_its_namespace_before_them() -> None:
    assert scoped_name(BOOKS, "landing") == "books_landing"
    assert "books_shelf" in _asset(BOOKS).required_resource_keys
    assert "shelf" in _asset(MOVIES).required_resource_keys


@pytest.mark.parametrize(("dataset", "shelf"), [(MOVIES, "movies"), (BOOKS, "books")])
def test_each_asset_of_one_run_sees_what_is_its_own(dataset: Dataset, shelf: str) -> None:
    result = dg.materialize(
        [_asset(MOVIES), _asset(BOOKS)],
        resources={"shelf": Shelf("movies"), "books_shelf": Shelf("books")},
    )
    [made] = result.asset_materializations_for_node(scoped_name(dataset, "look"))
    assert made.metadata["shelf"].value == shelf


def test_a_sensor_is_told_apart_in_the_same_way() -> None:
    sensor = dg.sensor(name="books_tick", job_name="any")(scoped(BOOKS, _tick))
    with dg.build_sensor_context(resources={"books_shelf": Shelf("books")}) as context:
        assert sensor(context) == dg.SkipReason("books")
