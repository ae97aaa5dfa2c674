"""A directed graph as SVG: boxes in layers, in groups where they have any, arrows downwards."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from twinloop.pictures.arrangement import Arrangement, Pair, Point, Size, arrange, reduced, transposed
from twinloop.pictures.kinds import KINDS
from twinloop.pictures.wording import attributes, fitted, number, printable, text_width

_HEIGHT, _NARROWEST, _WIDEST = 46.0, 120.0, 262.0
_PADDING, _HEAD = 14.0, 30.0
_DOWN_GAP, _INNER_GAP, _OUTER_GAP = Size(28, 44), Size(10, 34), Size(30, 46)
_BOLD = 14.2  # pixels: as wide as a plain text of this size
_MARGIN = 8.0
_GROUP_WIDEST = 900.0
_SHARPNESS = 4.0
_FLATNESS = 0.8  # of a group: its height over its width, about


@dataclass(frozen=True)
class Node:
    """One box."""

    id: str
    label: str
    sub: str = ""
    """A second, smaller line."""
    kind: str = ""
    """A key of `twinloop.pictures.kinds.KINDS`; one that is not there is drawn plainly."""
    href: str = ""
    group: str = ""
    """The heading of the frame that the box stands in; boxes without one stand by themselves."""
    title: str = ""
    """What a pointer that rests on the box is shown; the label and the second line where empty."""


def draw(nodes: Sequence[Node], edges: Iterable[Pair], *, title: str, widest: float = 1100) -> str:
    """A graph as accessible inline SVG in a `div` of class `picture`; colours come from `style.CSS`.

    Arrows within a group go from box to box. Between groups there is one arrow for all that go the same way,
    and none where others already imply it: it says on what a whole rests; hundreds of lines say nothing.

    Args:
        nodes: boxes; their order breaks ties.
        edges: from, to, by ids; an arrow points from what comes first to what comes after it.
        title: what the picture is of, for those who hear it.
        widest: pixels after which boxes wrap into another row, where each of them is narrower.

    Returns:
        One `div`; the same text for the same input.
    """
    known = {node.id: node for node in nodes}
    arrows = [(a, b) for a, b in dict.fromkeys(edges) if a in known and b in known and a != b]
    groups = _grouped(nodes)
    inner = {name: _inside(members, arrows) for name, members in groups.items()}
    outer, bundles = _outside(known, inner, groups, arrows, widest)
    body = [_arrow(outer.ways[pair], _counted(pair, bundles, groups, known)) for pair in outer.ways]
    for name, corner in outer.corners.items():
        if name in groups:
            body.append(_frame(name, corner, inner[name], groups[name]))
        else:
            body.append(_box(known[name], corner, _size(known[name])))
    links = any(node.href for node in nodes)
    summary = f"{len(nodes)} boxes, {len(arrows)} arrows" + (f", {len(groups)} groups" if groups else "")
    return _svg("".join(body), outer.size, title, summary, links=links)


def _grouped(nodes: Sequence[Node]) -> dict[str, list[Node]]:
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        if node.group:
            groups.setdefault(f"group {node.group}", []).append(node)
    return groups


def _inside(members: Sequence[Node], arrows: Sequence[Pair]) -> Arrangement:
    """The boxes of one group, of one width so that columns line up; its arrows go to the right.

    In a group few things hold many (an account its containers), and boxes are wider than high: many stand
    better below each other. A long chain, which would leave the page, goes down.
    """
    width = max(_size(node).width for node in members)
    turned = {node.id: Size(_HEIGHT, width) for node in members}
    each, count = _HEIGHT + _INNER_GAP.width, len(members)
    high = (_FLATNESS * count * (width + _INNER_GAP.height) * each) ** 0.5
    if not any(start in turned and end in turned for start, end in arrows):
        high = math.ceil(count / math.ceil(count * each / high)) * each  # columns of the same length
    level = transposed(arrange(turned, arrows, gap=_INNER_GAP, widest=max(_HEIGHT, high)))
    if level.size.width <= _GROUP_WIDEST:
        return level
    upright = {key: Size(size.height, size.width) for key, size in turned.items()}
    return arrange(upright, arrows, gap=_DOWN_GAP, widest=_GROUP_WIDEST)


def _outside(
    known: Mapping[str, Node],
    inner: Mapping[str, Arrangement],
    groups: Mapping[str, Sequence[Node]],
    arrows: Sequence[Pair],
    widest: float,
) -> tuple[Arrangement, dict[Pair, list[Pair]]]:
    """Frames and single boxes among each other, and which arrows each arrow between them stands for."""
    home = {node.id: name for name, members in groups.items() for node in members}
    sizes = {}
    for node in known.values():
        name = home.get(node.id, node.id)
        sizes[name] = _framed(inner[name], name) if name in inner else _size(node)
    bundles: dict[Pair, list[Pair]] = {}
    for start, end in arrows:
        pair = home.get(start, start), home.get(end, end)
        if pair[0] != pair[1]:
            bundles.setdefault(pair, []).append((start, end))
    ways = reduced(bundles) if groups else list(bundles)
    gap = _OUTER_GAP if groups else _DOWN_GAP
    return arrange(sizes, ways, gap=gap, widest=widest), bundles


def _framed(inside: Arrangement, name: str) -> Size:
    heading = text_width(name) + 40
    return Size(max(inside.size.width, heading) + 2 * _PADDING, inside.size.height + _PADDING + _HEAD)


def _size(node: Node) -> Size:
    wanted = max(text_width(node.label, _BOLD) + 44, text_width(node.sub, 11) + 30)
    return Size(min(max(wanted, _NARROWEST), _WIDEST), _HEIGHT)


def _frame(name: str, corner: Point, inside: Arrangement, members: Sequence[Node]) -> str:
    size, heading = _framed(inside, name), name.removeprefix("group ")
    left, top = corner.x + _PADDING, corner.y + _HEAD
    moved = [tuple(Point(x + left, y + top) for x, y in way) for way in inside.ways.values()]
    body = "".join(_arrow(way, "", sideways=inside.level) for way in moved)
    width = max((_size(node).width for node in members), default=_NARROWEST)
    for node in members:
        at = inside.corners[node.id]
        body += _box(node, Point(at.x + left, at.y + top), Size(width, _HEIGHT))
    rect = attributes(x=corner.x, y=corner.y, width=size.width, height=size.height, rx=8)
    text = attributes(x=corner.x + _PADDING, y=corner.y + 20)
    count = f'<tspan class="count" dx="6">{len(members)}</tspan>' if len(members) > 1 else ""
    return f'<g class="group"><rect{rect}/><text{text}>{printable(heading)}{count}</text>{body}</g>'


def _box(node: Node, corner: Point, size: Size) -> str:
    kind = node.kind if node.kind in KINDS else ""
    x, y = corner
    sign = KINDS[kind].sign
    room = size.width - 22 - (18 if sign else 0)
    hint = node.title or (f"{node.label}: {node.sub}" if node.sub else node.label)
    label = printable(fitted(node.label, room, _BOLD))
    middle = y + (20 if node.sub else size.height / 2 + 4.5)
    parts = [
        f"<title>{printable(hint)}</title>",
        f'<rect class="box"{attributes(x=x, y=y, width=size.width, height=size.height, rx=6)}/>',
        f'<rect class="bar"{attributes(x=x, y=y + 4, width=4, height=size.height - 8, rx=2)}/>',
        f'<text class="label"{attributes(x=x + 14, y=middle)}>{label}</text>',
    ]
    if node.sub:
        sub = printable(fitted(node.sub, size.width - 24, 11))
        parts.append(f'<text class="sub"{attributes(x=x + 14, y=y + 36)}>{sub}</text>')
    if sign:
        parts.append(f'<text class="sign"{attributes(x=x + size.width - 9, y=y + 20)}>{sign}</text>')
    body = "".join(parts)
    if node.href:
        body = f'<a href="{printable(node.href)}">{body}</a>'
    return f'<g class="node kind-{kind or "none"}"{attributes(data_id=node.id)}>{body}</g>'


def _arrow(way: Sequence[Point], hint: str, *, sideways: bool = False) -> str:
    """A smooth line that leaves and arrives upright (level, if it goes sideways), with its head."""
    drawn = [Point(y, x) for x, y in way] if sideways else list(way)
    at = _turned_at if sideways else _at
    end, before = drawn[-1], drawn[-2]
    tip = end.y - (7 if end.y >= before.y else -7)
    steps = [f"M{at(drawn[0])}"]
    for start, stop in zip(drawn, [*drawn[1:-1], Point(end.x, tip)], strict=False):
        bend = (stop.y - start.y) / 2
        turns = Point(start.x, start.y + bend), Point(stop.x, stop.y - bend)
        steps.append(f"C{at(turns[0])} {at(turns[1])} {at(stop)}")
    head = f"M{at(Point(end.x - _SHARPNESS, tip))}L{at(Point(end.x + _SHARPNESS, tip))}L{at(end)}Z"
    title = f"<title>{printable(hint)}</title>" if hint else ""
    line = f'<path class="way" d="{" ".join(steps)}"/>'
    return f'<g class="arrow">{title}{line}<path class="head" d="{head}"/></g>'


def _counted(
    pair: Pair,
    bundles: Mapping[Pair, list[Pair]],
    groups: Mapping[str, Sequence[Node]],
    known: Mapping[str, Node],
) -> str:
    if not groups:
        return ""
    names = [name.removeprefix("group ") if name in groups else known[name].label for name in pair]
    return f"{names[1]} rests on {names[0]}: {len(bundles[pair])} references"


def _at(point: Point) -> str:
    return f"{number(point.x)},{number(point.y)}"


def _turned_at(point: Point) -> str:
    return f"{number(point.y)},{number(point.x)}"


def _svg(body: str, size: Size, title: str, summary: str, *, links: bool) -> str:
    width, height = size.width + 2 * _MARGIN, size.height + 2 * _MARGIN
    frame = attributes(
        viewBox=f"{number(-_MARGIN)} {number(-_MARGIN)} {number(width)} {number(height)}",
        width=width,
        height=height,
        # an image hides what is in it from who hears the page; links must stay reachable
        role="group" if links else "img",
        aria_label=title,
    )
    return (
        f'<div class="picture"><svg xmlns="http://www.w3.org/2000/svg"{frame}>'
        f"<title>{printable(title)}</title><desc>{printable(summary)}</desc>{body}</svg></div>"
    )
