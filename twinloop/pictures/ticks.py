"""Which round numbers stand on an axis?"""

from __future__ import annotations

import math
from collections.abc import Sequence

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_PLAIN = (1e-4, 1e10)
"""Outside of these a number is written with a power of ten."""
_SAME = 1e-6


def ticks(low: float, high: float, about: int, *, whole: bool = False) -> list[float]:
    """Round numbers, evenly apart, from at or below `low` to at or above `high`.

    Args:
        low: the smallest value; finite.
        high: the largest, >= low; finite. Where both are equal, the axis reaches a little to both sides.
        about: how many to aim at, >= 2.
        whole: whole numbers only, as for steps that were counted.

    Returns:
        Two or more numbers, rising.
    """
    if low == high:
        pad = abs(low) * 0.1 or 1.0
        low, high = (low - 1, high + 1) if whole else (low - pad, high + pad)
        low = 0.0 if whole and low < 0 <= low + 1 else low
    step = _step((high - low) / max(about - 1, 1))
    if whole:
        step = max(1.0, math.ceil(step))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if last == first:
        last += 1
    digits = max(0, 2 - math.floor(math.log10(step)))
    return [round(place * step, digits) + 0.0 for place in range(first, last + 1)]


def label(value: float, axis: Sequence[float]) -> str:
    """A tick's text, with as many digits as tell it from its neighbours.

    Args:
        value: one of `axis`.
        axis: all ticks, rising.

    Returns:
        Such as `0.25`, `10k`, `1.5M`, `2e-07`.
    """
    step = axis[1] - axis[0]
    top = max(abs(axis[0]), abs(axis[-1]))
    if top >= _PLAIN[1] or 0 < top < _PLAIN[0]:
        return f"{value:g}"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if top >= size:
            scale = 1e3 if letter == "k" else size
            return "0" if value == 0 else f"{_plain(value / scale, step / scale)}{letter}"
    return _plain(value, step)


def _plain(value: float, step: float) -> str:
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if abs(step * 10**digits - round(step * 10**digits)) > _SAME:
        digits += 1
    return f"{value:.{digits}f}"


def _step(rough: float) -> float:
    size = 10.0 ** math.floor(math.log10(rough))
    return next(size * nice for nice in _ROUND if size * nice >= rough * 0.999)
