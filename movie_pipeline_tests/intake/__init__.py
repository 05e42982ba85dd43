"""Tests of the intake, from bytes to staged rows."""
