"""What connects: private endpoints, gateways, addresses, zones, streams, and a workspace's own network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from checks.catalogue.prices import Meter
from checks.cost.desk import ONE, OPEN, Desk
from checks.cost.model import Item
from checks.cost.reading import arm_type, count, is_open, text, value
from checks.plan import Resource

_NETWORK = "Microsoft.Network"
ENDPOINT = Meter(arm_type=f"{_NETWORK}/privateEndpoints", sku="", meter="endpoint")
FIREWALLS = f"{_NETWORK}/azureFirewalls"
STREAMS = "Microsoft.EventHub/namespaces"
APPROVED = "AllowOnlyApprovedOutbound"
OWN_ENDPOINTS = Decimal(4)
OWN_NOTE = "made by the service in approved mode, to storage, vault, image registry and the workspace"
FIREWALL_NOTE = "an FQDN rule brings it, one per workspace: azure-ai-docs how-to-managed-network.md, Pricing"
WORKSPACES = "microsoft.machinelearningservices/workspaces"
RULES = f"{WORKSPACES}/outboundrules"


def private_endpoint(desk: Desk) -> Iterator[Item]:
    """A private endpoint: a fee per hour, and per GB in either direction."""
    yield desk.charge("private endpoint", ENDPOINT, ONE, ONE)
    yield from _data(desk, "the private endpoint")


def _data(desk: Desk, what: str, *, hidden: bool = False) -> Iterator[Item]:
    for direction, words in (("data in", "data into"), ("data out", "data out of")):
        meter = Meter(arm_type=ENDPOINT.arm_type, sku="", meter=direction)
        yield desk.by_use(f"{words} {what}", meter, hidden=hidden)


def nat_gateway(desk: Desk) -> Iterator[Item]:
    """A NAT gateway: a fee per hour, and per GB."""
    gateways = f"{_NETWORK}/natGateways"
    yield desk.charge("NAT gateway", Meter(arm_type=gateways, sku="Standard", meter="gateway"), ONE, ONE)
    yield desk.by_use(
        "data through the gateway", Meter(arm_type=gateways, sku="Standard", meter="data processed")
    )


def address(desk: Desk) -> Iterator[Item]:
    """A public address."""
    inputs = desk.resource.inputs
    sku = f"{text(inputs, 'sku.name') or 'Standard'} {text(inputs, 'publicIPAllocationMethod') or 'Static'}"
    yield desk.charge(
        f"public address, {sku}",
        Meter(arm_type=f"{_NETWORK}/publicIPAddresses", sku=sku, meter="address"),
        ONE,
        ONE,
    )


def peering(desk: Desk) -> Iterator[Item]:
    """A peering: nothing at rest; per GB on this side, either direction, as between networks of a region."""
    peerings = f"{_NETWORK}/virtualNetworks/virtualNetworkPeerings"
    for direction, words in (("data in", "data into"), ("data out", "data out of")):
        meter = Meter(arm_type=peerings, sku="same region", meter=direction)
        yield desk.by_use(f"{words} this side of the peering", meter)


def zone(desk: Desk) -> Iterator[Item]:
    """A private DNS zone: a fee per month, and per query."""
    zones = f"{_NETWORK}/privateDnsZones"
    yield desk.charge("private DNS zone", Meter(arm_type=zones, sku="", meter="zone"), ONE, ONE)
    yield desk.by_use("DNS queries", Meter(arm_type=zones, sku="", meter="queries"))


def event_stream(desk: Desk) -> Iterator[Item]:
    """An Event Hubs namespace: a fee per unit of throughput, which inflates up to a bound."""
    inputs = desk.resource.inputs
    sku = text(inputs, "sku.name")
    least = count(inputs, "sku.capacity")
    if least is None and not is_open(inputs, "sku.capacity"):
        least = ONE  # what Azure takes where none is given
    most = least
    if value(inputs, "isAutoInflateEnabled"):
        most = count(inputs, "maximumThroughputUnits")
    unit = "processing unit" if sku == "Premium" else "throughput unit"
    if not sku:
        yield desk.unknown("event stream", OPEN)
        return
    fee = Meter(arm_type=STREAMS, sku=sku, meter=unit)
    yield desk.charge(f"event stream {sku}", fee, least, most, of=f"{unit}s")
    if sku != "Premium":
        yield desk.by_use(f"events into the stream, {sku}", Meter(arm_type=STREAMS, sku=sku, meter="ingress"))


def workspace(desk: Desk) -> Iterator[Item]:
    """A workspace's managed network: free itself, but its mode and rules bring endpoints and a firewall."""
    inputs = desk.resource.inputs
    if is_open(inputs, "managedNetwork.isolationMode") or is_open(inputs, "managedNetwork.outboundRules"):
        yield desk.unknown("what the managed network brings along", OPEN, hidden=True)
        return
    network = value(inputs, "managedNetwork")
    inline = value(network, "outboundRules")
    rules = list(inline.values()) if isinstance(inline, Mapping) else []
    yield from _endpoints(desk, [rule for rule in rules if text(rule, "type") == "PrivateEndpoint"])
    if text(network, "isolationMode") != APPROVED:
        return
    what = "private endpoints of the managed network"
    yield desk.charge(what, ENDPOINT, OWN_ENDPOINTS, OWN_ENDPOINTS, hidden=True, note=OWN_NOTE)
    yield from _data(desk, what, hidden=True)
    if any(text(rule, "type") == "FQDN" for rule in (*rules, *_rules_of(desk))):
        yield from _firewall(desk, text(network, "firewallSku") or "Standard")


