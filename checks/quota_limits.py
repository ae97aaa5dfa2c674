"""Limits of cores that several stack files state: of one place, the largest counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Place = TypeVar("Place")


def largest(stated: Iterable[tuple[Place, int]]) -> dict[Place, int]:
    """One limit per place: stacks that share a subscription may each state what it has.

    Args:
        stated: places in the form that they are compared in, each with its cores.
    """
    found: dict[Place, int] = {}
    for place, limit in stated:
        found[place] = max(found.get(place, 0), limit)
    return found
