"""All that sensors and runs ever do, once: what permissions are held against."""

from movie_pipeline_tests.canaries import FILES
from movie_pipeline_tests.end_to_end.daemon import HandDaemon
from movie_pipeline_tests.samples import clean_movies, hopeless
from movie_pipeline_tests.standins.aws_world import AwsWorld


def do_every_kind_of_work(world: AwsWorld, daemon: HandDaemon) -> None:
    """Files of every state, a replay, what is found open, and the clean-up."""
    files = FILES | {"clean.csv": clean_movies(2), "rejected.csv": hopeless()}
    for name, content in files.items():
        world.put(name, content)
    daemon.look()
    world.put("clean again.csv", clean_movies(2))
    daemon.look()
    daemon.follow()
    held = {"file": "held.csv", "accept": True, "by": "a test", "why": "to see"}
    daemon.launch("replay_quarantined", ops={"land_replays": {"config": held}})
    daemon.look()
    daemon.launch("reconcile")
    daemon.follow()
    daemon.launch("clean_up")
    daemon.tick("reconcile_at_start")
