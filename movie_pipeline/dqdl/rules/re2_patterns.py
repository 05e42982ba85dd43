"""Java's patterns as RE2 takes them, where it can do exactly the same.

RE2 has no look-around and knows only ASCII words. Where a text has other letters, a mark is put at
each border of a word beforehand, and the pattern is written for marked texts.
"""

from dataclasses import dataclass, replace
from functools import partial

from movie_pipeline.dqdl.rules.characters import CharacterSet
from movie_pipeline.dqdl.rules.java_patterns import (
    At,
    Choice,
    NotTranslatable,
    One,
    Pattern,
    Repeat,
    Row,
    alternatives,
    has_places,
    nullable,
    parse_pattern,
    takes,
)

MARK = "\ufdd0"
"""Stands at the borders of words in a marked text; it is no character that a text may hold."""
WORDS = r"((?:[\pL\p{Nd}]\p{Mn}*|_)+)"
"""What Java's `\\b` takes for a word."""
ANY_LINE_END = r"[\n\r\x{85}\x{2028}\x{2029}]"
LAST_LINE_END = rf"(?:\r\n|{ANY_LINE_END})?"
_MARK = r"\x{FDD0}"
_RETURN = 13


@dataclass(frozen=True, slots=True)
class Searched:
    """A pattern as RE2 takes it.

    Attributes:
        text: finds what Java finds, or `whole` matches the whole text.
        marked: the same for a marked text; None where no border of a word is asked for.
        groups: the groups that together hold what was found; 0 where it is never empty.
        whole: whether it is about the whole text.
        before_return: the same for a text that ends in a carriage return and a newline, where that
            is another, for `$` never stands between the two.
    """

    text: str
    marked: str | None = None
    groups: int = 0
    whole: bool = False
    before_return: "Searched | None" = None


def matching(pattern: str) -> Searched:
    """`^pattern$`, as `matches` asks for it.

    Raises:
        NotTranslatable: RE2 cannot do the same.
    """
    parts = alternatives(parse_pattern(pattern))
    searched = _matching(parts, LAST_LINE_END)
    if not any(takes(part, _RETURN) for part in parts):
        return searched
    return replace(searched, before_return=_matching(parts, r"(?:\r\n)?"))


def _matching(parts: tuple[Pattern, ...], end: str) -> Searched:
    empty = any(map(nullable, parts))
    if any(map(_has_boundary, parts)):
        _expect_places_outside(parts)
    write = partial(_alone if len(parts) == 1 else _several, parts, empty=empty, end=end)
    return Searched(
        write(marked=False),
        write(marked=True) if any(map(_has_boundary, parts)) else None,
        groups=len(parts[:2]) if empty else 0,
        whole=len(parts) == 1 and not empty,
    )


def _alone(parts: tuple[Pattern, ...], *, empty: bool, end: str, marked: bool) -> str:
    writer = _Writer(marked=marked, end=None if empty else end)
    mark = f"{_MARK}?" if marked else ""
    core = writer.part(_without_ends(parts[0]))
    return rf"\A({core}){mark}{end}\z" if empty else rf"(?:{core}){mark}{end}"


def _several(parts: tuple[Pattern, ...], *, empty: bool, end: str, marked: bool) -> str:
    writer = _Writer(marked=marked, end=None if empty else end)
    mark = f"{_MARK}?" if marked else ""
    first = [rf"\A(?:{writer.part(parts[0])})", *(f"(?:{writer.part(p)})" for p in parts[1:-1])]
    opening = "(" if empty else "(?:"
    last = writer.part(_without_ends(parts[-1], starts=False))
    return rf"{opening}{'|'.join(first)})|{opening}{last}){mark}{end}\z"


def beginning_with_a_word(pattern: str) -> Searched:
    r"""`\bpattern\b` at the start of the text, as `not matches` asks for it.

    Raises:
        NotTranslatable: RE2 cannot do the same.
    """
    parts = list(alternatives(parse_pattern(pattern)))
    alone = parts[0] if len(parts) == 1 else None
    empty = alone is not None and nullable(alone) and not has_places(alone)
    parts[0] = _joined([At("boundary"), parts[0]])
    parts[-1] = _joined([parts[-1], At("boundary")])
    _expect_places_outside(tuple(parts))
    if empty:
        parts.append(At("boundary"))  # both borders in one place, of which a text has one mark
    written = [
        rf"\A(?:{'|'.join(map(_Writer(marked=mark, one_border=empty).part, parts))})"
        for mark in (False, True)
    ]
    return Searched(written[0], written[1])


