"""The fault matrix: each fault injected for real, its end compared with an oracle in pure Python.

`make faults` prints how many cases survived; a short set of the same cases runs with the tests.
"""
