"""What a tick says while the world is away: it skips with the error's sentence and looks again.

Other errors are the pipeline's own: they make the tick fail, with a traceback.
"""

import dagster as dg

from movie_pipeline.errors import StorageError, WarehouseError, WorkFolderError

AWAY = (StorageError, WarehouseError, WorkFolderError)
"""What is away, broken or full while none of the pipeline's own work is at fault."""


def skip_while_away(error: Exception) -> dg.SkipReason:
    """The skip of a tick that met one of AWAY; nothing was decided, the next one looks again."""
    kinds = {StorageError: "the store", WarehouseError: "the warehouse"}
    what = next((name for kind, name in kinds.items() if isinstance(error, kind)), "room to work")
    return dg.SkipReason(f"Waiting for {what}: {error}")
