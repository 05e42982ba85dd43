"""What keeps the datasets of one deployment apart in Dagster: names, and whose resources are asked.

A dataset without a namespace has the plain names; nothing else is decided here.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from movie_pipeline.datasets.dataset import Dataset

_NOT_RESOURCES = {"context", "config"}
"""Parameters that Dagster fills by itself; every other one of our functions is a resource."""

Function = TypeVar("Function", bound=Callable[..., Any])


def scoped_name(dataset: Dataset, name: str) -> str:
    """The name of an asset, check, job, sensor or resource, told apart from other datasets'."""
    return f"{dataset.namespace}_{name}" if dataset.namespace else name


def scoped(dataset: Dataset, function: Function) -> Function:
    """The function with its resources taken from those of this dataset.

    Dagster finds a resource by the parameter's name: what asks for `storage` asks for
    `books_storage` then.

    Args:
        dataset: whose resources are meant.
        function: its parameters other than `context` and `config` are resources.
    """
    if not dataset.namespace:
        return function
    signature = inspect.signature(function)
    names = {
        name if name in _NOT_RESOURCES else scoped_name(dataset, name): name
        for name in signature.parameters
    }

    def plainly_named(named: Mapping[str, object]) -> dict[str, object]:
        return {names[name]: value for name, value in named.items()}

    def returning(*positional: object, **named: object) -> object:
        return function(*positional, **plainly_named(named))

    def yielding(*positional: object, **named: object) -> Iterator[object]:
        yield from function(*positional, **plainly_named(named))

    # Dagster asks whether a function yields, what its parameters are called, and of what types
    scoped_function: Any = yielding if inspect.isgeneratorfunction(function) else returning
    scoped_function.__name__, scoped_function.__doc__ = function.__name__, function.__doc__
    scoped_function.__annotations__ = {
        **{new: function.__annotations__[old] for new, old in names.items()},
        "return": function.__annotations__["return"],
    }
    scoped_function.__signature__ = signature.replace(
        parameters=[
            parameter.replace(name=new)
            for new, parameter in zip(names, signature.parameters.values(), strict=True)
        ]
    )
    return scoped_function
