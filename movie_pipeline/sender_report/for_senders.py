"""Sentences of ours made fit for senders: without what only the people of the pipeline can do."""

import re
from collections.abc import Iterable

_WAYS_OUT_OF_OURS = re.compile(
    r", or (?:accept it by a replay|declare none"
    r"|correct \w+ in the sources file \(MOVIE_PIPELINE_SOURCES\))"
    r"| Or declare (?:(?! Or ).)*?\(MOVIE_PIPELINE_SOURCES\)\."
    r"|; if the column counts to less, declare .*?\(MOVIE_PIPELINE_SOURCES\)"
    r"| Or raise MOVIE_PIPELINE_\w+(?: or MOVIE_PIPELINE_\w+)?\."
    r"| movie-pipeline inspect shows how it would read in each\."
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
