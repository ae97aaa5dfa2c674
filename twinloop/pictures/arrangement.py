"""Where do the boxes of a directed graph stand, and by which way does each arrow go? Layers, downwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from grandalf.graphs import Edge as _Edge  # type: ignore[import-untyped]
from grandalf.graphs import Vertex as _Vertex
from grandalf.graphs import graph_core as _graph
from grandalf.layouts import SugiyamaLayout, VertexViewer  # type: ignore[import-untyped]

Pair = tuple[str, str]
_SHARES = (1.0, 0.9, 0.8, 0.7, 0.6)


class Point(NamedTuple):
    """Pixels from the top left corner."""

    x: float
    y: float


class Size(NamedTuple):
    """Pixels."""

    width: float
    height: float


@dataclass(frozen=True)
class Arrangement:
    """Top left corners of boxes, ways of arrows (from box to box, two points or more), and the size."""

    corners: Mapping[str, Point]
    ways: Mapping[Pair, tuple[Point, ...]]
    size: Size
    level: bool = False
    """Whether its arrows point to the right, and not down."""


def arrange(
    sizes: Mapping[str, Size],
    edges: Iterable[Pair],
    *,
    gap: Size,
    widest: float = 1120,
) -> Arrangement:
    """Place boxes so that arrows point down, cross little and no two boxes touch.

    Args:
        sizes: the boxes, by id; their order breaks ties.
        edges: from, to; ids that are not in `sizes` and loops are left out; of a circle one arrow points up.
        gap: between boxes of a layer, and between layers.
        widest: a layer that is wider goes on below itself; so do boxes that hang together with nothing.

    Returns:
        The same for the same input.
    """
    wanted = _clean(sizes, edges)
    parts = _parts(sizes, wanted)
    placed = [_fitting(ids, sizes, [e for e in wanted if e[0] in ids], gap, widest) for ids in parts]
    return pack(placed, gap=gap, widest=widest)


def pack(parts: Sequence[Arrangement], *, gap: Size, widest: float) -> Arrangement:
    """Stand finished pieces side by side, in rows, in their order."""
    corners: dict[str, Point] = {}
    ways: dict[Pair, tuple[Point, ...]] = {}
    left = top = row = right = 0.0
    for part in parts:
        if left and left + part.size.width > widest:
            left, top, row = 0.0, top + row + gap.height, 0.0
        corners.update({key: Point(x + left, y + top) for key, (x, y) in part.corners.items()})
        ways.update({e: tuple(Point(x + left, y + top) for x, y in way) for e, way in part.ways.items()})
        row, right = max(row, part.size.height), max(right, left + part.size.width)
        left += part.size.width + gap.width
    return Arrangement(corners, ways, Size(right, top + row))


def transposed(was: Arrangement) -> Arrangement:
    """The same, with right and down exchanged: its arrows point to the right."""
    corners = {key: Point(y, x) for key, (x, y) in was.corners.items()}
    ways = {edge: tuple(Point(y, x) for x, y in way) for edge, way in was.ways.items()}
    return Arrangement(corners, ways, Size(was.size.height, was.size.width), level=not was.level)


def reduced(edges: Iterable[Pair]) -> list[Pair]:
    """The arrows that others do not already imply: with a -> b -> c, a -> c says nothing new.

    Args:
        edges: of a graph; where it has circles, the arrows that close them are kept.

    Returns:
        Arrows in their order.
    """
    kept = list(dict.fromkeys(edges))
    after: defaultdict[str, set[str]] = defaultdict(set)
    back = set(_closing(kept))
    for start, end in kept:
        if (start, end) not in back:
            after[start].add(end)
    reach: dict[str, frozenset[str]] = {}
    for node in reversed(_downwards(after)):
        reach[node] = frozenset(after[node]).union(*(reach[n] for n in after[node]))
    return [
        (start, end)
        for start, end in kept
        if (start, end) in back or not any(end in reach[n] for n in after[start] if n != end)
    ]


def _clean(sizes: Mapping[str, Size], edges: Iterable[Pair]) -> list[Pair]:
    return list(dict.fromkeys((a, b) for a, b in edges if a != b and a in sizes and b in sizes))


def _parts(sizes: Mapping[str, Size], edges: Sequence[Pair]) -> list[set[str]]:
    """The pieces that hang together, larger first, then in the order of the boxes."""
    near: defaultdict[str, list[str]] = defaultdict(list)
    for start, end in edges:
        near[start].append(end)
        near[end].append(start)
    parts, seen = [], set[str]()
    for first in sizes:
        part, todo = set[str](), [first]
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                part.add(node)
                todo.extend(near[node])
        if part:
            parts.append(part)
    return sorted(parts, key=lambda part: -len(part))


def _fitting(
    ids: set[str], sizes: Mapping[str, Size], edges: Sequence[Pair], gap: Size, widest: float
) -> Arrangement:
    """One piece, within the width if it can be: the method leaves gaps, so it is asked for less."""
    tried = []
    for share in _SHARES:
        tried.append(_part(ids, sizes, edges, gap, widest * share))
        if tried[-1].size.width <= widest:
            return tried[-1]
    return min(tried, key=lambda part: part.size.width)


def _part(
    ids: set[str], sizes: Mapping[str, Size], edges: Sequence[Pair], gap: Size, widest: float
) -> Arrangement:
    """One piece that hangs together, laid out by Sugiyama's method."""
    turned = set(_closing(edges))
    vertices = {key: _vertex(size) for key, size in sizes.items() if key in ids}
    drawn = list(dict.fromkeys(_upright(e, turned) for e in edges))
    hidden = _steps_down({key: sizes[key].width + gap.width for key in vertices}, drawn, widest + gap.width)
    lines = {e: _Edge(vertices[e[0]], vertices[e[1]]) for e in [*drawn, *hidden]}
    # One piece, in this order; `Graph`, which finds the pieces, goes by where objects lie in memory.
    layout: Any = SugiyamaLayout(_graph(list(vertices.values()), list(lines.values())))
    layout.xspace, layout.yspace, layout.dw, layout.dh = gap.width, gap.height, gap.width / 2, 8
    layout.init_all(inverted_edges=[])
    layout.draw(3)
    _spread(layout, gap.width)
    boxes = {
        key: Point(v.view.xy[0] - v.view.w / 2, v.view.xy[1] - v.view.h / 2) for key, v in vertices.items()
    }
    dummies = [v.view.xy for layer in layout.layers for v in layer]
    left = min([p.x for p in boxes.values()] + [x for x, _ in dummies])
    corners = {key: Point(p.x - left, p.y) for key, p in boxes.items()}
    bends = {e: _bends(layout, line, left) for e, line in lines.items()}
    bands = {key: _band(layout, vertex) for key, vertex in vertices.items()}
    ways = {}
    for e in edges:
        way = _way(_upright(e, turned), corners, sizes, bands, bends[_upright(e, turned)])
        ways[e] = tuple(reversed(way)) if e in turned else way
    right = max([corners[k].x + sizes[k].width for k in corners] + [x - left for x, _ in dummies])
    bottom = max(corners[k].y + sizes[k].height for k in corners)
    return Arrangement(corners, ways, Size(right, bottom))


