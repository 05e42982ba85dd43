"""JSON that is one document and still a table: what it says as JSON lines, an object a row.

pandas writes such by columns, by index, split or as a table; services put rows into an object. What
is a row is told by the names that it has for the contract's columns.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular.column_mapping import contract_columns_in, printable, rank_of
from movie_pipeline.tabular.json_values import (
    Digits,
    Pairs,
    constant,
    names_within,
    pairs,
    parse_json,
)
from movie_pipeline.tabular.reading_limits import Limits
from movie_pipeline.tabular.table_contract import TableContract

_STARTS: Final = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*(?:\{|\[(?![ \t\r\n]*[{\]]))")
_STARTS_ARRAY: Final = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\[[ \t\r\n]*\{")
_BLANKS: Final = " \t\r\n"
_BEHIND_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_DEEPEST = 3
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Document:
    """The rows of a document.

    Attributes:
        written: how they stand in it, in words.
        rows: the rows, as objects.
    """

    written: str
    rows: Sequence[Pairs]

    def pieces(self) -> Iterator[bytes]:
        """They as JSON lines."""
        for start in range(0, len(self.rows), _ROWS_AT_ONCE):
            lines = (_text(row) + "\n" for row in self.rows[start : start + _ROWS_AT_ONCE])
            yield "".join(lines).encode("utf-8")


def may_be_document(head: bytes) -> bool:
    """Whether a text may be such a document, by its first bytes."""
    if not _STARTS.match(head):
        return False
    first, ended, rest = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    return not ended or not rest.strip() or not _is_object(first)


def may_be_array(head: bytes) -> bool:
    """Whether a text may be an array of objects, by its first bytes."""
    return _STARTS_ARRAY.match(head) is not None


def _is_object(line: bytes) -> bool:
    """Whether a line is an object by itself: then further lines are others."""
    try:
        return isinstance(parse_json(line), Pairs)
    except (ValueError, RecursionError):
        return False


def document_of(path: Path, contract: TableContract, limits: Limits) -> Document | None:
    """The rows of a document; None where it is no JSON, or an object on one line that is a row.

    Raises:
        UnreadableFile: it is JSON, but no table of any kind, or too large to be read as a whole.
    """
    _require_readable(path.stat().st_size, limits)
    content = path.read_bytes()
    values = _values(content)
    if values is None:
        return None
    if len(values) > 1:
        objects = _objects(values)
        return Document("JSON objects", objects) if objects else None
    (document,) = values
    if found := _found_in(document, contract):
        return found
    if isinstance(document, Pairs):
        # an object in one line is a record like any other
        row = Document("JSON object", [document])
        return row if b"\n" in content.strip() and _names_all(dict(document), contract) else None
    raise UnreadableFile(
        "The file is JSON, but no table: neither an array of objects, nor lists of which the first "
        f"names columns such as {contract.examples}. Send an array of objects, or CSV."
    )


def array_of(path: Path, limits: Limits) -> Document | None:
    """The objects of an array, to stand behind those of another one; None where it is none.

    Raises:
        UnreadableFile: it is too large to be read as a whole.
    """
    _require_readable(path.stat().st_size, limits)
    values = _values(path.read_bytes())
    if values is None or len(values) != 1 or not isinstance(values[0], list):
        return None
    objects = _objects(cast("list[object]", values[0]))
    return Document("JSON arrays", objects) if objects else None


def _require_readable(size: int, limits: Limits) -> None:
    if size > limits.json_document_bytes:
        raise UnreadableFile(
            f"The file is one JSON document of {size:,} bytes, which has to be read as a whole, "
            f"more than the limit of {limits.json_document_bytes:,}. Send one object per line, or "
            "CSV."
        )


def _values(content: bytes) -> "list[Any] | None":
    """The values that stand in a text one behind the other; None where it is no JSON."""
    decoder = json.JSONDecoder(
        parse_int=Digits, parse_float=Digits, parse_constant=constant, object_pairs_hook=pairs
    )
    values: list[Any] = []
    try:
        text = content.decode("utf-8-sig").strip(_BLANKS)
        place = 0
        while place < len(text):
            value, place = decoder.raw_decode(text, place)
            values.append(value)
            place = _BEHIND_BLANKS.match(text, place).end()  # pyright: ignore[reportOptionalMemberAccess] - it matches nothing as well
    except (ValueError, RecursionError):
        return None
    return values or None


def _objects(values: Sequence[object]) -> "list[Pairs] | None":
    objects = [value for value in values if isinstance(value, Pairs)]
    return objects if objects and len(objects) == len(values) else None


def _found_in(document: object, contract: TableContract) -> Document | None:  # noqa: PLR0911 - a table of forms
    """The rows that stand in a document, which is none of them itself."""
    if not isinstance(document, Pairs):
        lists = _of_lists(cast("list[object]", document), contract)
        return Document("JSON lists", lists) if lists is not None else None
    values = dict(document)
    inner = _objects(list(values.values()))
    columns, data = values.get("columns"), values.get("data")
    if len(values) < len(document):
        return None
    if _names_all(values, contract):
        rows = _by_columns(values)
        return Document("JSON by columns", rows) if rows is not None else None
    if inner and all(_names_all(dict(each), contract) for each in inner):
        return Document("JSON by rows", _with_keys(list(values), inner, contract))
    if isinstance(columns, list) and isinstance(data, list):
        lists = _of_lists([cast("object", columns), *cast("list[object]", data)], contract)
        return Document("JSON lists", lists) if lists is not None else None
    found = list(_wrapped(document, contract))
    if len(found) != 1:
        return None
    place, rows = found[0]
    return Document(f"JSON document, rows of {printable(place)}", rows)


def _with_keys(
    keys: Sequence[str], rows: Sequence[Pairs], contract: TableContract
) -> Sequence[Pairs]:
    """Rows with the keys by which they stand in an object, unless these only count them."""
    if list(keys) in (list(map(str, range(first, first + len(keys)))) for first in (0, 1)):
        return rows
    names = {name for row in rows for name, _ in row}
    brought = contract.key in contract_columns_in(names, contract)
    name = next(each for each in ("key", "row_key", "") if each not in names)
    name = name if brought else contract.key
    return [Pairs([(name, key), *row]) for key, row in zip(keys, rows, strict=True)]


def _names_all(names: Mapping[str, object], contract: TableContract) -> bool:
    return rank_of(names, contract)[0]


def _by_columns(columns: Mapping[str, object]) -> "list[Pairs] | None":
    """The rows of columns that are lists of one length, or objects with the same keys."""
    values = list(columns.values())
    if objects := _objects(values):
        keys = [[name for name, _ in each] for each in objects]
        if any(sorted(each) != sorted(keys[0]) for each in keys) or len(set(keys[0])) < len(
            keys[0]
        ):
            return None
        by_key = [dict(each) for each in objects]
        lists = [[each[key] for key in keys[0]] for each in by_key]
    else:
        lists = [cast("list[object]", value) for value in values if isinstance(value, list)]
        if len(lists) < len(values) or len({len(each) for each in lists}) > 1:
            return None
    return [Pairs(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _of_lists(rows: Sequence[object], contract: TableContract) -> "list[Pairs] | None":
    """The rows of a list of lists, the first of which names the columns."""
    lists = [
        cast("list[object]", row)
        for row in rows
        if isinstance(row, list) and not isinstance(row, Pairs)
    ]
    names = [str(name) for name in lists[0]] if lists else []
    alike = len(lists) == len(rows) and all(len(row) == len(names) for row in lists)
    if not alike or not _names_all(dict.fromkeys(names), contract):
        return None
    return [Pairs(zip(names, row, strict=True)) for row in lists[1:]]


def _wrapped(
    document: Pairs, contract: TableContract, above: str = "", depth: int = 0
) -> "Iterator[tuple[str, list[Pairs]]]":
    """The lists of rows somewhere in an object, such as the results of an answer, and where."""
    for name, value in document:
        place = f"{above}{name}"
        if isinstance(value, Pairs):
            if depth < _DEEPEST:
                yield from _wrapped(value, contract, f"{place}.", depth + 1)
        elif isinstance(value, list) and (
            objects := _objects(cast("list[object]", value))
            or _of_lists(cast("list[object]", value), contract)
        ):
            names = dict.fromkeys(
                name for each in objects for name in (*dict(each), *names_within(each))
            )
            if contract_columns_in(names, contract).issuperset(contract.required_names):
                yield place, objects


def _text(value: object) -> str:
    """A value as JSON: numbers with their digits, keys as often as they stand there."""
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, Pairs):
        pairs = (f"{_text(name)}: {_text(inner)}" for name, inner in value)
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, cast("list[object]", value))) + "]"
    text = json.dumps(value, ensure_ascii=False)
    return text if _is_whole(text) else json.dumps(value)


def _is_whole(text: str) -> bool:
    """Whether no half of a character stands in a text."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
