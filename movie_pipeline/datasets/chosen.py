"""Which datasets a deployment is for: named by a setting, found by name or by where they stand.

What a dataset is stands in dataset.py.
"""

import re
from importlib import import_module
from itertools import pairwise

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.errors import SettingsError
from movie_pipeline.settings import Settings

VARIABLE = "MOVIE_PIPELINE_DATASETS"
_SHIPPED = {"movies": "movie_pipeline.datasets.movies:MOVIES"}
_NAMESPACE = re.compile(r"([a-z][a-z0-9_]{0,29})?")
_TAKEN = {"catalog", "dagster", "information_schema", "main", "pg_catalog", "public", "work"}
"""What a home or a warehouse has under such names already."""


def chosen_datasets(settings: Settings) -> tuple[Dataset, ...]:
    """The datasets that the setting names, in its order.

    Raises:
        SettingsError: one is not to be had, or two would lie in the same place.
    """
    if not settings.datasets:
        raise SettingsError(f"{VARIABLE} names no dataset: set it to movies, or leave it unset.")
    datasets = tuple(map(_dataset_at, settings.datasets))
    for one, other in pairwise(sorted(datasets, key=lambda dataset: dataset.namespace)):
        if one.namespace == other.namespace:
            raise SettingsError(
                f"{VARIABLE} names {one.name} and {other.name}, which would lie in the same "
                f"folders and tables: give {other.name} a namespace of its own."
            )
    for dataset in datasets:
        _refuse_taken(dataset, settings)
    return datasets


def chosen_dataset(settings: Settings, name: str) -> tuple[Settings, Dataset]:
    """One of the datasets, and the settings as they are for it alone.

    Args:
        settings: which there are; its ruleset and its lenient columns are those of the first.
        name: its name; empty: the first.

    Raises:
        SettingsError: there is none of that name.
    """
    places = dict(zip(settings.datasets, chosen_datasets(settings), strict=True))
    for number, (place, dataset) in enumerate(places.items()):
        if name in ("", dataset.name):
            alone = settings.with_values(datasets=(place,))
            if number:
                alone = alone.with_values(ruleset=None, lenient_columns=())
            return alone, dataset
    raise SettingsError(
        f"there is no dataset {name!r}; {VARIABLE} names "
        f"{', '.join(dataset.name for dataset in places.values())}."
    )


def _dataset_at(place: str) -> Dataset:
    module, _, attribute = _SHIPPED.get(place, place).partition(":")
    try:
        found: object = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"{VARIABLE} names {place!r}, which is neither {' nor '.join(_SHIPPED)} nor to be "
            f"found as module:NAME ({error}): name the value that your dataset's package has, "
            "such as our_data.books:BOOKS."
        ) from error
    if not isinstance(found, Dataset):
        raise SettingsError(
            f"{VARIABLE} names {place!r}, which is a {type(found).__name__} and no Dataset."
        )
    return found


def _refuse_taken(dataset: Dataset, settings: Settings) -> None:
    areas = settings.areas
    taken = {
        area.partition("/")[0]
        for area in (areas.landing, areas.output, areas.quarantine, areas.history)
    }
    if not _NAMESPACE.fullmatch(dataset.namespace) or dataset.namespace in _TAKEN | taken:
        raise SettingsError(
            f"the namespace {dataset.namespace!r} of the dataset {dataset.name} cannot be used: "
            "small letters, digits and _ only, at most 30, and neither an area's name nor one of "
            f"{', '.join(sorted(_TAKEN))}."
        )
