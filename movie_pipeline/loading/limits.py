"""Texts cut to what a VARCHAR holds, counted in bytes as Redshift counts them.

What is cut says so; a text that is too long never fails a load.
"""

import json
from collections.abc import Mapping
from typing import Any

REASON_BYTES = 4096
"""What `mp_load_ledger.reason` holds."""
TEXT_BYTES = 65_535
"""What a summary or a notice's body may have: the longest VARCHAR."""
KEY_BYTES = 4096
"""What `mp_load_ledger.object_key` holds."""
_MARK = " … (cut)"
_OMITTED = "omitted"


def fit_text(text: str, max_bytes: int) -> str:
    """The text, or as much of its beginning as fits, with a mark that it was cut."""
    # no warehouse text holds NUL, nor an undecodable byte
    encoded = text.replace("\0", "\\0").encode("utf-8", "backslashreplace")
    if len(encoded) <= max_bytes:
        return encoded.decode("utf-8")
    room = max_bytes - len(_MARK.encode())
    return encoded[:room].decode("utf-8", "ignore") + _MARK


def fit_json(values: Mapping[str, Any], max_bytes: int = TEXT_BYTES) -> str:
    """The values as JSON; the longest are left out, and named under `omitted`, until it fits.

    ASCII only, so that a byte is a character and any text survives.
    """
    kept = dict(values)
    omitted: list[str] = []
    text = _dump(kept)
    while len(text) > max_bytes and kept:
        longest = max(kept, key=lambda name: len(_dump(kept[name])))
        del kept[longest]
        omitted.append(longest)
        text = _dump({**kept, _OMITTED: omitted})
    return text


def _dump(values: object) -> str:
    return json.dumps(values, ensure_ascii=True, sort_keys=False, default=str)


def read_json(text: str) -> dict[str, Any]:
    """What `fit_json` wrote."""
    return json.loads(text)
