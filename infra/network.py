"""The environment's own network: what cannot live inside the network that Azure ML manages."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from infra.addresses import PLAN, subnets
from infra.naming import Names
from infra.reading import id_of_read
from infra.sections import Network as NetworkSettings
from infra.taken import TakenNetwork


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """Where the network lies and its address space, or the one that is taken."""

    resource_group: pulumi.Input[str]
    location: str
    settings: NetworkSettings | TakenNetwork
    names: Names
    tags: dict[str, str]


class Network(pulumi.ComponentResource):
    """A virtual network, and per subnet of the address plan a security group of its own; or what is taken.

    Subnets are resources beside the network, not part of it: written inline, every change of one subnet would
    rewrite all, and a subnet made by somebody else would be removed.
    """

    network_id: pulumi.Output[str]
    subnet_ids: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Network", name, None, opts)
        if isinstance(args.settings, TakenNetwork):
            self._take(name, args.settings)
        else:
            self._make(name, args, args.settings.address_space)
        self.register_outputs({"network_id": self.network_id, "subnet_ids": self.subnet_ids})

    def _take(self, name: str, settings: TakenNetwork) -> None:
        child = pulumi.ResourceOptions(parent=self)
        whole = network.VirtualNetwork.get(f"{name}-taken", settings.existing, child)
        self.network_id = id_of_read(whole, settings.existing)
        self.subnet_ids = {}
        for word, subnet in settings.subnets:
            purpose = word.replace("_", "-")
            if subnet is not None:
                taken = network.Subnet.get(f"{name}-{purpose}-taken", subnet, child)
                self.subnet_ids[purpose] = id_of_read(taken, subnet)

    def _make(self, name: str, args: NetworkArgs, address_space: str) -> None:
        child = pulumi.ResourceOptions(parent=self)
        whole = network.VirtualNetwork(
            f"{name}-vnet",
            virtual_network_name=args.names.physical("network"),
            resource_group_name=args.resource_group,
            location=args.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[address_space]),
            tags=args.tags,
            opts=child,
        )
        networks = subnets(address_space)
        self.subnet_ids = {}
        for plan in PLAN:
            group = network.NetworkSecurityGroup(
                f"{name}-{plan.name}-rules",
                network_security_group_name=args.names.physical("security_group", plan.name),
                resource_group_name=args.resource_group,
                location=args.location,
                security_rules=[_from_inside_only(address_space), _nothing_from_outside()],
                tags=args.tags,
                opts=child,
            )
            subnet = network.Subnet(
                f"{name}-{plan.name}",
                subnet_name=f"snet-{plan.name}",
                virtual_network_name=whole.name,
                resource_group_name=args.resource_group,
                address_prefix=str(networks[plan.name]),
                network_security_group=network.NetworkSecurityGroupArgs(id=group.id),
                private_endpoint_network_policies="NetworkSecurityGroupEnabled"
                if plan.private_endpoint_policies
                else "Disabled",
                default_outbound_access=False,
                opts=child,
            )
            self.subnet_ids[plan.name] = subnet.id
        self.network_id = whole.id


def _from_inside_only(space: str) -> network.SecurityRuleArgs:
    return network.SecurityRuleArgs(
        name="https-from-this-network",
        description="The network's own machines reach each other by TLS",
        priority=100,
        direction="Inbound",
        access="Allow",
        protocol="Tcp",
        source_address_prefix=space,
        source_port_range="*",
        destination_address_prefix=space,
        destination_port_range="443",
    )


def _nothing_from_outside() -> network.SecurityRuleArgs:
    return network.SecurityRuleArgs(
        name="nothing-from-the-internet",
        description="Nothing here is meant to be reached from the internet",
        priority=4000,
        direction="Inbound",
        access="Deny",
        protocol="*",
        source_address_prefix="Internet",
        source_port_range="*",
        destination_address_prefix="*",
        destination_port_range="*",
    )
