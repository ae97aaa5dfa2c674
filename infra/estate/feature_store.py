"""A feature store: a workspace of kind FeatureStore, whose features lie in a container of the lake."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml
from pulumi_azure_native import storage

from infra.estate.sources import Place
from infra.sections.sources import FeatureStore as FeatureStoreSettings
from infra.workspaces.workspace import private_endpoint_rule

OFFLINE = "offline-store"
CONTAINER = "features"  # of the lake


@dataclass(frozen=True, kw_only=True)
class FeatureStoreArgs:
    """What the store stands on."""

    place: Place
    settings: FeatureStoreSettings
    storage_id: pulumi.Input[str]
    vault_id: pulumi.Input[str]
    images_id: pulumi.Input[str]
    insights_id: pulumi.Input[str]
    identity_id: pulumi.Input[str]  # the workspace's: the service manages the store by it
    materialisation_id: pulumi.Input[str]
    materialisation_client: pulumi.Input[str]
    managed_network: str  # isolation mode, as the workspace's
    after: list[pulumi.Resource]


class FeatureStore(pulumi.ComponentResource):
    """The store, its offline container, and the connection by which it gets there without a key."""

    store: ml.Workspace
    container: storage.BlobContainer

    def __init__(self, name: str, args: FeatureStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:FeatureStore", name, None, opts)
        place, child = args.place, pulumi.ResourceOptions(parent=self)
        self.container = storage.BlobContainer(
            f"{name}-offline",
            container_name=CONTAINER,
            account_name=place.names.lake,
            resource_group_name=place.resource_group,
            public_access=storage.PublicAccess.NONE,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
        )
        self.store = ml.Workspace(
            f"{name}-store",
            workspace_name=place.names.physical("feature_store"),
            resource_group_name=place.resource_group,
            location=place.location,
            kind="FeatureStore",
            sku=ml.SkuArgs(name="Basic", tier=ml.SkuTier.BASIC),
            identity=ml.ManagedServiceIdentityArgs(
                type=ml.ManagedServiceIdentityType.USER_ASSIGNED,
                user_assigned_identities=[args.identity_id, args.materialisation_id],
            ),
            primary_user_assigned_identity=args.identity_id,
            storage_account=args.storage_id,
            key_vault=args.vault_id,
            container_registry=args.images_id,
            application_insights=args.insights_id,
            system_datastores_auth_mode="Identity",
            public_network_access=place.reach.public_access,
            managed_network=ml.ManagedNetworkSettingsArgs(isolation_mode=args.managed_network),
            feature_store_settings=ml.FeatureStoreSettingsArgs(
                compute_runtime=ml.ComputeRuntimeDtoArgs(spark_runtime_version=args.settings.spark_version),
                offline_store_connection_name=OFFLINE,
            ),
            hbi_workspace=False,
            v1_legacy_mode=False,
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect, depends_on=args.after),
        )
        ml.WorkspaceConnection(
            f"{name}-{OFFLINE}",
            connection_name=OFFLINE,
            workspace_name=self.store.name,
            resource_group_name=place.resource_group,
            properties=ml.ManagedIdentityAuthTypeWorkspaceConnectionPropertiesArgs(
                auth_type="ManagedIdentity",
                category="ADLSGen2",
                target=place.names.lake_zone_id(CONTAINER),
                is_shared_to_all=True,
                credentials=ml.WorkspaceConnectionManagedIdentityArgs(
                    client_id=args.materialisation_client, resource_id=args.materialisation_id
                ),
                metadata={},
            ),
            opts=child,
        )
        if args.managed_network != "Disabled":
            self._ways_out(name, args)
        self.register_outputs({"store_id": self.store.id})

    def _ways_out(self, name: str, args: FeatureStoreArgs) -> None:
        """Materialisation jobs run in the store's own managed network, and reach the same stores."""
        lake = args.place.names.lake_id
        for word, target, group in (
            ("storage-blob", args.storage_id, "blob"),
            ("storage-file", args.storage_id, "file"),
            ("lake-blob", lake, "blob"),
            ("lake-dfs", lake, "dfs"),
        ):
            ml.ManagedNetworkSettingsRule(
                f"{name}-out-{word}",
                rule_name=word,
                workspace_name=self.store.name,
                resource_group_name=args.place.resource_group,
                properties=private_endpoint_rule(target, group, spark=True),
                opts=pulumi.ResourceOptions(parent=self),
            )
