"""The movies: their contract, the names that real files use, the ruleset and the sample."""
