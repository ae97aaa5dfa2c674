"""What becomes reachable, public or keyed, and what is closed again: exposures before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from checks.access_scopes import words
from checks.catalogue.exposures import Door, Opening, Presence, doors, openings, presences
from checks.exposure_rules import inbound_from_anywhere, outbound
from checks.findings import Finding, Severity
from checks.plan import Resource

WHOLE = "answers the public internet"
ANYWHERE = "anywhere"
_WHY = "roles alone stand between it and that network: a stolen token works from there"
_FIX = "publicAccess: Disabled, or fewer entries in allowedNetworks, under twinloop:network"


@dataclass(frozen=True, kw_only=True)
class ExposureChange:
    """One door that a change opens or closes."""

    resource: str
    """The URN."""
    opened: bool
    what: str
    """In words: `answers the public internet`, `anonymous blob reads`, `shared keys`."""
    by: str
    """Property path and value: `publicNetworkAccess: Enabled`."""
    stack: str = ""
    severity: Severity = "warn"
    """How grave it is where it opens."""
    why: str = ""
    fix: str = ""
    source: str = ""
    name: str = ""
    """What the resource is called in Azure."""


@dataclass(frozen=True, kw_only=True)
class _Open:
    """Something that is open on one side."""

    what: str
    by: str
    why: str
    fix: str
    source: str
    severity: Severity = "warn"
    network: str = ""
    rule: bool = False  # whether it is an entry of a list of rules


def exposure_changes(before: Iterable[Resource], after: Iterable[Resource]) -> tuple[ExposureChange, ...]:
    """Compare what is open before and after; what opens comes first, the gravest of it at the top."""
    old, new = _by_key(before), _by_key(after)
    earlier_ids = {resource.id.lower(): key for key, resource in old.items() if resource.id}
    changes: list[ExposureChange] = []
    met = set()
    for key, resource in new.items():
        same = key if key in old else earlier_ids.get(resource.id.lower(), "")
        met.add(same)
        changes += _compared(old.get(same), resource)
    for key, resource in old.items():
        if key not in met:
            changes += _compared(resource, None)
    return tuple(
        sorted(changes, key=lambda one: (not one.opened, one.severity, one.stack, one.resource, one.what))
    )


def _by_key(resources: Iterable[Resource]) -> dict[str, Resource]:
    # What is taken is somebody else's: nothing of it is decided here.
    return {resource.urn: resource for resource in resources if not resource.taken}


def _compared(before: Resource | None, after: Resource | None) -> Iterator[ExposureChange]:
    was = {one.what: one for one in _open(before)} if before else {}
    now = {one.what: one for one in _open(after)} if after else {}
    resource = after or before
    assert resource is not None  # noqa: S101 - one side is there
    row = presences().get(resource.type)
    if row and (before is None) != (after is None):
        yield _change(
            resource, _standing(row, resource, gone=after is None), opened=row.opens == (before is None)
        )
    for what, one in now.items():
        if what not in was and not _inside(one, was):
            yield _change(resource, one, opened=True)
    for what, one in was.items():
        if what not in now and not _inside(one, now):
            yield _change(resource, _closing(one, after), opened=False)


def _standing(row: Presence, resource: Resource, *, gone: bool) -> _Open:
    by = f"{resource.name} {'goes' if gone else 'comes'}"
    about = words(str(resource.inputs.get("scope") or resource.id or resource.name))
    return _Open(what=f"{row.what} {about}".strip(), by=by, why=row.why, fix=row.fix, source=row.source)


def _closing(one: _Open, after: Resource | None) -> _Open:
    """What closes, with the value that closes it."""
    path, _, value = one.by.partition(": ")
    if after is None:
        by = "the resource goes"
    elif one.rule:
        by = f"{path} no longer has {value}"
    else:
        by = f"{path}: {_shown(value_at(after.inputs, path))}"
    return replace(one, by=by, severity="note")


def _change(resource: Resource, one: _Open, *, opened: bool) -> ExposureChange:
    return ExposureChange(
        resource=resource.urn,
        opened=opened,
        what=one.what,
        by=one.by,
        stack=resource.stack,
        severity=one.severity if opened else "note",
        why=one.why,
        fix=one.fix,
        source=one.source,
        name=resource.id.rpartition("/")[2] or resource.name,
    )


def _inside(one: _Open, others: Mapping[str, _Open]) -> bool:
    """Whether a network is let in on the other side too, as part of a wider one."""
    if not one.network:
        return False
    if WHOLE in others:
        return True
    mine = ip_network(one.network, strict=False)
    for other in others.values():
        if other.network and within(mine, ip_network(other.network, strict=False)):
            return True
    return False


def within(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    """Whether all addresses of one network are among those of another."""
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network) and inner.subnet_of(outer)


def _open(resource: Resource) -> Iterator[_Open]:
    if door := doors().get(resource.type):
        yield from _let_in(door, resource.inputs)
    for row in openings().get(resource.type, ()):
        value = value_at(resource.inputs, row.path)
        if _has(row, resource.inputs) and _is_open(row, value):
            by = f"{row.path}: {_shown(value, row.default)}"
            yield _Open(
                what=row.what, by=by, why=row.why, fix=row.fix, source=row.source, severity=row.severity
            )
    for rule in (*inbound_from_anywhere(resource), *outbound(resource)):
        yield _Open(what=rule.what, by=rule.by, why=rule.why, fix=rule.fix, source=rule.source, rule=True)


def let_in(resource: Resource) -> tuple[str, ...] | None:
    """Which networks a resource answers: `ANYWHERE` alone for all; none where it is closed.

    None is said where its type has no switch for the public network that is known here.
    """
    door = doors().get(resource.type)
    if door is None:
        return None
    found = tuple(_let_in(door, resource.inputs))
    return (
        (ANYWHERE,)
        if any(one.what == WHOLE for one in found)
        else tuple(one.by.partition(": ")[2] for one in found)
    )


def _let_in(door: Door, inputs: Mapping[str, Any]) -> Iterator[_Open]:
    switch = value_at(inputs, door.switch)
    if str(switch or door.default).lower() != "enabled":
        return
    if door.closed_by and value_at(inputs, door.closed_by) is True:
        return
    rules = value_at(inputs, door.rules) if door.rules else None
    networks = [_network(rule, door.address) for rule in rules or ()]
    denies = (
        str(value_at(inputs, door.action) or "Allow").lower() == "deny" if door.action else bool(networks)
    )
    by_switch = f"{door.switch}: {_shown(switch, door.default)}"
    if not denies or any(ip_prefix(network) == 0 for network in networks):
        yield _Open(what=WHOLE, by=by_switch, why=_WHY, fix=_FIX, source=door.source)
        return
    for network in networks:
        yield _Open(
            what=f"answers {network}",
            by=f"{door.rules}: {network}",
            why=_WHY,
            fix=_FIX,
            source=door.source,
            network=network if ip_prefix(network) is not None else "",
            rule=True,
        )


def ip_prefix(network: str) -> int | None:
    """How many bits of an address a network fixes; None for what is no network (a name, an unknown)."""
    try:
        return ip_network(network, strict=False).prefixlen
    except ValueError:
        return None


def _network(rule: object, address: str) -> str:
    return str(rule.get(address, rule)) if isinstance(rule, Mapping) else str(rule)


def _has(row: Opening, inputs: Mapping[str, Any]) -> bool:
    return not row.only or value_at(inputs, "properties.computeType") in row.only


def _is_open(row: Opening, value: object) -> bool:
    given = row.default if value is None else value
    return any(str(one).lower() == str(given).lower() for one in row.open)


def value_at(inputs: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; None where nothing is."""
    value: Any = inputs
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _shown(value: object, default: object = None) -> str:
    if value is None:
        return f"left out, which is {_plain(default)}" if default is not None else "left out"
    return _plain(value)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def findings(changes: Iterable[ExposureChange]) -> tuple[Finding, ...]:
    """A finding per door that opens."""
    return tuple(
        Finding(
            severity=change.severity,
            rule="exposure-anonymous" if change.severity == "refuse" else "exposure-opened",
            stack=change.stack,
            resource=change.resource,
            what=f"{change.name} opens: {change.what} ({change.by})",
            why=change.why,
            fix=change.fix,
            source=change.source,
        )
        for change in changes
        if change.opened
    )
