"""Which memory Arrow takes: asked for before anything imports it."""

import subprocess
import sys


def test_arrow_takes_the_systems_memory() -> None:
    code = "import movie_pipeline.dqdl, pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    asked = [sys.executable, "-c", code]
    assert subprocess.run(asked, capture_output=True, check=True).stdout.strip() == b"system"
