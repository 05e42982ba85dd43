"""Ledger, batch, load protocol, outbox and archive, on a real DuckDB file."""
