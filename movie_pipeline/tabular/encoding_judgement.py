# ruff: noqa: RUF001 - signs are meant as they stand
"""Which encoding a text is in that is no UTF-8: what it would say in each, side by side.

A reading costs bits: few where its letters stand in pairs that a language has, many where they do
not. The pairs stand in letter_pairs.json. Nothing is read here; who asks gives the odd cells.
"""

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

_PAIRS = Path(__file__).with_name("letter_pairs.json")


@dataclass(frozen=True)
class Candidate:
    """An encoding that files come in.

    Attributes:
        codec: for Python.
        name: for people, and for a declaration.
        rarity: bits that a reading in it costs from the start.
    """

    codec: str
    name: str
    rarity: float


CANDIDATES: Final = (
    Candidate("cp1252", "Windows-1252", 0),
    Candidate("cp1251", "Windows-1251", 3),
    Candidate("cp1250", "Windows-1250", 3),
    Candidate("gb18030", "GB18030", 3),
    Candidate("cp932", "Shift_JIS", 3),
    Candidate("cp949", "EUC-KR", 3),
    Candidate("cp950", "Big5", 4),
    Candidate("euc_jp", "EUC-JP", 5),
    Candidate("cp1253", "Windows-1253", 3),
    Candidate("cp1254", "Windows-1254", 3),
    Candidate("cp1255", "Windows-1255", 4),
    Candidate("cp1256", "Windows-1256", 4),
    Candidate("cp1257", "Windows-1257", 4),
    Candidate("iso8859-15", "ISO-8859-15", 4),
    Candidate("iso8859-2", "ISO-8859-2", 5),
    Candidate("iso8859-5", "ISO-8859-5", 7),
    Candidate("iso8859-7", "ISO-8859-7", 5),
    Candidate("koi8-u", "KOI8-U", 5),
    Candidate("mac-roman", "macintosh", 5),
    Candidate("cp850", "IBM850", 5),
    Candidate("cp437", "IBM437", 7),
    Candidate("cp852", "IBM852", 6),
    Candidate("cp866", "IBM866", 5),
    Candidate("mac-cyrillic", "x-mac-cyrillic", 7),
    Candidate("mac-latin2", "x-mac-ce", 8),
    Candidate("cp874", "Windows-874", 5),
)
_UTF_8: Final = Candidate("utf-8", "UTF-8", 0)
_LATIN: Final = [
    "ca",
    "cs",
    "da",
    "de",
    "en",
    "es",
    "et",
    "fi",
    "fr",
    "hu",
    "is",
    "it",
    "lt",
    "lv",
    "nb",
    "nl",
    "pl",
    "pt",
    "ro",
    "sh",
    "sk",
    "sl",
    "sq",
    "sv",
    "tr",
    "vi",
]
_OF_SCRIPT: Final = {
    "LATIN": _LATIN,
    "CYRILLIC": ["ru", "uk", "bg", "mk"],
    "GREEK": ["el"],
    "HEBREW": ["he"],
    "ARABIC": ["ar", "fa"],
    "THAI": ["th"],
}
_CHARACTERS: Final = {
    "CJK": ("zh", "ja"),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "HANGUL": ("ko",),
}
_FIRST_ODD = 0x80
_ENOUGH = 400
"""Odd cells that are weighed; all others say the same."""
_FEW = 60
_ONE_BY_ONE: Final = frozenset({"zh", "ja", "ko"})
_BITS_OF_SPACE, _BITS_OF_ASCII = 2.6, 4.5
_BITS_OF_ONE = 12.0
_UNKNOWN_PAIR = 18.0
_UNKNOWN_CHARACTER = 20.0
_STRANGE = 25.0
_NO_TEXT = 40.0
_TWO_SCRIPTS = 45.0
"""For each change of script within a word, which no language has."""
_OTHER_LANGUAGE = 10.0
_LEAST_MARGIN = 10.0
_LEAST_MARGIN_OF_OTHERS = 16.0
_MARGIN_OF_FEW, _MARGIN_OF_FEW_OF_OTHERS = 20.0, 26.0
"""Where few cells tell: by these no word of 20 languages is read wrongly, alone or with another."""
_FEW_LETTERS = 2
_MARGIN_OF_LETTER_AGAIN, _MARGIN_OF_LETTERS = 12.0, 45.0
_MARGIN_EACH = 1.5
_MOST_STRANGE = 0.1
_STRANGE_SHARE = 0.25
_MOST_BITS = 15.0
_OPENING: Final = "“‘«„‚¡¿「『（《"
_CLOSED_BY: Final = {
    "“": "”",
    "‘": "’",
    "«": "»",
    "„": "“”",
    "‚": "‘’",
    "¡": "!",
    "¿": "?",
    "「": "」",
    "『": "』",
    "（": "）",
    "《": "》",
}
_CLOSING: Final = "”»…」』）》！？。，、：・ー～™®©ªº"
_BETWEEN: Final = "–—‐―·•\u00a0\u3000"
_BEFORE_NUMBERS: Final = "€£¥№"
_RAISED: Final = "¹²³"
_PARTS: Final = "½¼¾"
_CALLS = frozenset(
    {
        "l",
        "d",
        "m",
        "n",
        "s",
        "t",
        "c",
        "j",
        "qu",
        "un",
        "all",
        "dell",
        "nell",
        "sull",
        "dall",
        "o",
        "mc",
        "a",
        "e",
        "an",
    }
)
_ENDS = frozenset({"s", "t", "d", "m", "re", "ve", "ll", "a", "e", "i", "o", "em", "er", "n"})
_RUN = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0e31-\u0e4e]+[^\W\d_]*)*")


