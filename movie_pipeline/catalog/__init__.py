"""The one place for metadata: the port and its adapters (a folder, the Glue Data Catalog).

What is described is decided by the assets.
"""
