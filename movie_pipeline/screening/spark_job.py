"""What a job on Spark is asked, and what it answers: values that go through JSON, and no more.

Who starts jobs is engine_port.py's matter, what they do that of movie_pipeline/spark.
"""

import json
import zlib
from argparse import ArgumentParser
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from movie_pipeline.dqdl import RuleOutcome
from movie_pipeline.storage.part_list import FOLDER as PARTS
from movie_pipeline.storage.part_list import Part
from movie_pipeline.storage.storage_port import LandedFile
from movie_pipeline.tabular import Limits, SourceOptions, StagedFile

FOLDER = "spark"
"""In the output area; each job has a place of its own in it, removed when its answer was taken."""
QUESTION, ANSWER, FAILURE = "question.json", "answer.json", "failure.txt"
"""What lies in that place: what is asked, and what is answered, or the sentence why nothing is."""

_SETTINGS, _PLACE = "--settings", "--place"


def job_arguments(settings: Mapping[str, str], place: str) -> dict[str, str]:
    """What the program of a job is called with, option by option.

    The settings go as letters and digits: a service that hands arguments on may change quotes.

    Args:
        settings: the variables of the deployment.
        place: where the job is asked and answers, in the output area.
    """
    packed = zlib.compress(json.dumps(settings, sort_keys=True).encode())
    return {_SETTINGS: urlsafe_b64encode(packed).decode(), _PLACE: place}


def parts_place(place: str) -> str:
    """Where a job that is asked in a place leaves both sides of its files, for good."""
    return f"{PARTS}{place.removeprefix(FOLDER)}"


def asked_by(arguments: Sequence[str]) -> tuple[Mapping[str, str], str]:
    """The settings and the place that a program was called with; other options are not its own."""
    parser = ArgumentParser("movie_pipeline.spark", allow_abbrev=False)
    for option in (_SETTINGS, _PLACE):
        parser.add_argument(option, required=True)
    own, _ = parser.parse_known_args(arguments)
    return json.loads(zlib.decompress(urlsafe_b64decode(own.settings))), own.place


@dataclass(frozen=True)
class AskedFile:
    """A file that is to be screened.

    Attributes:
        landed: the version.
        source: what is declared about its source.
        ruleset: the rules that it is judged by, as DQDL.
        version: what decides between two rows of one key.
        hold: why it must wait, whatever its rules say.
    """

    landed: LandedFile
    source: SourceOptions
    ruleset: str
    version: datetime
    hold: str = ""


@dataclass(frozen=True)
class SparkQuestion:
    """What a job is to do.

    Attributes:
        batch_id: the batch that the files are of.
        files: the files.
        now: the clock, for rules about dates and for the records.
        history: what earlier files measured, newest first.
        limits: what a file may ask of an executor.
        code: of whoever asks; other code must not answer.
    """

    batch_id: str
    files: tuple[AskedFile, ...]
    now: datetime
    history: Mapping[str, Sequence[float]]
    limits: Limits
    code: str = ""


class Trouble(StrEnum):
    """What may keep a file from being screened, though nothing is wrong with the job."""

    REFUSED = "refused"
    """It cannot be read as a table of the dataset."""
    GONE = "gone"
    """This version no longer lies in landing."""
    WITHHELD = "withheld"
    """The store does not give it out."""


@dataclass(frozen=True)
class Parts:
    """Files that are one file in their order.

    Attributes:
        parts: the files, as they were found when they lay there.
        count: rows or records that were written into them.
    """

    parts: tuple[Part, ...] = ()
    count: int = 0

    @property
    def counted_again(self) -> int:
        """Rows or records that were found in them."""
        return sum(part.count or 0 for part in self.parts)


@dataclass(frozen=True)
class ScreenedFile:
    """What became of a file.

    Attributes:
        file_id: whose answer this is.
        sha256: of its bytes; empty where it could not be read.
        trouble: what kept it from being screened, None where nothing did.
        why: the sentence about that.
        staged: what was read of it.
        rules: the outcome of each rule.
        good: its good rows, as Parquet in the output area.
        apart: its records set apart, as JSON lines in the quarantine area.
        keys: their keys, as Parquet in the output area, to be taken from there.
        broken: "column: check" to the good rows' values that break the contract.
        reasons: rule to the records that it is a reason of.
        spread: how many good rows fall into each bin of the dataset's histogram.
    """

    file_id: str
    sha256: str = ""
    trouble: Trouble | None = None
    why: str = ""
    staged: StagedFile | None = None
    rules: tuple[RuleOutcome, ...] = ()
    good: Parts = Parts()
    apart: Parts = Parts()
    keys: Parts = Parts()
    broken: Mapping[str, int] = field(default_factory=dict[str, int])
    reasons: Mapping[str, int] = field(default_factory=dict[str, int])
    spread: tuple[int, ...] = ()


@dataclass(frozen=True)
class SparkAnswer:
    """What a job says.

    Attributes:
        files: one answer for each file, in their order; none where its code is not the asker's.
        engine: which Spark it was, for people.
        code: of the job.
    """

    files: tuple[ScreenedFile, ...]
    engine: str
    code: str = ""