@dataclass(frozen=True)
class Judged:
    """One encoding's reading of the odd cells.

    Attributes:
        candidate: the encoding.
        texts: what the cells say in it, None where one is no text.
        bits: what each costs.
        strange: in how many something stands that no language has.
    """

    candidate: Candidate
    texts: tuple[str | None, ...]
    bits: tuple[float, ...]
    strange: int

    @property
    def cost(self) -> float:
        """What all of them cost."""
        return sum(self.bits) + self.candidate.rarity


@dataclass(frozen=True)
class Judgement:
    """What came of it.

    Attributes:
        plain: the encoding that the text is plainly in, or None.
        likely: the likeliest readings, the best first.
        mixed: whether it would be, if it were not for cells that are plainly UTF-8.
    """

    plain: Candidate | None
    likely: tuple[Judged, ...]
    mixed: bool = False


def judge(cells: Sequence[bytes], formed: Sequence[bytes] = ()) -> Judgement:
    """Weigh the cells that hold bytes beyond ASCII in all encodings.

    The best reading is taken where it is plausible by itself and costs less than any other that
    differs from it, by a margin that grows with the number of cells in which they differ.

    Args:
        cells: the first ones.
        formed: cells of the whole text that are well-formed UTF-8.
    """
    distinct = list(dict.fromkeys(cells))[:_ENOUGH]
    first = [_read(candidate, distinct[:_FEW]) for candidate in CANDIDATES]
    first.sort(key=lambda judged: judged.cost)
    ranked = first
    if len(distinct) > _FEW:
        near = [each.candidate for each in first[:8]]
        ranked = sorted((_read(each, distinct) for each in near), key=lambda judged: judged.cost)
    best = ranked[0]
    plain = _plausible(best, distinct) and all(_beaten(best, other) for other in ranked[1:])
    if plain and best.candidate is not CANDIDATES[0]:
        usual = next((each for each in ranked if each.candidate is CANDIDATES[0]), None)
        plain = _differs_strangely(usual or _read(CANDIDATES[0], distinct), best)
    mixed = plain and (
        _some_are_utf8(best.candidate, distinct, _LEAST_MARGIN)
        or _some_are_utf8(best.candidate, formed, _MARGIN_OF_FEW)
    )
    return Judgement(best.candidate if plain and not mixed else None, _different(ranked), mixed)


def _some_are_utf8(best: Candidate, cells: Sequence[bytes], margin: float) -> bool:
    """Whether a cell reads plainly better as UTF-8 than in the encoding that most are in."""
    formed = [cell for cell in cells if _decoded(cell, _UTF_8.codec)]
    both = zip(_read(best, formed).bits, _read(_UTF_8, formed).bits, strict=True)
    return any(bits - as_utf8 >= margin for bits, as_utf8 in both)


