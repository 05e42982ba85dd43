"""Java's patterns, read into a tree: what each part means, with its flags already applied.

A pattern that Java refuses, or that asks for what no tree here holds, is told by name. How an
engine writes the tree is in `re2_patterns.py`.
"""

from dataclasses import dataclass
from typing import Literal

from movie_pipeline.dqdl.rules import characters
from movie_pipeline.dqdl.rules.characters import CharacterSet, NoSet

MOST_REPEATS = 1_000
"""How often RE2 repeats a part at most."""


class NotTranslatable(Exception):
    """A pattern that cannot be honoured; the message says what in it, as `it uses ...` does."""


# --- the tree -----------------------------------------------------------------------------------

Place = Literal["start", "end", "very end", "boundary"]


@dataclass(frozen=True, slots=True)
class One:
    """One character of a set."""

    of: CharacterSet


@dataclass(frozen=True, slots=True)
class At:
    r"""A place between characters: `^`, `$`, `\z`, `\b`."""

    place: Place


@dataclass(frozen=True, slots=True)
class Row:
    """Parts behind each other; none is the empty text."""

    parts: "tuple[Pattern, ...]" = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, tried in order."""

    parts: "tuple[Pattern, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part so many times; `most` is None without an end."""

    part: "Pattern"
    least: int
    most: int | None
    lazy: bool = False


Pattern = One | At | Row | Choice | Repeat


def alternatives(pattern: Pattern) -> tuple[Pattern, ...]:
    """What stands between the bars outside every group."""
    return pattern.parts if isinstance(pattern, Choice) else (pattern,)


def nullable(pattern: Pattern) -> bool:
    """Whether it may match no character."""
    if isinstance(pattern, One):
        return False
    if isinstance(pattern, At):
        return True
    if isinstance(pattern, Row):
        return all(map(nullable, pattern.parts))
    if isinstance(pattern, Choice):
        return any(map(nullable, pattern.parts))
    return pattern.least == 0 or nullable(pattern.part)


def has_places(pattern: Pattern) -> bool:
    """Whether it asks for a place between characters."""
    if isinstance(pattern, At):
        return True
    if isinstance(pattern, One):
        return False
    if isinstance(pattern, Repeat):
        return has_places(pattern.part)
    return any(map(has_places, pattern.parts))


def takes(pattern: Pattern, code: int) -> bool:
    """Whether it may match a certain control character."""
    if isinstance(pattern, One):
        return pattern.of.may_hold(code)
    if isinstance(pattern, At):
        return False
    if isinstance(pattern, Repeat):
        return pattern.most != 0 and takes(pattern.part, code)
    return any(takes(part, code) for part in pattern.parts)


# --- the parser ---------------------------------------------------------------------------------


def parse_pattern(text: str) -> Pattern:
    """Parses a Java pattern.

    Raises:
        NotTranslatable: Java refuses it, or it uses what cannot be honoured.
    """
    parser = _Parser(text)
    try:
        return parser.whole()
    except NoSet as error:
        raise NotTranslatable(f"it uses {error}") from error


@dataclass(frozen=True, slots=True)
class _Flags:
    ignore_case: bool = False
    dot_all: bool = False


_MOST_OCTAL = 0o377
_HIGH, _LOW, _HALVES = range(0xD800, 0xDC00), range(0xDC00, 0xE000), range(0xD800, 0xE000)
_HEX = frozenset("0123456789abcdefABCDEF")
_CONTROL = {"t": 9, "n": 10, "r": 13, "f": 12, "a": 7, "e": 27}
_CLASSES = {
    "d": characters.DIGITS,
    "w": characters.WORD,
    "s": characters.SPACES,
    "h": characters.HORIZONTAL,
    "v": characters.VERTICAL,
}
_PLACES: dict[str, Place] = {
    "A": "start",
    "G": "start",
    "z": "very end",
    "Z": "end",
    "b": "boundary",
}
_SIGNS = {"^": At("start"), "$": At("end")}
_KINDS_OF_SETS = frozenset({"IsScript", "script", "sc", "general_category", "gc"})
_VERTICAL_TAB = 11
_GROUPS = {
    "(?=": "look-ahead (?= or (?!",
    "(?!": "look-ahead (?= or (?!",
    "(?<=": "look-behind (?<= or (?<!",
    "(?<!": "look-behind (?<= or (?<!",
    "(?>": "an atomic group (?>",
}
_LINE_END_SEQUENCE = Choice(
    (
        Row((One(characters.of_characters([13])), One(characters.of_characters([10])))),
        One(characters.VERTICAL),
    )
)


