"""Tests of the ledger and the outbox."""