def _different(ranked: Sequence[Judged]) -> tuple[Judged, ...]:
    """The likeliest ones that do not say the same."""
    kept: list[Judged] = []
    for judged in ranked:
        near = judged.cost < ranked[0].cost + 3 * len(judged.bits) + 4 * _LEAST_MARGIN
        if near and judged.texts not in [each.texts for each in kept] and len(kept) < 4:  # noqa: PLR2004
            kept.append(judged)
    return tuple(kept)


def _plausible(best: Judged, cells: Sequence[bytes]) -> bool:
    texts = [text for text in best.texts if text is not None]
    odd = sum(_odd_characters(text) for text in texts)
    letters = any(c > "\x7f" and c.isalpha() for text in texts for c in text)
    if not odd or not (letters or best.candidate is CANDIDATES[0]):
        return False
    if best.strange > max(_MOST_STRANGE * len(cells), 0):
        return False
    return sum(best.bits) / odd <= 2 * _MOST_BITS


def _differs_strangely(usual: Judged, best: Judged) -> bool:
    """Whether the usual reading is strange in many of the cells in which it says something else."""
    differing = [
        text is None or _weigh(text).strange
        for text, other in zip(usual.texts, best.texts, strict=True)
        if text != other
    ]
    return sum(differing) >= _STRANGE_SHARE * len(differing)


def _odd_characters(text: str) -> int:
    return sum(character > "\x7f" for character in text)


def _beaten(best: Judged, other: Judged) -> bool:
    """Whether the best reading is plainly better than another one that differs."""
    differing = [
        (one, two, this or "")
        for one, two, this, that in zip(best.bits, other.bits, best.texts, other.texts, strict=True)
        if this != that
    ]
    if not differing:
        return True
    margin = sum(two - one for one, two, _ in differing)
    margin += other.candidate.rarity - best.candidate.rarity
    usual = best.candidate is CANDIDATES[0]
    least = _LEAST_MARGIN if usual else _LEAST_MARGIN_OF_OTHERS
    of_few = _MARGIN_OF_FEW if usual else _MARGIN_OF_FEW_OF_OTHERS
    if len({c for _, _, text in differing for c in text if c > "\x7f"}) <= _FEW_LETTERS:
        # the same letter again and again is one piece of evidence, and no more
        of_usual = min(of_few + _MARGIN_OF_LETTER_AGAIN * (len(differing) - 1), _MARGIN_OF_LETTERS)
        of_few = of_usual if usual else _MARGIN_OF_LETTERS
    return margin >= max(least + _MARGIN_EACH * min(len(differing), 40), of_few)


def _read(candidate: Candidate, cells: Sequence[bytes]) -> Judged:
    texts = tuple(_decoded(cell, candidate.codec) for cell in cells)
    weighed = [None if text is None else _weigh(text) for text in texts]
    spoken: Counter[str] = Counter()
    for each in weighed:
        if each is not None:
            for word in each.words:
                spoken[min(word, key=word.__getitem__)] += 1
    total = sum(spoken.values())
    rarity = {name: -math.log2((spoken[name] + 0.3) / (total + 0.3 * 12)) for name in _languages()}
    bits = tuple(
        _NO_TEXT * (1 + _odd_bytes(cell) / 2)
        if each is None
        else each.bits + _in_one_language(each.words, rarity)
        for cell, each in zip(cells, weighed, strict=True)
    )
    strange = sum(each is None or each.strange for each in weighed)
    return Judged(candidate, texts, bits, strange)


def _in_one_language(words: Sequence[dict[str, float]], rarity: Mapping[str, float]) -> float:
    """Bits of the words of a cell, which is of one language as a rule; another one costs more."""
    if not words:
        return 0.0
    alone = [min(bits + rarity[name] for name, bits in word.items()) for word in words]
    languages = {name for word in words for name in word}
    return min(
        rarity[language]
        + sum(
            min(word.get(language, math.inf), other + _OTHER_LANGUAGE)
            for word, other in zip(words, alone, strict=True)
        )
        for language in languages
    )


def _odd_bytes(cell: bytes) -> int:
    return sum(byte >= _FIRST_ODD for byte in cell)


def _decoded(cell: bytes, codec: str) -> str | None:
    try:
        return cell.decode(codec)
    except UnicodeDecodeError:
        return None


@dataclass(frozen=True)
class _Weighed:
    """Bits of a text's signs and, by language, of its words; and whether something is strange."""

    bits: float
    words: tuple[dict[str, float], ...]
    strange: bool


