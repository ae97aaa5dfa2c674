"""Resource types that cost nothing by themselves, each with the reason and its source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("free_types.toml")


@dataclass(frozen=True, kw_only=True)
class FreeType:
    """One type."""

    arm_type: str
    why: str
    source: str


@cache
def free_types() -> dict[str, FreeType]:
    """All rows, by ARM type in lower case.

    Raises:
        ValueError: a row does not say why, or from where that is known.
    """
    with TABLE.open("rb") as file:
        rows = tomllib.load(file)
    for arm_type, row in rows.items():
        if row.keys() != {"why", "source"} or not all(row.values()):
            raise ValueError(f"{TABLE.name}: [{arm_type}]: needs 'why' and 'source', and nothing else")
    return {arm_type.lower(): FreeType(arm_type=arm_type, **row) for arm_type, row in rows.items()}
