"""Which settings decide whether a resource is declared: its reason is theirs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("parity_causes.toml")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Resources of a type, and the settings that they come from."""

    token: str
    """With stars; without `azure-native:`."""
    settings: tuple[str, ...]
    """Paths, the one that decides first."""
    name: str = "*"
    """Names in the program, with stars."""


@cache
def causes() -> tuple[Cause, ...]:
    """All rows, in the order of the table: the first that fits counts.

    Raises:
        TypeError: a row has a key that no rule reads, or lacks one.
    """
    with TABLE.open("rb") as file:
        rows = tomllib.load(file)["cause"]
    return tuple(Cause(**{**row, "settings": tuple(row["settings"])}) for row in rows)


def cause_of(token: str, name: str) -> tuple[str, ...]:
    """Paths of the settings that a resource is declared for; none where the table says nothing."""
    short = token.removeprefix("azure-native:")
    return next(
        (one.settings for one in causes() if fnmatchcase(short, one.token) and fnmatchcase(name, one.name)),
        (),
    )
