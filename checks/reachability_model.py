"""Who reaches what: a client, a destination, the way between them or what blocks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checks.findings import Severity

Verdict = Literal["open", "blocked", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a destination is reached, or why not."""

    verdict: Verdict
    words: str
    fix: str = ""
    copied: str = ""
    """Lines for the stack file, as they stand."""
    doubtful: bool = False
    """Whether something that is not declared may open it all the same: an address in a list, say."""


@dataclass(frozen=True, kw_only=True)
class Path:
    """One need of one client, followed."""

    stack: str
    client: str
    to: str
    why: str
    way: Way
    severity: Severity
    """Of its being blocked."""
    resource: str
    """URN of what would not work."""
    source: str


@dataclass(frozen=True, kw_only=True)
class WayIn:
    """How CI or people get into a private environment, as `twinloop:network.entry` says."""

    stack: str
    kind: str
    id: str
    networks: tuple[str, ...]
    """Addresses that its clients come from."""


@dataclass(frozen=True, kw_only=True)
class JobNeeds:
    """What one pipeline or job needs beyond what every job needs."""

    name: str
    file: str
    computes: tuple[str, ...] = ()
    """Names of the clusters that it runs on; none for serverless compute only."""
    datastores: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    """Indexes that its environments are built from, by the names of checks/catalogue/reach.toml."""
    parallel: bool = False
    """Whether it hands out work over queues and tables."""
