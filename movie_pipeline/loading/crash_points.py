"""Where crash points were; they stand in movie_pipeline.crash_points."""

from movie_pipeline.crash_points import CRASH_AT, CRASH_LOG, arm, crash_point

__all__ = ["CRASH_AT", "CRASH_LOG", "arm", "crash_point"]
