"""The stylesheet of all pictures, for a light and a dark ground; put it once on the page that holds them."""

from __future__ import annotations

from twinloop.pictures.kinds import KINDS

_FRAME = """
.picture { max-width: 100%; overflow-x: auto; }
.picture svg { display: block; font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.picture text { fill: var(--pic-text); }
.picture .sub, .picture .tick, .picture .count { fill: var(--pic-soft); font-size: 11px; }
.picture .label { font-weight: 600; }
.picture .sign { font-weight: 700; text-anchor: end; fill: var(--kind); }
.picture .box { fill: var(--pic-box); stroke: var(--pic-line); }
.picture .bar { fill: var(--kind); }
.picture .group > rect { fill: var(--pic-group); stroke: var(--pic-line); }
.picture .group > text { font-weight: 600; fill: var(--pic-soft); }
.picture .way { fill: none; stroke: var(--pic-arrow); stroke-width: 1.4; }
.picture .head { fill: var(--pic-arrow); }
.picture a { text-decoration: none; cursor: pointer; }
.picture a:hover .box, .picture a:focus .box { stroke: var(--kind); stroke-width: 2; }
.picture a:focus { outline: none; }
.picture .kind-delete .label, .picture .kind-tombstone .label { text-decoration: line-through; }
.picture .kind-running .bar { animation: picture-pulse 1.2s ease-in-out infinite alternate; }
@keyframes picture-pulse { to { opacity: .35; } }
@media (prefers-reduced-motion: reduce) { .picture .kind-running .bar { animation: none; } }
.picture .axis, .picture .grid { stroke: var(--pic-line); fill: none; }
.picture .grid { opacity: .6; }
.picture .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke: var(--series); }
.picture .dot { fill: var(--series); }
.picture .key { stroke: var(--series); stroke-width: 3; }
"""

_SERIES_LIGHT = ("#1f6feb", "#d1570b", "#1a7f37", "#8250df", "#0b7285", "#bf3989", "#6b7480", "#9a6700")
_SERIES_DARK = ("#58a6ff", "#f0883e", "#3fb950", "#bc8cff", "#4dc4d6", "#f778ba", "#8b95a1", "#d29922")
SERIES = len(_SERIES_LIGHT)
"""How many lines of a plot have a colour of their own; the next begin again, dashed."""


_LIGHT = {
    "text": "#1f2328",
    "soft": "#59636e",
    "box": "#ffffff",
    "group": "#f6f8fa",
    "line": "#d1d9e0",
    "arrow": "#818b98",
}
_DARK = {
    "text": "#e6edf3",
    "soft": "#9aa4af",
    "box": "#161b22",
    "group": "#0f141a",
    "line": "#323941",
    "arrow": "#7d8590",
}


def _ground(*, dark: bool) -> str:
    base = "".join(f"--pic-{name}:{colour};" for name, colour in (_DARK if dark else _LIGHT).items())
    rules = [f".picture {{ {base} }}"]
    for kind, look in KINDS.items():
        name = f"kind-{kind or 'none'}"
        rules.append(f".picture .{name}, .kind.{name} {{ --kind:{look.dark if dark else look.light}; }}")
    series = _SERIES_DARK if dark else _SERIES_LIGHT
    rules += [f".picture .series-{place} {{ --series:{colour}; }}" for place, colour in enumerate(series)]
    return "\n".join(rules)


CSS = "\n".join(
    (
        _ground(dark=False),
        "@media (prefers-color-scheme: dark) {",
        _ground(dark=True),
        "}",
        _FRAME.strip(),
        "",
    )
)
"""Everything is under the class `picture`, which `draw` and `plot` put about their SVG.

A page's own element of the classes `kind kind-<kind>` finds the colour of that kind in the variable `--kind`.
"""
