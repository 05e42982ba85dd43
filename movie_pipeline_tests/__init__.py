"""Tests of movie_pipeline, one folder per part; `contracts/` holds the interfaces' shared classes."""
