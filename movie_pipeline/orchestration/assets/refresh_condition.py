"""When an asset outside the ingest job is brought up to date: after every update, never starved.

Dagster's `eager()` loses updates that land while a refresh runs, and waits while any ingest runs.
"""

import dagster as dg

_AC = dg.AutomationCondition

_BETWEEN_REFRESHES = "*/5 * * * *"
"""A refresh reads the whole table: in a burst of loads it must not take their processor."""

_updated = _AC.any_deps_updated()
# An update that is seen in the evaluation right after a request may have come too late for the
# refresh that was requested: it is not forgotten.
_answered = _AC.newly_requested() & ~_updated

_quiet = ~_AC.any_deps_in_progress()
_tick = dg.AutomationCondition[dg.AssetKey].cron_tick_passed(_BETWEEN_REFRESHES)
_waited_enough = _tick.since(_AC.newly_requested())

refresh_after_update = (
    _updated.since(_answered | _AC.initial_evaluation())
    & ~_AC.any_deps_missing()
    & ~_AC.in_progress()
    & (_quiet | _waited_enough | _AC.missing())
).with_label("refresh_after_update")
"""Refresh once after any number of updates; an update during a refresh is followed by another.

While more updates are on their way, one refresh every five minutes has to do. The first of all is
made at once.
"""
