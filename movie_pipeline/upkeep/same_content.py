"""Whether other bytes say the same: two runs that screened a file at once each published it.

Told from the original, as the file was read and judged then: costly, and asked of what differs.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.errors import MoviePipelineError
from movie_pipeline.ledger.decision_records import DecisionRecord, kept_text, ruleset_name
from movie_pipeline.ledger.ledger import FileState, LedgerEntry
from movie_pipeline.ledger.replays import Replays
from movie_pipeline.steps.read import ReadFile, read_again
from movie_pipeline.steps.screen import screen_batch
from movie_pipeline.steps.work_folder import WorkFolder, work_root
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.rejudge import Unpublished
from movie_pipeline.upkeep.rows import fetch_original, settings_then

_ARROW, _PARQUET = cast("Any", pa), cast("Any", pq)
_OF_THE_RUN = ("batch_id", "quarantined_at")
"""What a quarantined record says of the run that wrote it."""
_OF_THE_VERDICT = (
    "reasons",
    "DataQualityRulesPass",
    "DataQualityRulesFail",
    "DataQualityRulesSkip",
    "DataQualityEvaluationResult",
)
"""And of the verdict on its file, which may depend on the files before it."""


def says_the_same_records(parts: Parts, entry: LedgerEntry, path: Path) -> bool:
    """Whether a quarantine file holds the records that its original gives."""
    work = WorkFolder.at(work_root(parts.settings), f"verify-{entry.file_id}")
    record = _record(parts, entry)
    try:
        folder = work.of_file(entry.file_id)
        fetch_original(parts.storage, entry, folder.source)
        with settings_then(entry, parts.storage, parts.settings) as then:
            declared = read_sources(then.reading.sources, parts.dataset)
            staged = read_again(folder.source, entry, record.replay, then, parts.dataset, declared)
            file = ReadFile(
                landed=entry.landed,
                content_sha256=entry.content_sha256,
                replay=record.replay,
                staged=staged,
            )
            with kept_text(parts.storage, ruleset_name(entry.ruleset_sha256)) as text:
                ruleset = read_ruleset(text)
            screen_batch(
                [file],
                work,
                Unpublished.over(parts.storage),
                ruleset,
                then,
                parts.dataset,
                now=entry.committed_at,
            )
        without = _OF_THE_RUN + (_OF_THE_VERDICT if entry.state is FileState.HELD else ())
        both = zip_longest(_said(path, without), _said(folder.quarantine, without))
        return all(found == wanted for found, wanted in both)
    except (MoviePipelineError, ValueError, OSError):
        return False
    finally:
        work.remove()


def _record(parts: Parts, entry: LedgerEntry) -> DecisionRecord:
    return DecisionRecord.of(entry, Replays(parts.warehouse).by_key([entry.key]).get(entry.key))


def _said(path: Path, without: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            values = json.loads(line)
            yield {name: value for name, value in values.items() if name not in without}
