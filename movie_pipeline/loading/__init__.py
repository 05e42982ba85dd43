"""Files into the warehouse exactly once: ledger, batch, load protocol, outbox, archive.

Plain code over `movie_pipeline.interfaces`; Dagster stands above it, the two worlds beside it.
"""
