"""No cluster: every file is judged in process."""

from pathlib import Path

from typing_extensions import override

from movie_pipeline.errors import ClusterError
from movie_pipeline.screening.cluster_port import Cluster, ClusterAnswer, RunJob


class NoCluster(Cluster):
    """Takes no file."""

    @override
    def takes(self, size: int) -> bool:
        return False

    @override
    def judge(self, rows: Path, ruleset: str, folder: Path, run_job: RunJob) -> ClusterAnswer:
        raise ClusterError("the local deployment has no cluster: files are judged in process.")
