"""Rules of networks as doors: inbound from anywhere by a security group, outbound by a managed network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.catalogue.sources import spelled
from checks.plan import Resource

GROUP = "azure-native:network:NetworkSecurityGroup"
RULE = "azure-native:network:SecurityRule"
OUTBOUND = "azure-native:machinelearningservices:ManagedNetworkSettingsRule"
ANYWHERE = frozenset(("*", "internet", "0.0.0.0/0", "::/0", "any"))


@dataclass(frozen=True, kw_only=True)
class RuleOpen:
    """A rule that opens something."""

    what: str
    by: str
    why: str
    fix: str
    source: str


def inbound_from_anywhere(resource: Resource) -> Iterator[RuleOpen]:
    """Inbound rules that let the internet in, as far as no rule of a smaller number denies the same first."""
    if resource.type == GROUP:
        rules = list(enumerate(resource.inputs.get("securityRules") or ()))
        for index, rule in rules:
            before = [other for _, other in rules if _number(other) < _number(rule)]
            if _lets_in(rule) and not any(_denies_all(other, rule) for other in before):
                yield _inbound(rule, f"securityRules[{index}].access")
    elif resource.type == RULE and _lets_in(resource.inputs):
        yield _inbound(resource.inputs, "access")


def _inbound(rule: Mapping[str, Any], path: str) -> RuleOpen:
    ports = _ports(rule)
    words = "all ports" if "*" in ports else f"port{'s' if len(ports) > 1 else ''} {', '.join(ports)}"
    return RuleOpen(
        what=f"{words} from the internet",
        by=f"{path}: {rule.get('access')} ({rule.get('name', 'rule')}, from {', '.join(_sources(rule))})",
        why="whatever listens there is a host on the internet",
        fix="name the networks that need it as the rule's source",
        source=spelled("PAN network; DOC virtual-network/network-security-groups-overview"),
    )


def _lets_in(rule: Mapping[str, Any]) -> bool:
    return (
        str(rule.get("direction", "")).lower() == "inbound"
        and str(rule.get("access", "")).lower() == "allow"
        and any(source.lower() in ANYWHERE for source in _sources(rule))
    )


def _denies_all(rule: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a rule that comes first denies all that another would let in from the internet."""
    ports = _ports(rule)
    return (
        str(rule.get("direction", "")).lower() == "inbound"
        and str(rule.get("access", "")).lower() == "deny"
        and any(source.lower() in ANYWHERE for source in _sources(rule))
        and str(rule.get("destinationAddressPrefix", "")) == "*"
        and str(rule.get("protocol", "")) in ("*", str(other.get("protocol", "")))
        and ("*" in ports or set(_ports(other)) <= set(ports))
    )


def _sources(rule: Mapping[str, Any]) -> list[str]:
    return _both(rule, "sourceAddressPrefix", "sourceAddressPrefixes")


def _ports(rule: Mapping[str, Any]) -> list[str]:
    return _both(rule, "destinationPortRange", "destinationPortRanges")


def _both(rule: Mapping[str, Any], one: str, many: str) -> list[str]:
    several: Sequence[Any] = rule.get(many) or ()
    return [str(value) for value in (rule.get(one), *several) if value]


def _number(rule: Mapping[str, Any]) -> float:
    return float(rule.get("priority") or 0)


def outbound(resource: Resource) -> Iterator[RuleOpen]:
    """Destinations outside of our own stores that a managed network lets jobs reach."""
    properties = resource.inputs.get("properties") or {}
    if resource.type != OUTBOUND or not isinstance(properties, Mapping):
        return
    kind, target = str(properties.get("type", "")).lower(), properties.get("destination")
    if kind == "fqdn":
        what = f"jobs that reach {target}"
    elif kind == "servicetag" and isinstance(target, Mapping):
        what = f"jobs that reach {target.get('serviceTag')} on ports {target.get('portRanges')}"
    else:
        return
    yield RuleOpen(
        what=what,
        by=f"properties.destination: {target if isinstance(target, str) else dict(target or {})}",
        why="a job can send there what it reads",
        fix="keep the list of destinations short, and say in the rule's reason what needs it",
        source=spelled("PAN machinelearningservices; DOC machine-learning/how-to-managed-network"),
    )
