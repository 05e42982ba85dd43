"""Tests of the DQDL engine."""
