"""Whole files screened on Spark: the program that a job runs, and what its executors do.

What it is asked and answers stands in screening/spark_job.py. Nothing else imports this.
"""
