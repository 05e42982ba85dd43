"""A cluster of Spark's own with two hosts, both on this machine: what is done twice, is done there.

On one host Spark starts no second attempt at a task that is at work.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

from movie_pipeline_tests.dqdl.spark_samples import PACKAGES
from movie_pipeline_tests.standins.servers import free_ports

_HOSTS = ("127.0.0.2", "127.0.0.3")
_DEPLOY = "org.apache.spark.deploy"


@contextlib.contextmanager
def two_hosts(folder: Path) -> Generator[str]:
    """The address of its master."""
    [port] = free_ports(1)
    master = f"spark://127.0.0.1:{port}"
    commands = [["master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]]
    for host in _HOSTS:
        place = folder / host
        place.mkdir()
        told = ["--host", host, "--cores", "1", "--memory", "1g", "--webui-port", "0"]
        commands.append(["worker.Worker", *told, "--work-dir", str(place), master])
    java = ["java", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-cp", str(PACKAGES / "pyspark/jars/*")]
    spark = {"SPARK_HOME": str(PACKAGES / "pyspark"), "SPARK_SCALA_VERSION": "2.13"}
    environment = os.environ | spark
    running: list[subprocess.Popen[bytes]] = []
    with contextlib.ExitStack() as stack:
        for place, (name, *arguments) in enumerate(commands):
            log = stack.enter_context((folder / f"{place}.log").open("wb"))
            command = [*java, f"{_DEPLOY}.{name}", *arguments]
            running.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))
        try:
            while (folder / "0.log").read_bytes().count(b"Registering worker") < len(_HOSTS):
                assert all(process.poll() is None for process in running)
                time.sleep(0.1)
            yield master
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait()
