"""Moments as people give them: a day, a time, or how long ago."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from typing_extensions import override

_AGO = re.compile(r"([0-9]+)([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType):  # pyright: ignore[reportMissingTypeArgument] - generic in stubs alone
    """A moment in UTC: ISO 8601, or so long ago, such as 12h."""

    name = "moment"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The moment that a text says."""
        if isinstance(value, datetime):
            return value
        if ago := _AGO.fullmatch(value.strip()):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            self.fail(
                f"{value!r} is no moment: say 2026-03-01, 2026-03-01T12:00 or 7d.", param, ctx
            )
        return found if found.tzinfo else found.replace(tzinfo=UTC)


SINCE = Moment()
