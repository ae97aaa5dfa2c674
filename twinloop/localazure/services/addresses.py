"""Address ranges of virtual networks and subnets: read, inside, disjoint."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId

_RESERVED = 5  # addresses that Azure keeps in every subnet
_SMALLEST = 29  # prefix length of the smallest subnet
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def prefixes(space: dict[str, Any] | None) -> list[str]:
    """The ranges of an address space, as written."""
    return list((space or {}).get("addressPrefixes") or ())


def ranges(subnet: dict[str, Any], name: str) -> Iterator[Network]:
    """The ranges of a subnet."""
    texts = subnet.get("addressPrefixes") or (
        [subnet["addressPrefix"]] if subnet.get("addressPrefix") else []
    )
    for text in texts:
        net = parse_network(text, f"subnet '{name}'")
        if net.version == 4 and net.prefixlen > _SMALLEST:  # noqa: PLR2004 - IPv4
            message = (
                f"subnet '{name}': {text} is too small: Azure keeps {_RESERVED} addresses; the smallest "
                f"range is /{_SMALLEST}"
            )
            raise InvalidRequest("InvalidCIDRNotation", message)
        yield net


def parse_network(text: str, where: str) -> Network:
    """A range as a network, or a refusal with an example."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        message = f"{where}: the address prefix {text!r} is not valid: {error}; an example is 10.1.0.0/16"
        raise InvalidRequest("InvalidAddressPrefixFormat", message) from error


def check_inside(name: str, net: Network, space: list[Network]) -> None:
    """A subnet lies in its network, or is refused."""
    if not any(_lies_in(net, one) for one in space):
        raise InvalidRequest(
            "NetcfgInvalidSubnet",
            f"Subnet '{name}' is not valid in its virtual network: {net} is not within "
            f"{', '.join(map(str, space))}.",
        )


def _lies_in(net: Network, space: Network) -> bool:
    if isinstance(net, ipaddress.IPv4Network):
        return isinstance(space, ipaddress.IPv4Network) and net.subnet_of(space)
    return isinstance(space, ipaddress.IPv6Network) and net.subnet_of(space)


def check_disjoint(named: list[tuple[str, Network]], arm_id: ArmId) -> None:
    """No two named ranges overlap, or they are refused."""
    for index, (name, net) in enumerate(named):
        for other, there in named[:index]:
            if net.version == there.version and net.overlaps(there):
                raise InvalidRequest(
                    "NetcfgSubnetRangesOverlap",
                    f"{arm_id}: '{other}' ({there}) and '{name}' ({net}) overlap; give ranges that do not.",
                )
