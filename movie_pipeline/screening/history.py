"""What earlier files measured, for rules that compare a file with the ones before it.

The ledger keeps every file's metrics; here they become the history of `last(k)`. What such a rule
makes of it is quality/'s affair.
"""

from collections import defaultdict
from collections.abc import Iterable

from movie_pipeline.loading.ledger import Ledger, LedgerEntry
from movie_pipeline.quality import Ruleset

FILES_LOOKED_AT = 200
"""Ledger entries a history is made of, the newest; `last(k)` reaches no further."""


def history_for(ruleset: Ruleset, ledger: Ledger) -> dict[str, list[float]]:
    """The values that the ruleset's dynamic rules may ask for; empty where it has none."""
    if not any("last(" in str(rule) for rule in ruleset):
        return {}
    return metric_history(ledger.entries(limit=FILES_LOOKED_AT))


def metric_history(entries: Iterable[LedgerEntry]) -> dict[str, list[float]]:
    """Metric name to its values in these entries, in their order, each file once.

    Args:
        entries: the ledger's, newest first; files that were not judged have no metrics.
    """
    history: dict[str, list[float]] = defaultdict(list)
    for entry in entries:
        metrics: dict[str, float] = {}
        for rule in entry.summary.get("rules", []):
            metrics.update(rule["metrics"])
        for name, value in metrics.items():
            history[name].append(value)
    return dict(history)
