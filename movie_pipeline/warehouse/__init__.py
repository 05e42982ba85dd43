"""Where rows, ledger and outbox lie: the port, its adapters (a DuckDB file, Redshift), their SQL.

Statements stand in `sql/`; what they are for is known by those who run them.
"""