def _has_line_end(pattern: Pattern) -> bool:
    if isinstance(pattern, Row | Choice):
        return pattern == _LINE_END_SEQUENCE or any(map(_has_line_end, pattern.parts))
    return isinstance(pattern, Repeat) and _has_line_end(pattern.part)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._flags = _Flags()
        self._names: set[str] = set()

    # --- where it stands

    @property
    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        taken = self._next
        self._at += 1
        return taken

    def _ahead(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _skip(self, text: str) -> bool:
        if self._ahead(text):
            self._at += len(text)
            return True
        return False

    # --- the grammar

    def whole(self) -> Pattern:
        pattern = self._choice()
        if self._next:
            raise NotTranslatable("it is no regular expression: a parenthesis closes none")
        return pattern

    def _choice(self) -> Pattern:
        parts = [self._row()]
        while self._skip("|"):
            parts.append(self._row())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _row(self) -> Pattern:
        parts: list[Pattern] = []
        while self._next and self._next not in "|)":
            part = self._piece()
            if isinstance(part, Row):
                parts += part.parts
            else:
                parts.append(part)
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _piece(self) -> Pattern:
        if self._next in ("*", "+", "?"):
            raise NotTranslatable(f"it uses {self._next} with nothing before it")
        # Java takes a count with nothing before it for a count of nothing.
        part = Row() if self._next == "{" else self._atom()
        if part is None:
            return Row()
        return self._repeated(part)

    def _atom(self) -> Pattern | None:
        character = self._take()
        if character == "(":
            return self._group()
        if character == "[":
            return One(self._class())
        if character == "\\":
            return self._escape()
        if character == ".":
            every, line = characters.EVERY, characters.LINE_ENDS.complement()
            return One(every if self._flags.dot_all else line)
        return _SIGNS.get(character) or self._single(ord(character))

    def _single(self, code: int) -> Pattern:
        return One(self._cased(characters.of_characters([code])))

    def _cased(self, found: CharacterSet) -> CharacterSet:
        return found.in_both_cases() if self._flags.ignore_case else found

    def _repeated(self, part: Pattern) -> Pattern:
        bounds = self._bounds()
        if bounds is None:
            return part
        least, most = bounds
        if self._skip("+"):
            raise NotTranslatable("it uses a possessive quantifier")
        lazy = self._skip("?")
        if isinstance(part, At):
            raise NotTranslatable("it repeats a place such as ^, $ or \\b")
        if _has_line_end(part):
            raise NotTranslatable("it repeats \\R")
        if max(least, most or 0) > MOST_REPEATS:
            raise NotTranslatable(f"it repeats a part more than {MOST_REPEATS:,} times")
        return Repeat(part, least, most, lazy)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._skip(sign):
                return bounds
        if not self._skip("{"):
            return None
        least = self._digits()
        most: int | None = least
        if least is None:
            raise NotTranslatable("it is no regular expression: { begins no count such as {2,3}")
        if self._skip(","):
            most = self._digits()
        if not self._skip("}") or (most is not None and most < least):
            raise NotTranslatable(
                "it is no regular expression: a count is written {2}, {2,} or {2,3}"
            )
        return least, most

    def _digits(self) -> int | None:
        begin = self._at
        while self._next and self._next in "0123456789":
            self._at += 1
        return int(self._text[begin : self._at]) if self._at > begin else None

    # --- groups and flags

    def _group(self) -> Pattern | None:
        for begin, what in _GROUPS.items():
            if self._text.startswith(begin, self._at - 1):
                raise NotTranslatable(f"it uses {what}")
        before = self._flags
        if self._skip("?<"):
            self._name()
        elif self._skip("?") and not self._skip(":"):
            self._flags = self._changed_flags()
            if self._skip(")"):
                return None  # for the rest of the group that it stands in
            self._take()
        inner = self._choice()
        if not self._skip(")"):
            raise NotTranslatable("it is no regular expression: a parenthesis is not closed")
        self._flags = before
        # A group stays a part of its own: a count may follow, and its bars are not those outside.
        return Choice((inner,)) if isinstance(inner, Row | Choice) else inner

    def _name(self) -> None:
        name, closed, _ = self._text[self._at :].partition(">")
        valid = name.isascii() and name.isalnum() and name[:1].isalpha() and name not in self._names
        if not closed or not valid:
            raise NotTranslatable("it is no regular expression: the name of a group is odd")
        self._names.add(name)
        self._at += len(name) + 1

    def _changed_flags(self) -> _Flags:
        found = {"i": self._flags.ignore_case, "s": self._flags.dot_all}
        wanted = True
        while self._next and self._next not in ":)":
            flag = self._take()
            if flag == "-":
                wanted = False
            elif flag not in found:
                raise NotTranslatable(f"it uses the flag {flag}; only i and s are honoured")
            else:
                found[flag] = wanted
        if not self._next:
            raise NotTranslatable("it is no regular expression: a parenthesis is not closed")
        return _Flags(found["i"], found["s"])

    # --- escapes

    def _escape(self) -> Pattern | None:
        letter = self._next
        if letter == "Q":
            return self._quoted()
        if letter in _PLACES:
            self._take()
            if letter == "b" and self._ahead("{"):
                raise NotTranslatable("it uses \\b with braces, such as \\b{g}")
            return At(_PLACES[letter])
        if letter == "R":
            self._take()
            return Choice((_LINE_END_SEQUENCE,))
        found = self._class_escape()
        return One(found) if found is not None else self._single(self._character_escape())

    def _quoted(self) -> Pattern:
        self._take()
        quoted, closed, _ = self._text[self._at :].partition("\\E")
        if not closed:
            raise NotTranslatable("it uses \\Q without \\E")
        self._at += len(quoted) + 2
        parts = [self._single(ord(character)) for character in quoted]
        if parts:
            parts[-1] = self._repeated(parts[-1])
        return Row(tuple(parts))

    def _class_escape(self) -> CharacterSet | None:
        r"""What \d, \W, \p{L} and their like stand for; None for an escaped character."""
        letter = self._next
        if letter in ("p", "P"):
            self._take()
            found = self._property()
            return found if letter == "p" else found.complement()
        if letter and letter.lower() in _CLASSES:
            self._take()
            found = _CLASSES[letter.lower()]
            return found if letter.islower() else found.complement()
        return None

    def _property(self) -> CharacterSet:
        name = self._take()
        if name == "{":
            name, closed, _ = self._text[self._at :].partition("}")
            if not closed:
                raise NotTranslatable("it is no regular expression: \\p{ is not closed")
            self._at += len(name) + 1
        return self._named_set(name)

    def _named_set(self, name: str) -> CharacterSet:
        kind, equals, value = name.partition("=")
        bare = value if equals and kind in _KINDS_OF_SETS else name
        bare = bare if equals else bare.removeprefix("Is")
        if self._flags.ignore_case and bare in characters.CASED:
            raise NotTranslatable(f"it uses \\p{{{name}}} with the flag i")
        if name in characters.POSIX:
            return characters.POSIX[name]
        if bare == "LC":
            of = [characters.of_category(c) for c in ("Lu", "Ll", "Lt")]
            return of[0].union(of[1]).union(of[2])
        if bare == "LD":
            return characters.of_category("L").union(characters.of_category("Nd"))
        if bare in characters.CATEGORIES or (bare in characters.SCRIPTS and bare != name):
            return characters.of_category(bare)
        raise NotTranslatable(f"it uses the class \\p{{{name}}}")

    def _character_escape(self) -> int:
        letter = self._take()
        if not letter:
            raise NotTranslatable("it ends in a backslash")
        if letter in _CONTROL:
            return _CONTROL[letter]
        if letter == "0":
            return self._octal()
        if letter == "x":
            return self._hexadecimal()
        if letter == "u":
            return self._utf16()
        if letter == "c" and self._next:
            return ord(self._take()) ^ 64
        if letter in "123456789":
            raise NotTranslatable("it uses a back-reference")
        if letter == "k":
            raise NotTranslatable("it uses a back-reference by name")
        if letter.isascii() and letter.isalpha():
            raise NotTranslatable(f"it uses \\{letter}")
        return ord(letter)

    def _octal(self) -> int:
        found = ""
        while self._next and self._next in "01234567" and int(found or "0", 8) <= _MOST_OCTAL // 8:
            found += self._take()
        if not found:
            raise NotTranslatable("it is no regular expression: \\0 without an octal number")
        return int(found, 8)

    def _hexadecimal(self) -> int:
        if self._skip("{"):
            digits, closed, _ = self._text[self._at :].partition("}")
            self._at += len(digits) + 1
            if closed and digits and set(digits) <= _HEX and int(digits, 16) <= characters.LAST:
                return int(digits, 16)
            raise NotTranslatable("it is no regular expression: \\x{...} is no character")
        return self._fixed_hex(2)

    def _fixed_hex(self, count: int) -> int:
        digits = self._text[self._at : self._at + count]
        if len(digits) < count or not set(digits) <= _HEX:
            raise NotTranslatable("it is no regular expression: \\x or \\u without its digits")
        self._at += count
        return int(digits, 16)

    def _utf16(self) -> int:
        high = self._fixed_hex(4)
        if high in _HIGH and self._skip("\\u"):
            low = self._fixed_hex(4)
            if low in _LOW:
                return 0x10000 + ((high - _HIGH.start) << 10) + (low - _LOW.start)
        if high in _HALVES:
            raise NotTranslatable("it uses half of a character")
        return high

    # --- classes in brackets

    def _class(self) -> CharacterSet:
        """From behind the opening bracket to the closing one."""
        negated = self._skip("^")
        found = self._union()
        if not self._skip("]"):
            raise NotTranslatable("it is no regular expression: a class is not closed")
        return found.complement() if negated else found

    def _union(self) -> CharacterSet:
        """The members up to the closing bracket; && cuts off what is not on its right side too."""
        found: CharacterSet | None = None
        while self._next and (self._next != "]" or found is None):
            if self._skip("&&"):
                right = self._right_side()
                if right is None and found is None:
                    raise NotTranslatable("it is no regular expression: && joins nothing")
                found = (
                    right
                    if found is None
                    else found
                    if right is None
                    else found.intersection(right)
                )
                continue
            member = self._member()
            found = member if found is None else found.union(member)
        if found is None:
            raise NotTranslatable("it is no regular expression: a class is not closed")
        return found

    def _right_side(self) -> CharacterSet | None:
        right: CharacterSet | None = None
        while self._next and self._next not in "]&":
            part = self._member() if self._ahead("[") else self._union()
            right = part if right is None else right.union(part)
        return right

    def _member(self) -> CharacterSet:
        if self._skip("["):
            return self._class()
        if self._ahead("\\Q"):
            raise NotTranslatable("it uses \\Q in a class")
        is_tab = self._ahead("\\v-")  # before a minus it is one character
        low = self._member_character()
        if is_tab:
            low = _VERTICAL_TAB
        if isinstance(low, CharacterSet):
            return low
        behind = self._text[self._at + 1 : self._at + 2]
        if self._next != "-" or behind in ("]", "[", ""):
            return self._cased(characters.of_characters([low]))
        self._take()
        high = self._member_character()
        if isinstance(high, CharacterSet) or high < low:
            raise NotTranslatable("it is no regular expression: a range in a class goes backwards")
        return self._cased(characters.of_ranges((low, high)))

    def _member_character(self) -> CharacterSet | int:
        character = self._take()
        if character != "\\":
            return ord(character)
        found = self._class_escape()
        if found is not None:
            return found
        if self._next in ("b", "B", "A", "G", "z", "Z", "R", "X", "N", "k"):
            raise NotTranslatable(f"it uses \\{self._next} in a class")
        return self._character_escape()
