"""What settings must hold about networks: within an environment, beside others, and with the shared one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from infra.sections.core import Network, PrivateEndpointRule
from infra.sections.network import SHARED
from infra.sections.taken import TakenNetwork, TakenZones
from infra.settings import EnvironmentSettings, Settings, SharedSettings
from infra.stackfile.refusals import Problem, remove_command, set_command


def entry_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Who comes in has a way to this network; nobody has to where the public is let in."""
    network = settings.network
    if network.entry and network.public_access == "Enabled":
        yield Problem(
            key="twinloop:network.entry",
            given="ways in with twinloop:network.publicAccess Enabled",
            allowed="none: allowedNetworks says who comes in",
            next_step=remove_command("twinloop:network.entry", stack),
        )
        return
    if isinstance(network, TakenNetwork):
        return  # which networks it meets, only its owner knows
    known = [network.address_space, *(part for one in network.peerings for part in one.address_space)]
    for index, way in enumerate(network.entry):
        for place, part in enumerate(way.address_space):
            if not any(_inside(part, space) for space in known):
                key = f"twinloop:network.entry[{index}].addressSpace[{place}]"
                yield Problem(
                    key=key,
                    given=f"{part}, from where no packet gets here",
                    allowed=f"a part of {', '.join(known)}: this network and its peerings",
                    next_step=f"add the network of {way.id} under twinloop:network.peerings in "
                    f"Pulumi.{stack}.yaml, or {set_command(key, network.address_space, stack)}",
                )


def peering_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Networks that meet share no address, neither with this one nor with each other."""
    network = settings.network
    if not isinstance(network, Network):
        return
    seen = [("this network", network.address_space)]
    for index, peering in enumerate(network.peerings):
        for place, part in enumerate(peering.address_space):
            for other, space in seen:
                if IPv4Network(part).overlaps(IPv4Network(space)):
                    key = f"twinloop:network.peerings[{index}].addressSpace[{place}]"
                    yield Problem(
                        key=key,
                        given=f"{part} of '{peering.name}' overlaps {space} of {other}",
                        allowed="spaces that share no address: Azure peers no others",
                        next_step="choose another space for one of the networks; the one here by "
                        + set_command("twinloop:network.addressSpace", "10.40.0.0/20", stack),
                    )
        seen += [(f"'{peering.name}'", part) for part in peering.address_space]


def way_out_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Rules of the managed network point to what there is."""
    rules = settings.managed_network.outbound_rules
    for index, rule in enumerate(rules):
        to_monitor = isinstance(rule, PrivateEndpointRule) and rule.target == "monitor"
        if to_monitor and settings.monitor_scope is None:
            yield Problem(
                key=f"twinloop:managedNetwork.outboundRules[{index}].target",
                given="monitor, and there is no twinloop:network.privateLinkScope",
                allowed="storage, lake or registry; or privateLinkScope with ingestion and query",
                next_step=set_command("twinloop:network.privateLinkScope.ingestion", "PrivateOnly", stack),
            )
    scope = settings.monitor_scope
    if scope is None:
        return
    if settings.network.public_access == "Enabled":
        yield Problem(
            key="twinloop:network.privateLinkScope",
            given="a scope with twinloop:network.publicAccess Enabled",
            allowed="none: no private endpoint is made, so nothing would reach it",
            next_step=remove_command("twinloop:network.privateLinkScope", stack),
        )
    closed = settings.managed_network.isolation_mode == "AllowOnlyApprovedOutbound"
    reached = any(isinstance(rule, PrivateEndpointRule) and rule.target == "monitor" for rule in rules)
    if scope.ingestion == "PrivateOnly" and closed and not reached:
        yield Problem(
            key="twinloop:managedNetwork.outboundRules",
            given="no rule to monitor, with twinloop:network.privateLinkScope.ingestion PrivateOnly",
            allowed="a rule of type privateEndpoint, target monitor, subresource azuremonitor: "
            "else jobs and endpoints send no traces",
            next_step=set_command("twinloop:network.privateLinkScope.ingestion", "Open", stack),
        )


def networks_across(stacks: Mapping[str, Settings]) -> Iterator[Problem]:
    """What environments say about the shared network is so, and one scope answers in a set of zones."""
    first: dict[str, str] = {}
    for stack, settings in stacks.items():
        if not isinstance(settings, EnvironmentSettings):
            continue
        yield from _shared_network(settings, stacks.get(settings.shared.stack), stack)
        zone = settings.linked_zone_ids.get("monitor")
        if settings.monitor_scope is None or zone is None:
            continue
        other = first.setdefault(zone.lower(), stack)
        if other != stack:
            yield Problem(
                key="twinloop:network.privateLinkScope",
                given=f"writes into the zones that the scope in Pulumi.{other}.yaml writes into",
                allowed="one private link scope for all networks that look names up in the same zones: "
                "the names of Azure Monitor are the same for everybody, so that the last one would win",
                next_step=remove_command("twinloop:network.privateLinkScope", stack),
            )


def _shared_network(settings: EnvironmentSettings, shared: Settings | None, stack: str) -> Iterator[Problem]:
    if not isinstance(settings.network, Network) or not isinstance(shared, SharedSettings):
        return
    file = f"Pulumi.{settings.shared.stack}.yaml"
    for index, peering in enumerate(settings.network.peerings):
        if peering.network != SHARED:
            continue
        key = f"twinloop:network.peerings[{index}]"
        if shared.network is None:
            yield Problem(
                key=f"{key}.network",
                given=f"'{SHARED}', and {file} makes no network",
                allowed="the ARM id of a network; or twinloop:network.addressSpace over there",
                next_step=set_command(
                    "twinloop:network.addressSpace", peering.address_space[0], settings.shared.stack
                ),
            )
        elif peering.address_space != (shared.network.address_space,):
            yield Problem(
                key=f"{key}.addressSpace",
                given=f"{', '.join(peering.address_space)}, and {file} has {shared.network.address_space}",
                allowed="the address space of the network over there",
                next_step=set_command(f"{key}.addressSpace[0]", shared.network.address_space, stack),
            )


def records_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Records of endpoints are asked for only where endpoints are made."""
    network, dns = settings.network, settings.dns
    if not isinstance(dns, TakenZones) or not dns.records:
        return
    if network.public_access == "Enabled" or (isinstance(network, TakenNetwork) and not network.endpoints):
        yield Problem(
            key="twinloop:dns.records",
            given="true, and this stack makes no private endpoint",
            allowed="false; or publicAccess Disabled, and endpoints: true in a network that is taken",
            next_step=set_command("twinloop:dns.records", "false", stack),
        )


def _inside(part: str, space: str) -> bool:
    return IPv4Network(part).subnet_of(IPv4Network(space))
