"""What of a network cannot be copied into another environment's stack file as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.networks.addresses import moved
from infra.sections.taken import TakenNetwork

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra.sections.core import Network
    from infra.settings import EnvironmentSettings, Settings


def spaces_of(stacks: Iterable[Settings | None]) -> list[str]:
    """Address spaces of all networks that the stacks make, the shared one's too."""
    networks = [one.network for one in stacks if one is not None]
    return [one.address_space for one in networks if one is not None and not isinstance(one, TakenNetwork)]


def own_entries(network: Network, space: str) -> Iterator[tuple[str, list[str]]]:
    """Ways in from the network's own addresses, moved into another space: keys and values."""
    for index, way in enumerate(network.entry):
        parts = [moved(part, network.address_space, space) for part in way.address_space]
        if parts != list(way.address_space):
            yield f"twinloop:network.entry[{index}].addressSpace", parts


def of_the_scope(source: EnvironmentSettings) -> list[str]:
    """Keys of the private link scope, from the last: one answers for all networks that see the same zones."""
    if source.monitor_scope is None or "monitor" not in source.linked_zone_ids:
        return []
    rules = source.managed_network.outbound_rules
    to_monitor = [index for index, rule in enumerate(rules) if getattr(rule, "target", "") == "monitor"]
    return [
        "twinloop:network.privateLinkScope",
        *(f"twinloop:managedNetwork.outboundRules[{index}]" for index in reversed(to_monitor)),
    ]
