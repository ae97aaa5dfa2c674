"""What access is called: operations that stand for what people mean, and a built-in role that gives each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("access_words.toml")


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One row."""

    words: str  # "read blobs": what somebody may do
    action: str  # the operation, or a pattern that stands for all it matches
    data: bool = False  # of the data plane
    risk: str = ""  # the kind of privilege, where it is one
    role: str  # the built-in role that gives it
    also: tuple[str, ...] = ()  # operations that the words say too, with stars
    reads: bool = False  # whether nothing is changed by it


@cache
def phrases() -> tuple[Phrase, ...]:
    """All rows, the gravest first.

    Raises:
        ValueError: a row has a key that no rule reads, or lacks one.
    """
    with TABLE.open("rb") as file:
        rows = tomllib.load(file)["row"]
    known = set(Phrase.__dataclass_fields__)
    for row in rows:
        if unknown := row.keys() - known:
            raise ValueError(
                f"{TABLE.name}: {row}: unknown keys {sorted(unknown)} (known: {', '.join(sorted(known))})"
            )
        if not row.get("role"):
            raise ValueError(f"{TABLE.name}: {row}: 'role' is missing: which published role gives this?")
    return tuple(Phrase(**{**row, "also": tuple(row.get("also", ()))}) for row in rows)
