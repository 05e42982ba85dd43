"""The command that tells the whole story of one file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from movie_pipeline.cli.command_options import (
    dataset_option,
    existing,
    home_option,
    json_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import (
    console,
    print_json,
    print_sentence,
    print_table,
    print_verdict,
)
from movie_pipeline.cli.verdict_line import PASS, WARN, counted, verdict

_PLACES = {"rows": "good rows"}
"""What the places of a story are called beside its counts."""


@click.command()
@click.argument("file")
@home_option
@json_option
@dataset_option
@told_in_a_sentence
def show(*, file: str, home: Path | None, as_json: bool, dataset: str) -> None:
    """Tell the story of FILE, a name or a file_id: every version and replay of it, oldest first.

    When and in which run it was decided, by which rules and why, where its rows and reports are,
    and what people changed. Exit code: 2 where the ledger has no such file.
    """
    from movie_pipeline.deployments import deployment_from
    from movie_pipeline.ledger.ledger import Ledger
    from movie_pipeline.reports.file_story import file_story
    from movie_pipeline.reports.sender_answers import not_found

    world = deployment_from(existing(settings_from(home, dataset=dataset)))
    world.warehouse.prepare()
    entries = Ledger(world.warehouse).of_file(file)[::-1]
    if not entries:
        raise not_found(file)
    stories = [file_story(entry, world.storage) for entry in entries]
    if as_json:
        print_json({"files": stories})
        return
    for story in stories:
        _print_story(story)
    print_verdict(_verdict(stories))


def _verdict(stories: Sequence[Mapping[str, Any]]) -> str:
    """What the newest version that waits for a person came to, or else the newest."""
    waiting = [
        story
        for story in stories
        if story["state"] in {"HELD", "REJECTED"} and not story["dismissal"]
    ]
    newest = (waiting or stories)[-1]
    name, file_id = newest["file"], newest["file_id"]
    if waiting:
        return verdict(WARN, f"{name} is {newest['state']}", f"movie-pipeline report {file_id}")
    if newest["rows_quarantined"]:
        apart = f"{counted(newest['rows_quarantined'], 'row')} of {name} set apart"
        return verdict(WARN, apart, f"movie-pipeline quarantine --file {file_id}")
    return verdict(PASS, f"{name} is {newest['state']}")


def _print_story(story: Mapping[str, Any]) -> None:
    rows = {
        name: story[f"rows_{name}"]
        for name in ("in", "loaded", "quarantined", "superseded", "held")
        if story[f"rows_{name}"]
    }
    counted = ", ".join(f"{count:,} {name}" for name, count in rows.items()) or "none"
    facts = {
        "state": ": ".join(filter(None, (story["state"], story["reason"]))),
        "file id": story["file_id"],
        "decided": f"{story['committed_at']}, run {story['run_id']}, attempt {story['attempt']}",
        "rows": counted,
        "layout": story["layout"],
        "ruleset": story["ruleset_sha256"],
        **{_PLACES.get(what, what): place for what, place in story["places"].items()},
    }
    for what in ("retraction", "dismissal"):
        if changed := story[what]:
            facts[what] = f"by {changed['by']}, {changed['at']}: {changed['why']}"
    if replay := story["replay"]:
        facts["replay"] = replay["sentence"]
    console.print(story["file"], style="bold", markup=False, highlight=False, soft_wrap=True)
    for what, fact in facts.items():
        if fact:
            print_sentence(f"  {what:<10} {fact}")
    for note in story["notes"]:
        print_sentence(f"  note       {note}")
    if story["rules"]:
        shown = ("rule", "outcome", "failing_rows")
        print_table("", [{name: rule[name] for name in shown} for rule in story["rules"]])
