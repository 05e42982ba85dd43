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

_BARE = "ltrim(trim(x, SPACES), '+')"
DATE_IN_TEXT = r"""
CASE
  WHEN regexp_full_match(trim(x, SPACES), '[+-]?\d{4,7}-\d{1,2}-\d{1,2}([ T][\s\S]*)?')
    THEN TRY_CAST(regexp_extract(BARE, '^-?\d{4,7}-\d{1,2}-\d{1,2}') AS DATE)
  WHEN regexp_full_match(trim(x, SPACES), '[+-]?\d{4,7}-\d{1,2}')
    THEN TRY_CAST((BARE || '-01') AS DATE)
  WHEN regexp_full_match(trim(x, SPACES), '[+-]?\d{4,7}')
    THEN TRY_CAST((BARE || '-01-01') AS DATE)
END
""".replace("BARE", _BARE)
"""DuckDB SQL: the text `x` as a date, as lenient as Spark."""

_DAY = r"[+-]?\d{4,7}-\d{1,2}-\d{1,2}[ T]"
_HOUR = r"([01]?\d|2[0-3])"
_SECONDS = r":\d{1,2}:\d{1,2}(\.\d*)?"
_TOO_FAR = r".* ?(UTC|GMT|UT)?[+-](19|[2-9]\d|18:?(0[1-9]|[1-5]\d)).*"
# Zones are written as +h, +hh, +hhmm or +hh:mm, after a space or UTC too, up to 18 hours.
_ZONED = r"""
regexp_replace(regexp_replace(BARE,
  '(:\d{1,2}(?:\.\d*)?) ?(?:UTC|GMT|UT)?([+-])(\d)(:|$)', '\1\20\3\4'),
  '(:\d{1,2}(?:\.\d*)?) ?(?:UTC|GMT|UT)?([+-]\d\d)', '\1\2')
"""
# A string with a zone is an instant; without one it is UTC, whatever the session's zone is.
_MOMENT_IN_TEXT = (
    r"""
CASE
  WHEN regexp_full_match(trim(x, SPACES), '[+-]?\d{4,7}(-\d{1,2}(-\d{1,2})?)?')
    THEN OF(TRY_CAST((CASE
      WHEN regexp_full_match(trim(x, SPACES), '[+-]?\d{4,7}') THEN BARE || '-01-01'
      WHEN regexp_full_match(trim(x, SPACES), '[+-]?\d{4,7}-\d{1,2}') THEN BARE || '-01'
      ELSE BARE END) AS TIMESTAMP))
  WHEN regexp_full_match(trim(x, SPACES), 'DAYHOUR') THEN OF(TRY_CAST((BARE || ':00') AS TIMESTAMP))
  WHEN regexp_full_match(trim(x, SPACES), 'DAYHOUR(:\d{1,2}|SECONDS)')
    THEN OF(TRY_CAST(BARE AS TIMESTAMP))
  WHEN regexp_full_match(trim(x, SPACES), 'DAYHOURSECONDS[^0-9.].*')
    AND NOT regexp_full_match(regexp_replace(BARE, 'DAYHOURSECONDS', ''), 'FAR')
    THEN OF(TRY_CAST(ZONED AS TIMESTAMPTZ))
END
""".replace("ZONED", _ZONED)
    .replace("BARE", _BARE)
    .replace("FAR", _TOO_FAR)
    .replace("DAY", _DAY)
    .replace("HOUR", _HOUR)
    .replace("SECONDS", _SECONDS)
)
MICROSECONDS_IN_TEXT = _MOMENT_IN_TEXT.replace("OF(", "epoch_us(")
"""DuckDB SQL: the text `x` as millionths of a second since 1970."""
EPOCH_IN_TEXT = f"CAST(floor({_MOMENT_IN_TEXT.replace('OF(', 'epoch(')}) AS BIGINT)"
"""DuckDB SQL: the text `x` as seconds since 1970."""
