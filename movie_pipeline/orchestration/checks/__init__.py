"""The asset checks: thin, each says what plain functions found.

A check that cannot be run raises; it never reports bad data for a fault of its own.
"""
