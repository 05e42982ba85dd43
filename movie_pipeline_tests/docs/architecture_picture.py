"""The picture in docs/ARCHITECTURE.md, drawn from the imports; `make picture` writes it.

Which part lies above which is said in pyproject.toml, what is on the page besides by people.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping

import grimp

from movie_pipeline_tests.samples import REPOSITORY

PACKAGE = "movie_pipeline"
PAGE = REPOSITORY / "docs" / "ARCHITECTURE.md"
BEGIN, END = "<!-- picture: begin -->", "<!-- picture: end -->"

STOREYS = {
    "cli": "Ways in",
    "deployments": "Dagster at the edge, and which adapter serves which port",
    "reports": "Answers and corrections for people",
    "steps": "The flow, without Dagster",
    "sender_report": "What a file's sender is told",
    "screening": "What is known of a file, who judges it, what is set apart",
    "alerts": "Ports, each beside its adapters",
    "datasets": "What makes it a pipeline for movies",
    "dqdl": "Two libraries: rules, and reading",
    "aws_clients": "Small things; whoever needs them takes them, so no arrow is drawn",
}
"""Of each storey, the part that it begins with, from the top down, and its title."""

Graph = Mapping[str, frozenset[str]]
"""Of each part of the package the parts that it imports."""


def floors() -> list[list[str]]:
    """The parts of the package from the top floor down, as the layers contract has them."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    [layers] = [
        contract["layers"]
        for contract in contracts
        if contract["type"] == "layers" and contract["containers"] == [PACKAGE]
    ]
    return [[part.strip() for part in re.split(r"[|:]", layer)] for layer in layers]


def storeys() -> dict[str, list[str]]:
    """The parts of each storey under its title; a storey is some floors that follow each other."""
    found: dict[str, list[str]] = {}
    title = ""
    for part in (part for floor in floors() for part in floor):
        title = STOREYS.get(part, title)
        found.setdefault(title, []).append(part)
    return found


def imports() -> Graph:
    """Which part imports which, read from the sources."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    found: dict[str, frozenset[str]] = {}
    for name in graph.find_children(PACKAGE):
        modules = {name, *graph.find_descendants(name)}
        imported = frozenset(
            target.split(".")[1]
            for module in modules
            for target in graph.find_modules_directly_imported_by(module)
            if "." in target
        )
        part = name.rpartition(".")[2]
        found[part] = imported - {part}
    return found


def without_what_follows(graph: Graph) -> Graph:
    """The arrows that no longer way stands for: a picture of all of them would show nothing."""
    below: dict[str, frozenset[str]] = {}

    def reached(part: str) -> frozenset[str]:
        if part not in below:
            below[part] = graph[part].union(*(reached(each) for each in graph[part]))
        return below[part]

    return {
        part: frozenset(
            each
            for each in direct
            if not any(each in reached(other) for other in direct if other != each)
        )
        for part, direct in graph.items()
    }


def mermaid() -> str:
    """The picture as a Mermaid flow chart."""
    return "\n".join(["```mermaid", "flowchart TB", *_boxes(), *_arrows(), "```"])


def _boxes() -> Iterator[str]:
    for number, (title, parts) in enumerate(storeys().items(), 1):
        yield f'  subgraph storey{number}["{title}"]'
        yield from (f"    {part}" for part in parts)
        yield "  end"


def _arrows() -> Iterator[str]:
    *_, small = storeys().values()
    drawn = {
        part: direct.difference(small) for part, direct in imports().items() if part not in small
    }
    order = [part for parts in storeys().values() for part in parts if part in drawn]
    arrows = without_what_follows(drawn)
    yield from (
        f"  {part} --> {each}" for part in order for each in sorted(arrows[part], key=order.index)
    )


def with_picture(page: str) -> str:
    """The page with the picture of today between its two marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{mermaid()}\n{END}{tail}"


if __name__ == "__main__":
    before = PAGE.read_text(encoding="utf-8")
    after = with_picture(before)
    PAGE.write_text(after, encoding="utf-8")
    sys.stdout.write("The picture is as before.\n" if before == after else "The picture is new.\n")
