"""Series of numbers as a line plot in SVG, with axes, round ticks and a key."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinloop.pictures.style import SERIES
from twinloop.pictures.ticks import label, ticks
from twinloop.pictures.wording import attributes, fitted, number, printable, text_width

_WIDTH, _HEIGHT = 460.0, 240.0
_TOP, _RIGHT, _BOTTOM = 12.0, 14.0, 40.0
_FEW = 40
_KEY_HEIGHT = 18.0

XY = tuple[float, float]


@dataclass(frozen=True)
class _Axis:
    """From values to pixels."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)


def plot(series: Mapping[str, Sequence[XY]], *, title: str, x: str, y: str) -> str:
    """Lines as accessible inline SVG in a `div` of class `picture`; colours come from `style.CSS`.

    Args:
        series: points by the name of their line, in the order in which they are joined. One that is not
            finite is not drawn and breaks the line; how many there are is said.
        title: what the picture is of, for those who hear it.
        x: what runs to the right, with its unit.
        y: what runs upwards, with its unit.

    Returns:
        One `div`; where there is nothing to draw it says so.
    """
    points = [point for line in series.values() for point in line if _drawable(point)]
    if not points:
        return f'<div class="picture"><p>{printable(title)}: nothing to draw.</p></div>'
    across = ticks(
        min(p[0] for p in points), max(p[0] for p in points), 6, whole=all(p[0] == int(p[0]) for p in points)
    )
    up = ticks(min(p[1] for p in points), max(p[1] for p in points), 5)
    labels = [label(value, up) for value in up]
    left = 24 + max(text_width(text, 11) for text in labels)
    key = _key(list(series), left) if len(series) > 1 else ("", 0.0)
    top = _TOP + key[1]
    horizontal = _Axis(across[0], across[-1], left, _WIDTH - _RIGHT)
    vertical = _Axis(up[0], up[-1], top + _HEIGHT - _BOTTOM - _TOP, top)
    body = key[0] + _scales(horizontal, vertical, across, up, labels) + _names(x, y, horizontal, vertical)
    for place, (name, line) in enumerate(series.items()):
        body += _line(place, name, line, horizontal, vertical)
    missing = sum(len(line) for line in series.values()) - len(points)
    summary = f"{y} over {x}: {len(points)} points" + (f", {missing} more are not finite" if missing else "")
    height = _HEIGHT + key[1]
    frame = attributes(
        viewBox=f"0 0 {number(_WIDTH)} {number(height)}",
        width=_WIDTH,
        height=height,
        role="img",
        aria_label=title,
    )
    return (
        f'<div class="picture"><svg xmlns="http://www.w3.org/2000/svg"{frame}>'
        f"<title>{printable(title)}</title><desc>{printable(summary)}</desc>{body}</svg></div>"
    )


def _drawable(point: XY) -> bool:
    return math.isfinite(point[0]) and math.isfinite(point[1])


def _scales(across: _Axis, up: _Axis, xs: Sequence[float], ys: Sequence[float], labels: Sequence[str]) -> str:
    parts = []
    for value, text in zip(ys, labels, strict=True):
        at = up.at(value)
        parts.append(f'<line class="grid"{attributes(x1=across.start, x2=across.stop, y1=at, y2=at)}/>')
        parts.append(
            f'<text class="tick" text-anchor="end"{attributes(x=across.start - 6, y=at + 4)}>{text}</text>'
        )
    for value in xs:
        at = across.at(value)
        place = attributes(x=at, y=up.start + 16)
        parts.append(f'<line class="axis"{attributes(x1=at, x2=at, y1=up.start, y2=up.start + 4)}/>')
        parts.append(f'<text class="tick" text-anchor="middle"{place}>{label(value, xs)}</text>')
    parts.append(
        f'<path class="axis" d="M{number(across.start)},{number(up.stop)}'
        f'V{number(up.start)}H{number(across.stop)}"/>'
    )
    return "".join(parts)


def _names(x: str, y: str, across: _Axis, up: _Axis) -> str:
    middle, height = (across.start + across.stop) / 2, (up.start + up.stop) / 2
    return (
        f'<text class="tick" text-anchor="middle"{attributes(x=middle, y=up.start + 33)}>'
        f"{printable(fitted(x, across.stop - across.start, 11))}</text>"
        f'<text class="tick" text-anchor="middle" transform="translate(11 {number(height)}) rotate(-90)">'
        f"{printable(fitted(y, up.start - up.stop, 11))}</text>"
    )


def _line(place: int, name: str, points: Sequence[XY], across: _Axis, up: _Axis) -> str:
    steps, fresh, dots = [], True, []
    for point in points:
        if not _drawable(point):
            fresh = True
            continue
        at = f"{number(across.at(point[0]))},{number(up.at(point[1]))}"
        steps.append(f"{'M' if fresh else 'L'}{at}")
        dots.append((point, at))
        fresh = False
    dashed = ' stroke-dasharray="6 4"' if place >= SERIES else ""
    body = f'<path class="line" d="{"".join(steps)}"{dashed}/>'
    if len(dots) <= _FEW:
        for (x, y), at in dots:
            cx, cy = at.split(",")
            hint = f"<title>{printable(name)}: {y:.6g} at {x:g}</title>"
            body += f'<circle class="dot" cx="{cx}" cy="{cy}" r="2.6">{hint}</circle>'
    return f'<g class="series-{place % SERIES}"><title>{printable(name)}</title>{body}</g>'


def _key(names: Sequence[str], left: float) -> tuple[str, float]:
    """The lines' names above the plot, in as many rows as they need, and the height of those."""
    parts, x, y = [], left, _KEY_HEIGHT - 4
    for place, name in enumerate(names):
        text = fitted(name, _WIDTH - left - 40, 11)
        wide = text_width(text, 11) + 34
        if x > left and x + wide > _WIDTH:
            x, y = left, y + _KEY_HEIGHT
        dashed = ' stroke-dasharray="6 4"' if place >= SERIES else ""
        parts.append(
            f'<g class="series-{place % SERIES}">'
            f'<line class="key"{attributes(x1=x, x2=x + 16, y1=y - 4, y2=y - 4)}{dashed}/>'
            f'<text class="tick"{attributes(x=x + 21, y=y)}>{printable(text)}</text></g>'
        )
        x += wide
    return "".join(parts), y + 6
