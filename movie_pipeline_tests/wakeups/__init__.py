"""Tests of the wake-ups."""
