"""The ten elements of the life cycle, and which resources are part of which."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

TABLE = Path(__file__).with_name("elements.toml")


@dataclass(frozen=True, kw_only=True)
class Element:
    """One element of the life cycle."""

    number: int
    name: str
    missing: str
    """What to do where it is not covered."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something that an element is made of."""

    element: int
    need: str
    tokens: tuple[str, ...] = ()
    """Types with stars, without `azure-native:`; one of them is enough."""
    names: tuple[str, ...] = ("*",)
    """Names in the program, with stars."""
    evidence: str = ""
    """A word for what is no resource: `pipelines`."""
    shared: bool = False
    """Whether a stack that this one builds on has it."""
    also: bool = False
    """Whether an element is covered without it too."""

    def fits(self, token: str, name: str) -> bool:
        """Whether a resource is this part, by its type and its name in the program."""
        short = token.removeprefix("azure-native:")
        return any(fnmatchcase(short, one) for one in self.tokens) and any(
            fnmatchcase(name, one) for one in self.names
        )


@cache
def elements() -> Mapping[int, Element]:
    """The elements by their numbers."""
    return MappingProxyType({row["number"]: Element(**row) for row in _table()["element"]})


@cache
def parts() -> tuple[Part, ...]:
    """All parts, in the order of the elements.

    Raises:
        TypeError: a row has a key that no rule reads, or lacks one.
    """
    rows: list[dict[str, Any]] = _table()["part"]
    return tuple(Part(**{key: _frozen(value) for key, value in row.items()}) for row in rows)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@cache
def _table() -> dict[str, Any]:
    with TABLE.open("rb") as file:
        return tomllib.load(file)
