"""The shape in which Glue's own transform is called, for code that was written for it.

What is asked and answered is `evaluation.py`'s; what comes back are Arrow tables.
"""

from collections.abc import Mapping
from typing import Any, cast

from movie_pipeline.arrow import pa
from movie_pipeline.dqdl.engines.arrow_tables import ArrowTable, Data, as_arrow
from movie_pipeline.dqdl.engines.evaluation import Evaluation, evaluate
from movie_pipeline.errors import RulesetError

_METHOD = "compositeRuleEvaluation.method"
_FILTERED = "rowLevelConfiguration.filteredRowLabel"
_WITHOUT_MEANING = ("performanceTuning", "observations")
_VALUES = {_METHOD: ("COLUMN", "ROW"), _FILTERED: ("PASSED", "SKIPPED")}


class EvaluateDataQuality:
    """Glue's transform of this name, over data at hand and without publishing anything."""

    @staticmethod
    def apply(
        frame: Data,
        ruleset: str,
        publishing_options: Mapping[str, Any] | None = None,
        additional_data_sources: Mapping[str, Data] | None = None,
        additional_options: Mapping[str, Any] | None = None,
    ) -> ArrowTable:
        """The outcomes alone: Rule, Outcome, FailureReason, EvaluatedMetrics, Labels.

        Raises:
            RulesetError: the ruleset or an option cannot be used.
            TableRefused: a frame is no table.
        """
        del publishing_options
        found = _evaluated(as_arrow(frame), ruleset, additional_data_sources, additional_options)
        return _outcomes(found)

    @staticmethod
    def process_rows(
        frame: Data,
        ruleset: str,
        publishing_options: Mapping[str, Any] | None = None,
        additional_data_sources: Mapping[str, Data] | None = None,
        additional_options: Mapping[str, Any] | None = None,
    ) -> dict[str, ArrowTable]:
        """The data, the outcomes, and the rows with Glue's four columns.

        Args:
            frame: the data.
            ruleset: the rules as text.
            publishing_options: taken and without meaning here; nothing is published.
            additional_data_sources: reference datasets by alias.
            additional_options: `compositeRuleEvaluation.method` (COLUMN, ROW) and
                `rowLevelConfiguration.filteredRowLabel` (PASSED, SKIPPED) are honoured;
                `performanceTuning` and `observations` have no meaning here.

        Returns:
            Arrow tables under `originalData`, `ruleOutcomes` and `rowLevelOutcomes`.

        Raises:
            RulesetError: the ruleset or an option cannot be used.
            TableRefused: a frame is no table.
        """
        del publishing_options
        data = as_arrow(frame)
        found = _evaluated(data, ruleset, additional_data_sources, additional_options)
        return {
            "originalData": data,
            "ruleOutcomes": _outcomes(found),
            "rowLevelOutcomes": found.rows,
        }


def _evaluated(
    data: ArrowTable,
    ruleset: str,
    sources: Mapping[str, Data] | None,
    options: Mapping[str, Any] | None,
) -> Evaluation:
    chosen = dict(_options(options or {}))
    return evaluate(
        ruleset,
        data,
        sources=sources,
        composite_method=cast("Any", chosen.get(_METHOD, "COLUMN")),
        filtered_rows=cast("Any", chosen.get(_FILTERED, "PASSED")),
        unsupported_rules="fail",
    )


def _options(options: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """The options by their whole names, whether they are written with points or nested."""
    found: list[tuple[str, str]] = []
    for key, value in options.items():
        name = before + key
        if isinstance(value, Mapping):
            found += _options(cast("Mapping[str, Any]", value), f"{name}.")
        elif name in _VALUES:
            if str(value).upper() not in _VALUES[name]:
                raise RulesetError(f"the option {name} is one of {', '.join(_VALUES[name])}")
            found.append((name, str(value).upper()))
        elif name.partition(".")[0] not in _WITHOUT_MEANING:
            known = ", ".join((*_VALUES, *_WITHOUT_MEANING))
            raise RulesetError(f"there is no option {name}", hint=f"known: {known}")
    return found


def _outcomes(found: Evaluation) -> ArrowTable:
    text, numbers = pa.string(), pa.map_(pa.string(), pa.float64())
    return cast(
        "ArrowTable",
        pa.table(
            {
                "Rule": pa.array([rule.rule for rule in found.rules], text),
                "Outcome": pa.array([rule.outcome for rule in found.rules], text),
                "FailureReason": pa.array([rule.reason for rule in found.rules], text),
                "EvaluatedMetrics": pa.array(
                    [list(rule.metrics.items()) for rule in found.rules], numbers
                ),
                "Labels": pa.array(
                    [list(rule.labels.items()) for rule in found.rules], pa.map_(text, text)
                ),
            }
        ),
    )
