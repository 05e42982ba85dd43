"""The page of a profile: self-contained HTML, made from its values by a template."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import jinja2

from movie_pipeline.reports.file_profile import FileProfile


def profile_page(
    name: str, profile: FileProfile, suggestions: Sequence[Mapping[str, object]]
) -> str:
    """The page; all that is foreign on it is escaped.

    Args:
        name: of the file or table.
        profile: what it is like.
        suggestions: each rule, why, and how many rows it sets apart.
    """
    return _template().render(name=name, profile=profile, suggestions=suggestions)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda number: f"{number:,}"
    environment.filters["plain"] = lambda number: f"{number:.10g}"
    return environment.get_template("profile_page.html.jinja")
