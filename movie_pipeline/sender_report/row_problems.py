"""From the reasons that quarantine keeps of a record to what its sender is to correct.

The reasons' sentences are ours, made in tabular/ and quarantine/; here they are told in the
sender's words, under his columns' names.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import orjson

from movie_pipeline.quarantine.plain_rules import is_key_rule, must_be, rule_columns
from movie_pipeline.quarantine.quarantine_record import FILE_HELD, INTAKE_RULE, is_contract_rule
from movie_pipeline.sender_report.sent_layout import SentLayout
from movie_pipeline.tabular import SHARED_KEY, Column, ColumnType

_MISSING = "missing"
_WORD = " is a word for missing"
_LOST = " is a number that lost digits, and so no key"
_PLAINLY = {
    _MISSING: "must not be empty",
    _WORD: "must be there: what stands here is a word for nothing",
    _LOST: "must have all its digits: a spreadsheet has cut them off",
}
_UNDERIVED = "missing, and not to be derived without "
_SHARED = (
    "must tell the row from another one that has the same here and says something else: fill in "
    "what is empty, or give each an id"
)
_DATE = re.compile(r" is not (a date of the declared form .*, such as .*)$", re.DOTALL)
_SHIFTED = re.compile(
    r"the cells seem to be shifted (one column to the \w+), as by a stray delimiter$"
)
_MANY_DIGITS = 10_000
"""From here on digits are grouped: a year is not."""


@dataclass(frozen=True)
class Demand:
    """What a row must be and is not.

    Attributes:
        columns: keys of the cells it is about; none where it is about the whole row.
        rule: what must be, in words.
        rank: the lower, the earlier it is to be corrected.
        key_rule: the rule's text, where another row is to blame as well.
    """

    columns: tuple[str, ...]
    rule: str
    rank: int
    key_rule: str = ""


ROW, CELL, RULE = 0, 1, 2
"""Ranks: a row that is none hides its cells, and a cell that cannot be read what it holds."""


class Demands:
    """Tells what the reasons of records demand, each once for all records.

    Args:
        layout: how the sender writes.
        unevaluated: rules that could not be evaluated: no row is to blame for one.
    """

    def __init__(self, layout: SentLayout, unevaluated: Collection[str] = ()) -> None:
        self._layout = layout
        self._unevaluated = unevaluated
        self._of_rule = lru_cache(maxsize=1_000)(self._rule)
        self._of_cell = lru_cache(maxsize=1_000)(self._cell)

    def behind(self, json: bytes) -> tuple[Demand, ...]:
        """What a record of such reasons, as JSON, is not; what to correct first in front."""
        found: list[Demand] = []
        reasons = [(reason["rule"], reason["message"]) for reason in orjson.loads(json)]
        key = self._layout.contract.key
        # a row without a key fails rules about keys for no other row's sake
        keyless = any(_has_no_key(rule, message, key) for rule, message in reasons)
        for rule, message in reasons:
            if message.startswith(FILE_HELD) or rule in self._unevaluated:
                continue
            if keyless and is_key_rule(rule) and key in rule_columns(rule):
                continue
            if rule == INTAKE_RULE:
                found.append(Demand((), message, ROW))
            elif is_contract_rule(rule):
                column, _, rest = message.partition(": ")
                found.append(self._of_cell(column, _without_value(rest)))
            else:
                found.append(self._of_rule(rule))
        if len(found) <= 1:
            return tuple(found)
        told: dict[tuple[tuple[str, ...], str], Demand] = {}
        for demand in sorted(found, key=lambda demand: demand.rank):
            told.setdefault((demand.columns, demand.rule), demand)
        return tuple(told.values())

    def _rule(self, rule: str) -> Demand:
        layout = self._layout
        keys = tuple(layout.keys_behind(rule_columns(rule)))
        sentence = must_be(rule, layout.written)
        if sentence.startswith("must") and len(keys) != 1:
            named = " and ".join(layout.written(name) for name in rule_columns(rule))
            sentence = f"{named} {sentence}"
        return Demand(keys, sentence, RULE, rule if is_key_rule(rule) else "")

    def _cell(self, name: str, rest: str) -> Demand:
        layout = self._layout
        if shifted := _SHIFTED.search(rest):
            where = f"its cells seem to stand {shifted[1]} of where they belong"
            return Demand((), f"{where}: look for a stray delimiter or a missing quote", ROW)
        key = layout.key_of(name)
        keys = () if key is None else (key,)
        derived = layout.contract.derived_key
        parts = [part.column for part in derived.parts] if derived else []
        if rest.startswith(_UNDERIVED):
            keys = tuple(layout.keys_behind(parts[:1]))
            return Demand(keys, "must not be empty", CELL)
        if rest.endswith(SHARED_KEY):
            return Demand(tuple(layout.keys_behind(parts)), _SHARED, CELL)
        if date := _DATE.search(rest):
            return Demand(keys, f"must be {date[1].replace('declared ', '')}", CELL)
        if name not in layout.contract.names:
            return Demand(keys, rest, CELL)
        return Demand(keys, _must(layout.contract.column(name), rest), CELL)


def _has_no_key(rule: str, message: str, key: str) -> bool:
    """Whether a reason says that the row has no key."""
    column, _, rest = message.partition(": ")
    missing = rest.startswith(_UNDERIVED) or rest.endswith((_MISSING, _LOST))
    return is_contract_rule(rule) and column == key and missing


def _without_value(rest: str) -> str:
    """The sentence of a cell without what the cell holds, so that many cells share it."""
    for ending in (_WORD, _LOST, _MISSING, "is not a whole number", "is not a number"):
        if rest.endswith(ending):
            return ending
    return rest


def _must(column: Column, rest: str) -> str:
    """What a cell of a column of the contract must be."""
    if plainly := _PLAINLY.get(rest):
        return plainly
    if column.type is ColumnType.TEXT:
        return (
            f"must be no longer than {column.max_bytes:,} bytes (a letter beyond A to Z is two or "
            "more)"
        )
    kind = "a number" if column.type is ColumnType.DECIMAL else "a whole number"
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        return f"must be {kind} from {_plain(low)} to {_plain(high)}"
    if low is not None:
        return f"must be {kind} of at least {_plain(low)}"
    return f"must be {kind}" + (f" of at most {_plain(high)}" if high is not None else "")


def _plain(number: float) -> str:
    return f"{number:,.15g}" if abs(number) >= _MANY_DIGITS else f"{number:.15g}"
