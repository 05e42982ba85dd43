"""The whole job over real folders, a real DuckDB file and the real definitions."""
