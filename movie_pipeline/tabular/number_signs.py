"""What a point and a comma mean in the numbers of one column: decimal signs, or thousands.

It is told by all cells of the column, never by one alone; how a cell is read stands in
number_casts.py.
"""

import re
from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import Final

from movie_pipeline.tabular.table_contract import Column, ColumnType


class Sign(StrEnum):
    """What a sign between digits means."""

    DECIMAL = "decimal"
    GROUPS = "groups"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True)
class Signs:
    """What both signs mean in one column.

    Attributes:
        point: what `.` means.
        comma: what `,` means.
    """

    point: Sign
    comma: Sign

    def of(self, sign: str) -> Sign:
        """What `.` or `,` means."""
        return self.point if sign == "." else self.comma

    def __str__(self) -> str:
        return f"{self.point} {self.comma}"

    @classmethod
    def from_text(cls, text: str) -> "Signs":
        """The same from its text, such as "decimal groups"."""
        point, comma = text.split()
        return cls(Sign(point), Sign(comma))


class Evidence(IntFlag):
    """What cells of a column say about its signs."""

    NONE = 0
    POINT_DECIMAL = 1
    """`8.5`, `12.50`, `1234.000`."""
    POINT_GROUPS = 2
    """`1.007.598`; `685.856` where only whole numbers can be meant."""
    POINT_DOUBT = 4
    """`1.000`."""
    COMMA_DECIMAL = 8
    COMMA_GROUPS = 16
    COMMA_DOUBT = 32
    FRACTION = 64
    """A fraction that is not zero, and no cents of a great sum, such as in 28.34."""


OF_SIGN: Final = {
    ".": (Evidence.POINT_DECIMAL, Evidence.POINT_GROUPS, Evidence.POINT_DOUBT),
    ",": (Evidence.COMMA_DECIMAL, Evidence.COMMA_GROUPS, Evidence.COMMA_DOUBT),
}
"""What speaks for a decimal sign, for groups, and for either."""
DEFINITE: Final = (
    Evidence.POINT_DECIMAL | Evidence.POINT_GROUPS | Evidence.COMMA_DECIMAL | Evidence.COMMA_GROUPS
)
"""What is no doubt."""
_ONE_SIGN = re.compile(r"[+-]?([0-9]+)([.,])([0-9]+)")
COMMA_GROUPS: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})"
"""Digits in groups of three, or of two but for the last one, as in India: 12,34,567."""
_GROUPS_OF = {
    ".": re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+(,[0-9]+)?"),
    ",": re.compile(rf"[+-]?{COMMA_GROUPS}(\.[0-9]+)?"),
}
_OTHER = {".": ",", ",": "."}
_LONGEST = 60
_GROUP = 3
_SMALL = 4


def evidence_of(bare: str, column: Column) -> Evidence:
    """What a number says about the signs of its column; nothing where it is none.

    Args:
        bare: the number as it is written, without what stands around it.
        column: a number column.
    """
    if len(bare) > _LONGEST:
        return Evidence.NONE
    if one := _ONE_SIGN.fullmatch(bare):
        before, sign, behind = one.groups()
        decimal, groups, doubt = OF_SIGN[sign]
        if not is_like_group(before, behind):
            small = len(before) <= _SMALL and bool(behind.strip("0"))
            return decimal | Evidence.FRACTION if small else decimal
        if column.type is ColumnType.DECIMAL or behind == "000":
            return doubt
        return groups
    for sign, pattern in _GROUPS_OF.items():
        if found := pattern.fullmatch(bare):
            groups = OF_SIGN[sign][1]
            return groups | OF_SIGN[_OTHER[sign]][0] if found[1] else groups
    return Evidence.NONE


def reads_otherwise(before: Signs, now: Signs, evidence: Evidence) -> bool:
    """Whether any cell that was seen reads otherwise when its signs mean something else.

    Args:
        before: what they were read by.
        now: what is known now.
        evidence: what the cells said.
    """
    for sign, (_, groups, doubt) in OF_SIGN.items():
        if before.of(sign) is not now.of(sign) and evidence & (groups | doubt):
            return True
    return False


def is_like_group(before: str, behind: str) -> bool:
    """Whether digits before and behind a sign may be groups of thousands: 1.000, not 0.123."""
    return len(behind) == _GROUP and len(before) <= _GROUP and before[0] != "0"


def signs_of(
    column: Column, evidence: Evidence = Evidence.NONE, decimal: str | None = None
) -> Signs:
    """What the signs mean in a column.

    A sign has the one meaning for which there is evidence. Where there is evidence for both, cells
    such as 1.000 are in doubt. Where there is none, the other sign tells; a whole number such as
    1.000 is in doubt without that, 1,000 is a thousand, and 8,500 among decimals is in doubt.

    Args:
        column: a number column.
        evidence: of its cells.
        decimal: the decimal sign, where it is declared or known of the file.
    """
    if decimal == ",":
        return Signs(Sign.GROUPS, Sign.DECIMAL)
    whole = column.type is not ColumnType.DECIMAL
    comma_default = Sign.GROUPS if whole else Sign.DOUBTFUL
    if decimal == ".":
        return Signs(Sign.DECIMAL, comma_default)
    point, comma = _meant(evidence, "."), _meant(evidence, ",")
    if point is None:
        if comma is Sign.DECIMAL:
            point = Sign.GROUPS
        elif comma is Sign.GROUPS or not whole:
            point = Sign.DECIMAL
        else:
            point = Sign.DOUBTFUL
    if comma is None:
        comma = Sign.DECIMAL if point is Sign.GROUPS else comma_default
    return Signs(point, comma)


def _meant(evidence: Evidence, sign: str) -> Sign | None:
    decimal, groups, _ = OF_SIGN[sign]
    if evidence & decimal and evidence & groups:
        return Sign.DOUBTFUL
    if evidence & decimal:
        return Sign.DECIMAL
    return Sign.GROUPS if evidence & groups else None
