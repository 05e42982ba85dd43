"""Replay: from a request to movies in the table, and everything that must not happen on the way."""
