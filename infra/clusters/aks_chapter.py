"""The chapter of an environment that has a Kubernetes cluster: what it is made with, itself, who comes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from infra.clusters.aks import MOVING, Cluster, ClusterArgs
from infra.clusters.ml import MachineLearning, MachineLearningArgs, node_selector
from infra.clusters.pools import Pools, PoolsArgs
from infra.own_roles import own_role_guids
from infra.rights.access import Access, AccessArgs, Principal, ScopeTarget
from infra.rights.identities import Identities
from infra.rights.kubernetes import birth_grants, way_in_grants
from infra.rights.table import Grant
from infra.sections.kubernetes import Kubernetes
from infra.sections.taken import TakenNetwork
from infra.settings import EnvironmentSettings

SUBNET = "azure-native:network:Subnet"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the cluster stands on: the earlier chapters of its environment."""

    settings: EnvironmentSettings
    resource_group: pulumi.Input[str]
    identities: Identities
    principals: Mapping[str, Principal]
    network: pulumi.Resource
    subnet_id: pulumi.Input[str]
    images: pulumi.Resource
    logs_id: pulumi.Input[str]
    tags: dict[str, str]


class Aks:
    """A cluster with its pools and who gets in; Azure ML comes by `attach`, once its namespace is there."""

    def __init__(self, ground: Ground, settings: Kubernetes) -> None:
        self._ground, self._settings = ground, settings
        self.parts: list[pulumi.Resource] = []  # what a lock of the environment waits for
        born = self._access("aks-access", birth_grants(ground.settings))
        identities, whole = ground.identities, ground.settings
        self.cluster = Cluster(
            "cluster",
            ClusterArgs(
                resource_group=ground.resource_group,
                location=whole.azure.location,
                tenant_id=whole.azure.tenant_id,
                settings=settings,
                admin_groups=admin_groups(whole, settings),
                subnet_id=ground.subnet_id,
                logs_id=ground.logs_id,
                identity_ids=identities.ids,
                kubelet={
                    "client_id": identities.client_ids["kubelet"],
                    "principal_id": identities.principal_ids["kubelet"],
                },
                after=list(born.assignments.values()),
                names=whole.names,
                tags=ground.tags,
            ),
        )
        self.ways_in = self._access("cluster-access", way_in_grants(whole), cluster=self.cluster.cluster)
        systems = [pool for pool in settings.pools if pool.purpose == "system"]
        self.pools = Pools(
            "pool",
            PoolsArgs(
                resource_group=ground.resource_group,
                cluster=self.cluster.cluster,
                pools=tuple(pool for pool in settings.pools if pool is not systems[0]),
                subnet_id=ground.subnet_id,
                version=settings.version,
                moving=settings.upgrades.channel in MOVING,
                tags=ground.tags,
            ),
        )

        self.parts += [born, self.cluster, self.ways_in, self.pools]

    @property
    def published(self) -> dict[str, pulumi.Output[str]]:
        """What others need of the cluster: `az aks get-credentials`, and federations with its pods."""
        return {
            "clusterName": self.cluster.cluster_name,
            "clusterId": self.cluster.cluster_id,
            "oidcIssuer": self.cluster.issuer,
        }

    def attach(
        self,
        workspace_name: pulumi.Input[str],
        workspace_id: pulumi.Input[str],
        after: Sequence[pulumi.Resource] = (),
    ) -> MachineLearning:
        """Install the extension, and make the cluster a compute of the workspace.

        Args:
            workspace_name: which workspace.
            workspace_id: its id.
            after: what must be in the cluster first: the namespace that is attached.
        """
        ground, settings = self._ground, self._settings
        attached = MachineLearning(
            "kubernetes",
            MachineLearningArgs(
                resource_group=ground.resource_group,
                location=ground.settings.azure.location,
                provider="Microsoft.ContainerService",
                kind="managedClusters",
                cluster_name=self.cluster.cluster_name,
                cluster_id=self.cluster.cluster_id,
                workspace_name=workspace_name,
                workspace_id=workspace_id,
                extension=settings.extension,
                attach=settings.attach,
                trusted=not settings.local_accounts,
                identity_id=ground.identities.ids["training"],
                node_selector=node_selector(),
                after=[*self.pools.pools.values(), *self.ways_in.of("workspace"), *after],
                tags=ground.tags,
            ),
        )
        self.parts.append(attached)
        return attached

    def _access(self, name: str, grants: tuple[Grant, ...], cluster: pulumi.Resource | None = None) -> Access:
        ground, names = self._ground, self._ground.settings.names
        scopes = {
            "cluster-subnet": ScopeTarget(id=subnet_id(ground.settings), resource=ground.network),
            "cluster-zone": ScopeTarget(id=self._settings.api.zone),
            "network": ScopeTarget(id=network_id(ground.settings), resource=ground.network),
            "kubelet": ScopeTarget(id=names.identity_id("kubelet"), resource=ground.identities),
            "images": ScopeTarget(id=names.images_id, resource=ground.images),
            "cluster": ScopeTarget(id=names.cluster_id, resource=cluster),
        }
        return Access(
            name,
            AccessArgs(
                grants=tuple(grant for grant in grants if grant.on != "arc"),
                principals=ground.principals,
                scopes=scopes,
                own_roles={
                    role: (guid, None) for role, guid in own_role_guids(ground.settings.shared_names).items()
                },
            ),
        )


def admin_groups(settings: EnvironmentSettings, kubernetes: Kubernetes) -> tuple[str, ...]:
    """Entra groups that administer the cluster at all times.

    Where people only observe there is none unless the settings name one: CI has its role, people come in by
    elevation.
    """
    if kubernetes.admin_groups or settings.access.people_may == "observe":
        return kubernetes.admin_groups
    return (settings.access.groups.platform_admins,)


def network_id(settings: EnvironmentSettings) -> str:
    """ARM id of the network that the nodes are in, known offline."""
    if isinstance(settings.network, TakenNetwork):
        return settings.network.existing
    of = "azure-native:network:VirtualNetwork"
    return settings.names.arm_id(of, virtualNetworkName=settings.names.physical("network"))


def subnet_id(settings: EnvironmentSettings) -> str:
    """ARM id of the subnet that the nodes are in, known offline."""
    if isinstance(settings.network, TakenNetwork):
        return settings.network.subnets.kubernetes or ""  # the rules refuse a cluster without it
    network = settings.names.physical("network")
    return settings.names.arm_id(SUBNET, virtualNetworkName=network, subnetName="snet-kubernetes")
