"""Tests of what tells people and programs."""
