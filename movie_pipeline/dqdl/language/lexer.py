"""The lexer: DQDL text to tokens, each with its place.

What is hard in DQDL is lexical: strings that look like dates, keywords with exactly two spellings,
comments that need their newline. All of that is settled here; which token may follow which is not.
"""

import re
from dataclasses import dataclass
from enum import Enum

from movie_pipeline.dqdl.language import limits
from movie_pipeline.dqdl.language.ruleset import Place
from movie_pipeline.errors import RulesetError
from movie_pipeline.visible_text import visible


class Kind(Enum):
    """What a token is."""

    STRING = "a string"
    DATE = "a date"
    TIME = "a time"
    NUMBER = "a number"
    NAME = "a name"
    KEYWORD = "a keyword"
    SIGN = "a sign"
    END = "the end of the text"


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its kind, its writing, its value without quotes, and where it stands.

    A string's value has its backslashes still: the reference takes them out of lists alone.
    """

    kind: Kind
    written: str
    value: str
    start: int
    place: Place

    @property
    def end(self) -> int:
        """The offset behind the token."""
        return self.start + len(self.written)

    @property
    def description(self) -> str:
        """The token as a message names it."""
        return self.kind.value if self.kind is Kind.END else f"`{self.written}`"


TWO_SPELLINGS = frozenset({"and", "or", "of", "null", "empty", "whitespaces_only"})
KEYWORDS = frozenset(
    {"between", "in", "not", "matches", "where", "with", "labels", "days", "hours", "minutes"}
    | {"B", "KB", "MB", "GB", "TB"}
    | TWO_SPELLINGS
    | {word.upper() for word in TWO_SPELLINGS}
)

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\n]+)
  | (?P<return>\r)
  | (?P<comment>\#[^\n]*)
  | (?P<string>"(?:\\.|[^"\\])*")
  | (?P<word>[A-Za-z0-9_.]+)
  | (?P<sign>>=|<=|!=|[=!<>\[\](){},:+\-*/$])
    """,
    re.VERBOSE | re.DOTALL,
)
_LAST_STRING = re.compile(r'(?P<string>"(?:\\.|[^"\\])*\\")', re.DOTALL)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d\d:\d\d|\d\d?:\d\d (?:AM|PM)")
_POSSIBLE_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|(?:0?[1-9]|1[0-2]):[0-5]\d (?:AM|PM)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WORDS_OF_OTHERS = {
    "//": "a comment starts with #",
    "'": "strings stand in double quotes",
    "`": "a name with special characters stands in double quotes",
    "\ufeff": "save the file without a byte order mark",
    "\u00a0": "this is a no-break space; type an ordinary one",
    "\u201c": "these are typographic quotes; DQDL knows only the straight double quote",
    "\u201d": "these are typographic quotes; DQDL knows only the straight double quote",
}


def unescaped(text: str) -> str:
    """What a member of a list is: of two backslashes one stays, and a lone one goes."""
    return _ESCAPE.sub(r"\1", text)


def is_possible_time(value: str) -> bool:
    """Whether a string that reads as a time is one that a clock can show."""
    return _POSSIBLE_TIME.fullmatch(value) is not None


def source_line(text: str, line: int) -> str:
    """The text of a line, counted from 1, for the caret of a message."""
    lines = text.split("\n")
    return lines[line - 1].rstrip("\r") if line <= len(lines) else ""


def refuse(text: str, problem: str, place: Place, hint: str | None = None) -> RulesetError:
    """Makes the error that points at a place in the text."""
    return RulesetError(
        problem,
        line=place.line,
        column=place.column,
        hint=hint,
        source_line=source_line(text, place.line),
    )


def tokenize(text: str, *, strict: bool) -> list[Token]:
    """Cuts the text into tokens; the last one is END.

    Args:
        text: the ruleset.
        strict: refuse what the reference refuses too: carriage returns, and a last comment without
            its newline.

    Raises:
        RulesetError: a character or a string that DQDL does not know.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise RulesetError("this ruleset is no text: it has half a character in it") from None
    if size > limits.LARGEST_RULESET:
        raise RulesetError(
            limits.too_much("bytes of this ruleset", size, limits.LARGEST_RULESET),
            hint="hold long lists of values in a reference dataset",
        )
    tokens: list[Token] = []
    position, line, line_start = 0, 1, 0
    while position < len(text):
        place = Place(line, position - line_start + 1)
        match = _TOKEN.match(text, position) or _ending_in_a_backslash(text, position)
        if match is None:
            raise _unknown(text, position, place)
        written = match.group()
        if match.lastgroup in ("string", "word", "sign"):
            tokens.append(_token(match, place))
            if tokens[-1].kind is Kind.NUMBER and len(written) > limits.LONGEST_NUMBER:
                problem = limits.too_much(
                    "characters of this number", len(written), limits.LONGEST_NUMBER
                )
                raise refuse(text, problem, place)
        elif strict:
            _refuse_extension(text, match, place)
        newlines = written.count("\n")
        if newlines:
            line += newlines
            line_start = position + written.rindex("\n") + 1
        position = match.end()
    tokens.append(Token(Kind.END, "", "", position, Place(line, position - line_start + 1)))
    return tokens


def _ending_in_a_backslash(text: str, position: int) -> re.Match[str] | None:
    """A string that no other quote closes, so that its last one does, behind a backslash."""
    return _LAST_STRING.match(text, position)


def _token(match: re.Match[str], place: Place) -> Token:
    written = match.group()
    kind, value = Kind.SIGN, written
    if match.lastgroup == "string":
        value = written[1:-1]
        kind = _kind_of_string(value)
    elif match.lastgroup == "word":
        kind = Kind.NAME
        if _NUMBER.fullmatch(written):
            kind = Kind.NUMBER
        elif written in KEYWORDS:
            kind = Kind.KEYWORD
    return Token(kind, written, value, match.start(), place)


def _kind_of_string(value: str) -> Kind:
    if _DATE.fullmatch(value):
        return Kind.DATE
    return Kind.TIME if _TIME.fullmatch(value) else Kind.STRING


def _refuse_extension(text: str, match: re.Match[str], place: Place) -> None:
    if match.lastgroup == "return":
        problem = "a carriage return stands here, and strict DQDL knows only the newline"
        raise refuse(
            text, problem, place, "save the file with LF line ends, or parse without strict"
        )
    if match.lastgroup == "comment" and match.end() == len(text):
        problem = "the last comment has no newline behind it, which strict DQDL wants"
        raise refuse(text, problem, place, "end the file with a newline, or parse without strict")


def _unknown(text: str, position: int, place: Place) -> RulesetError:
    if text[position] == '"':
        return refuse(
            text,
            "this string has no closing quote",
            place,
            'close it with a double quote; inside a string a quote is written \\"',
        )
    hint = next((h for s, h in _WORDS_OF_OTHERS.items() if text.startswith(s, position)), None)
    return refuse(text, f"'{visible(text[position])}' is no part of DQDL", place, hint)
