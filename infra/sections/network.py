"""Settings of the network beyond its addresses: who comes in, which networks meet, how machines get out."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from infra.arm_ids import example_id, spelled
from infra.sections.shapes import EXAMPLE_GUID, PrivateSpace, RuleName, Section, example

NETWORK = "azure-native:network:VirtualNetwork"
SHARED = "shared"  # the network of the shared stack, by its word

# Which ARM types each way in is made of; the first one is shown in examples.
WAYS_IN = {
    "runnerPool": (
        "Microsoft.Network/virtualNetworks/subnets",
        "GitHub.Network/networkSettings",
        "Microsoft.DevOpsInfrastructure/pools",
        "Microsoft.Compute/virtualMachineScaleSets",
    ),
    "vpn": ("Microsoft.Network/virtualNetworkGateways", "Microsoft.Network/p2sVpnGateways"),
    "bastion": ("Microsoft.Network/bastionHosts",),
}
_RESOURCE = re.compile(
    r"/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourceGroups/[^/\s]+"
    r"/providers/(?P<provider>[^/\s]+)(?P<rest>(/[^/\s]+/[^/\s]+)+)",
    re.IGNORECASE,
)


def example_way_in(kind: str) -> str:
    """An id of a kind to show."""
    provider, *types = WAYS_IN[kind][0].split("/")
    path = "".join(f"/{one}/company-{one.lower()}" for one in types)
    return f"/subscriptions/{EXAMPLE_GUID}/resourceGroups/rg-company/providers/{provider}{path}"


def _part(value: str) -> str:
    words = "a private IPv4 network of /8 to /29 whose host bits are zero, e.g. 10.255.4.0/26"
    try:
        network = IPv4Network(value)
    except ValueError:
        raise ValueError(words) from None
    if not network.is_private or not 8 <= network.prefixlen <= 29:  # noqa: PLR2004 - said in the message
        raise ValueError(words)
    return str(network)


def _network_or_shared(value: str) -> str:
    return value if value == SHARED else spelled(NETWORK, value)


PrivatePart = Annotated[str, AfterValidator(_part), example("10.255.0.0/20")]
OtherNetwork = Annotated[str, AfterValidator(_network_or_shared), example(example_id(NETWORK))]


def type_of_id(arm_id: str) -> str:
    """The ARM type that an id of any resource is of; empty where the text is no id."""
    found = _RESOURCE.fullmatch(arm_id)
    if found is None:
        return ""
    return "/".join([found["provider"], *found["rest"].split("/")[1::2]])


class Entry(Section):
    """One way by which CI or people get to what answers private endpoints only.

    It is somebody else's, named by its id: nothing of it is made or changed here. What matters is from which
    addresses its clients come: the network lets these in, and the reachability check follows their paths.
    """

    kind: Annotated[Literal["runnerPool", "vpn", "bastion"], example("runnerPool")]
    id: Annotated[str, Field(min_length=1, examples=[example_way_in(kind) for kind in WAYS_IN])]
    address_space: Annotated[tuple[PrivatePart, ...], Field(min_length=1), example('["10.255.4.0/26"]')]
    reason: Annotated[str, Field(min_length=10), example("CI applies what was reviewed")]

    @model_validator(mode="after")
    def _the_id_is_of_its_kind(self) -> Entry:
        given, allowed = type_of_id(self.id), WAYS_IN[self.kind]
        if given.lower() not in {one.lower() for one in allowed}:
            said = f"is of type {given}" if given else "is no ARM id"
            raise ValueError(
                f"for kind {self.kind}, the ARM id of a {' or '.join(allowed)}; '{self.id}' {said}"
            )
        return self


class Peering(Section):
    """Another network that this one meets, both ways where we may write on both sides."""

    name: RuleName
    network: OtherNetwork  # its ARM id, or the word for the network of the shared stack
    address_space: Annotated[tuple[PrivatePart, ...], Field(min_length=1), example('["10.255.0.0/20"]')]
    both_ways: bool = True  # false: its owner makes the other side, and packets pass only then
    forwarded: bool = False  # whether packets pass that come from behind the other network
    remote_gateway: bool = False  # whether our machines use the VPN or ExpressRoute gateway over there


class Nat(Section):
    """How machines of the subnets get out to the internet: through addresses that others can put in lists."""

    subnets: Annotated[
        tuple[Literal["kubernetes", "runners"], ...], Field(min_length=1), example('["kubernetes"]')
    ]
    addresses: Annotated[int, Field(ge=1, le=16), example(1)] = 1
    idle_minutes: Annotated[int, Field(ge=4, le=120), example(4)] = 4
    zone: Annotated[str, Field(pattern="^[123]$"), example("1")] | None = None  # of no zone unless given

    @model_validator(mode="after")
    def _each_subnet_once(self) -> Nat:
        if len(set(self.subnets)) < len(self.subnets):
            raise ValueError("each subnet once")
        return self


AccessMode = Annotated[Literal["Open", "PrivateOnly"], example("PrivateOnly")]


class PrivateLinkScope(Section):
    """Azure Monitor by private link: logs and traces of this environment, and how they are reached.

    With `PrivateOnly` they answer no public address any more, and machines of this network reach no logs or
    traces but those of the scope.
    """

    ingestion: AccessMode
    query: AccessMode


class HubNetwork(Section):
    """The network of the shared stack, where environments meet what they share: registry and runners."""

    address_space: PrivateSpace
