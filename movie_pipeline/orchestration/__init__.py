"""Dagster at the edge: assets, checks, sensors and jobs that call plain functions and show answers.

Logic, SQL and policies stay out.
"""
