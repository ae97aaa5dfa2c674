"""What must be allowed for a declared thing to work, and which roles are as much as it needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from checks.catalogue.sources import sourced_rows
from checks.findings import Severity

TABLE = Path(__file__).with_name("access_needs.toml")


@dataclass(frozen=True, kw_only=True)
class Need:
    """An operation without which something does not work."""

    who: str
    """Kind of what acts: as `checks.estate.Holder.kind`."""
    on: str
    """What it acts on: `workspace`, a part of it, or `attached` clusters, or `private targets` of rules."""
    what: str
    action: str
    role: str
    """The built-in role with the fewest rights that gives it."""
    severity: Severity
    """Of its lack: `refuse` where nothing works without it."""
    source: str
    data: bool = False
    managed: bool = False
    """Whether it is needed only where the workspace has a managed network."""
    only: str = ""
    """The one ARM type, in lower case, that it is about where targets are of several."""


@dataclass(frozen=True, kw_only=True)
class Enough:
    """Roles that are not asked for, but no more than what such a thing may need on such a target."""

    who: str
    on: str
    roles: tuple[str, ...]
    source: str


@cache
def needs() -> tuple[Need, ...]:
    """All needs.

    Raises:
        ValueError: a row lacks its source.
    """
    return sourced_rows(TABLE, "need", Need)


@cache
def enough() -> tuple[Enough, ...]:
    """All roles that are enough beside what is needed.

    Raises:
        ValueError: a row lacks its source.
    """
    return sourced_rows(TABLE, "enough", Enough)
