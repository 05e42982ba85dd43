"""What is said of a table that is judged with no pipeline around it, as plain values."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from movie_pipeline.dqdl import Evaluation, RuleOutcome, Ruleset, TableRefused


def sources_named(written: Iterable[str]) -> dict[str, Path]:
    """Reference datasets by alias, of texts such as `countries=lists/countries.csv`.

    Raises:
        TableRefused: a text names no alias or no path, or an alias is given twice.
    """
    found: dict[str, Path] = {}
    for text in written:
        alias, sign, path = text.partition("=")
        if not (alias and sign and path):
            raise TableRefused(f"a source is given as ALIAS=PATH, and {text} is not")
        if alias in found:
            raise TableRefused(f"the source {alias} is given twice")
        found[alias] = Path(path)
    return found


def evaluation_report(found: Evaluation, ruleset: Ruleset) -> dict[str, Any]:
    """The outcomes and the metrics of an evaluation; a number that is none stands as its name."""
    return {
        "passed": found.passed,
        "rows": found.rows.num_rows,
        "failing_rows": found.failing_rows,
        "rules": [_rule(outcome) for outcome in found.rules],
        "metrics": [
            {"rule": outcome.rule, "metric": name, "value": _number(value)}
            for outcome in found.rules
            for name, value in outcome.metrics.items()
        ],
        "warnings": list(ruleset.warnings),
    }


def _rule(outcome: RuleOutcome) -> dict[str, Any]:
    return {
        "rule": outcome.rule,
        "outcome": outcome.outcome,
        "evaluated": outcome.evaluated,
        "reason": outcome.reason,
        "failing_rows": outcome.failing_rows,
        "metrics": {name: _number(value) for name, value in outcome.metrics.items()},
        "labels": outcome.labels,
    }


def _number(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
