"""Where files lie: the port, its adapters (a folder, an S3 bucket), and what file names may be.

Nothing here knows what a file holds.
"""
