"""What a source declares its numbers to count: seconds, millions, points of another highest number.

They become numbers of the contract's own unit; which column is which is told elsewhere.
"""

import re
from fractions import Fraction
from typing import Final

from movie_pipeline.tabular.table_contract import Column

_UNITS: Final = {
    "seconds": (Fraction(1, 60), "minutes"),
    "hours": (Fraction(60), "minutes"),
    "thousands": (Fraction(1_000), ""),
    "millions": (Fraction(1_000_000), ""),
    "billions": (Fraction(1_000_000_000), ""),
}
_OF_MOST = re.compile(r"of ([0-9]+)")
UNITS: Final = "seconds, hours, thousands, millions, billions, or of 5 and the like"
"""What may be declared, for sentences."""


def factor_of(unit: str, column: Column) -> Fraction | None:
    """What a number must be multiplied by to be of the column's own unit; None if it cannot be."""
    if found := _OF_MOST.fullmatch(unit):
        most = int(found[1])
        return Fraction(str(column.maximum)) / most if most and column.maximum else None
    factor, of_unit = _UNITS.get(unit, (None, ""))
    if of_unit and column.unit != of_unit:
        return None
    return factor
