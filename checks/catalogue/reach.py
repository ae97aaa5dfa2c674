"""What the parts of a platform must reach, and by which names: facts for the reachability check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from checks.catalogue.sources import sourced_rows
from checks.findings import Severity

TABLE = Path(__file__).with_name("reach.toml")


@dataclass(frozen=True, kw_only=True)
class Group:
    """A group of a private endpoint, and the zones that its names are written in."""

    group: str
    zones: tuple[str, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one kind of client must reach."""

    who: str
    """`jobs`, `batches`, `pods` or `people`."""
    on: str
    """A part of the workspace, `workspace`, `datastores` or `registry`."""
    group: str
    """The group of the private endpoint that would do."""
    why: str
    severity: Severity
    source: str


@dataclass(frozen=True, kw_only=True)
class Service:
    """A public service behind a service tag."""

    name: str
    tag: str
    made: bool
    """Whether a managed network has the rule by itself."""
    source: str


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index of packages or images, and its hosts."""

    name: str
    hosts: tuple[str, ...]
    rules: tuple[str, ...]
    """Destinations of FQDN rules that cover these hosts."""
    source: str


@cache
def groups() -> Mapping[str, Group]:
    """Groups of private endpoints by their ids.

    Raises:
        ValueError: a row lacks its source; so of the other tables.
    """
    return MappingProxyType({row.group: row for row in sourced_rows(TABLE, "group", Group)})


@cache
def needs() -> tuple[Need, ...]:
    """What must be reached."""
    return sourced_rows(TABLE, "need", Need)


@cache
def services() -> tuple[Service, ...]:
    """Public services."""
    return sourced_rows(TABLE, "service", Service)


@cache
def indexes() -> Mapping[str, Index]:
    """Indexes of packages by their names."""
    rows = sourced_rows(TABLE, "index", Index)
    return MappingProxyType(
        {row.name: replace(row, hosts=_joined(row.hosts), rules=_joined(row.rules)) for row in rows}
    )


def _joined(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Names of hosts from their parts."""
    return tuple(".".join(one) for one in parts)
