"""Grants of the Kubernetes cluster: what it is made with, and who gets into it.

Rows after Microsoft's "Attach Kubernetes cluster to Azure Machine Learning workspace" and "Use a managed
identity in AKS". What people may do inside of the cluster is said there, by roles of their namespaces; here
they only get the way in.
"""

from __future__ import annotations

from infra.rights.table import Grant, Role, in_force, row
from infra.settings import EnvironmentSettings

# Before the cluster is made: AKS checks that its identity has them.
BIRTH = (
    row("aks", Role.NETWORK_CONTRIBUTOR, "cluster-subnet", "nodes and load balancers join the subnet"),
    row("aks", Role.MANAGED_IDENTITY_OPERATOR, "kubelet", "gives the nodes their identity"),
    row(
        "aks",
        Role.PRIVATE_DNS_ZONE_CONTRIBUTOR,
        "cluster-zone",
        "writes the API server's address into the zone",
        "cluster zone",
    ),
    row(
        "aks",
        Role.NETWORK_CONTRIBUTOR,
        "network",
        "links the network to the zone of the API server",
        "cluster zone",
    ),
    row("kubelet", Role.ACR_PULL, "images", "nodes pull the images of jobs and endpoints"),
)
# Once it is there.
WAYS_IN = (
    row("workspace", Role.READER, "cluster", "Azure ML looks at the cluster that is attached"),
    row(
        "workspace",
        Role.KUBERNETES_EXTENSION_CONTRIBUTOR,
        "cluster",
        "Azure ML reads and repairs its extension",
    ),
    row("workspace", Role.AKS_CLUSTER_ADMIN, "cluster", "Azure ML starts jobs and endpoints in it"),
    row("data-scientists", Role.AKS_CLUSTER_USER, "cluster", "kubectl in namespaces of theirs", "develop"),
    row("ml-engineers", Role.AKS_CLUSTER_USER, "cluster", "kubectl in namespaces of theirs"),
    row("platform-admins", Role.AKS_CLUSTER_USER, "cluster", "look; changing comes by elevation or by CI"),
)
OF_CI = (
    row("ci-preview", Role.AKS_CLUSTER_USER, "cluster", "previews ask the API server what is there"),
    row("ci-preview", Role.AKS_RBAC_READER, "cluster", "and never write to it"),
    row("ci-deploy", Role.AKS_RBAC_CLUSTER_ADMIN, "cluster", "makes namespaces, quotas and their roles"),
)
# A cluster that somebody else runs, connected by Azure Arc.
ARC = (
    row("workspace", Role.READER, "arc", "Azure ML looks at the cluster that is attached"),
    row(
        "workspace", Role.KUBERNETES_EXTENSION_CONTRIBUTOR, "arc", "Azure ML reads and repairs its extension"
    ),
)


def birth_grants(settings: EnvironmentSettings) -> tuple[Grant, ...]:
    """Rows that must be in force before the cluster is made."""
    if settings.kubernetes is None:
        return ()
    own_zone = settings.kubernetes.api.zone not in {"system", "none"}
    found = in_force(BIRTH, *(["cluster zone"] if own_zone else []))
    images = getattr(settings.images, "grants", "all")  # of images that are taken, its owner says who gets in
    return tuple(grant for grant in found if images != "none" or grant.on != "images")


def way_in_grants(settings: EnvironmentSettings) -> tuple[Grant, ...]:
    """Rows on clusters that are there."""
    conditions = (settings.access.people_may,)
    cluster = (*WAYS_IN, *(OF_CI if settings.shared.ci_environment else ())) if settings.kubernetes else ()
    return in_force((*cluster, *(ARC if settings.arc else ())), *conditions)


def cluster_roles(settings: EnvironmentSettings) -> set[Role]:
    """What CI must be able to assign for the clusters, beside the table of the environment."""
    return {grant.role for grant in (*birth_grants(settings), *way_in_grants(settings))}