@lru_cache(maxsize=100_000)
def _weigh(text: str) -> _Weighed:
    if len(text.strip()) == 1:
        return _Weighed(_BITS_OF_ONE, (), strange=False)  # it may be any letter
    bits = 0.0
    strange = False
    words: list[dict[str, float]] = []
    covered = [False] * len(text)
    for run in _RUN.finditer(text):
        covered[run.start() : run.end()] = [True] * (run.end() - run.start())
        if run[0].isascii():
            continue
        more, by_language, odd = _weigh_word(run[0])
        bits += more
        strange = strange or odd
        words += [by_language] if by_language else []
    for place, character in enumerate(text):
        if covered[place] or character <= "\x7f":
            continue
        cost = _sign(text, place)
        strange = strange or cost >= _STRANGE
        bits += cost
    return _Weighed(bits, tuple(words), strange)


def _sign(text: str, place: int) -> float:  # noqa: C901, PLR0911 - a table of places
    character = text[place]
    before = text[place - 1] if place else " "
    behind = text[place + 1] if place + 1 < len(text) else " "
    if character == "’":
        return _apostrophe(text, place)
    alone = not before.isalpha()
    if character in _OPENING and alone and behind.isalnum():
        closing = _CLOSED_BY.get(character, "")
        return 7.0 if any(each in text[place:] for each in closing) else 18.0
    if character in _CLOSING and (before.isalnum() or before in ".!?,)") and not behind.isalpha():
        return 7.0
    if character in _CLOSING and before > "\u3000":
        return 7.0
    if character in _BETWEEN and (alone or before.isdigit()) and not behind.isalpha():
        return 7.0
    if character in "–—" and before.isalpha() and behind.isalpha():
        return 24.0
    if character in _BEFORE_NUMBERS and alone and not behind.isalpha():
        return 9.0
    if character == "°" and before.isdigit():
        return 9.0
    if character in _RAISED and before.isalnum() and not behind.isalpha():
        return 12.0
    if character in _PARTS and not before.isalpha() and not behind.isalpha():
        return 12.0
    kind = unicodedata.category(character)[0]
    within = before.isalpha() and behind.isalpha()
    return _NO_TEXT if kind == "C" or (within and kind in "SN") else _STRANGE


def _apostrophe(text: str, place: int) -> float:
    """Bits of an apostrophe: few where a short word or ending stands beside it."""
    before = re.search(r"[^\W\d_]*$", text[:place])
    behind = re.match(r"[^\W\d_]*", text[place + 1 :])
    one, two = (found[0].lower() if found else "" for found in (before, behind))
    if one and (one in _CALLS or two in _ENDS):
        return 6.0
    if one and not two:
        return 8.0 if one.endswith(("s", "x", "z")) else 18.0
    return 22.0 if one else 12.0


