"""Tests of movie_pipeline, one folder per part; contracts/ holds what interfaces promise."""
