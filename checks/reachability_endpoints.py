"""Private endpoints by themselves: whether their names can be found, and what lies open beside them."""

from __future__ import annotations

from collections.abc import Iterator

from checks import exposure
from checks.access_scopes import words
from checks.catalogue.reach import groups
from checks.estate import OUTBOUND_RULE, Estate
from checks.findings import Finding
from checks.reachability_network import Endpoint, endpoints, knows_zones, linked

CLOSED = "exposure-in-closed-environment"
_ZONES = "https://learn.microsoft.com/azure/private-link/private-endpoint-dns"
_FIREWALL = "https://learn.microsoft.com/azure/machine-learning/how-to-managed-network"
_DOORS = "https://learn.microsoft.com/azure/machine-learning/how-to-secure-workspace-vnet"
# What holds data or runs code: in a closed environment, none of it answers the public.
_GRAVE = ("storage:", "keyvault:", "containerregistry:", "machinelearningservices:", "containerservice:")


def findings(estate: Estate) -> Iterator[Finding]:
    """Zones that lack, firewalls that come along, and public doors of a closed environment."""
    for endpoint in endpoints(estate):
        if not endpoint.resource.taken:
            yield from _zones(endpoint, estate)
    yield from _firewalls(estate)
    yield from _exposed(estate)


def _zones(endpoint: Endpoint, estate: Estate) -> Iterator[Finding]:
    wanted = [zone for group in endpoint.groups if group in groups() for zone in groups()[group].zones]
    name, target = endpoint.resource.id.rpartition("/")[2] or endpoint.resource.name, words(endpoint.target)
    if endpoint.zones is None:
        if knows_zones(endpoint.network, estate):
            yield _zone_finding(
                endpoint,
                "private-endpoint-without-zones",
                f"{name} has no zone group: nobody finds {target} at its private address",
                f"add a zone group with {', '.join(wanted)}",
            )
        return
    if missing := [zone for zone in wanted if zone not in endpoint.zones]:
        yield _zone_finding(
            endpoint,
            "private-endpoint-zone-missing",
            f"the zone group of {name} lacks {', '.join(missing)}: {target} keeps its public address there",
            f"add {', '.join(missing)} to the zone group",
        )
    near = linked(endpoint.network, estate)
    unlinked = [zone for zone in wanted if zone in endpoint.zones and zone not in near]
    if unlinked and endpoint.network:
        yield _zone_finding(
            endpoint,
            "private-zone-unlinked",
            f"{', '.join(unlinked)} is not linked to {words(endpoint.network)}, where {name} lies: "
            "its names are looked up elsewhere",
            f"link {', '.join(unlinked)} to {words(endpoint.network)} (twinloop:dns)",
        )


def _zone_finding(endpoint: Endpoint, rule: str, what: str, fix: str) -> Finding:
    return Finding(
        severity="refuse",
        rule=rule,
        stack=endpoint.resource.stack,
        resource=endpoint.resource.urn,
        what=what,
        why="a client that finds the public address is refused there, and the message speaks of a firewall",
        fix=fix,
        source=_ZONES,
    )


def _firewalls(estate: Estate) -> Iterator[Finding]:
    for rule in estate.of(OUTBOUND_RULE):
        properties = rule.inputs.get("properties") or {}
        if str(properties.get("type", "")).lower() != "fqdn" or rule.taken:
            continue
        above = rule.id.lower().partition("/outboundrules/")[0]
        workspace = estate.by_id.get(above)
        network = (workspace.inputs.get("managedNetwork") if workspace else None) or {}
        sku = network.get("firewallSku")
        yield Finding(
            severity="note" if sku else "warn",
            rule="paid-firewall",
            stack=rule.stack,
            resource=rule.urn,
            what=f"the rule for {properties.get('destination')} brings a firewall of tier {sku}"
            if sku
            else f"the rule for {properties.get('destination')} brings a firewall, of tier Standard since "
            "firewallSku says nothing",
            why="it is paid by the hour, used or not, and no other workspace can share it",
            fix="twinloop cost says how much; without FQDN rules, packages come in images built elsewhere"
            + ("" if sku else "; say firewallSku: Basic where that is enough"),
            source=_FIREWALL,
        )


def _exposed(estate: Estate) -> Iterator[Finding]:
    """Doors to the public network in a stack whose workspace is closed."""
    closed = {place.resource.stack for place in estate.workplaces if place.closed}
    mine = [one for one in estate.resources if one.stack in closed]
    for change in exposure.exposure_changes((), mine):
        if not change.opened or not _is_door(change):
            continue
        kind = change.resource.rpartition("::")[0]
        grave = any(f"azure-native:{part}" in kind for part in _GRAVE)
        yield Finding(
            severity="refuse" if grave else "warn",
            rule=CLOSED,
            stack=change.stack,
            resource=change.resource,
            what=f"{change.name} of a closed environment: {change.what} ({change.by})",
            why="the workspace refuses the public network, and this beside it does not",
            fix=change.fix,
            source=change.source or _DOORS,
        )


def _is_door(change: exposure.ExposureChange) -> bool:
    return change.what.startswith(("answers ", "queries from", "logs from", "traces from"))
