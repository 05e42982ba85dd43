"""Tests of the catalog's adapters."""
