"""No cluster: every file is judged in process."""

from pathlib import Path

from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.cluster_port import ClusterAnswer, RunJob


class NoCluster:
    """Takes no file."""

    def takes(self, size: int) -> bool:  # noqa: ARG002 - whatever its size
        """False, always."""
        return False

    def judge(self, rows: Path, ruleset: str, folder: Path, run_job: RunJob) -> ClusterAnswer:  # noqa: ARG002 - it takes none
        """Refuse."""
        raise ClusterError("the local deployment has no cluster: files are judged in process.")
