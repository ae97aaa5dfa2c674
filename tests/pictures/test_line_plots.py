"""Plots: round ticks that hold the data, nothing invented, nothing that is not a number."""

from __future__ import annotations

import math
from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from twinloop.pictures.lines import plot
from twinloop.pictures.ticks import label, ticks

SVG = "{http://www.w3.org/2000/svg}"
NUMBERS = st.floats(-1e12, 1e12, allow_subnormal=False).filter(lambda n: n == 0 or abs(n) > 1e-9)


@settings(max_examples=200)
@given(NUMBERS, NUMBERS, st.integers(2, 8))
def test_ticks_rise_evenly_and_hold_the_data(one, other, about):
    low, high = sorted((one, other))
    if 0 < high - low < abs(high) * 1e-6:
        high = low
    found = ticks(low, high, about)
    assert 2 <= len(found) <= 3 * about + 2
    slack = 1e-6 * max(abs(low), abs(high), 1e-9)
    assert found[0] <= low + slack
    assert found[-1] >= high - slack
    steps = [b - a for a, b in pairwise(found)]
    assert min(steps) > 0
    assert math.isclose(min(steps), max(steps), rel_tol=1e-3)


@settings(max_examples=200)
@given(NUMBERS, NUMBERS)
def test_no_two_ticks_have_the_same_text(one, other):
    low, high = sorted((one, other))
    if 0 < high - low < abs(high) * 1e-4:
        high = low
    found = ticks(low, high, 5)
    assert len({label(value, found) for value in found}) == len(found)


def test_steps_that_were_counted_have_whole_ticks():
    assert ticks(0, 3, 6, whole=True) == [0, 1, 2, 3]
    assert ticks(0, 0, 6, whole=True) == [0, 1]
    assert ticks(1, 120, 6, whole=True) == [0, 25, 50, 75, 100, 125]


def test_ticks_read_as_people_write_them():
    assert [label(v, [0, 0.25, 0.5]) for v in (0, 0.25, 0.5)] == ["0.00", "0.25", "0.50"]
    assert label(20_000, [0, 10_000, 20_000]) == "20k"
    assert label(1_500_000, [0, 500_000, 1_000_000, 1_500_000]) == "1.5M"


def drawn(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture).find(f"{SVG}svg")  # noqa: S314 - our own


def test_what_is_not_finite_breaks_the_line_and_is_counted():
    svg = drawn(
        plot({"loss": [(0, 1), (1, math.nan), (2, 3), (3, math.inf), (4, 1)]}, title="t", x="step", y="loss")
    )
    path = next(line for line in svg.iter(f"{SVG}path") if line.get("class") == "line").get("d")
    assert path.count("M") == 3
    assert "nan" not in path
    assert svg.find(f"{SVG}desc").text == "loss over step: 3 points, 2 more are not finite"


def test_nothing_to_draw_is_said():
    assert "nothing to draw" in plot({"loss": [(0, math.nan)]}, title="t", x="x", y="y")


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 500), NUMBERS), min_size=1, max_size=40), st.text(max_size=40))
def test_points_lie_within_the_axes(points, name):
    svg = drawn(plot({name: points, "other": points}, title=name, x=name, y=name))
    width, height = float(svg.get("width")), float(svg.get("height"))
    for dot in svg.iter(f"{SVG}circle"):
        assert 0 < float(dot.get("cx")) < width
        assert 0 < float(dot.get("cy")) < height


def test_more_lines_than_colours_are_told_apart_by_dashes():
    svg = drawn(plot({f"line {n}": [(0, n), (1, n)] for n in range(10)}, title="t", x="x", y="y"))
    dashed = [line for line in svg.iter(f"{SVG}path") if line.get("stroke-dasharray")]
    assert len(dashed) == 2