def _weigh_word(word: str) -> tuple[float, dict[str, float], bool]:
    """Bits of a word: those in any language, those by language, and whether it is strange."""
    scripts = {_script(character) for character in word if character > "\x7f"} - {"MARK"}
    if any(character <= "\x7f" for character in word):
        scripts.add("LATIN")
    bits = 0.0
    strange = False
    if len(scripts - {"CJK", "HIRAGANA", "KATAKANA"}) > (0 if "CJK" in scripts else 1):
        changes = sum(_script(one) != _script(two) for one, two in pairwise(word))
        characters = sum(_bits_of_character(character) for character in word)
        return characters + _TWO_SCRIPTS * max(changes, 1), {}, True
    for character in word:
        kind = _script(character)
        if kind in _CHARACTERS:
            bits += _bits_of_character(character)
        elif kind == "":
            bits += _STRANGE
            strange = True
    bits += _wrong_case(word)
    strange = strange or (bits >= _STRANGE and not scripts & set(_CHARACTERS))
    script = next(iter(scripts & set(_OF_SCRIPT)), None)
    if script is None:
        return bits, {}, strange
    padded = f" {word.replace('İ', 'I').lower()} "
    pairs = [padded[i : i + 2] for i in range(len(padded) - 1) if max(padded[i : i + 2]) > "\x7f"]
    by_language = {
        language: sum(_bits_of(language).get(pair, _UNKNOWN_PAIR) for pair in pairs)
        for language in _OF_SCRIPT[script]
    }
    unknown = min(
        sum(pair not in _bits_of(language) for pair in pairs) for language in _OF_SCRIPT[script]
    )
    return bits, by_language, strange or unknown > max(1, len(pairs) // 4)


def _bits_of_character(character: str) -> float:
    """Bits of a character of a script that has thousands, or writes syllables; else none."""
    languages = _CHARACTERS.get(_script(character), ())
    bits = (_bits_of(language).get(character, _UNKNOWN_CHARACTER) for language in languages)
    return min(bits, default=0.0)


def _wrong_case(word: str) -> float:
    """Bits for a capital letter within a word beside a letter beyond ASCII, which no word has."""
    if word.isupper():
        return 0.0
    wrong = sum(
        two.isupper() and (two > "\x7f" or (one > "\x7f" and one.islower()))
        for one, two in pairwise(word)
    )
    return 20.0 * wrong


@cache
def _script(character: str) -> str:
    if character <= "\x7f":
        return "LATIN"
    name = unicodedata.name(character, "")
    if unicodedata.category(character).startswith("M"):
        return "THAI" if name.startswith("THAI") else "MARK"
    first = name.split(" ", 1)[0]
    if first in _OF_SCRIPT or first in _CHARACTERS:
        return first
    return "CJK" if character == "々" else ""


@cache
def _languages() -> tuple[str, ...]:
    return tuple(name for names in _OF_SCRIPT.values() for name in names)


@cache
def _bits_of(language: str) -> dict[str, float]:
    """Pair of letters to the bits of its second behind its first; or a character to its bits."""
    by_level = _tables()[language]
    size = 1 if language in _ONE_BY_ONE else 2
    joint = {
        letters[i : i + size]: int(level) + 0.5
        for level, letters in by_level.items()
        for i in range(0, len(letters), size)
    }
    if size == 1:
        return joint
    of_first: dict[str, float] = {}
    for pair, bits in joint.items():
        of_first[pair[0]] = of_first.get(pair[0], 0.0) + 2.0**-bits
    return {
        pair: max(bits - _bits_of_first(pair[0], of_first), 0.5) for pair, bits in joint.items()
    }


def _bits_of_first(first: str, of_first: Mapping[str, float]) -> float:
    """Bits of a pair's first letter; the tables hold no pairs of ASCII letters."""
    if first <= "\x7f":
        return _BITS_OF_SPACE if first == " " else _BITS_OF_ASCII
    return -math.log2(of_first[first])


@cache
def _tables() -> dict[str, dict[str, str]]:
    return json.loads(_PAIRS.read_text(encoding="utf-8"))


def odd_cells(pieces: Iterable[bytes], most: int = 2_000) -> list[bytes]:
    """The first distinct cells of a text that hold bytes beyond ASCII.

    Args:
        pieces: the text, piece by piece, each ending with a line.
        most: how many.
    """
    found: dict[bytes, None] = {}
    for piece in pieces:
        for cell in _ODD_CELL.findall(piece):
            found[cell.strip()] = None
        if len(found) >= most:
            break
    others = [cell for cell in found if not _NEUTRALISED.sub(b"", cell).isascii()]
    return (others or list(found))[:most]


def formed_cells(pieces: Iterable[bytes], most: int) -> list[bytes]:
    """The first distinct cells of a text that are well-formed UTF-8 beyond ASCII.

    Args:
        pieces: the text, piece by piece, each ending with a line.
        most: how many.
    """
    found: dict[bytes, None] = {}
    for piece in pieces:
        found.update(dict.fromkeys(cell.strip() for cell in _FORMED_CELL.findall(piece)))
        if len(found) >= most:
            break
    return list(found)[:most]


_NEUTRALISED = re.compile(rb"^\xa0(?=[=+\-@])")
"""A no-break space that keeps a spreadsheet from computing a cell; our answers have it."""
_FORMED_CELL = re.compile(
    rb'(?:(?<=[\x00-\x1f,;"])|\A)'
    rb"(?:[ !#-+\--:<-\x7f]*+(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
    rb"|[\xf0-\xf4][\x80-\xbf]{3}))++[ !#-+\--:<-\x7f]*+"
    rb'(?=[\x00-\x1f,;"]|\Z)'
)
_ODD_CELL = re.compile(rb'[^\x00-\x1f,;"]*[\x80-\xff][^\x00-\x1f,;"]*')
