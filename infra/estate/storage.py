"""Storage: the account that the workspace writes to, and the data lake with its zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import storage

from infra.estate.lifecycle import Rule, policy
from infra.guarding.encryption import KeyUse
from infra.naming import Names
from infra.networks.reach import Reach
from infra.sections.core import Lake as LakeSettings
from infra.sections.core import WorkspaceStorage as WorkspaceStorageSettings

STUDIO = ("https://ml.azure.com", "https://*.ml.azure.com", "https://ai.azure.com", "https://*.ai.azure.com")


@dataclass(frozen=True, kw_only=True)
class WorkspaceStorageArgs:
    """Settings of the workspace's own account."""

    resource_group: pulumi.Input[str]
    location: str
    settings: WorkspaceStorageSettings
    reach: Reach
    key: KeyUse | None = None  # Microsoft's keys unless given
    protect: bool
    names: Names
    tags: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class LakeArgs:
    """Settings of the data lake."""

    resource_group: pulumi.Input[str]
    location: str
    settings: LakeSettings
    reach: Reach
    key: KeyUse | None = None
    protect: bool
    names: Names
    tags: dict[str, str]


class WorkspaceStorage(pulumi.ComponentResource):
    """The account behind `workspaceblobstore`: Azure ML makes its containers there itself.

    Without a hierarchical namespace and not premium: Azure ML supports neither for its default account.
    """

    account_id: pulumi.Output[str]
    blobs_id: pulumi.Output[str]

    def __init__(
        self, name: str, args: WorkspaceStorageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("twinloop:infra:WorkspaceStorage", name, None, opts)
        account = _account(self, name, args.names.storage, args, hierarchical=False)
        blobs = storage.BlobServiceProperties(
            f"{name}-blobs",
            blob_services_name="default",
            account_name=account.name,
            resource_group_name=args.resource_group,
            is_versioning_enabled=args.settings.versioning,
            delete_retention_policy=_kept(args.settings.soft_delete_days),
            container_delete_retention_policy=_kept(args.settings.soft_delete_days),
            cors=storage.CorsRulesArgs(cors_rules=[_studio_reads()]),
            opts=pulumi.ResourceOptions(parent=self),
        )
        if args.settings.versioning:
            storage.ManagementPolicy(
                f"{name}-lifecycle",
                management_policy_name="default",
                account_name=account.name,
                resource_group_name=args.resource_group,
                policy=policy(
                    [Rule(name="old-versions", version_delete_after_days=args.settings.soft_delete_days)]
                ),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[blobs]),
            )
        self.account_id, self.blobs_id = account.id, blobs.id
        self.register_outputs({"account_id": self.account_id, "blobs_id": self.blobs_id})


class Lake(pulumi.ComponentResource):
    """The data lake: one container per zone, and when the blobs of each zone move on."""

    account_id: pulumi.Output[str]
    blobs_id: pulumi.Output[str]
    zones: dict[str, storage.BlobContainer]

    def __init__(self, name: str, args: LakeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Lake", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = _account(self, name, args.names.lake, args, hierarchical=True)
        blobs = storage.BlobServiceProperties(
            f"{name}-blobs",
            blob_services_name="default",
            account_name=account.name,
            resource_group_name=args.resource_group,
            delete_retention_policy=_kept(args.settings.soft_delete_days),
            container_delete_retention_policy=_kept(args.settings.soft_delete_days),
            opts=child,
        )
        self.zones = {
            zone: storage.BlobContainer(
                f"{name}-{zone}",
                container_name=zone,
                account_name=account.name,
                resource_group_name=args.resource_group,
                public_access=storage.PublicAccess.NONE,
                opts=child,
            )
            for zone in type(args.settings.zones).model_fields
        }
        storage.ManagementPolicy(
            f"{name}-lifecycle",
            management_policy_name="default",
            account_name=account.name,
            resource_group_name=args.resource_group,
            policy=policy(Rule.of_zone(zone, tiers) for zone, tiers in args.settings.zones),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[blobs]),
        )
        self.account_id, self.blobs_id = account.id, blobs.id
        self.register_outputs({"account_id": self.account_id, "blobs_id": self.blobs_id})


def _account(
    parent: pulumi.Resource,
    name: str,
    account_name: str,
    args: WorkspaceStorageArgs | LakeArgs,
    *,
    hierarchical: bool,
) -> storage.StorageAccount:
    return storage.StorageAccount(
        f"{name}-account",
        account_name=account_name,
        resource_group_name=args.resource_group,
        location=args.location,
        kind=storage.Kind.STORAGE_V2,
        sku=storage.SkuArgs(name=args.settings.sku),
        is_hns_enabled=hierarchical,
        allow_shared_key_access=False,  # who has a key is nobody: Entra and roles decide
        allow_blob_public_access=False,
        allow_cross_tenant_replication=False,
        default_to_o_auth_authentication=True,
        enable_https_traffic_only=True,
        minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
        public_network_access=args.reach.public_access,
        network_rule_set=storage.NetworkRuleSetArgs(
            default_action=storage.DefaultAction.DENY,
            bypass=storage.Bypass.AZURE_SERVICES,
            ip_rules=[
                storage.IPRuleArgs(i_p_address_or_range=network) for network in args.reach.allowed_networks
            ],
        ),
        identity=storage.IdentityArgs(
            type=storage.IdentityType.USER_ASSIGNED, user_assigned_identities=[args.key.identity_id]
        )
        if args.key
        else None,
        encryption=_encrypted(args.key) if args.key else None,
        tags=args.tags,
        opts=pulumi.ResourceOptions(
            parent=parent, protect=args.protect, depends_on=list(args.key.after) if args.key else None
        ),
    )


def _encrypted(key: KeyUse) -> storage.EncryptionArgs:
    return storage.EncryptionArgs(
        key_source=storage.KeySource.MICROSOFT_KEYVAULT,
        key_vault_properties=storage.KeyVaultPropertiesArgs(
            key_name=key.key_name, key_vault_uri=key.vault_uri
        ),
        encryption_identity=storage.EncryptionIdentityArgs(encryption_user_assigned_identity=key.identity_id),
    )


def _kept(days: int) -> storage.DeleteRetentionPolicyArgs:
    return storage.DeleteRetentionPolicyArgs(enabled=True, days=days)


def _studio_reads() -> storage.CorsRuleArgs:
    everything: Any = ["*"]
    return storage.CorsRuleArgs(
        allowed_origins=list(STUDIO),
        allowed_methods=["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH"],
        allowed_headers=everything,
        exposed_headers=everything,
        max_age_in_seconds=1800,
    )
