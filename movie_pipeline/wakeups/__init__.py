"""Hints that a file landed: the port and its adapters (none, an SQS queue).

They cost or save latency, never a file.
"""
