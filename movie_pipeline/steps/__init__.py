"""The flow in its order, one plain function a step, from landing to archive.

No Dagster: assets, checks and sensors call these functions and show what came of it.
"""
