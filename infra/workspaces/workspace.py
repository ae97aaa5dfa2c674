"""The Azure ML workspace, and the network that it manages for its computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra.guarding.encryption import KeyUse
from infra.naming import Names
from infra.sections.core import FqdnRule, ManagedNetwork, OutboundRule, PrivateEndpointRule, ServiceTagRule
from infra.sections.workbench import Serverless


@dataclass(frozen=True, kw_only=True)
class WorkspaceArgs:
    """What the workspace is made of, and how it is reached."""

    resource_group: pulumi.Input[str]
    location: str
    storage_id: pulumi.Input[str]
    vault_id: pulumi.Input[str]
    images_id: pulumi.Input[str]
    insights_id: pulumi.Input[str]
    identity_id: pulumi.Input[str]
    build_cluster: str
    public_access: str
    managed_network: ManagedNetwork
    serverless: Serverless | None = None
    targets: Mapping[
        str, pulumi.Input[str]
    ]  # what private endpoint rules may point to, by the settings' word
    after: Sequence[pulumi.Resource]  # grants that the workspace's identity needs from its first minute
    protect: bool
    names: Names
    tags: dict[str, str]
    key: KeyUse | None = None  # Microsoft's keys unless given
    service_side: bool = False  # where what it encrypts lies


class Workspace(pulumi.ComponentResource):
    """A workspace that uses identities and no keys, and the outbound rules of its managed network.

    Outbound rules are resources beside the workspace, and only ours: those that the service makes itself are
    left to it. Written inline, a refresh would take them over and the next update would delete them.
    """

    workspace: ml.Workspace
    workspace_id: pulumi.Output[str]
    workspace_name: pulumi.Output[str]

    def __init__(self, name: str, args: WorkspaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Workspace", name, None, opts)
        self.workspace = ml.Workspace(
            f"{name}-workspace",
            workspace_name=args.names.workspace,
            resource_group_name=args.resource_group,
            location=args.location,
            friendly_name=f"{args.names.workload} {args.names.environment}",
            kind="Default",
            sku=ml.SkuArgs(name="Basic", tier=ml.SkuTier.BASIC),
            identity=ml.ManagedServiceIdentityArgs(
                type=ml.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[args.identity_id]
            ),
            primary_user_assigned_identity=args.identity_id,
            storage_account=args.storage_id,
            key_vault=args.vault_id,
            container_registry=args.images_id,
            application_insights=args.insights_id,
            system_datastores_auth_mode="Identity",
            image_build_compute=args.build_cluster,
            public_network_access=args.public_access,
            managed_network=_managed_network(args.managed_network),
            provision_network_now=args.managed_network.isolation_mode != "Disabled",
            serverless_compute_settings=ml.ServerlessComputeSettingsArgs(
                serverless_compute_no_public_ip=True,
                serverless_compute_custom_subnet=args.serverless.subnet if args.serverless else None,
            ),
            hbi_workspace=False,
            encryption=_encrypted(args.key, args.identity_id) if args.key else None,
            enable_service_side_cmk_encryption=True if args.key and args.service_side else None,
            v1_legacy_mode=False,
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.protect,
                depends_on=[*args.after, *(args.key.after if args.key else ())],
            ),
        )
        for rule in args.managed_network.outbound_rules:
            ml.ManagedNetworkSettingsRule(
                f"{name}-out-{rule.name}",
                rule_name=rule.name,
                workspace_name=self.workspace.name,
                resource_group_name=args.resource_group,
                properties=_rule(rule, args.targets),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.workspace_id, self.workspace_name = self.workspace.id, self.workspace.name
        self.register_outputs({"workspace_id": self.workspace_id, "workspace_name": self.workspace_name})


def _encrypted(key: KeyUse, identity_id: pulumi.Input[str]) -> ml.EncryptionPropertyArgs:
    return ml.EncryptionPropertyArgs(
        status=ml.EncryptionStatus.ENABLED,
        key_vault_properties=ml.KeyVaultPropertiesArgs(
            key_identifier=key.versioned_uri, key_vault_arm_id=key.vault_id
        ),
        identity=ml.IdentityForCmkArgs(user_assigned_identity=identity_id),
    )


def _managed_network(settings: ManagedNetwork) -> ml.ManagedNetworkSettingsArgs:
    if settings.isolation_mode == "Disabled":
        return ml.ManagedNetworkSettingsArgs(isolation_mode="Disabled")
    return ml.ManagedNetworkSettingsArgs(
        isolation_mode=settings.isolation_mode,
        firewall_sku=settings.firewall_sku,
        status=ml.ManagedNetworkProvisionStatusArgs(
            spark_ready=True
        ),  # model monitors run on serverless Spark
    )


def _rule(rule: OutboundRule, targets: Mapping[str, pulumi.Input[str]]) -> Any:
    if isinstance(rule, FqdnRule):
        return ml.FqdnOutboundRuleArgs(type="FQDN", category="UserDefined", destination=rule.destination)
    if isinstance(rule, ServiceTagRule):
        return ml.ServiceTagOutboundRuleArgs(
            type="ServiceTag",
            category="UserDefined",
            destination=ml.ServiceTagDestinationArgs(
                action="Allow", service_tag=rule.tag, protocol=rule.protocol, port_ranges=rule.ports
            ),
        )
    if not isinstance(rule, PrivateEndpointRule):
        raise TypeError(f"no outbound rule for {rule!r}")
    return private_endpoint_rule(targets[rule.target], rule.subresource, spark=rule.spark)


def private_endpoint_rule(
    target: pulumi.Input[str], subresource: str, *, spark: bool
) -> ml.PrivateEndpointOutboundRuleArgs:
    """A way out of a managed network by a private endpoint.

    Args:
        target: ARM id of what it leads to.
        subresource: which of its services.
        spark: whether serverless Spark may use it.
    """
    return ml.PrivateEndpointOutboundRuleArgs(
        type="PrivateEndpoint",
        category="UserDefined",
        destination=ml.PrivateEndpointDestinationArgs(
            service_resource_id=target, subresource_target=subresource, spark_enabled=spark
        ),
    )
