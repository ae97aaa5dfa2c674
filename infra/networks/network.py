"""The environment's own network: what cannot live inside the network that Azure ML manages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from infra.naming import Names
from infra.networks.addresses import PLAN, SubnetPlan, subnets
from infra.networks.nat import Nat, NatArgs
from infra.reading import id_of_read
from infra.sections.core import Network as NetworkSettings
from infra.sections.network import HubNetwork
from infra.sections.taken import TakenNetwork

TLS = "443"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """Where the network lies and its address space, or the one that is taken."""

    resource_group: pulumi.Input[str]
    location: str
    settings: NetworkSettings | TakenNetwork | HubNetwork
    names: Names
    tags: dict[str, str]
    plan: tuple[SubnetPlan, ...] = PLAN


class Network(pulumi.ComponentResource):
    """A virtual network, and per subnet of the address plan a security group of its own; or what is taken.

    Subnets are resources beside the network, not part of it: written inline, every change of one subnet would
    rewrite all, and a subnet made by somebody else would be removed.
    """

    network_id: pulumi.Output[str]
    subnet_ids: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Network", name, None, opts)
        self.subnet_ids = {}
        if isinstance(args.settings, TakenNetwork):
            self._take(name, args.settings)
        else:
            self._make(name, args, args.settings)
        self.register_outputs({"network_id": self.network_id, "subnet_ids": self.subnet_ids})

    def _take(self, name: str, settings: TakenNetwork) -> None:
        child = pulumi.ResourceOptions(parent=self)
        whole = network.VirtualNetwork.get(f"{name}-taken", settings.existing, child)
        self.network_id = id_of_read(whole, settings.existing)
        for word, subnet in settings.subnets:
            purpose = word.replace("_", "-")
            if subnet is not None:
                taken = network.Subnet.get(f"{name}-{purpose}-taken", subnet, child)
                self.subnet_ids[purpose] = id_of_read(taken, subnet)

    def _make(self, name: str, args: NetworkArgs, settings: NetworkSettings | HubNetwork) -> None:
        whole = network.VirtualNetwork(
            f"{name}-vnet",
            virtual_network_name=args.names.physical("network"),
            resource_group_name=args.resource_group,
            location=args.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[settings.address_space]),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.network_id = whole.id
        ways_out = self._ways_out(name, args, settings)
        for plan in args.plan:
            self.subnet_ids[plan.name] = self._subnet(name, plan, whole, args, ways_out.get(plan.name))

    def _ways_out(
        self, name: str, args: NetworkArgs, settings: NetworkSettings | HubNetwork
    ) -> dict[str, pulumi.Output[str]]:
        """The NAT gateway, by the names of the subnets whose machines get out through it."""
        if isinstance(settings, HubNetwork) or settings.nat is None:
            return {}
        nat = Nat(
            f"{name}-nat",
            NatArgs(
                resource_group=args.resource_group,
                location=args.location,
                settings=settings.nat,
                names=args.names,
                tags=args.tags,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        return dict.fromkeys(settings.nat.subnets, nat.gateway_id)

    def _subnet(
        self,
        name: str,
        plan: SubnetPlan,
        whole: network.VirtualNetwork,
        args: NetworkArgs,
        way_out: pulumi.Output[str] | None,
    ) -> pulumi.Output[str]:
        settings = args.settings
        if isinstance(settings, TakenNetwork):
            raise TypeError("subnets of a network that is taken are taken with it")
        child = pulumi.ResourceOptions(parent=self)
        group = network.NetworkSecurityGroup(
            f"{name}-{plan.name}-rules",
            network_security_group_name=args.names.physical("security_group", plan.name),
            resource_group_name=args.resource_group,
            location=args.location,
            security_rules=list(_rules(plan, settings)),
            tags=args.tags,
            opts=child,
        )
        policies = "NetworkSecurityGroupEnabled" if plan.private_endpoint_policies else "Disabled"
        return network.Subnet(
            f"{name}-{plan.name}",
            subnet_name=f"snet-{plan.name}",
            virtual_network_name=whole.name,
            resource_group_name=args.resource_group,
            address_prefix=str(subnets(settings.address_space, args.plan)[plan.name]),
            network_security_group=network.NetworkSecurityGroupArgs(id=group.id),
            nat_gateway=network.SubResourceArgs(id=way_out) if way_out is not None else None,
            private_endpoint_network_policies=policies,
            default_outbound_access=False,
            opts=child,
        ).id


def _rules(plan: SubnetPlan, settings: NetworkSettings | HubNetwork) -> Iterator[network.SecurityRuleArgs]:
    """Who may open connections into a subnet; what no rule names is as Azure's own last rules say."""
    space = settings.address_space
    yield _tls(
        "https-from-this-network", "The network's own machines reach each other by TLS", 100, space, space
    )
    if isinstance(settings, NetworkSettings):
        coming = [(way.kind, part) for way in settings.entry for part in way.address_space]
        for number, (kind, part) in enumerate(coming):
            words = f"Clients of an entry of kind {kind}"
            yield _tls(f"https-from-entry-{number + 1}", words, 200 + number, part, space)
    if isinstance(settings, HubNetwork):
        words = "Networks that meet this one reach what is shared"
        yield _tls("https-from-other-networks", words, 200, "VirtualNetwork", space)
    elif plan.private_endpoint_policies:
        words = "Other networks reach private endpoints only where an entry says so"
        yield _deny("nothing-from-other-networks", words, 3900, "VirtualNetwork")
    words = "Nothing here is meant to be reached from the internet"
    yield _deny("nothing-from-the-internet", words, 4000, "Internet")


def _tls(
    name: str, description: str, priority: int, source: str, destination: str
) -> network.SecurityRuleArgs:
    return network.SecurityRuleArgs(
        name=name,
        description=description,
        priority=priority,
        direction="Inbound",
        access="Allow",
        protocol="Tcp",
        source_address_prefix=source,
        source_port_range="*",
        destination_address_prefix=destination,
        destination_port_range=TLS,
    )


def _deny(name: str, description: str, priority: int, source: str) -> network.SecurityRuleArgs:
    return network.SecurityRuleArgs(
        name=name,
        description=description,
        priority=priority,
        direction="Inbound",
        access="Deny",
        protocol="*",
        source_address_prefix=source,
        source_port_range="*",
        destination_address_prefix="*",
        destination_port_range="*",
    )
