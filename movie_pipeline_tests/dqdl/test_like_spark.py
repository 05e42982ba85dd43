r"""Patterns and expressions that nobody chose: DuckDB gives Spark's answer, or refuses by name.

Drawn by a grammar over odd values, a seed for each round; `make conformance ROUNDS=100` runs on for
long.
"""

import os
import random
from collections.abc import Callable, Sequence
from typing import Any, cast

import pyarrow as pa
import pytest

from movie_pipeline.dqdl import RulesetError, evaluate, parse_ruleset
from movie_pipeline.dqdl.rules.unsupported import require_supported
from movie_pipeline_tests.dqdl.spark_samples import brought_here, frame, needs_spark

_ARROW = cast("Any", pa)
ROUNDS = int(os.environ.get("ROUNDS", "1"))
AT_ONCE = 25
MOST_REFUSED = 0.5
"""The share of what is drawn that may be refused; more would say that nothing is compared."""

pytestmark = [
    needs_spark,
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:Warning"),
]

TEXTS = (
    *(
        "",
        " ",
        "a",
        "Z",
        "ab",
        "aB",
        "ba",
        "aaa",
        "abab",
        "a b",
        "a_b",
        "a-b",
        "a.b",
        "é",
        "É",
        "aé",
    ),
    *(
        "ß",
        "\N{LATIN SMALL LETTER LONG S}",
        "\N{KELVIN SIGN}",
        "日本",
        "٣",
        "\N{NO-BREAK SPACE}",
        "1",
        "12",
        "-1",
        "1.5",
        "+7",
        "1e3",
    ),
    *(
        "a\n",
        "\n",
        "a\nb",
        "a\r\n",
        "\u2028",
        "]",
        "\\",
        "^",
        "$",
        "{",
        "a{2}",
        "tab\t",
        "NaN",
        "true",
    ),
)


class Drawn:
    """What is drawn by one seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def one(self, of: Sequence[str]) -> str:
        """One of them."""
        return self._chance.choice(of)

    def many(self, make: Callable[[], str], most: int) -> list[str]:
        """One to so many."""
        return [make() for _ in range(self._chance.randint(1, most))]

    # --- patterns --------------------------------------------------------------------------------

    def pattern(self, depth: int = 2) -> str:
        """A pattern of Java's, valid or not."""
        begin = self.one(("", "", "", "^", "(?i)", "(?s)"))
        end = self.one(("", "", "", "$"))
        return begin + self._choice(depth) + end

    def _choice(self, depth: int) -> str:
        return "|".join(self.many(lambda: self._row(depth), 2))

    def _row(self, depth: int) -> str:
        return "".join(self.many(lambda: self._part(depth), 3))

    def _part(self, depth: int) -> str:
        return self._atom(depth) + self.one(("", "", "", "", "*", "+", "?", "{2}", "{1,2}", "+?"))

    def _atom(self, depth: int) -> str:
        if depth and self._chance.random() < 0.2:
            return f"{self.one(('(', '(?:'))}{self._choice(depth - 1)})"
        if self._chance.random() < 0.25:
            members = "".join(self.many(lambda: self.one(_MEMBERS), 3))
            return f"[{self.one(('', '', '^'))}{members}]"
        return self.one(_ATOMS)

    # --- expressions -----------------------------------------------------------------------------

    def condition(self, depth: int = 1) -> str:
        """A condition of Spark SQL over the columns s, i, d, b and t."""
        chance = self._chance.random()
        if depth and chance < 0.25:
            joined = f" {self.one(('and', 'or'))} "
            return f"({joined.join(self.condition(depth - 1) for _ in range(2))})"
        kind = self.one(tuple(_LEAVES))
        if chance < 0.4:
            return f"{self.value(kind)} is {self.one(('', 'not '))}null"
        other = self.one(("number", "text")) if kind != "date" and chance < 0.6 else kind
        if chance < 0.7:
            members = f"({self.value(other)}, {self.value(other)})"
            return f"{self.value(kind)} {self.one(('in', 'not in'))} {members}"
        compared = self.one(("=", "<>", "<", "<=", ">", ">="))
        if chance < 0.75:
            pattern = self.one(("[[:alpha:]]", "^a", "b$", "(?i)A", "[0-9]+", "a.b", r"^[^a]*$"))
            return f"{self.value('text')} rlike '{pattern}'"
        return f"{self.value(kind)} {compared} {self.value(other)}"

    def value(self, kind: str, depth: int = 2) -> str:
        """A value of a kind."""
        if not depth or self._chance.random() < 0.4:
            return self.one(_LEAVES[kind])
        call, *kinds = self.one(_CALLS[kind]).split("|")
        return call.format(*(self.value(each, depth - 1) for each in kinds))


