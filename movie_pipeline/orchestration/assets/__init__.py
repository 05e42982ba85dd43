"""The software-defined assets: thin, each calls plain functions and says what came of it."""
