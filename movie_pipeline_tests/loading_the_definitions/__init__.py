"""The definitions load the same in every way there is, and hold what they should."""
