"""How Spark reads the text between the quotes of a literal: backslashes and what they make.

The reference puts the strings of a rule into Spark SQL as they are, so that they are read so.
"""

import re

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.)", re.DOTALL)
_LETTERS = {
    "0": "\0",
    "b": "\b",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "Z": "\x1a",
    "%": "\\%",
    "_": "\\_",
}


def unescaped_as_in_spark(text: str) -> str:
    """The text that a Spark literal with these characters between its quotes is."""
    return _ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    escape = found[1]
    if escape[0] in "uU" and len(escape) > 1:
        return chr(int(escape[1:], 16))
    if len(escape) > 1:
        return chr(int(escape, 8))
    return _LETTERS.get(escape, escape)


SPACES = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)"
"""DuckDB SQL: what Spark takes off both ends of a text that it casts; SPACES in the texts below."""

DATE_IN_TEXT = r"""
CASE
  WHEN regexp_full_match(trim(x, SPACES), '\d{4,5}-\d{1,2}-\d{1,2}([ T][\s\S]*)?')
    THEN TRY_CAST(regexp_extract(trim(x, SPACES), '^\d{4,5}-\d{1,2}-\d{1,2}') AS DATE)
  WHEN regexp_full_match(trim(x, SPACES), '\d{4,5}-\d{1,2}')
    THEN TRY_CAST((trim(x, SPACES) || '-01') AS DATE)
  WHEN regexp_full_match(trim(x, SPACES), '\d{4,5}')
    THEN TRY_CAST((trim(x, SPACES) || '-01-01') AS DATE)
END
"""
"""DuckDB SQL: the text `x` as a date, as lenient as Spark."""

# A string with a zone is an instant; without one it is UTC, whatever the session's zone is.
_MOMENT_IN_TEXT = r"""
CASE
  WHEN regexp_full_match(trim(x, SPACES), '\d{4,5}(-\d{1,2}(-\d{1,2})?)?')
    THEN OF(TRY_CAST((CASE
      WHEN regexp_full_match(trim(x, SPACES), '\d{4,5}') THEN trim(x, SPACES) || '-01-01'
      WHEN regexp_full_match(trim(x, SPACES), '\d{4,5}-\d{1,2}') THEN trim(x, SPACES) || '-01'
      ELSE trim(x, SPACES) END) AS TIMESTAMP))
  WHEN regexp_full_match(trim(x, SPACES), '\d{4,5}-\d{1,2}-\d{1,2}[ T][0-9:.]+')
    THEN OF(TRY_CAST((CASE
      WHEN regexp_full_match(trim(x, SPACES), '[0-9-]+[ T]\d{1,2}') THEN trim(x, SPACES) || ':00'
      ELSE trim(x, SPACES) END) AS TIMESTAMP))
  WHEN regexp_full_match(trim(x, SPACES), '\d{4,5}-\d{1,2}-\d{1,2}[ T].+')
    THEN OF(TRY_CAST(trim(x, SPACES) AS TIMESTAMPTZ))
END
"""
MICROSECONDS_IN_TEXT = _MOMENT_IN_TEXT.replace("OF(", "epoch_us(")
"""DuckDB SQL: the text `x` as millionths of a second since 1970."""
EPOCH_IN_TEXT = f"CAST(floor({_MOMENT_IN_TEXT.replace('OF(', 'epoch(')}) AS BIGINT)"
"""DuckDB SQL: the text `x` as seconds since 1970."""
