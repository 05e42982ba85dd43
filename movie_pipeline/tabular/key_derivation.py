"""Keys made of other columns, as a contract declares it, where a file brings none.

The engine makes them from the texts while it reads; where a text is not what it became, they are
made again from what was read.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.cells import Array, as_flags, text_buffers
from movie_pipeline.tabular.engine import Connection, literal
from movie_pipeline.tabular.table_contract import DerivedKey, KeyPart

_SPACES = re.compile("[ \t\n\f\r]+")
_OTHER_SPACES = r"[\t\n\f\r]|  "
_FEW = 2_000


class KeyMaker:
    """Makes the keys of one file's rows.

    Args:
        rule: how they are made.
        places: staged column to its place in the file.
        connection: where the engine makes them.
    """

    def __init__(self, rule: DerivedKey, places: Mapping[str, int], connection: Connection) -> None:
        self._rule = rule
        self._places = places
        self._connection = connection

    def expression(self) -> str:
        """SQL for the key over texts named c0, c1, ...; right where their spaces are single."""
        places = (self._places.get(part.column) for part in self._rule.parts)
        return _key_sql(self._rule, ["null" if place is None else f"c{place}" for place in places])

    def keys(
        self, columns: Mapping[str, Array], texts: Sequence[Array], made: Array | None
    ) -> Array:
        """The keys of a batch, null where the first part is missing.

        Args:
            columns: the typed columns.
            texts: the texts that they were read from, in the file's order.
            made: what `expression` gave for these texts, where the engine was asked.
        """
        values = [columns[part.column] for part in self._rule.parts]
        if made is None:
            return self._from_values(values)
        doubtful = ~self._as_read(values, texts)
        if not doubtful.any():
            return made
        again = pa.array(doubtful)
        return pc.replace_with_mask(
            made, again, self._from_values([column.filter(again) for column in values])
        )

    def _as_read(self, values: Sequence[Array], texts: Sequence[Array]) -> npt.NDArray[np.bool_]:
        """Where all parts are as they stand in the file: not trimmed, repaired or unreadable."""
        same = np.ones(len(values[0]), np.bool_)
        for part, column in zip(self._rule.parts, values, strict=True):
            place = self._places.get(part.column)
            if place is not None:
                same &= _same(texts[place], pc.cast(column, pa.string()))
            if part.folded and _may_hold_other_spaces(column):
                odd = pc.match_substring_regex(column, _OTHER_SPACES)
                same &= ~as_flags(pc.fill_null(odd, fill_value=False))
        return same

    def _from_values(self, values: Sequence[Array]) -> Array:
        parts = self._rule.parts
        if len(values[0]) <= _FEW:
            plain = [column.to_pylist() for column in values]
            if all(
                text is None or text.isascii()
                for part, column in zip(parts, plain, strict=True)
                if part.folded
                for text in column
            ):
                return pa.array(map(_ascii_key(self._rule), *plain), pa.string())
        sql = [
            rf"regexp_replace(p{place}, '\s+', ' ', 'g')"
            if part.folded
            else f"cast(p{place} as varchar)"
            for place, part in enumerate(parts)
        ]
        table = pa.table({f"p{place}": column for place, column in enumerate(values)})
        self._connection.register("parts", table)
        found = self._connection.sql(f"select {_key_sql(self._rule, sql)} as key from parts")
        keys = found.to_arrow_table()["key"]
        self._connection.unregister("parts")
        return keys.combine_chunks()


def _key_sql(rule: DerivedKey, texts: Sequence[str]) -> str:
    """The rule over SQL expressions of the parts' texts, whose spaces are single."""
    first, *others = (
        f"lower(nfc_normalize({text}))" if part.folded else text
        for part, text in zip(rule.parts, texts, strict=True)
    )
    joined = " || chr(10) || ".join([first, *(f"coalesce({text}, '')" for text in others)])
    return f"{literal(rule.prefix)} || left(md5({joined}), 16)"


def _ascii_key(rule: DerivedKey) -> Callable[..., str | None]:
    """The same in Python, for texts that have one lower case only."""

    def key(*values: Any) -> str | None:  # noqa: ANN401 - texts and numbers
        if values[0] is None:
            return None
        text = "\n".join(map(_ascii_text, rule.parts, values))
        return rule.prefix + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:16]

    return key


def _ascii_text(part: KeyPart, value: object) -> str:
    text = "" if value is None else str(value)
    return _SPACES.sub(" ", text).lower() if part.folded else text


def _same(one: Array, other: Array) -> npt.NDArray[np.bool_]:
    """Where two arrays hold the same text, or both nothing."""
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    return as_flags(pc.or_(both_null, pc.fill_null(pc.equal(one, other), fill_value=False)))


def _may_hold_other_spaces(texts: Array) -> bool:
    """Whether any text may hold white space other than single ordinary spaces."""
    _, data = text_buffers(texts)
    spaces = data <= ord(" ")
    return bool((spaces[1:] & spaces[:-1]).any() or (data < ord(" ")).any())
