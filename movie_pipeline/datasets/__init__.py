"""What makes this a pipeline for certain data: a folder for each dataset.

The machinery takes a dataset and names none of its columns.
"""
