"""The software-defined assets: thin, each calls plain functions and says what came of it.

Logic, SQL and policies stay out: they are in screening/, loading/ and the implementations of the
interfaces, where they are tested without Dagster.
"""