def _endpoints(desk: Desk, rules: list[object]) -> Iterator[Item]:
    if rules:
        many = Decimal(len(rules))
        yield desk.charge("private endpoints of outbound rules", ENDPOINT, many, many, hidden=True)


def _firewall(desk: Desk, sku: str) -> Iterator[Item]:
    fee = Meter(arm_type=FIREWALLS, sku=sku, meter="deployment")
    yield desk.charge(f"managed firewall {sku}", fee, ONE, ONE, hidden=True, note=FIREWALL_NOTE)
    data = Meter(arm_type=FIREWALLS, sku=sku, meter="data processed")
    yield desk.by_use(f"data through the managed firewall {sku}", data, hidden=True)


def outbound_rule(desk: Desk) -> Iterator[Item]:
    """One rule of a managed network: a private endpoint is charged; an FQDN's firewall is the workspace's."""
    kind = text(desk.resource.inputs, "properties.type")
    if kind == "PrivateEndpoint":
        what = f"private endpoint to {text(desk.resource.inputs, 'properties.destination.subresourceTarget')}"
        yield desk.charge(what, ENDPOINT, ONE, ONE, hidden=True)
    elif kind == "FQDN" and _is_first_of_a_taken_workspace(desk):
        yield from _firewall(desk, "Standard")
    elif kind not in ("FQDN", "ServiceTag"):
        yield desk.unknown(f"outbound rule of type {kind or 'unknown'}", f"no price rule for type '{kind}'")


def _rules_of(desk: Desk) -> Iterator[object]:
    for other in desk.stack:
        if arm_type(other) == RULES and _holds(desk.resource, other):
            yield value(other.inputs, "properties")


def _is_first_of_a_taken_workspace(desk: Desk) -> bool:
    """Whether no workspace of the stack has this rule, and no other rule has brought its firewall."""
    made = (one for one in desk.stack if arm_type(one) == WORKSPACES and not one.taken)
    if any(_holds(one, desk.resource) for one in made):
        return False
    alike = (one for one in desk.stack if arm_type(one) == RULES and _home(one) == _home(desk.resource))
    return next(one for one in alike if text(one.inputs, "properties.type") == "FQDN") is desk.resource


def _home(rule: Resource) -> tuple[str, str, str]:
    """Which workspace a rule is of, by name."""
    return (rule.stack, text(rule.inputs, "resourceGroupName"), text(rule.inputs, "workspaceName"))


def _holds(workspace: Resource, rule: Resource) -> bool:
    """Whether a rule is of a workspace: by their ids, or by the names where one has no id yet."""
    if workspace.id and rule.id:
        return rule.id.lower().startswith(f"{workspace.id.lower()}/")
    names = ("resourceGroupName", "workspaceName")
    return workspace.stack == rule.stack and all(
        text(workspace.inputs, name).lower() == text(rule.inputs, name).lower() for name in names
    )
