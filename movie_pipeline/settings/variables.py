"""How a setting is declared at its field, and how its variable is read and refused.

Which settings there are stands in groups.py; nothing here knows one of them.
"""

import re
from collections.abc import Iterator
from dataclasses import Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from movie_pipeline.errors import SettingsError

PREFIX = "MOVIE_PIPELINE_"
_Value = TypeVar("_Value")


def setting(default: _Value, variable: str = "", *, form: str = "", example: str = "") -> _Value:
    """Declare a field of which more is to be said than its default.

    Args:
        default: what holds where the variable is unset.
        variable: its name without the prefix, where it is not the field's name in capitals.
        form: the regular expression of the values that AWS takes; without it any will do.
        example: a value of this form.
    """
    return field(default=default, metadata={"variable": variable, "form": form, "example": example})


@dataclass(frozen=True)
class Variable:
    """One environment variable, and where its value stands: in a group, or beside the groups."""

    group: str
    field: Field[Any]

    @property
    def name(self) -> str:
        """What it is called in the environment."""
        return PREFIX + (self.field.metadata.get("variable") or self.field.name.upper())

    @property
    def flat_name(self) -> str:
        """The same in small letters, without the prefix."""
        return self.name.removeprefix(PREFIX).lower()

    def value_in(self, settings: object) -> object:
        """What it is set to."""
        return getattr(getattr(settings, self.group) if self.group else settings, self.field.name)

    def read(self, text: str) -> object:
        """The text as a value of the default's type.

        Raises:
            SettingsError: it is none.
        """
        default = self.field.default
        try:
            if default is None or isinstance(default, Path):
                return Path(text).expanduser()
            if isinstance(default, int):
                return _at_least_zero(int(text))
            if isinstance(default, float):
                return _at_least_zero(float(text))
        except ValueError:
            kind = "a whole number" if isinstance(default, int) else "a number"
            raise SettingsError(
                f"{self.name} must be {kind} of zero or more, but is {text!r}; the default is "
                f"{default}."
            ) from None
        if isinstance(default, tuple):
            return tuple(name.strip() for name in text.split(",") if name.strip())
        return text

    def text_of(self, value: object) -> str:
        """A value as `read` takes it; empty where nothing is set."""
        if isinstance(value, tuple):
            return ",".join(map(str, cast("tuple[object, ...]", value)))
        return "" if value is None else str(value)

    def check_for_aws(self, value: object) -> None:
        """Refuse a value that AWS would not take.

        Raises:
            SettingsError: it has another form than the field declares.
        """
        form = self.field.metadata.get("form")
        if form and not re.fullmatch(form, str(value)):
            raise SettingsError(
                f"{self.name} must be set to something like {self.field.metadata['example']} for "
                f"the deployment aws, but is {value!r}."
            )


def variables_of(settings: type) -> Iterator[Variable]:
    """The variables of a class of settings and of its groups, which are dataclasses too."""
    for one in fields(settings):
        if isinstance(one.type, type) and is_dataclass(one.type):
            yield from (Variable(one.name, inner) for inner in fields(one.type))
        else:
            yield Variable("", one)


def set_otherwise(settings: object) -> dict[str, object]:
    """The settings that are not as they are by default: set, or fitted to this machine."""
    values = {one: one.value_in(settings) for one in variables_of(type(settings))}
    return {one.name: value for one, value in values.items() if value != one.field.default}


def _at_least_zero(value: float) -> float:
    if not value >= 0:
        raise ValueError
    return value
