"""What keeps the datasets of one deployment apart in Dagster: names, and whose resources are asked.

A dataset without a namespace has the plain names; nothing else is decided here.
"""

import inspect
from collections.abc import Callable
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

    def call(*positional: object, **named: object) -> object:
        return function(*positional, **{names[name]: value for name, value in named.items()})

    call.__name__, call.__doc__ = function.__name__, function.__doc__
    call.__annotations__ = {
        **{new: function.__annotations__[old] for new, old in names.items()},
        "return": function.__annotations__["return"],
    }
    call.__signature__ = signature.replace(  # pyright: ignore[reportFunctionMemberAccess] - as PEP 362 has it
        parameters=[
            parameter.replace(name=new)
            for new, parameter in zip(names, signature.parameters.values(), strict=True)
        ]
    )
    return call  # pyright: ignore[reportReturnType] - the same but for the parameters' names
