"""A cluster elsewhere, connected by Azure Arc: the ARM side of what its owner installed in it.

It gets the same extension and attachment as a cluster of ours. Its nodes are its owner's, so that nothing is
said of labels and taints; Azure ML comes in over Azure Relay, not by a trusted access binding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import kubernetes as connected

from infra.clusters.ml import MachineLearning, MachineLearningArgs
from infra.own_roles import own_role_guids
from infra.rights.access import Access, AccessArgs, Principal, ScopeTarget
from infra.rights.kubernetes import way_in_grants
from infra.rights.table import Role
from infra.sections.kubernetes import Arc
from infra.settings import EnvironmentSettings

TYPE = "azure-native:kubernetes:ConnectedCluster"


@dataclass(frozen=True, kw_only=True)
class ArcArgs:
    """The connection, and the workspace that it is attached to."""

    whole: EnvironmentSettings
    settings: Arc
    resource_group: pulumi.Input[str]
    principals: Mapping[str, Principal]
    workspace_name: pulumi.Input[str]
    workspace_id: pulumi.Input[str]
    after: Sequence[pulumi.Resource]
    tags: dict[str, str]


class ArcCluster(pulumi.ComponentResource):
    """The connected cluster, who gets in, the extension and the attachment."""

    def __init__(self, name: str, args: ArcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:ArcCluster", name, None, opts)
        settings, names = args.settings, args.whole.names
        own: dict[Role, tuple[str, pulumi.Resource | None]] = {
            role: (guid, None) for role, guid in own_role_guids(args.whole.shared_names).items()
        }
        arm_id = names.arm_id(TYPE, clusterName=settings.name)
        cluster = connected.ConnectedCluster(
            f"{name}-cluster",
            cluster_name=settings.name,
            resource_group_name=args.resource_group,
            location=args.whole.azure.location,
            identity=connected.ConnectedClusterIdentityArgs(
                type=connected.ResourceIdentityType.SYSTEM_ASSIGNED
            ),
            agent_public_key_certificate=settings.agent_key,
            distribution=settings.distribution,
            aad_profile=connected.AadProfileArgs(
                enable_azure_rbac=True,
                admin_group_object_ids=list(settings.admin_groups),
                tenant_id=args.whole.azure.tenant_id,
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        access = Access(
            f"{name}-access",
            AccessArgs(
                grants=tuple(grant for grant in way_in_grants(args.whole) if grant.on == "arc"),
                principals=args.principals,
                scopes={"arc": ScopeTarget(id=arm_id, resource=cluster)},
                own_roles=own,
            ),
        )
        attached = MachineLearning(
            name,
            MachineLearningArgs(
                resource_group=args.resource_group,
                location=args.whole.azure.location,
                provider="Microsoft.Kubernetes",
                kind="connectedClusters",
                cluster_name=cluster.name,
                cluster_id=cluster.id,
                workspace_name=args.workspace_name,
                workspace_id=args.workspace_id,
                extension=settings.extension,
                attach=settings.attach,
                trusted=False,
                identity_id=None,
                node_selector={},
                after=[*access.of("workspace"), *args.after],
                tags=args.tags,
            ),
        )
        # What a lock of the environment waits for.
        self.parts: list[pulumi.Resource] = [self, access, attached]
        self.register_outputs({"cluster_id": cluster.id})
