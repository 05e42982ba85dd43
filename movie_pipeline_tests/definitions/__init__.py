"""Tests of the code location as Dagster loads it."""
