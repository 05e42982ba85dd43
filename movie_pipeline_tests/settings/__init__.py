"""Tests of the settings, the contract and the errors."""
