"""All that sensors and runs ever do, once: what permissions are held against."""

from functools import partial
from pathlib import Path

from movie_pipeline.deployments import Deployment
from movie_pipeline.ledger.decision_records import find_decisions
from movie_pipeline.storage.storage_port import Area
from movie_pipeline.upkeep.parts import Parts
from movie_pipeline.upkeep.rebuild import rebuild
from movie_pipeline.upkeep.retract import Wish, retract
from movie_pipeline.upkeep.verify import verify
from movie_pipeline_tests.canaries import FILES
from movie_pipeline_tests.end_to_end.daemon import HandDaemon
from movie_pipeline_tests.samples import clean_movies, hopeless
from movie_pipeline_tests.standins.aws_world import AwsWorld


def do_every_kind_of_work(world: AwsWorld, daemon: HandDaemon) -> None:
    """Files of every state, a replay, what is found open, the clean-up, and upkeep."""
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
    daemon.by_hand(partial(_keep_for_years, world.deployment, world.settings.home / "damaged"))
    daemon.launch("reconcile")


def _keep_for_years(deployment: Deployment, scratch: Path) -> None:
    """A damaged decision record repaired, a file taken back, and the warehouse made anew."""
    parts = Parts(deployment.storage, deployment.warehouse, deployment.settings, deployment.dataset)
    scratch.write_bytes(b"damaged")
    name = next(iter(find_decisions(deployment.storage).places.values()))
    deployment.storage.put(Area.HISTORY, name, scratch)
    found = verify(parts, deep=True, repair=True).findings
    assert any(one.kind == "record-damaged" and one.repaired for one in found), found
    retract(parts, "clean.csv", Wish(by="a test", why="to see"))
    report = rebuild(parts)
    assert (report.caught_up.problems, report.swapped) == ({}, True)
