"""A code server that was killed, started again: `dagster dev` leaves it dead.

Who else ends or is told to stop is the supervisor's matter.
"""

import json
import sys
import time
import urllib.request
from http.client import HTTPException
from typing import Any, Final

LOOK_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 20.0
_LOOK = (
    "{workspaceOrError{... on Workspace{locationEntries{name "
    "locationOrLoadError{__typename ... on PythonError{message}}}}}}"
)
_RELOAD = (
    "mutation($name: String!){reloadRepositoryLocation(repositoryLocationName: $name){__typename}}"
)
_UNREACHABLE = "DagsterUserCodeUnreachableError"


def revive(ui: str, *, look_seconds: float = LOOK_SECONDS) -> None:
    """Look at the code locations for ever; have those whose server is gone started again.

    One that does not load for another reason is left alone: its people must mend it.

    Args:
        ui: the webserver's address.
        look_seconds: how long to wait between two looks.
    """
    before: set[str] = set()
    while True:
        time.sleep(look_seconds)
        try:
            gone = _gone(ui)
            for name in sorted(gone & before):  # not one that is just being loaded
                _ask(ui, _RELOAD, name=name)
                print(f"The code server of {name} was gone; it is started again.", file=sys.stderr)  # noqa: T201 - what a person reads
            before = gone - before
        except (OSError, ValueError, HTTPException):
            before = set()  # the webserver itself is starting, or busy


def _gone(ui: str) -> set[str]:
    """The names of the code locations whose server cannot be reached."""
    entries: list[dict[str, Any]] = _ask(ui, _LOOK)["workspaceOrError"].get("locationEntries", [])
    return {
        entry["name"]
        for entry in entries
        if _UNREACHABLE in ((entry["locationOrLoadError"] or {}).get("message") or "")
    }


def _ask(ui: str, query: str, **variables: str) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - the address of our own webserver
        f"{ui}/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - likewise
        data: dict[str, Any] | None = json.load(answer).get("data")
    if data is None:
        raise ValueError("no data")
    return data
