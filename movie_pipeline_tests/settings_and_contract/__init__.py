"""Settings, rulesets, errors and the movie contract as values; and that the docs name them all."""
