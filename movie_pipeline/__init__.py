"""An asset-based data platform for movie CSVs on Dagster.

Nothing is imported here: `movie_pipeline.dqdl` can be used without Dagster being loaded, and
`movie_pipeline.definitions` is what Dagster loads.
"""

import os

# Asked for once, when pyarrow is imported. Arrow's own allocator hands memory back to the system
# after each batch and asks for it again: a tenth of the time and of the memory of a large file.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
# numpy makes threads for algebra that nobody asks for here: a tenth of a small command.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
