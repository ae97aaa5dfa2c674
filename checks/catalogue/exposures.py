"""What opens a resource: switches and rules of the public network, properties, and resources that are doors.

The rows are data (`exposures.toml`); paths are those of the provider's inputs, as stack programs write them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from checks.catalogue.sources import sourced_rows
from checks.findings import Severity

TABLE = Path(__file__).with_name("exposures.toml")


@dataclass(frozen=True, kw_only=True)
class Door:
    """How a type is reached from public networks."""

    token: str
    switch: str  # path of the property that is Enabled or Disabled
    default: str  # what the switch is where it is left out
    action: str = ""  # path of Allow or Deny for networks that no rule names; Allow where it is left out
    rules: str = ""  # path of the list of networks that are let in
    address: str = ""  # where in a rule the network is; empty where the rule is the network
    closed_by: str = ""  # path of a property that closes the door where it is true
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A property that opens something at some of its values."""

    token: str
    path: str
    open: tuple[object, ...]
    default: object
    what: str  # what it lets in
    why: str
    fix: str
    severity: Severity = "warn"
    only: tuple[str, ...] = ()  # values of properties.computeType that have the property; empty for all
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Presence:
    """A resource that opens something by being there, or by going."""

    token: str
    opens: bool
    what: str
    why: str
    fix: str
    source: str = ""


@cache
def doors() -> dict[str, Door]:
    """Doors by token."""
    return {row.token: row for row in sourced_rows(TABLE, "door", Door)}


@cache
def openings() -> dict[str, tuple[Opening, ...]]:
    """Opening properties by token."""
    rows = sourced_rows(TABLE, "property", Opening)
    return {token: tuple(row for row in rows if row.token == token) for token in {row.token for row in rows}}


@cache
def presences() -> dict[str, Presence]:
    """Resources that are doors or bolts, by token."""
    return {row.token: row for row in sourced_rows(TABLE, "presence", Presence)}
