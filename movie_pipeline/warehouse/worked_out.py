"""What sqlglot makes of the package's own SQL, worked out beforehand, so that no start parses it.

The answers lie in worked_out.json, by a digest of the texts they were made of; a changed text has
none there, and is worked out when it is asked for. `make translations` writes the file.
"""

from collections.abc import Callable
from functools import cache, wraps
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import msgspec

Answer = TypeVar("Answer")
_Question = Callable[..., Answer]

ANSWERS = Path(__file__).with_name("worked_out.json")
_kept: dict[str, Any] = {}


def worked_out(kind: Any) -> Callable[[_Question[Answer]], _Question[Answer]]:  # noqa: ANN401 - a type's form
    """Have a function of texts answer from the file where it can, and once in a process.

    Args:
        kind: what it returns, to make it of JSON. What it raises is kept nowhere.
    """

    def asked_of(work: _Question[Answer]) -> _Question[Answer]:
        @wraps(work)
        def ask(*texts: str) -> Answer:
            digest = blake2b("\0".join(texts).encode(), digest_size=12).hexdigest()
            key = f"{work.__name__} {digest}"
            if key not in _kept:
                found = _found()
                _kept[key] = msgspec.convert(found[key], kind) if key in found else work(*texts)
            return _kept[key]

        return ask

    return asked_of


def worked_out_anew(ask: Callable[[], None]) -> bytes:
    """What the file must hold, for all that is asked meanwhile to be answered by it."""
    found, before, there = _found(), dict(_kept), dict(_found())
    found.clear()
    _kept.clear()
    try:
        ask()
        return msgspec.json.format(msgspec.json.encode(_kept, order="sorted")) + b"\n"
    finally:
        found.update(there)
        _kept.clear()
        _kept.update(before)


@cache
def _found() -> dict[str, Any]:
    try:
        return msgspec.json.decode(ANSWERS.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError):
        return {}  # as where all texts were changed
