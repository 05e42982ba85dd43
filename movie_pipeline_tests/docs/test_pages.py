"""The pages lead where they say: files, headings, functions and paths are there."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from movie_pipeline_tests.docs.architecture_picture import PAGE, floors, storeys, with_picture
from movie_pipeline_tests.samples import REPOSITORY

DOCS = REPOSITORY / "docs"
PAGES = [
    *(REPOSITORY / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY", "CHANGELOG")),
    *sorted(DOCS.rglob("*.md")),
]
PRESENT = [
    page for page in PAGES if page.stem != "CHANGELOG" and "Superseded" not in page.read_text()
]
"""The pages that say how things are, and not how they were."""
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"`((?:[A-Za-z_.][\w.-]*/)+[\w.-]*)`")
"""A path in a sentence: names with slashes between them, and nothing else."""
ROOTS = tuple(
    REPOSITORY / folder
    for folder in ("", "movie_pipeline", "movie_pipeline_tests", "movie_pipeline_tests/books")
)
"""Where paths on the pages begin."""
NO_PATH_OF_OURS = re.compile(
    r"(archive|bad_data|badrecords|books|build|catalog|dagster|data|decisions|files|history|input|input_data"
    r"|lists|manifests|output|parts|reference|replays|resolutions|rulesets|sources|work)/.*|movie_pipeline/(fault|outlived)"
)
"""Paths in a home or a bucket, and a tag."""


def name_of(page: Path) -> str:
    """The page's path in the repository."""
    return page.relative_to(REPOSITORY).as_posix()


@cache
def text_of(page: Path) -> str:
    """What stands on a page."""
    return page.read_text(encoding="utf-8")


def links(page: Path, part: str | None = None) -> Iterator[tuple[str, Path, str]]:
    """The links of a page, or of a part of it, into the repository: text, file and anchor."""
    for text, target in LINK.findall(CODE.sub("", text_of(page) if part is None else part)):
        if not target.startswith(("http:", "https:", "mailto:")):
            file, _, anchor = target.partition("#")
            yield text, (page.parent / file).resolve() if file else page, anchor


def anchors(page: Path) -> set[str]:
    """What the headings of a page can be linked by, as code hosts make it of them."""
    headings = re.findall(r"^#+ (.+)$", CODE.sub("", text_of(page)), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def section(page: Path, heading: str) -> str:
    """What stands under a heading of the second level."""
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", text_of(page), re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for text, file, anchor in links(page):
        assert file.exists(), f"[{text}] leads to {file}, which is not there"
        assert not anchor or anchor in anchors(file), f"{name_of(file)} has no heading #{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_function_that_is_linked_is_in_its_file(page: Path) -> None:
    for text, file, _ in links(page):
        if file.suffix == ".py" and file.name not in text:
            name, source = text.strip("`"), file.read_text(encoding="utf-8")
            for part in name.split("."):
                assert re.search(rf"^ *(def|class) {part}\b", source, re.MULTILINE), (
                    f"{name_of(file)} has no {name}"
                )


@pytest.mark.parametrize("page", PRESENT, ids=name_of)
def test_every_path_in_a_sentence_is_there(page: Path) -> None:
    for path in PATH.findall(CODE.sub("", text_of(page))):
        here = any((root / path).exists() for root in (*ROOTS, page.parent))
        assert here or NO_PATH_OF_OURS.fullmatch(path), f"there is no {path}"


def test_every_picture_is_small_and_stands_on_a_page() -> None:
    pictures = set((DOCS / "pictures").iterdir())
    shown = {file for page in PAGES for _, file, _ in links(page)}
    assert pictures
    for picture in pictures:
        assert picture in shown, f"{picture.name} stands nowhere"
        assert picture.stat().st_size < 150_000, f"{picture.name} is large"


def test_every_page_is_in_the_index() -> None:
    index = DOCS / "README.md"
    listed = {file for _, file, _ in links(index)}
    unlisted = [name_of(page) for page in DOCS.glob("*.md") if page not in {index, *listed}]
    assert not unlisted, f"docs/README.md does not name {', '.join(unlisted)}"


def test_the_picture_is_drawn_from_the_imports_as_they_are() -> None:
    page = text_of(PAGE)
    assert with_picture(page) == page, "the picture is out of date: run `make picture`"


def test_every_part_of_the_package_stands_in_a_storey_with_a_title() -> None:
    drawn = storeys()
    assert [part for parts in drawn.values() for part in parts] == [
        part for floor in floors() for part in floor
    ]
    assert all(drawn)


def test_every_part_of_the_package_is_said_to_be_for_something() -> None:
    described = {file for _, file, _ in links(PAGE, section(PAGE, "What belongs where"))}
    for part in (part for floor in floors() for part in floor):
        folder = REPOSITORY / "movie_pipeline" / part
        assert {folder, folder.with_suffix(".py")} & described, f"nothing is said of {part}"


def test_the_way_of_a_good_row_is_at_most_eighteen_files_long() -> None:
    way = section(PAGE, "One row's way")
    files = {file for _, file, _ in links(PAGE, way) if file.suffix == ".py"}
    assert len(files) <= 18
    assert f"| {len(files)} opened, of" in section(PAGE, "The reader's test")
