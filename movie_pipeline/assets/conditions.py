"""When an asset outside the ingest job is brought up to date: after every update, never starved.

Dagster's `eager()` loses updates that land while a refresh runs, and waits while any ingest runs.
"""

import dagster as dg

_AC = dg.AutomationCondition

refresh_after_update = (
    _AC.any_deps_updated().since(_AC.newly_requested() | _AC.initial_evaluation())
    & ~_AC.any_deps_missing()
    & ~_AC.in_progress()
).with_label("refresh_after_update")
"""Refresh once after any number of updates; an update during a refresh is followed by another."""
