"""What the people of a pipeline can do where a file does not load: said the same everywhere.

Each is a sentence of its own, which is left out where the sender is told.
"""

import json
from typing import Final

WHERE: Final = "for this source in the sources file (MOVIE_PIPELINE_SOURCES)"
"""Where a declaration stands."""


def or_declare(what: str) -> str:
    """The way out to declare something.

    >>> or_declare("pad = true")
    'Or declare pad = true for this source in the sources file (MOVIE_PIPELINE_SOURCES).'
    """
    return f"Or declare {what} {WHERE}."


def toml_text(text: str) -> str:
    """A text as a sources file writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def or_raise(setting: str) -> str:
    """The way out to raise a limit, by the name of its setting without the prefix."""
    return f"Or raise MOVIE_PIPELINE_{setting}."
