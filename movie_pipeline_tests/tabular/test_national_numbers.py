# ruff: noqa: RUF001 - signs are meant as they stand
"""Columns of numbers as nations, programs and people write them: read rightly, or not at all."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from movie_pipeline_tests.tabular.staging import stage

Write = Callable[[Decimal], str]


def grouped(sign: str, places: int = 0, decimal: str = "") -> Write:
    """Groups of three with this sign between them."""

    def write(value: Decimal) -> str:
        text = f"{value:,.{places}f}".replace(",", "\0").replace(".", decimal)
        return text.replace("\0", sign)

    return write


def lakhs(value: Decimal) -> str:
    """Groups as in India: 12,34,567."""
    digits = f"{value:.0f}"
    head, tail = digits[:-3], digits[-3:]
    parts: list[str] = []
    while head:
        head, part = head[:-2], head[-2:]
        parts.insert(0, part)
    return ",".join([*parts, tail])


def around(before: str, write: Write, behind: str = "") -> Write:
    return lambda value: f"{before}{write(value)}{behind}"


def times(factor: str, places: int, behind: str, decimal: str = ".", before: str = "") -> Write:
    """The number divided by so many, and the word for them behind."""

    def write(value: Decimal) -> str:
        text = f"{value / Decimal(factor):.{places}f}".replace(".", decimal)
        return f"{before}{text}{behind}"

    return write


def clock(form: str) -> Write:
    """Minutes as hours and minutes."""
    return lambda value: form.format(h=int(value) // 60, m=int(value) % 60)


@dataclass(frozen=True)
class Written:
    """A column of numbers written in one way.

    Attributes:
        column: the file's name for it.
        write: how a number is written.
        most: the greatest number.
        step: what all are a multiple of, so that nothing is lost in writing.
        is_read: whether it is read; else it is held, noted, or its cells are unreadable.
    """

    column: str
    write: Write
    most: int
    step: str = "1"
    is_read: bool = True

    def values(self, count: int, chance: random.Random) -> list[Decimal]:
        step = Decimal(self.step)
        most = int(self.most / step)
        few = self.is_read and chance.random() < 0.5
        top = max(most // 1_000, 20) if few else most
        return [chance.randint(max(top // 50, 1), top) * step for _ in range(count)]


OURS = {
    "votes": "votes",
    "gross": "gross_usd",
    "runtime": "runtime_minutes",
    "rating": "imdb_rating",
    "metascore": "meta_score",
}
PLAIN = grouped("")
SIGNS = (".", ",", " ", "\u00a0", "\u202f", "'", "’", "")
WAYS = [
    *(Written("votes", grouped(sign), 3_000_000) for sign in SIGNS),
    *(Written("votes", grouped(sign, 2, ","), 3_000_000) for sign in (".", " ", "")),
    *(Written("votes", grouped(sign, 2, "."), 3_000_000) for sign in (",", " ", "'", "")),
    Written("votes", lakhs, 30_000_000),
    Written("votes", around("(", grouped(","), ")"), 3_000_000),
    Written("votes", around("", grouped(","), " votes"), 3_000_000),
    Written("votes", lambda value: f"{value:e}", 3_000_000),
    Written("votes", times("1000", 1, "K"), 900_000, "100"),
    Written("votes", times("1000", 1, " Tsd.", ","), 900_000, "100"),
    *(Written("votes", times("1000", 1, word, ","), 900_000, "100", is_read=False)
      for word in (" mil", " тыс.", " tys.", "")),
    Written("votes", times("10000", 1, "万"), 900_000, "1000", is_read=False),
    *(Written("gross", around(sign, grouped(group)), 2_000_000_000, "1000")
      for sign in ("$", "$ ", "US$", "USD ") for group in (",", ".", " ")),
    *(Written("gross", around("", grouped(" "), sign), 2_000_000_000, "1000")
      for sign in ("$", " $", " USD", " US$")),
    *(Written("gross", around(sign, grouped(",")), 2_000_000_000, "1000", is_read=False)
      for sign in ("€", "£", "₹", "¥", "R$ ", "C$", "kr ")),
    *(Written("gross", around("", grouped(" "), sign), 2_000_000_000, "1000", is_read=False)
      for sign in (" €", " EUR", " Kč", " руб.")),
    *(Written("gross", times("1000000", 2, word, sign, dollar), 900_000_000, "10000")
      for word in ("M", " million", " mln", " MM", " millones")
      for sign, dollar in ((".", "$"), (",", ""))),
    Written("gross", times("1000000", 2, " Mio. $", ","), 900_000_000, "10000"),
    *(Written("gross", times("1000000000", 2, word, before="$"), 9_000_000_000, "10000000")
      for word in ("B", " bn", " billion", " Mrd.")),
    *(Written("gross", times("1000", 2, word), 900_000_000, "10000", is_read=False)
      for word in (" mil", " tys.", " T")),
    Written("gross", times("10000000", 2, " crore"), 900_000_000, "100000", is_read=False),
    Written("gross", times("1000000", 2, ""), 900_000_000, "10000", is_read=False),
    Written("gross", times("1000000", 0, ""), 900_000_000, "1000000", is_read=False),
    *(Written("runtime", clock(form), 300) for form in (
        "{h}h {m}m", "{h}h{m:02}", "{h}:{m:02}:00", "{h:02}:{m:02}:00", "PT{h}H{m}M",
        "{h} hours {m} minutes", "{h} hr {m} min", "{h} h {m:02} min", "{h} hours, {m} mins")),
    *(Written("runtime", clock(form), 300, is_read=False) for form in (
        "{h}:{m:02}", "{h}.{m:02}", "{h} ч {m} мин")),
    *(Written("runtime", around("", PLAIN, word), 300) for word in (
        "", " min", " mins.", "m", "′", "'", ".0", ",0", " minutes")),
    Written("runtime", around("PT", PLAIN, "M"), 300),
    Written("runtime", times("1", 0, "分钟"), 300, is_read=False),
    Written("runtime", lambda value: f"{value * 60:.0f}", 300, is_read=False),
    Written("runtime", lambda value: f"{value * 60_000:.0f}", 300, is_read=False),
    Written("runtime", times("60", 2, ""), 300, "15", is_read=False),
    *(Written("rating", grouped("", places, sign), 10, "0.1")
      for places in (1, 2) for sign in (".", ",")),
    Written("rating", grouped("", 3, "."), 10, "0.1"),
    Written("rating", grouped("", 3, ","), 10, "0.1", is_read=False),
    *(Written("rating", around("", grouped("", 1, sign), word), 10, "0.1")
      for word in ("/10", " / 10", " out of 10", " von 10", " (1,234 votes)")
      for sign in (".", ",")),
    Written("rating", times("0.1", 0, "%"), 10, "0.1"),
    Written("rating", times("0.1", 0, "/100"), 10, "0.1"),
    Written("rating", times("2", 2, "/5"), 10, "0.1"),
    Written("rating", times("2", 2, " sur 5", ","), 10, "0.1"),
    *(Written("rating", times(most, 2, ""), 10, "0.1", is_read=False)
      for most in ("2", "10", "0.1")),
    Written("rating", times("0.01", 0, ""), 10, "0.1", is_read=False),
    Written("rating", times("0.5", 1, "/20"), 10, "0.1", is_read=False),
    Written("rating", lambda value: "★" * round(value / 2), 10, "2", is_read=False),
    *(Written("metascore", around("", PLAIN, word), 100) for word in ("", "/100", "%", ".0")),
    Written("metascore", times("10", 1, ""), 100, is_read=False),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.column} {way.write(Decimal(60))}")
def test_a_column_of_numbers_is_read_rightly_or_not_without_a_word(
    way: Written, tmp_path: Path, times: int
) -> None:
    ours = OURS[way.column]
    for number in range(times):
        chance = random.Random(f"{way.write(Decimal(60))} {number}")
        values = way.values(chance.choice([3, 40]) if way.is_read else 40, chance)
        rating = "" if way.column == "rating" else ";rating"
        rows = [f"F{i};{'8.1;' if rating else ''}{way.write(v)}\n" for i, v in enumerate(values)]
        staged = stage(tmp_path, f"title{rating};{way.column}\n{''.join(rows)}")
        read = [row[ours] for row in staged.rows if not row["_unreadable"] and not row["_breached"]]
        right = all(
            got == pytest.approx(float(value), rel=0, abs=1e-9)
            for got, value in zip(read, values, strict=False)
        )
        said = staged.summary.hold or any(
            f"values of {ours} lie" in note or f"no value of {ours}" in note
            for note in staged.summary.notes
        )
        if way.is_read and not staged.summary.unreadable:
            assert right, (rows[:3], read[:3])
            assert len(read) == len(values)
        elif way.is_read:
            # points or commas that may be groups or decimals, in so few cells that none says which
            assert {Fraction(float(got)) for got in read} <= set(map(Fraction, values))
        else:
            assert said or not read or right, (rows[:3], read[:3])
