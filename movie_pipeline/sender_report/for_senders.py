"""Sentences of ours made fit for senders: without what only the people of the pipeline can do."""

import re
from collections.abc import Iterable

_WAYS_OUT_OF_OURS = re.compile(
    r", or (?:tell the source to salvage|accept it by a replay|raise the limit|declare none"
    r"|add it to \S+\.toml|correct \S+\.toml)"
    r"| Accept it by a replay, if it is to load all the same\."
)
_OF_THE_MACHINERY = re.compile(
    r"odd records were taken one by one|taken by the careful reader|its rows were judged"
    r"|the source declares|dates of the form|is derived from .*: the file brings none"
)


def for_senders(sentence: str) -> str:
    """The sentence without ways out that are not the sender's."""
    return _WAYS_OUT_OF_OURS.sub("", sentence)


def notes_for_senders(notes: Iterable[str]) -> tuple[str, ...]:
    """The notes that are about the file, and not about how it was worked on."""
    return tuple(for_senders(note) for note in notes if not _OF_THE_MACHINERY.search(note))
