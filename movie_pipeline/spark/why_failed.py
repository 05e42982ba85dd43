"""Why a job failed, in a sentence for people, where that is known.

What an error quotes may be of a row: it stays in Spark's log. A sentence of ours holds no value.
"""

import re

from movie_pipeline.errors import ClusterError, MoviePipelineError

_OURS = re.compile(r"movie_pipeline\.errors\.\w+: ([^\n]+)")
_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
_OTHER_PYTHON = "PYTHON_VERSION_MISMATCH"
_LOST = ("ExecutorLostFailure", "Python worker exited unexpectedly", "java.lang.OutOfMemoryError")
_ITS_CODE = "Give them what docs/spark.md says, by spark.archives or an image, and PYSPARK_PYTHON."


def why_failed(error: Exception) -> str:
    """The sentence for what a job came to an end by; empty where there is none.

    Args:
        error: of the driver; what executors raised stands in its text.
    """
    if isinstance(error, MoviePipelineError):
        return str(error)
    text = str(error)
    if ours := _OURS.search(text):
        return ours.group(1)
    if missing := _NO_MODULE.search(text):
        return f"the Python of the executors has no module {missing.group(1)}. {_ITS_CODE}"
    if _OTHER_PYTHON in text:
        return f"the Python of the executors is of another version than the driver's. {_ITS_CODE}"
    if any(lost in text for lost in _LOST):
        return (
            "executors were lost, as they are where they need more memory than they have. Give "
            "them more, or less to read at a time by MOVIE_PIPELINE_SPARK_PIECE_BYTES."
        )
    return ""


def not_started(master: str, error: Exception) -> ClusterError:
    """What is raised where there is no session.

    Args:
        master: where Spark was to be.
        error: of Spark.
    """
    if "JAVA_GATEWAY_EXITED" in str(error):
        return ClusterError(
            f"Spark did not start for {master}: its Java machine ended at once. See that Java 17 "
            "is there, by JAVA_HOME or on the PATH; Spark's log says what kept it."
        )
    return ClusterError(
        f"Spark did not start at {master}. See that it is at work there, and can be reached from "
        "this machine; Spark's log says what kept it."
    )
