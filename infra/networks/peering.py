"""Peerings: this network and another one meet; packets pass once both sides have said so."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure
from pulumi_azure_native import network

from infra.arm_ids import group_name_of, name_of, subscription_of
from infra.naming import Names
from infra.sections.network import SHARED, Peering
from infra.settings import EnvironmentSettings


@dataclass(frozen=True, kw_only=True)
class PeeringsArgs:
    """Which networks this one meets."""

    resource_group: pulumi.Input[str]
    network_id: pulumi.Input[str]
    peerings: tuple[Peering, ...]
    shared_network_id: str  # what the word for the shared stack's network stands for
    subscription_id: str
    tenant_id: str
    names: Names
    after: list[pulumi.Resource]


class Peerings(pulumi.ComponentResource):
    """Our side of each peering, and the other side where it is ours to write.

    They come after everything else of the network: Azure takes one change of a network at a time.
    """

    def __init__(self, name: str, args: PeeringsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Peerings", name, None, opts)
        providers: dict[str, azure.Provider | None] = {args.subscription_id: None}
        for peering in args.peerings:
            other = args.shared_network_id if peering.network == SHARED else peering.network
            after = list(args.after)
            if peering.both_ways:
                subscription = subscription_of(other)
                if subscription not in providers:
                    providers[subscription] = self._of_subscription(name, subscription, args)
                # First: our side may use a gateway over there only once the other side lends it.
                after.append(self._back(name, peering, other, args, providers[subscription]))
            network.VirtualNetworkPeering(
                f"{name}-{peering.name}",
                virtual_network_peering_name=f"peer-{peering.name}",
                virtual_network_name=name_of(args.names.network_id),
                resource_group_name=args.resource_group,
                remote_virtual_network=network.SubResourceArgs(id=other),
                allow_virtual_network_access=True,
                allow_forwarded_traffic=peering.forwarded,
                allow_gateway_transit=False,
                use_remote_gateways=peering.remote_gateway,
                opts=pulumi.ResourceOptions(parent=self, depends_on=after),
            )
        self.register_outputs({})

    def _back(
        self, name: str, peering: Peering, other: str, args: PeeringsArgs, provider: azure.Provider | None
    ) -> pulumi.Resource:
        return network.VirtualNetworkPeering(
            f"{name}-{peering.name}-back",
            virtual_network_peering_name=args.names.physical("peering"),
            virtual_network_name=name_of(other),
            resource_group_name=group_name_of(other),
            remote_virtual_network=network.SubResourceArgs(id=args.network_id),
            allow_virtual_network_access=True,
            allow_forwarded_traffic=peering.forwarded,
            allow_gateway_transit=peering.remote_gateway,
            use_remote_gateways=False,
            opts=pulumi.ResourceOptions(parent=self, provider=provider, depends_on=args.after),
        )

    def _of_subscription(self, name: str, subscription: str, args: PeeringsArgs) -> azure.Provider:
        """The other side lies in the other network's subscription."""
        return azure.Provider(
            f"{name}-subscription-{subscription[-4:]}",
            subscription_id=subscription,
            tenant_id=args.tenant_id,
            opts=pulumi.ResourceOptions(parent=self),
        )


def meet(
    settings: EnvironmentSettings,
    resource_group: pulumi.Input[str],
    network_id: pulumi.Input[str],
    peerings: tuple[Peering, ...],
    after: list[pulumi.Resource],
) -> Peerings:
    """The environment's network and those that its settings name."""
    return Peerings(
        "peering",
        PeeringsArgs(
            resource_group=resource_group,
            network_id=network_id,
            peerings=peerings,
            shared_network_id=settings.shared_names.network_id,
            subscription_id=settings.azure.subscription_id,
            tenant_id=settings.azure.tenant_id,
            names=settings.names,
            after=after,
        ),
    )
