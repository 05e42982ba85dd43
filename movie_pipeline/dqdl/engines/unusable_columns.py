"""Which columns no rule can name, on whatever engine.

Types that an engine does not know are its own affair.
"""

import collections
from collections.abc import Sequence


def nameless_or_alike(names: Sequence[str]) -> dict[int, str]:
    """The places of the columns that cannot be told by their names, each with the reason."""
    folded = collections.Counter(name.casefold() for name in names)
    unusable: dict[int, str] = {}
    for place, name in enumerate(names):
        if not name:
            unusable[place] = "it has no name"
        elif folded[name.casefold()] > 1:
            unusable[place] = "several columns have this name, upper and lower case alike"
    return unusable
