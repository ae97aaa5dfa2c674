"""The address plan: which subnets a network has and how large they are. Data and arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

AZURE_RESERVED = 5  # Azure keeps the first four addresses of a subnet and the last one


@dataclass(frozen=True, kw_only=True)
class SubnetPlan:
    """One subnet of the plan."""

    name: str
    prefix: int
    reason: str
    private_endpoint_policies: bool = False  # whether the security group also filters private endpoints


# Largest first: subnets are laid out in this order, so that a small one added at the end never moves another.
PLAN = (
    SubnetPlan(
        name="kubernetes", prefix=22, reason="nodes of clusters that cannot live inside a managed network"
    ),
    SubnetPlan(
        name="private-links",
        prefix=24,
        reason="private endpoints of the workspace and its stores",
        private_endpoint_policies=True,
    ),
    SubnetPlan(name="runners", prefix=26, reason="build agents that reach the private endpoints"),
)


def subnets(space: str, plan: tuple[SubnetPlan, ...] = PLAN) -> dict[str, IPv4Network]:
    """Networks of all subnets, laid out one behind the other from the start of `space`.

    Raises:
        ValueError: the plan is not ordered from large to small, or does not fit into the space.
    """
    whole = IPv4Network(space)
    if list(plan) != sorted(plan, key=lambda subnet: subnet.prefix):
        raise ValueError(
            "the plan must go from the largest subnet to the smallest, else they would not align"
        )
    cursor = int(whole.network_address)
    laid: dict[str, IPv4Network] = {}
    for subnet in plan:
        network = IPv4Network((cursor, subnet.prefix))
        if network.broadcast_address > whole.broadcast_address:
            raise ValueError(
                f"{space} is too small: subnet '{subnet.name}' (/{subnet.prefix}) does not fit any more"
            )
        laid[subnet.name] = network
        cursor = int(network.broadcast_address) + 1
    return laid


def usable(network: IPv4Network) -> int:
    """Addresses of a subnet that resources can have."""
    return max(network.num_addresses - AZURE_RESERVED, 0)


def overlapping(spaces: dict[str, str]) -> list[tuple[str, str]]:
    """Pairs of names whose address spaces share an address; spaces that meet in one hub must not."""
    networks = [(name, IPv4Network(space)) for name, space in spaces.items()]
    return [
        (one, other)
        for index, (one, network) in enumerate(networks)
        for other, second in networks[index + 1 :]
        if network.overlaps(second)
    ]


def first_usable(network: IPv4Network) -> IPv4Address:
    """The first address that a resource can have: Azure keeps the network's own and three more."""
    return network.network_address + (AZURE_RESERVED - 1)
