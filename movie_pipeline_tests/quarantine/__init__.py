"""Tests of quarantined records."""