def _steps_down(widths: Mapping[str, float], edges: Sequence[Pair], widest: float) -> list[Pair]:
    """Arrows that are not drawn and push boxes of too wide a layer into the next one."""
    added: list[Pair] = []
    while True:
        layers: defaultdict[int, list[str]] = defaultdict(list)
        for key, rank in _ranks(widths, [*edges, *added]).items():
            layers[rank].append(key)
        pushed = next((push for layer in layers.values() if (push := _too_many(layer, widths, widest))), None)
        if pushed is None:
            return added
        added += pushed


def _too_many(layer: Sequence[str], widths: Mapping[str, float], widest: float) -> list[Pair]:
    """From a layer's first box to those for which there is no room beside it."""
    room, pushed = widest - widths[layer[0]], []
    for key in layer[1:]:
        room -= widths[key]
        if room < 0:
            pushed.append((layer[0], key))
    return pushed


def _ranks(keys: Iterable[str], edges: Sequence[Pair]) -> dict[str, int]:
    """The layer of each box: below all that point to it."""
    after: dict[str, set[str]] = {key: set() for key in keys}
    for start, end in edges:
        after[start].add(end)
    ranks = dict.fromkeys(after, 0)
    for key in _downwards(after):
        for end in after[key]:
            ranks[end] = max(ranks[end], ranks[key] + 1)
    return ranks


