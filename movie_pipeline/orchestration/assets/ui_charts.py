"""Pictures for the Dagster UI, drawn as SVG: counts only, never a row's value.

What is counted is decided where it is counted; here is only how it looks.
"""

import base64
from collections.abc import Mapping, Sequence
from html import escape

from movie_pipeline.datasets.dataset import Histogram

_WIDTH, _HEIGHT, _LABEL = 640, 220, 90
_INK, _MUTED, _BLUE, _AMBER = "#1f2933", "#7b8794", "#3b82c4", "#d9822b"


def histogram_chart(counts: Sequence[int], histogram: Histogram) -> str:
    """A bar chart of the good rows in each bin.

    Args:
        counts: a number for each bin, from the lowest.
        histogram: what they are, and how they are called.

    Returns:
        Markdown with the picture inside it; a sentence where there is nothing to draw.
    """
    if not any(counts):
        return histogram.nothing
    tallest = max(counts)
    step = (_WIDTH - 40) / len(counts)
    parts = [_text(20, 18, f"{histogram.title} (in all {sum(counts):,})", size=14)]
    for position, count in enumerate(counts):
        height = round(150 * count / tallest, 1)
        left = 20 + position * step
        parts.append(_bar(left + 1, 190 - height, step - 2, height, _BLUE))
        if count:
            parts.append(_text(left + step / 2, 186 - height, f"{count:,}", size=9, middle=True))
        if position % 2 == 0:
            parts.append(_edge(left, histogram.edge(position)))
    parts.append(_edge(_WIDTH - 20, histogram.upper))
    return _image(histogram.title, _HEIGHT, parts)


def reasons_chart(counts: Mapping[str, int]) -> str:
    """A horizontal bar per rule that set records apart, the commonest first, twelve at most.

    Returns:
        Markdown with the picture inside it; a sentence where nothing was set apart.
    """
    if not counts:
        return "No record was set apart."
    commonest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:12]
    most = commonest[0][1]
    parts = [_text(20, 18, "Records set apart, by rule", size=14)]
    for position, (rule, count) in enumerate(commonest):
        top = 32 + position * 36
        shown = rule if len(rule) <= _LABEL else rule[: _LABEL - 1] + "…"
        parts.append(_text(20, top + 10, f"{count:,}  {shown}", size=11))
        parts.append(_bar(20, top + 15, max(2.0, (_WIDTH - 40) * count / most), 10, _AMBER))
    return _image("Records set apart, by rule", 40 + 36 * len(commonest), parts)


def _bar(left: float, top: float, width: float, height: float, colour: str) -> str:
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{colour}"/>'
    )


def _edge(x: float, value: float) -> str:
    return _text(x, 206, f"{value:g}", size=10, middle=True, ink=_MUTED)


def _text(
    x: float, y: float, text: str, *, size: int, middle: bool = False, ink: str = _INK
) -> str:
    anchor = "middle" if middle else "start"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="sans-serif" font-size="{size}" '
        f'fill="{ink}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _image(title: str, height: int, parts: Sequence[str]) -> str:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}"><rect width="100%" height="100%" fill="#ffffff"/>'
        f"{''.join(parts)}</svg>"
    )
    return f"![{title}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"