def anywhere(pattern: str) -> Searched:
    """The pattern somewhere in the text, as Spark's `rlike` asks for it.

    Raises:
        NotTranslatable: RE2 cannot do the same.
    """
    tree = parse_pattern(pattern)
    parts = alternatives(tree)
    bordered = any(map(_has_boundary, parts))
    if bordered:
        _expect_places_outside(parts)

    def written(end: str) -> Searched:
        return Searched(
            _Writer(marked=False, end=end).part(tree),
            _Writer(marked=True, end=end).part(tree) if bordered else None,
        )

    searched = written(LAST_LINE_END)
    if not takes(tree, _RETURN):
        return searched
    return replace(searched, before_return=written(r"(?:\r\n)?"))


def objection(pattern: str, operator: str) -> str | None:
    """What in a pattern cannot be honoured, in words; None where all of it can."""
    try:
        if operator == "matches":
            matching(pattern)
        else:
            beginning_with_a_word(pattern)
    except NotTranslatable as error:
        return str(error)
    except (OverflowError, RecursionError):
        return "it repeats too often or nests too deeply"
    return None


# --- parts of a pattern -------------------------------------------------------------------------


def _joined(parts: list[Pattern]) -> Pattern:
    flat = [p for part in parts for p in (part.parts if isinstance(part, Row) else (part,))]
    return Row(tuple(flat))


def _without_ends(pattern: Pattern, *, starts: bool = True) -> Pattern:
    """Without the `^` and `$` that say once more what stands round the pattern."""
    parts = list(pattern.parts if isinstance(pattern, Row) else (pattern,))
    while starts and parts and parts[0] == At("start"):
        parts.pop(0)
    while parts and parts[-1] == At("end"):
        parts.pop()
    return Row(tuple(parts))


def _expect_places_outside(parts: tuple[Pattern, ...]) -> None:
    """Where a mark may be taken, `^` and `$` stand at the two ends of an alternative only."""
    for part in parts:
        inner = list(part.parts if isinstance(part, Row) else (part,))
        while inner and inner[0] in (At("start"), At("boundary")):
            inner.pop(0)
        while inner and inner[-1] in (At("end"), At("very end"), At("boundary")):
            inner.pop()
        if any(map(_asks_for_an_end, inner)):
            raise NotTranslatable("it uses ^ or $ inside, beside a \\b")


def _asks_for_an_end(pattern: Pattern) -> bool:
    if isinstance(pattern, At):
        return pattern.place != "boundary"
    if isinstance(pattern, One):
        return False
    if isinstance(pattern, Repeat):
        return _asks_for_an_end(pattern.part)
    return any(map(_asks_for_an_end, pattern.parts))


def _has_boundary(pattern: Pattern) -> bool:
    if isinstance(pattern, At):
        return pattern.place == "boundary"
    if isinstance(pattern, One):
        return False
    if isinstance(pattern, Repeat):
        return _has_boundary(pattern.part)
    return any(map(_has_boundary, pattern.parts))


def _edge(pattern: Pattern, *, first: bool) -> str:
    """Whether a border of a word is asked for at its first or last place: always, never, maybe."""
    if isinstance(pattern, At | One):
        return "always" if pattern == At("boundary") else "never"
    if isinstance(pattern, Repeat):
        inner = _edge(pattern.part, first=first)
        return "maybe" if inner == "always" and not pattern.least else inner
    if isinstance(pattern, Choice):
        edges = {_edge(part, first=first) for part in pattern.parts}
        return edges.pop() if len(edges) == 1 else "maybe"
    for part in pattern.parts if first else reversed(pattern.parts):
        edge = _edge(part, first=first)
        if edge != "never" or not nullable(part):
            return edge
    return "never"


_ORDER = {"start": 0, "boundary": 1, "end": 2, "very end": 3}


class _Writer:
    r"""Writes a tree for RE2.

    Args:
        marked: for a marked text: each character may have a mark before it, which `\b` takes.
        end: what a `$` inside takes, the last line end; None where none may stand there.
        one_border: whether two borders of words may come to stand in one place.
    """

    def __init__(
        self, *, marked: bool, end: str | None = LAST_LINE_END, one_border: bool = False
    ) -> None:
        self._marked = marked
        self._end = end
        self._one_border = one_border

    def part(self, pattern: Pattern, *, last: bool = True) -> str:
        """The text of a part; `last` where nothing that takes a character follows."""
        if isinstance(pattern, One):
            if not self._marked:
                return written_set(pattern.of)
            return f"(?:{_MARK}?{written_set(pattern.of.without(ord(MARK)))})"
        if isinstance(pattern, At):
            return self._place(pattern, last=last)
        if isinstance(pattern, Choice):
            return f"(?:{'|'.join(self.part(p, last=last) for p in pattern.parts)})"
        if isinstance(pattern, Repeat):
            return self._repeat(pattern, last=last)
        return self._row(list(pattern.parts), last=last)

    def _row(self, parts: list[Pattern], *, last: bool) -> str:
        parts = _settled(parts)
        if not self._one_border:
            _expect_something_between(parts)
        written: list[str] = []
        for place, part in enumerate(parts):
            at_end = last and all(isinstance(p, At) for p in parts[place + 1 :])
            written.append(self.part(part, last=at_end))
        return "".join(written)

    def _place(self, at: At, *, last: bool) -> str:
        mark = f"{_MARK}?" if self._marked else ""
        if at.place == "start":
            return r"\A"
        if at.place == "very end":
            return rf"{mark}\z"
        if at.place == "boundary":
            return _MARK if self._marked else r"\b"
        if not last or self._end is None:
            raise NotTranslatable("it uses $ before its end")
        return rf"{mark}{self._end}\z"

    def _repeat(self, pattern: Repeat, *, last: bool) -> str:
        if (
            _edge(pattern.part, first=True) != "never"
            and _edge(pattern.part, first=False) != "never"
        ):
            raise NotTranslatable("it repeats a part that begins and ends with \\b")
        once = last and pattern.most is not None and pattern.most <= 1
        inner = self.part(pattern.part, last=once)
        if not isinstance(pattern.part, One | Choice):
            inner = f"(?:{inner})"
        return inner + _count(pattern.least, pattern.most) + ("?" if pattern.lazy else "")


