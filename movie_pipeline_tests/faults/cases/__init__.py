"""The faults, one module per group; each ends with the oracle's state, none with "no exception"."""
