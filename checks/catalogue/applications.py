"""Applications of Microsoft's own that a platform meets in its tenant."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("applications.toml")


@dataclass(frozen=True, kw_only=True)
class Application:
    """One application: the same id in every tenant of the public cloud."""

    name: str
    application_id: str
    source: str


@cache
def applications() -> dict[str, Application]:
    """All rows, by the word that settings and code have for them."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {word: Application(**row) for word, row in rows.items()}
