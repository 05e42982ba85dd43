"""Judging: rules as plans, measured by an engine that holds the data; rows never leave it.

What a rule means stands in rules/.
"""
