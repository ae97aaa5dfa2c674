"""Ways out of the network that Azure ML manages for a workspace's computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from checks.access_scopes import words
from checks.catalogue.reach import Index, Service
from checks.estate import CONTAINER, STORAGE, Estate, Workplace, key
from checks.exposure import ANYWHERE, let_in
from checks.plan import UNKNOWN, Resource
from checks.reachability_model import Way

APPROVED, INTERNET = "AllowOnlyApprovedOutbound", "AllowInternetOutbound"
# Groups of the workspace's own parts that the service makes private endpoints to by itself.
_MADE = {
    "storage": ("blob", "file"),
    "images": ("registry",),
    "vault": ("vault",),
    "workspace": ("amlworkspace",),
}


def to_resource(place: Workplace, target: str, group: str, estate: Estate) -> Way:
    """The way from the computes of a workspace to a group of a resource.

    Args:
        place: the workspace.
        target: ARM id in lower case.
        group: such as `blob`.
        estate: all resources that are known.
    """
    for rule in place.rules:
        if _leads(rule, target, group):
            return Way(verdict="open", words=f"private endpoint of rule {_last(rule)}")
    found = estate.by_id.get(target)
    networks = None if found is None or found.taken else let_in(found)
    if _made_by_service(place, target, group, networks):
        return Way(verdict="open", words="private endpoint that the managed network has by itself")
    if place.isolation == APPROVED:
        return _no_rule(place, target, group, estate)
    return _in_the_open(place, networks, _no_rule(place, target, group, estate))


def _in_the_open(place: Workplace, networks: tuple[str, ...] | None, ruled: Way) -> Way:
    """The way without a private endpoint, where no rule holds back what goes out."""
    if networks is None:
        return Way(verdict="unknown", words="it is not declared here: whether it lets computes in is unknown")
    if networks == (ANYWHERE,):
        return Way(verdict="open", words="over the internet, where it answers everybody")
    door = f"it answers {', '.join(networks)} only" if networks else "it answers no public address"
    if place.isolation == INTERNET:
        said = f"{door}, and computes come from addresses of Azure"
        return replace(ruled, words=said, doubtful=bool(networks))
    return Way(
        verdict="blocked",
        words=f"{door}, and computes are in no network (isolationMode: Disabled)",
        fix="set twinloop:managedNetwork.isolationMode to AllowInternetOutbound, with the private endpoint",
    )


def to_service(place: Workplace, service: Service) -> Way:
    """The way to a public service."""
    if place.isolation != APPROVED:
        return Way(verdict="open", words="over the internet")
    if service.made:
        return Way(verdict="open", words=f"rule for {service.tag} that the managed network has by itself")
    for rule in place.rules:
        destination = _properties(rule).get("destination")
        if isinstance(destination, Mapping) and destination.get("serviceTag") == service.tag:
            return Way(verdict="open", words=f"rule {_last(rule)}")
    lines = _lines(
        type="serviceTag",
        name=service.tag.lower().replace(".", "-"),
        tag=service.tag,
        protocol="TCP",
        ports='"443"',
    )
    return Way(
        verdict="blocked",
        words=f"no rule lets {service.tag} through",
        fix="add the rule under outboundRules of twinloop:managedNetwork",
        copied=lines,
    )


def to_index(place: Workplace, index: Index) -> Way:
    """The way to an index of packages."""
    if place.isolation != APPROVED:
        return Way(verdict="open", words="over the internet")
    names = [
        str(_properties(rule).get("destination") or "").lower()
        for rule in place.rules
        if str(_properties(rule).get("type", "")).lower() == "fqdn"
    ]
    missing = [host for host in index.hosts if not any(covers(name, host) for name in names)]
    if not missing:
        return Way(verdict="open", words=f"FQDN rules for {', '.join(names)}")
    lines = "".join(
        _lines(type="fqdn", name=name.replace("*.", "any-").replace(".", "-"), destination=f'"{name}"')
        for name in index.rules
    )
    return Way(
        verdict="blocked",
        words=f"no rule lets {', '.join(missing)} through",
        fix="build the environment where packages can be had and promote it through the registry; or, with "
        "a paid firewall (firewallSku: Basic is the cheaper one), add the rules under outboundRules of "
        "twinloop:managedNetwork",
        copied=lines,
    )


def covers(rule: str, host: str) -> bool:
    """Whether the destination of an FQDN rule covers a host: the same name, or one below a star."""
    return rule == host or (rule.startswith("*.") and fnmatchcase(host, rule))


def _no_rule(place: Workplace, target: str, group: str, estate: Estate) -> Way:
    word = _target_word(place, target, estate)
    if not word:
        fix = f"{words(target)} needs a private endpoint; settings have a rule for the workspace's own"
        return Way(verdict="blocked", words=f"no private endpoint rule for {group}", fix=fix)
    return Way(
        verdict="blocked",
        words=f"no private endpoint rule for {group}",
        fix="add the rule under outboundRules of twinloop:managedNetwork",
        copied=_lines(
            type="privateEndpoint",
            name=word if word == group else f"{word}-{group}",
            target=word,
            subresource=group,
        ),
    )


def _target_word(place: Workplace, target: str, estate: Estate) -> str:
    """What a rule of the settings calls a target; empty where they have no word for it."""
    own = next((word for word in ("storage", "vault", "images") if place.parts.get(word) == target), "")
    if own:
        return own
    if "/registries/" in target and "machinelearningservices" in target:
        return "registry"
    found = estate.by_id.get(target)
    return "lake" if found is not None and found.type == STORAGE else ""


def _lines(**fields: str) -> str:
    body = "".join(f"        {name}: {value}\n" for name, value in fields.items())
    return f"      - {body.lstrip()}        reason: say which jobs need it\n"


def _made_by_service(place: Workplace, target: str, group: str, networks: tuple[str, ...] | None) -> bool:
    """Whether the service itself makes the endpoint: to all parts in approved mode, else to closed ones."""
    own = {**place.parts, "workspace": place.id}
    part = next((word for word, arm_id in own.items() if arm_id == target), "")
    if group not in _MADE.get(part, ()) or place.isolation not in (APPROVED, INTERNET):
        return False
    return place.isolation == APPROVED or networks == ()


def _leads(rule: Resource, target: str, group: str) -> bool:
    destination = _properties(rule).get("destination")
    if not isinstance(destination, Mapping):
        return False
    named = str(destination.get("serviceResourceId") or UNKNOWN)
    return key(named) == target and destination.get("subresourceTarget") == group


def _properties(rule: Resource) -> Mapping[str, Any]:
    found = rule.inputs.get("properties")
    return found if isinstance(found, Mapping) else {}


def _last(resource: Resource) -> str:
    return str(resource.inputs.get("ruleName") or resource.id.rpartition("/")[2] or resource.name)


def account_of(arm_id: str, estate: Estate) -> str:
    """The storage account that a container is in; the id itself of anything else."""
    found = estate.by_id.get(arm_id)
    if found is not None and found.type == CONTAINER:
        return arm_id.partition("/blobservices/")[0]
    return arm_id
