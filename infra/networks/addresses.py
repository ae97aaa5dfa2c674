"""The address plan: which subnets a network has and how large they are. Data and arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

FIRST_SECOND_PART = 20  # what lies below is left to networks that were there before the platform


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

# Of the shared stack's network: no machines of our own but CI's.
HUB_PLAN = (
    SubnetPlan(
        name="private-links",
        prefix=26,
        reason="the private endpoint of the registry",
        private_endpoint_policies=True,
    ),
    SubnetPlan(name="runners", prefix=26, reason="build agents that reach every environment's endpoints"),
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


def overlapping(spaces: dict[str, str]) -> list[tuple[str, str]]:
    """Pairs of names whose address spaces share an address; spaces that meet in one hub must not."""
    networks = [(name, IPv4Network(space)) for name, space in spaces.items()]
    return [
        (one, other)
        for index, (one, network) in enumerate(networks)
        for other, second in networks[index + 1 :]
        if network.overlaps(second)
    ]


def moved(part: str, old: str, new: str) -> str:
    """The same part of another space; as it is where it lies outside of the old one or beyond the new one."""
    inside, before, after = IPv4Network(part), IPv4Network(old), IPv4Network(new)
    if not inside.subnet_of(before):
        return part
    offset = int(inside.network_address) - int(before.network_address)
    there = IPv4Network((int(after.network_address) + offset, inside.prefixlen), strict=False)
    return str(there) if there.subnet_of(after) else part


def next_free(taken: Iterable[str]) -> str:
    """The first /20 of 10.20.0.0 and upwards, one in each second part, that shares no address with others.

    Raises:
        LookupError: none is left up to 10.255.0.0.
    """
    others = [IPv4Network(space) for space in taken]
    for second in range(FIRST_SECOND_PART, 256):
        space = IPv4Network(f"10.{second}.0.0/20")
        if not any(space.overlaps(other) for other in others):
            return str(space)
    raise LookupError("no 10.x.0.0/20 is free any more")
