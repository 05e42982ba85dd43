"""One class per interface, run against every implementation of it."""
