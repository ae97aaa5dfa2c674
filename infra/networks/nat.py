"""The way out: a NAT gateway with addresses of its own, so that others can put them into their lists."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from infra.naming import Names
from infra.sections.network import Nat as NatSettings


@dataclass(frozen=True, kw_only=True)
class NatArgs:
    """Settings of the way out."""

    resource_group: pulumi.Input[str]
    location: str
    settings: NatSettings
    names: Names
    tags: dict[str, str]


class Nat(pulumi.ComponentResource):
    """A gateway and its addresses; subnets name it, so it comes before them."""

    gateway_id: pulumi.Output[str]

    def __init__(self, name: str, args: NatArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Nat", name, None, opts)
        settings, child = args.settings, pulumi.ResourceOptions(parent=self)
        zones = [settings.zone] if settings.zone else None
        addresses = [
            network.PublicIPAddress(
                f"{name}-address-{number}",
                public_ip_address_name=args.names.physical("public_address", f"egress-{number}"),
                resource_group_name=args.resource_group,
                location=args.location,
                sku=network.PublicIPAddressSkuArgs(name="Standard", tier="Regional"),
                public_ip_allocation_method="Static",
                public_ip_address_version="IPv4",
                zones=zones,
                tags=args.tags,
                opts=child,
            )
            for number in range(1, settings.addresses + 1)
        ]
        gateway = network.NatGateway(
            f"{name}-gateway",
            nat_gateway_name=args.names.physical("nat_gateway"),
            resource_group_name=args.resource_group,
            location=args.location,
            sku=network.NatGatewaySkuArgs(name="Standard"),
            public_ip_addresses=[network.SubResourceArgs(id=address.id) for address in addresses],
            idle_timeout_in_minutes=settings.idle_minutes,
            zones=zones,
            tags=args.tags,
            opts=child,
        )
        self.gateway_id = gateway.id
        self.register_outputs({"gateway_id": self.gateway_id})
