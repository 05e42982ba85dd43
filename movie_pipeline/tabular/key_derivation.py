"""Keys made of other columns, as a contract declares it, where a file brings none.

They are made of what was read, not of the cells as they stand in the file.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.cells import Array, Flags, text_buffers
from movie_pipeline.tabular.engine import Connection, literal
from movie_pipeline.tabular.invisible import NO_WIDTH, SPACES
from movie_pipeline.tabular.table_contract import DerivedKey, KeyPart

_SPACES = SPACES.replace("\v", "")
"""What the compiled loop folds of ASCII, and all others."""


class KeyMaker:
    """Makes the keys of one file's rows.

    Args:
        rule: how they are made.
        connection: opens the engine, which makes those of texts beyond ASCII.
    """

    def __init__(self, rule: DerivedKey, connection: Callable[[], Connection]) -> None:
        self._rule = rule
        self._connection = connection

    def keys(self, columns: Mapping[str, Array]) -> Array:
        """The keys of a batch of typed columns, null where the first part is missing."""
        values = [columns[part.column] for part in self._rule.parts]
        strange = np.zeros(len(values[0]), np.bool_)
        texts = [
            _part_text(part, column, strange)
            for part, column in zip(self._rule.parts, values, strict=True)
        ]
        if strange.all():
            return self._from_values(values)
        keys = _hashed(self._rule.prefix, texts)
        if not strange.any():
            return keys
        again = pa.array(strange)
        return pc.replace_with_mask(
            keys, again, self._from_values([column.filter(again) for column in values])
        )

    def _from_values(self, values: Sequence[Array]) -> Array:
        sql = [
            f"regexp_replace(regexp_replace(p{place}, '[{NO_WIDTH}]', '', 'g'), "
            f"'[{_SPACES}]+', ' ', 'g')"
            if part.folded
            else f"cast(p{place} as varchar)"
            for place, part in enumerate(self._rule.parts)
        ]
        table = pa.table({f"p{place}": column for place, column in enumerate(values)})
        connection = self._connection()
        connection.register("parts", table)
        found = connection.sql(f"select {_key_sql(self._rule, sql)} as key from parts")
        keys = found.to_arrow_table()["key"]
        connection.unregister("parts")
        return keys.combine_chunks()


def _part_text(part: KeyPart, column: Array, strange: Flags) -> Array:
    """A part as text, folded where that is declared; `strange` is set where that cannot be."""
    texts = pc.cast(column, pa.string())
    return _folded(texts, strange) if part.folded else texts


def _folded(texts: Array, strange: Flags) -> Array:
    from movie_pipeline.tabular import key_kernel  # noqa: PLC0415 - compiled code is loaded on use

    bounds, data = text_buffers(texts)
    folded_bounds, folded = pa.allocate_buffer(bounds.nbytes), pa.allocate_buffer(len(data))
    key_kernel.fold(
        bounds,
        data,
        np.frombuffer(folded_bounds, np.int32),
        np.frombuffer(folded, np.uint8),
        strange,
    )
    missing = texts.null_count
    valid = pa.array(pc.is_valid(texts)).buffers()[1] if missing else None
    return pa.StringArray.from_buffers(len(texts), folded_bounds, folded, valid, missing)


def _hashed(prefix: str, texts: Sequence[Array]) -> Array:
    """The keys of the parts' texts; a part that is missing counts as nothing, but for the first."""
    from movie_pipeline.tabular import key_kernel, md5_kernel  # noqa: PLC0415 - likewise

    first, *others = texts
    joined = pc.binary_join_element_wise(first, *(pc.fill_null(text, "") for text in others), "\n")
    start = np.frombuffer(bytearray(prefix.encode()), np.uint8)
    size = len(start) + key_kernel.DIGITS
    bounds, data = text_buffers(joined)
    keys = pa.allocate_buffer(size * len(joined))
    digests = np.empty((len(joined), md5_kernel.WORDS), np.uint32)
    md5_kernel.digest(bounds, data, digests, np.zeros(md5_kernel.ROOM, np.uint32))
    key_kernel.write_keys(digests, start, np.frombuffer(keys, np.uint8))
    places = pa.py_buffer(np.arange(0, size * len(joined) + 1, size).astype(np.int32))
    made = pa.StringArray.from_buffers(len(joined), places, keys)
    if not joined.null_count:
        return made
    return pc.if_else(pc.is_valid(joined), made, pa.scalar(None, pa.string()))


def _key_sql(rule: DerivedKey, texts: Sequence[str]) -> str:
    """The rule over SQL expressions of the parts' texts, whose spaces are single."""
    first, *others = (
        f"lower(nfc_normalize({text}))" if part.folded else text
        for part, text in zip(rule.parts, texts, strict=True)
    )
    joined = " || chr(10) || ".join([first, *(f"coalesce({text}, '')" for text in others)])
    return f"{literal(rule.prefix)} || left(md5({joined}), 16)"
