"""What the command line tells, as plain values: the words and keys that other programs build on.

One module for each thing told of, as some need the whole intake and `status` must answer at once.
"""
