"""A cursor over tokens: look, take, and refuse with a caret under the place.

What every part of the parser shares. It knows tokens and messages, no grammar.
"""

import difflib
from collections.abc import Iterable

from movie_pipeline.dqdl.language.lexer import Kind, Token, refuse, tokenize
from movie_pipeline.dqdl.language.ruleset import Place
from movie_pipeline.errors import RulesetError

STRINGS = (Kind.STRING, Kind.DATE, Kind.TIME)


class Cursor:
    """The tokens of a ruleset and where the parser stands in them."""

    def __init__(self, text: str, *, strict: bool) -> None:
        self.text = text
        self._tokens = tokenize(text, strict=strict)
        self._at = 0

    @property
    def token(self) -> Token:
        """The token the parser stands at."""
        return self._tokens[self._at]

    @property
    def following(self) -> Token:
        """The token after it."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    @property
    def place(self) -> Place:
        """Where the current token stands."""
        return self.token.place

    def take(self) -> Token:
        """Moves on and returns the token that was passed."""
        token = self.token
        if token.kind is not Kind.END:
            self._at += 1
        return token

    def at_sign(self, *signs: str) -> bool:
        """Whether one of these signs is next."""
        return self.token.kind is Kind.SIGN and self.token.written in signs

    def at_word(self, *words: str) -> bool:
        """Whether one of these keywords or names is next."""
        return self.token.kind in (Kind.KEYWORD, Kind.NAME) and self.token.written in words

    def take_sign(self, sign: str) -> bool:
        """Takes the sign when it is next, and says so."""
        if self.at_sign(sign):
            self.take()
            return True
        return False

    def take_word(self, *words: str) -> bool:
        """Takes one of the words when it is next, and says so."""
        if self.at_word(*words):
            self.take()
            return True
        return False

    def need_sign(self, sign: str, after: str) -> Token:
        """Takes the sign or refuses the text."""
        if self.at_sign(sign):
            return self.take()
        raise self.unexpected(f"`{sign}` after {after}")

    def need_string(self, what: str) -> Token:
        """Takes a string (not one that looks like a date or a time) or refuses the text."""
        if self.token.kind is Kind.STRING:
            return self.take()
        if self.token.kind in STRINGS:
            raise self.refuse(
                f"{self.token.description} reads as {self.token.kind.value}, and {what} is wanted",
                hint="DQDL takes every string of that shape for a date or a time",
            )
        raise self.unexpected(what)

    def unexpected(self, wanted: str, hint: str | None = None) -> RulesetError:
        """Makes the error for a token that does not fit."""
        return self.refuse(f"{self.token.description} stands where {wanted} is wanted", hint=hint)

    def refuse(
        self, problem: str, *, place: Place | None = None, hint: str | None = None
    ) -> RulesetError:
        """Makes the error that points at a place, by default the current token."""
        return refuse(self.text, problem, place or self.place, hint)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the nearest known word, None where none is near."""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
    return f"did you mean {by_lower[near[0]]}?" if near else None
