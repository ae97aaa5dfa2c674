"""Private endpoints: a store, a workspace or a registry answers at an address of a network of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from infra.naming import Names

# Which zones the names of each group of a target are looked up in, by the words of naming.ALL_ZONES.
# Source: Microsoft, "Azure Private Endpoint private DNS zone values"; of a workspace and a registry of Azure
# ML, "Configure a private endpoint for an Azure Machine Learning workspace" and "Network isolation with Azure
# Machine Learning registries".
GROUPS = {
    "amlworkspace": ("workspaces", "notebooks"),
    "amlregistry": ("workspaces",),
    "blob": ("blob",),
    "dfs": ("dfs",),
    "file": ("file",),
    "queue": ("queue",),
    "table": ("table",),
    "vault": ("vault",),
    "registry": ("images",),
    "namespace": ("servicebus",),
    "postgresqlServer": ("postgres",),
    "Sql": ("documents",),
    "Dev": ("synapse",),
    "azuremonitor": ("monitor", "oms", "ods", "agents", "blob"),
}


@dataclass(frozen=True, kw_only=True)
class Target:
    """What answers privately: its id, and the groups of it that are reached one by one."""

    name: str
    id: pulumi.Input[str]
    groups: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """In which subnet the endpoints lie, and where their names are written."""

    resource_group: pulumi.Input[str]
    location: str
    subnet_id: pulumi.Input[str]
    zone_ids: Mapping[str, pulumi.Input[str]]  # empty: a policy of the company writes the records
    targets: Iterable[Target]
    names: Names
    tags: dict[str, str]


class PrivateEndpoints(pulumi.ComponentResource):
    """One endpoint per target and group; its zone group names every zone that its clients look in.

    A zone is never left out silently: with one of a workspace's two zones missing, jobs run and notebooks do
    not open.
    """

    endpoint_ids: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:PrivateEndpoints", name, None, opts)
        self.endpoint_ids = {}
        for target in args.targets:
            for group in target.groups:
                word = target.name if target.groups == (group,) else f"{target.name}-{group}"
                self.endpoint_ids[word] = self._one(name, word, target.id, group, args)
        self.register_outputs({"endpoint_ids": self.endpoint_ids})

    def _one(
        self, name: str, word: str, target_id: pulumi.Input[str], group: str, args: EndpointsArgs
    ) -> pulumi.Output[str]:
        physical = args.names.physical("private_endpoint", word)
        endpoint = network.PrivateEndpoint(
            f"{name}-{word}",
            private_endpoint_name=physical,
            resource_group_name=args.resource_group,
            location=args.location,
            subnet=network.SubnetArgs(id=args.subnet_id),
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name=physical, private_link_service_id=target_id, group_ids=[group]
                )
            ],
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        if args.zone_ids:
            network.PrivateDnsZoneGroup(
                f"{name}-{word}-zones",
                private_dns_zone_group_name="default",
                private_endpoint_name=physical,
                resource_group_name=args.resource_group,
                private_dns_zone_configs=[
                    network.PrivateDnsZoneConfigArgs(name=zone, private_dns_zone_id=args.zone_ids[zone])
                    for zone in GROUPS[group]
                ],
                opts=pulumi.ResourceOptions(parent=self, depends_on=[endpoint]),
            )
        return endpoint.id
