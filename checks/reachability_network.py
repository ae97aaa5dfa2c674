"""Ways from a network of ours: over private endpoints and the zones that name them, or to the internet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from checks.access_scopes import words
from checks.catalogue.reach import groups
from checks.estate import KUBERNETES, Estate, key
from checks.exposure import ANYWHERE, let_in, within
from checks.plan import UNKNOWN, Resource
from checks.reachability_model import Way

NETWORK, SUBNET = "azure-native:network:VirtualNetwork", "azure-native:network:Subnet"
ENDPOINT, ZONE_GROUP = "azure-native:network:PrivateEndpoint", "azure-native:network:PrivateDnsZoneGroup"
LINK, ZONE = "azure-native:privatedns:VirtualNetworkLink", "azure-native:privatedns:PrivateZone"
PEERING = "azure-native:network:VirtualNetworkPeering"
_ALL_OUT = ("loadbalancer", "managednatgateway", "userassignednatgateway")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A private endpoint, read."""

    resource: Resource
    target: str
    groups: tuple[str, ...]
    network: str
    """The network that it lies in: an ARM id in lower case; empty where it is not known."""
    zones: tuple[str, ...] | None
    """Names of the zones that it writes in; None where it has no zone group."""


def endpoints(estate: Estate) -> tuple[Endpoint, ...]:
    """Every private endpoint whose target is known."""
    written: dict[str, tuple[str, ...]] = {}
    for group in estate.of(ZONE_GROUP):
        above = key(group.id).partition("/privatednszonegroups/")[0]
        configs = group.inputs.get("privateDnsZoneConfigs") or ()
        written[above] = (*written.get(above, ()), *(_last(one.get("privateDnsZoneId")) for one in configs))
    found = []
    for one in estate.of(ENDPOINT):
        for connection in _connections(one):
            target = connection.get("privateLinkServiceId")
            if isinstance(target, str) and target != UNKNOWN:
                found.append(
                    Endpoint(
                        resource=one,
                        target=key(target),
                        groups=tuple(map(str, connection.get("groupIds") or ())),
                        network=network_of(_id(one.inputs.get("subnet"))),
                        zones=written.get(key(one.id)),
                    )
                )
    return tuple(found)


def to_resource(network: str, target: str, group: str, estate: Estate, *, egress: bool) -> Way:
    """The way from a network to a group of a resource.

    Args:
        network: ARM id in lower case.
        target: ARM id in lower case.
        group: such as `blob`.
        estate: all resources that are known.
        egress: whether the client gets out to the internet.
    """
    near = reachable(network, estate)
    for endpoint in endpoints(estate):
        if endpoint.target == target and group in endpoint.groups and endpoint.network in near:
            return _named(endpoint, network, group, estate)
    found = estate.by_id.get(target)
    networks = None if found is None or found.taken else let_in(found)
    if networks is None:
        return Way(
            verdict="unknown", words="it is not declared here: whether it lets this network in is unknown"
        )
    if networks == (ANYWHERE,) and egress:
        return Way(verdict="open", words="over the internet, where it answers everybody")
    door = {
        (ANYWHERE,): "it answers the internet, and this network has no way out",
        (): "it answers no public address",
    }
    said = door.get(networks, f"it answers {', '.join(networks)} only")
    return Way(
        verdict="blocked",
        words=f"no private endpoint for {group} in reach, and {said}",
        fix=f"declare a private endpoint for {group} of {words(target)} here or in a network that it meets, "
        f"with the zone{'s' if len(_zones(group)) > 1 else ''} {', '.join(_zones(group))} linked to it",
    )


def reachable(network: str, estate: Estate) -> frozenset[str]:
    """The network itself and those that it meets by a peering of either side."""
    near = {network}
    for peering in estate.of(PEERING):
        mine = key(peering.id).partition("/virtualnetworkpeerings/")[0]
        other = key(_id(peering.inputs.get("remoteVirtualNetwork")))
        if network == mine:
            near.add(other)
        elif network == other:
            near.add(mine)
    return frozenset(near)


def linked(network: str, estate: Estate) -> frozenset[str]:
    """Names of the zones that a network looks names up in."""
    return frozenset(
        str(link.inputs.get("privateZoneName") or _zone_of(link)).lower()
        for link in estate.of(LINK)
        if key(_id(link.inputs.get("virtualNetwork"))) == network
    )


def knows_zones(network: str, estate: Estate) -> bool:
    """Whether anything of a network's names is declared: else a policy of the company may write them."""
    return bool(linked(network, estate)) or any(
        one.network == network and one.zones is not None for one in endpoints(estate)
    )


def gets_out(network: str, estate: Estate) -> bool:
    """Whether machines of a network get to the internet: by NAT, a cluster's balancer, or Azure's default."""
    for cluster in estate.of(KUBERNETES):
        kind = (cluster.inputs.get("networkProfile") or {}).get("outboundType") or "loadBalancer"
        if network in networks_of(cluster) and str(kind).lower() in _ALL_OUT:
            return True
    for subnet in estate.of(SUBNET):
        if network_of(subnet.id) == network and (
            subnet.inputs.get("natGateway") or subnet.inputs.get("defaultOutboundAccess") is not False
        ):
            return True
    return False


def networks_of(cluster: Resource) -> frozenset[str]:
    """Networks that the pools of a Kubernetes cluster lie in."""
    pools = cluster.inputs.get("agentPoolProfiles") or ()
    found = (network_of(str(pool.get("vnetSubnetID") or "")) for pool in pools)
    return frozenset(one for one in found if one)


def network_of(subnet: str) -> str:
    """The network of a subnet, in lower case; empty where it is not known."""
    head, found, _ = key(subnet).partition("/subnets/")
    return head if found else ""


def home_of(part: str, network: str, estate: Estate) -> str:
    """The network among those in reach whose addresses hold others; empty where none does."""
    inner = ip_network(part, strict=False)
    for one in sorted(reachable(network, estate), key=lambda name: name != network):
        resource = estate.by_id.get(one)
        spaces = (resource.inputs.get("addressSpace") or {}).get("addressPrefixes") if resource else ()
        if any(within(inner, ip_network(str(space), strict=False)) for space in spaces or ()):
            return one
    return ""


def _named(endpoint: Endpoint, network: str, group: str, estate: Estate) -> Way:
    """The way over an endpoint, as far as the client's network finds its name."""
    name = _last(endpoint.resource.id) or endpoint.resource.name
    if not knows_zones(network, estate):
        return Way(verdict="open", words=f"private endpoint {name}; its names are not declared here")
    missing = [zone for zone in _zones(group) if zone not in linked(network, estate)]
    if missing:
        return Way(
            verdict="blocked",
            words=f"private endpoint {name}, whose name is not found: {', '.join(missing)} not linked",
            fix=f"link {', '.join(missing)} to {words(network)}",
        )
    return Way(verdict="open", words=f"private endpoint {name}")


def _zones(group: str) -> tuple[str, ...]:
    row = groups().get(group)
    return row.zones if row else ()


def _connections(endpoint: Resource) -> Iterator[Mapping[str, Any]]:
    for field in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        yield from endpoint.inputs.get(field) or ()


def _id(value: object) -> str:
    found = value.get("id") if isinstance(value, Mapping) else None
    return str(found) if isinstance(found, str) and found != UNKNOWN else ""


def _last(arm_id: object) -> str:
    return str(arm_id or "").rstrip("/").rpartition("/")[2].lower()


def _zone_of(link: Resource) -> str:
    return key(link.id).partition("/privatednszones/")[2].partition("/")[0]
