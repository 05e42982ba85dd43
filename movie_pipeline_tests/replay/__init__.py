"""Replay: from a wish to films in the table, and everything that must not happen on the way."""
