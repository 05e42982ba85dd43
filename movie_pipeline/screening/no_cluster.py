"""No cluster: every file is judged in process."""

from pathlib import Path
from typing import Any

from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.cluster_port import ClusterAnswer


class NoCluster:
    """Takes no file."""

    def takes(self, size: int) -> bool:  # noqa: ARG002 - whatever its size
        """False, always."""
        return False

    def judge(self, rows: Path, ruleset: str, folder: Path, run: Any) -> ClusterAnswer:  # noqa: ANN401, ARG002
        """Refuse."""
        raise ClusterError("the local deployment has no cluster: files are judged in process.")
