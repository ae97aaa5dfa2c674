"""Spark: a Synapse workspace with one pool over the lake, attached to Azure ML."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml
from pulumi_azure_native import synapse

from infra.estate.sources import Place
from infra.sections.sources import Spark as SparkSettings

POOL = "spark"  # the name that pipelines use in every environment


@dataclass(frozen=True, kw_only=True)
class SparkArgs:
    """Where it stands, and what it is attached to."""

    place: Place
    settings: SparkSettings
    subscription_id: str
    workspace_name: pulumi.Input[str]


class Spark(pulumi.ComponentResource):
    """A pool that pauses when idle. Who runs notebooks in Synapse itself is said there, in its studio."""

    synapse_id: pulumi.Output[str]
    principal_id: pulumi.Output[str]

    def __init__(self, name: str, args: SparkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Spark", name, None, opts)
        place, child = args.place, pulumi.ResourceOptions(parent=self)
        self.workspace = synapse.Workspace(
            f"{name}-synapse",
            workspace_name=place.names.physical("synapse"),
            resource_group_name=place.resource_group,
            location=place.location,
            identity=synapse.ManagedIdentityArgs(type=synapse.ResourceIdentityType.SYSTEM_ASSIGNED),
            default_data_lake_storage=synapse.DataLakeStorageAccountDetailsArgs(
                account_url=f"https://{place.names.lake}.dfs.core.windows.net",
                filesystem="curated",
                resource_id=place.names.lake_id,
                create_managed_private_endpoint=True,
            ),
            managed_virtual_network="default",
            managed_virtual_network_settings=synapse.ManagedVirtualNetworkSettingsArgs(
                prevent_data_exfiltration=True
            ),
            azure_ad_only_authentication=True,
            public_network_access="Disabled",
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        pool = synapse.BigDataPool(
            f"{name}-pool",
            big_data_pool_name=POOL,
            workspace_name=self.workspace.name,
            resource_group_name=place.resource_group,
            location=place.location,
            node_size=args.settings.node_size,
            node_size_family="MemoryOptimized",
            spark_version=args.settings.version,
            auto_pause=synapse.AutoPausePropertiesArgs(
                enabled=True, delay_in_minutes=args.settings.pause_minutes
            ),
            auto_scale=synapse.AutoScalePropertiesArgs(
                enabled=True,
                min_node_count=args.settings.min_nodes,
                max_node_count=args.settings.max_nodes,
            ),
            tags=place.tags,
            opts=child,
        )
        self._attached(name, args, pool)
        self.synapse_id = self.workspace.id
        self.principal_id = self.workspace.identity.apply(
            lambda identity: (identity.principal_id or "") if identity else ""  # unknown in a preview
        )
        self.register_outputs({"synapse_id": self.synapse_id})

    def _attached(self, name: str, args: SparkArgs, pool: synapse.BigDataPool) -> None:
        ml.Compute(
            f"{name}-attached",
            compute_name=POOL,
            workspace_name=args.workspace_name,
            resource_group_name=args.place.resource_group,
            location=args.place.location,
            identity=ml.ManagedServiceIdentityArgs(type=ml.ManagedServiceIdentityType.SYSTEM_ASSIGNED),
            properties=ml.SynapseSparkArgs(
                compute_type="SynapseSpark",
                resource_id=pool.id,
                disable_local_auth=True,
                properties=ml.SynapseSparkPropertiesArgs(
                    pool_name=POOL,
                    workspace_name=args.place.names.physical("synapse"),
                    resource_group=args.place.resource_group,
                    subscription_id=args.subscription_id,
                    spark_version=args.settings.version,
                    node_size=args.settings.node_size,
                    node_size_family="MemoryOptimized",
                ),
            ),
            tags=args.place.tags | {"purpose": "spark"},
            opts=pulumi.ResourceOptions(parent=self),
        )