def _vertex(size: Size) -> Any:
    vertex: Any = _Vertex()
    vertex.view = VertexViewer(size.width, size.height)
    return vertex


def _upright(edge: Pair, turned: set[Pair]) -> Pair:
    return (edge[1], edge[0]) if edge in turned else edge


def _spread(layout: Any, gap: float) -> None:
    """Push neighbours in a layer apart where the method's means left them too near, keeping their order."""
    for layer in layout.layers:
        edge = float("-inf")
        for vertex in sorted(layer, key=lambda v: layout.grx[v].pos):
            x, y = vertex.view.xy
            x = max(x, edge + vertex.view.w / 2)
            vertex.view.xy = (x, y)
            edge = x + vertex.view.w / 2 + gap


def _bends(layout: Any, line: Any, left: float) -> list[Point]:
    """Where a long arrow enters and leaves each layer that it passes: upright, so as to cross no box."""
    control = layout.ctrls.get(line, {})
    bends = []
    for rank in sorted(control)[1:-1]:
        x, y = control[rank].view.xy
        half = max(v.view.h for v in layout.layers[rank]) / 2
        bends += [Point(x - left, y - half), Point(x - left, y + half)]
    return bends


def _band(layout: Any, vertex: Any) -> tuple[float, float]:
    """Top and bottom of the layer that a box stands in."""
    y = vertex.view.xy[1]
    half = max(v.view.h for v in layout.layers[layout.grx[vertex].rank]) / 2
    return y - half, y + half


def _way(
    edge: Pair,
    corners: Mapping[str, Point],
    sizes: Mapping[str, Size],
    bands: Mapping[str, tuple[float, float]],
    bends: list[Point],
) -> tuple[Point, ...]:
    """From under one box to above the other; beside higher boxes of their layers it goes straight."""
    (x0, y0), (x1, y1) = corners[edge[0]], corners[edge[1]]
    start = Point(x0 + sizes[edge[0]].width / 2, y0 + sizes[edge[0]].height)
    end = Point(x1 + sizes[edge[1]].width / 2, y1)
    leave, arrive = Point(start.x, bands[edge[0]][1]), Point(end.x, bands[edge[1]][0])
    return tuple(dict.fromkeys((start, leave, *bends, arrive, end)))


def _closing(edges: Sequence[Pair]) -> list[Pair]:
    """The arrows that close a circle, met on a walk in depth without recursion."""
    after: defaultdict[str, list[str]] = defaultdict(list)
    for start, end in edges:
        after[start].append(end)
    state: dict[str, int] = {}
    closing = []
    for first in [start for start, _ in edges]:
        if first in state:
            continue
        state[first] = 1
        walk = [(first, iter(after[first]))]
        while walk:
            node, rest = walk[-1]
            for end in rest:
                if state.get(end) == 1:
                    closing.append((node, end))
                elif end not in state:
                    state[end] = 1
                    walk.append((end, iter(after[end])))
                    break
            else:
                state[node] = 2
                walk.pop()
    return closing


def _downwards(after: Mapping[str, set[str]]) -> list[str]:
    """Each node before those that its arrows point to."""
    counts: defaultdict[str, int] = defaultdict(int)
    for ends in after.values():
        for end in ends:
            counts[end] += 1
    nodes = list(dict.fromkeys([*after, *(end for ends in after.values() for end in sorted(ends))]))
    todo, order = [n for n in nodes if not counts[n]], []
    while todo:
        node = todo.pop()
        order.append(node)
        for end in sorted(after.get(node, ())):
            counts[end] -= 1
            if not counts[end]:
                todo.append(end)
    return order
