"""Replay: quarantined and held records asked to be judged again, as they were or corrected.

From a person's request to a file in landing; from there the job takes it like any other.
"""