_ATOMS = (
    *("a", "b", "Z", "1", "_", "-", " ", ".", "é", "日"),
    *(r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", r"\.", r"\\", r"\n", r"\t", r"\x41", r"\u00e9"),
    *(r"\p{L}", r"\p{Lu}", r"\p{Alpha}", r"\P{L}", r"\p{IsAlphabetic}", r"\Qa.\E", r"\b", r"\z"),
)
_MEMBERS = ("a", "b", "a-c", "0-9", "A-Z", "é", r"\d", r"\w", r"\s", "_", "&&[^a]", "[x-z]", r"\]")
_LEAVES = {
    "number": ("i", "d", "0", "1", "-1", "2.5", "1e2", "7"),
    "text": ("s", "s", "'a'", "'1'", "' 12 '", "'2024-02-29'"),
    "date": ("t", "date '2024-02-29'"),
}
_CALLS = {
    "number": (
        *("cast({} as int)|text", "cast({} as double)|text", "length({})|text", "abs({})|number"),
        *("{} + {}|number|number", "{} - {}|number|number", "{} * {}|number|number"),
        *("{} / {}|number|number", "{} % {}|number|number", "coalesce({}, {})|number|number"),
        *("year({})|date", "dayofweek({})|date", "floor({})|number", "ceil({})|number"),
        *("nullif({}, {})|number|number", "if(b, {}, {})|number|number", "cast({} as int)|number"),
        *("round({}, 1)|number", "sign({})|number", "greatest({}, {})|number|number"),
        *("try_cast({} as int)|text", "size(split({}, 'a'))|text", "instr({}, 'a')|text"),
        *("datediff({}, {})|date|date", "months_between({}, {})|date|date", "hour({})|date"),
        *("extract(month from {})|date", "log2({})|number", "power({}, 2)|number"),
    ),
    "text": (
        *(
            "cast({} as string)|number",
            "cast({} as string)|date",
            "upper({})|text",
            "trim({})|text",
        ),
        *("substring({}, 1, 2)|text", "concat({}, {})|text|text", "coalesce({}, {})|text|text"),
        *("lower({})|text", "if(b, {}, {})|text|text", "reverse({})|text"),
        *("regexp_replace({}, '[a-z0-9]', '#')|text", "left({}, 1)|text"),
        *("translate({}, 'ab', 'x')|text", "split_part({}, 'a', 1)|text", "ltrim({})|text"),
        *("date_format({}, 'yyyy-MM')|date", "lpad({}, 3, '-')|text", "initcap({})|text"),
    ),
    "date": (
        *("cast({} as date)|text", "coalesce({}, {})|date|date", "date_add({}, 1)|date"),
        *("add_months({}, 1)|date", "{} - interval 1 month|date", "to_date({}, 'yyyy-MM-dd')|text"),
        "last_day({})|date",
    ),
}
"""How a value is made, and of which kinds."""


def judged_by_both(rules: Sequence[str], data: Any) -> tuple[Any, Any]:  # noqa: ANN401 - an Arrow table, untyped
    """What DuckDB and Spark say."""
    ruleset = parse_ruleset(f"Rules = [ {', '.join(rules)} ]")
    judged = cast("Any", evaluate)
    return judged(ruleset, data), judged(ruleset, frame(data))


def accepted(rules: Sequence[str]) -> list[str]:
    """Those that are rules at all, each once."""
    found: dict[str, str] = {}
    for rule in rules:
        try:
            ruleset = parse_ruleset(f"Rules = [ {rule} ]")
            require_supported(ruleset)
        except RulesetError:
            continue
        found.setdefault(str(ruleset.rules[0]), rule)
    return list(found.values())


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_pattern_takes_the_texts_that_it_takes_on_spark(seed: int) -> None:
    drawn = Drawn(seed)
    data = _ARROW.table({"s": list(TEXTS)})
    asked = [f'ColumnValues "s" matches "{drawn.pattern()}"' for _ in range(AT_ONCE)]
    here, there = judged_by_both(accepted(asked), data)
    told = {rule.rule for rule in here.rules if rule.evaluated}
    assert len(told) >= len(asked) * (1 - MOST_REFUSED)
    wanted = {row["s"]: set(row["DataQualityRulesPass"]) for row in brought_here(there.rows)}
    wrong = [
        f"{rule} of {row['s']!r}"
        for row in here.rows.to_pylist()
        for rule in told & (set(row["DataQualityRulesPass"]) ^ wanted[row["s"]])
    ]
    assert wrong == []


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_condition_keeps_the_rows_that_it_keeps_on_spark(seed: int) -> None:
    drawn = Drawn(1_000_000 + seed)
    places = range(len(TEXTS))
    data = _ARROW.table(
        {
            "n": [2**place for place in places],  # their sum tells which they are
            "s": list(TEXTS),
            "i": _ARROW.array([None if place % 7 == 0 else place - 9 for place in places], "int32"),
            "d": [None if place % 5 == 0 else place / 4 - 3 for place in places],
            "b": [None if place % 3 == 0 else place % 2 == 0 for place in places],
            "t": _ARROW.array(
                [None if place % 4 == 0 else place * 97 for place in places], "int32"
            ).cast("date32"),
        }
    )
    asked = [
        f'CustomSql "select sum(n) from primary where {drawn.condition()}" >= 0'
        for _ in range(AT_ONCE)
    ]
    here, there = judged_by_both(accepted(asked), data)
    told = {rule.rule: rule.metrics for rule in here.rules if rule.evaluated}
    assert len(told) >= len(asked) * (1 - MOST_REFUSED)
    wanted = {rule.rule: rule.metrics for rule in there.rules}
    wrong = [
        f"{rule}: {found}, not {wanted[rule]}"
        for rule, found in told.items()
        if found != wanted[rule]
    ]
    assert wrong == []
