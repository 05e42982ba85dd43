"""Files that runs left out since the world does not let them be worked on: told once, and shown.

What is told stands in the outbox, so that whoever asks later finds why a file still waits.
"""

from collections.abc import Sequence
from typing import Any, cast

from movie_pipeline.file_names import printable_name
from movie_pipeline.ledger import outbox
from movie_pipeline.ledger.ledger import Ledger
from movie_pipeline.ledger.notices import LEFT_OUT_PREFIX, left_out_notice
from movie_pipeline.steps.fetch import LeftOutFile
from movie_pipeline.storage.storage_port import LandedFile
from movie_pipeline.warehouse.warehouse_port import Warehouse


def tell_of_left_out(warehouse: Warehouse, files: Sequence[LeftOutFile]) -> None:
    """Keep one notice of the files that were not told of before."""
    if not files:
        return
    told = _why(warehouse)
    new = {file.file_id: (file.shown_name, file.why) for file in files if file.file_id not in told}
    if new:
        outbox.post(warehouse, left_out_notice(new))


def still_left_out(
    landed: Sequence[LandedFile], ledger: Ledger, warehouse: Warehouse
) -> dict[str, str]:
    """Of the files in landing that were left out and are not decided: by file_id, a sentence."""
    why = _why(warehouse)
    waiting = [file for file in landed if file.file_id in why]
    decided = ledger.known(file.file_id for file in waiting) if waiting else {}
    return {
        file.file_id: f"{printable_name(file.key)} waits in landing: {why[file.file_id]}"
        for file in waiting
        if file.file_id not in decided
    }


def _why(warehouse: Warehouse) -> dict[str, str]:
    """What the newest notices said of each file."""
    found: dict[str, str] = {}
    for notice in outbox.newest_of(warehouse, LEFT_OUT_PREFIX):
        # a body that grew too large lost its longest part
        said = cast("dict[str, Any]", notice.details).get("left_out", {})
        found = {**said, **found}
    return found