def _settled(parts: list[Pattern]) -> list[Pattern]:
    """Places next to each other in one order and each once, whatever order they were written in."""
    settled: list[Pattern] = []
    run: list[At] = []
    for part in [*parts, None]:
        if isinstance(part, At):
            run.append(part)
            continue
        settled += sorted(dict.fromkeys(run), key=lambda at: _ORDER[at.place])
        run = []
        if part is not None:
            settled.append(part)
    return [part for place, part in enumerate(settled) if not _said_by_neighbour(settled, place)]


def _said_by_neighbour(parts: list[Pattern], place: int) -> bool:
    """Whether a neighbour asks for the border of a word that this part asks for."""
    here = parts[place]
    if place + 1 < len(parts):
        _expect_one_border(here, parts[place + 1])
    if here != At("boundary"):
        return False
    before = parts[place - 1] if place else None
    after = parts[place + 1] if place + 1 < len(parts) else None
    return (after is not None and _edge(after, first=True) == "always") or (
        before is not None and _edge(before, first=False) == "always"
    )


def _expect_one_border(left: Pattern, right: Pattern) -> None:
    ends, begins = _edge(left, first=False), _edge(right, first=True)
    neither = "never" in (ends, begins)
    one_is_plain = At("boundary") in (left, right) and "maybe" not in (ends, begins)
    if not neither and not one_is_plain:
        raise NotTranslatable("it asks for two \\b next to each other")


def _expect_something_between(parts: list[Pattern]) -> None:
    """Two borders of words have a character between them, whatever is left out."""
    open_border = False
    for part in parts:
        if open_border and _edge(part, first=True) != "never" and not isinstance(part, At):
            raise NotTranslatable("it asks for two \\b with perhaps nothing between them")
        if part == At("boundary"):
            if open_border:
                raise NotTranslatable("it asks for two \\b with perhaps nothing between them")
            open_border = True
        elif not nullable(part) or _edge(part, first=False) != "never":
            open_border = _edge(part, first=False) != "never"


_COUNTS: dict[tuple[int, int | None], str] = {(0, None): "*", (1, None): "+", (0, 1): "?"}


def _count(least: int, most: int | None) -> str:
    plain = _COUNTS.get((least, most))
    if plain is not None:
        return plain
    if most is None:
        return f"{{{least},}}"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


_PLAIN = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-'\"<>=,;:!#%&@~/"
)
_META = frozenset(".+*?()|[]{}^$\\")
_CONTROLS = {9: r"\t", 10: r"\n", 13: r"\r"}


def written_set(found: CharacterSet) -> str:
    """A set of characters as RE2 writes it."""
    if not found.categories and len(found.ranges) == 1 and found.ranges[0][0] == found.ranges[0][1]:
        return _character(found.ranges[0][0])
    parts = [
        rf"\{'P' if c[0] == '^' else 'p'}{{{c.removeprefix('^')}}}"
        for c in sorted(found.categories)
    ]
    if found.categories:
        ranges, negated = found.ranges, found.negated
    else:
        # the shorter of the two ways to write it, which is the one that reads
        others = found.complement()
        negated = len(others.ranges) < len(found.ranges) and bool(others.ranges)
        ranges = others.ranges if negated else found.ranges
        if not ranges:
            return r"[^\x{0}-\x{10FFFF}]"
    for low, high in ranges:
        parts.append(_in_class(low) if low == high else f"{_in_class(low)}-{_in_class(high)}")
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _character(code: int) -> str:
    character = chr(code)
    if character in _PLAIN:
        return character
    if character in _META:
        return f"\\{character}"
    return _CONTROLS.get(code, rf"\x{{{code:X}}}")


def _in_class(code: int) -> str:
    character = chr(code)
    if character.isascii() and character.isalnum():
        return character
    return _CONTROLS.get(code, rf"\x{{{code:X}}}")
