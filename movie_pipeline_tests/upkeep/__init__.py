"""Verify, back up, rebuild: what comes with years."""
