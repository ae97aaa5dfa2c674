"""How sources are reached: by private endpoints only, also where the rest of an environment is open.

No shared zone is made for them: each environment has its own, linked to its own network. Where the company's
policy writes the records of endpoints, it writes these too, and no zone is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml
from pulumi_azure_native import privatedns

from infra.estate.sources import Place
from infra.naming import SOURCE_ZONES
from infra.networks.private_dns import WORLD
from infra.networks.private_endpoints import GROUPS, EndpointsArgs, PrivateEndpoints, Target


@dataclass(frozen=True, kw_only=True)
class SourceEndpointsArgs:
    """What is to be reached, and from where."""

    place: Place
    targets: Mapping[str, tuple[pulumi.Input[str], str]]  # by word: id of a source, and its group
    network_id: pulumi.Input[str]
    subnet_id: pulumi.Input[str]
    zones: bool  # whether they are made here
    workspace_name: pulumi.Input[str]
    managed: bool  # whether jobs are in a network that Azure ML manages


class SourceEndpoints(pulumi.ComponentResource):
    """Zones with their links, one endpoint for each source, and a rule that lets jobs out to it."""

    def __init__(
        self, name: str, args: SourceEndpointsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("twinloop:infra:SourceEndpoints", name, None, opts)
        words = {zone for _, group in args.targets.values() for zone in GROUPS[group]}
        zone_ids = {word: self._zone(name, word, args) for word in sorted(words)} if args.zones else {}
        PrivateEndpoints(
            f"{name}-private",
            EndpointsArgs(
                resource_group=args.place.resource_group,
                location=args.place.location,
                subnet_id=args.subnet_id,
                zone_ids=zone_ids,
                targets=[
                    Target(name=word, id=arm_id, groups=(group,))
                    for word, (arm_id, group) in args.targets.items()
                ],
                names=args.place.names,
                tags=args.place.tags,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        if args.managed:
            self._ways_out(name, args)
        self.register_outputs({})

    def _zone(self, name: str, word: str, args: SourceEndpointsArgs) -> pulumi.Output[str]:
        zone = privatedns.PrivateZone(
            f"{name}-zone-{word}",
            private_zone_name=SOURCE_ZONES[word],
            resource_group_name=args.place.resource_group,
            location=WORLD,
            tags=args.place.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        privatedns.VirtualNetworkLink(
            f"{name}-link-{word}",
            virtual_network_link_name=args.place.names.physical("dns_link"),
            private_zone_name=zone.name,
            resource_group_name=args.place.resource_group,
            location=WORLD,
            registration_enabled=False,
            virtual_network=privatedns.SubResourceArgs(id=args.network_id),
            tags=args.place.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return zone.id

    def _ways_out(self, name: str, args: SourceEndpointsArgs) -> None:
        for word, (arm_id, group) in args.targets.items():
            ml.ManagedNetworkSettingsRule(
                f"{name}-out-{word}",
                rule_name=f"source-{word}",
                workspace_name=args.workspace_name,
                resource_group_name=args.place.resource_group,
                properties=ml.PrivateEndpointOutboundRuleArgs(
                    type="PrivateEndpoint",
                    category="UserDefined",
                    destination=ml.PrivateEndpointDestinationArgs(
                        service_resource_id=arm_id, subresource_target=group, spark_enabled=False
                    ),
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
