"""The local world: folders, JSON files and a DuckDB file under one home.

Each module answers one part of `movie_pipeline.interfaces`; nothing here knows Dagster, and nothing
outside `deployments.py` imports it.
"""
