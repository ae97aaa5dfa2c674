"""The table of grants: who gets which role on what, when, and why. Reviewers read rows, not constructors.

Rows are as narrow as their reason allows. Three choices that are not obvious: data scientists do not get
AzureML Compute Operator, because that role also makes and deletes clusters, which are declared here; the
registry is read through a role of our own, because AzureML Registry User also writes; and where people
only observe, more than reading comes by just-in-time elevation, which is no standing grant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """Roles in use, by the name that Azure gives them; their ids are in the catalogue of roles."""

    ACR_PULL = "AcrPull"
    ACR_PUSH = "AcrPush"
    AKS_CLUSTER_ADMIN = "Azure Kubernetes Service Cluster Admin Role"
    AKS_CLUSTER_USER = "Azure Kubernetes Service Cluster User Role"
    AKS_RBAC_CLUSTER_ADMIN = "Azure Kubernetes Service RBAC Cluster Admin"
    AKS_RBAC_READER = "Azure Kubernetes Service RBAC Reader"
    AML_COMPUTE_OPERATOR = "AzureML Compute Operator"
    AML_DATA_SCIENTIST = "AzureML Data Scientist"
    AML_REGISTRY_USER = "AzureML Registry User"
    BLOB_CONTRIBUTOR = "Storage Blob Data Contributor"
    BLOB_READER = "Storage Blob Data Reader"
    CONTRIBUTOR = "Contributor"
    COST_READER = "Cost Management Reader"
    CRYPTO_USER = "Key Vault Crypto Service Encryption User"
    EVENT_HUBS_RECEIVER = "Azure Event Hubs Data Receiver"
    EVENT_HUBS_SENDER = "Azure Event Hubs Data Sender"
    DATA_LABELER = "Data Labeling - Labeler"
    DNS_LINKER = "Twinloop Private DNS Linker"  # our own, see infra/own_roles.py
    FILE_CONTRIBUTOR = "Storage File Data Privileged Contributor"
    GRAFANA_VIEWER = "Grafana Viewer"
    KEY_VAULT_ADMINISTRATOR = "Key Vault Administrator"
    KUBERNETES_EXTENSION_CONTRIBUTOR = "Kubernetes Extension Contributor"
    KEY_VAULT_SECRETS_USER = "Key Vault Secrets User"
    LOCKS_CONTRIBUTOR = "Locks Contributor"
    LOG_CONTRIBUTOR = "Log Analytics Contributor"
    LOG_READER = "Log Analytics Reader"
    MANAGED_IDENTITY_OPERATOR = "Managed Identity Operator"
    MONITORING_READER = "Monitoring Reader"
    MONITORING_DATA_READER = "Monitoring Data Reader"
    MONITORING_CONTRIBUTOR = "Monitoring Contributor"
    CONNECTION_SECRETS_READER = "Azure Machine Learning Workspace Connection Secrets Reader"
    METRICS_WRITER = "AzureML Metrics Writer (preview)"
    NETWORK_APPROVER = "Azure AI Enterprise Network Connection Approver"
    NETWORK_PEERER = "Twinloop Network Peerer"  # our own, see infra/own_roles.py
    NETWORK_CONTRIBUTOR = "Network Contributor"
    POLICY_CONTRIBUTOR = "Resource Policy Contributor"
    PRIVATE_DNS_ZONE_CONTRIBUTOR = "Private DNS Zone Contributor"
    QUEUE_CONTRIBUTOR = "Storage Queue Data Contributor"
    RBAC_ADMINISTRATOR = "Role Based Access Control Administrator"
    QUEUE_SENDER = "Storage Queue Data Message Sender"
    QUEUE_PROCESSOR = "Storage Queue Data Message Processor"
    READER = "Reader"
    RETRAIN_SUBMITTER = "Twinloop Retrain Submitter"  # our own, see infra/own_roles.py
    REGISTRY_READER = "Twinloop Registry Reader"  # our own, see infra/own_roles.py
    TABLE_CONTRIBUTOR = "Storage Table Data Contributor"


When = Literal[
    "always",
    "develop",
    "observe",
    "managed network",
    "managed network, images taken",
    "protected",
    "zones made",
    "network made",
    "images made",
    "batch",
    "labelling",
    "cluster zone",
]
Scope = Literal[
    "group",
    "storage",
    "lake-landing",
    "lake-curated",
    "lake-monitoring",
    "lake-snapshots",
    "vault",
    "images",
    "logs",
    "network",
    "insights",
    "workspace",
    "events-queue",
    "retrain-queue",
    "grafana",
    "prometheus",
    "registry",
    "cluster",
    "cluster-subnet",
    "cluster-zone",
    "kubelet",
    "arc",
    "stream",
    "feature-store",
    "offline-store",
]


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One row."""

    who: str
    role: Role
    on: Scope
    reason: str
    when: When = "always"

    @property
    def logical_name(self) -> str:
        """What the row is called in the state: who, role and scope."""
        return f"{self.who}-{self.role.name.lower().replace('_', '-')}-{self.on}"


def row(who: str, role: Role, on: Scope, reason: str, when: When = "always") -> Grant:
    """One row, as all tables of this folder write it.

    Args:
        who: the purpose of an identity, or a group of people.
        role: what it gets.
        on: where.
        reason: what needs it.
        when: under which condition; always unless given.
    """
    return Grant(who=who, role=role, on=on, reason=reason, when=when)


WORKSPACE_IDENTITY = (
    row("workspace", Role.CONTRIBUTOR, "workspace", "the service manages what is in the workspace by it"),
    row("workspace", Role.CONTRIBUTOR, "storage", "the service makes its containers and private endpoints"),
    row("workspace", Role.BLOB_CONTRIBUTOR, "storage", "system datastores by identity, no keys"),
    row("workspace", Role.FILE_CONTRIBUTOR, "storage", "the file share of notebooks by identity, no keys"),
    row("workspace", Role.QUEUE_CONTRIBUTOR, "storage", "batch and parallel jobs queue their work, no keys"),
    row("workspace", Role.TABLE_CONTRIBUTOR, "storage", "batch and parallel jobs keep progress, no keys"),
    row("workspace", Role.CONTRIBUTOR, "vault", "the service approves its private endpoint"),
    row("workspace", Role.KEY_VAULT_ADMINISTRATOR, "vault", "the service keeps connections' secrets there"),
    row("workspace", Role.ACR_PULL, "images", "endpoints and image builds read base images"),
    row("workspace", Role.ACR_PUSH, "images", "environments are built into images"),
    row("workspace", Role.CONTRIBUTOR, "insights", "endpoints send their traces by the service"),
    row("workspace", Role.NETWORK_APPROVER, "group", "private endpoints to our stores", "managed network"),
    row(
        "workspace", Role.NETWORK_APPROVER, "registry", "private endpoint to the registry", "managed network"
    ),
)
TAKEN_IMAGES = row(
    "workspace",
    Role.NETWORK_APPROVER,
    "images",
    "private endpoint to images that lie outside of the group",
    "managed network, images taken",
)
TRAINING_IDENTITY = (
    row("training", Role.ACR_PULL, "images", "a node pulls the job's image before the job starts"),
    row("training", Role.BLOB_CONTRIBUTOR, "storage", "jobs write outputs, logs and models"),
    row("training", Role.FILE_CONTRIBUTOR, "storage", "jobs read code from the file store by identity"),
    row(
        "training",
        Role.BLOB_READER,
        "lake-landing",
        "jobs that prepare data read it raw, and write elsewhere",
    ),
    row("training", Role.BLOB_READER, "lake-curated", "jobs train on curated data, and cannot change it"),
    row("training", Role.AML_DATA_SCIENTIST, "workspace", "steps register models and submit child jobs"),
    row(
        "training", Role.REGISTRY_READER, "registry", "steps use promoted components, environments and models"
    ),
)
BUILD_IDENTITY = (
    row("build", Role.ACR_PUSH, "images", "the build cluster pushes what it builds, and nothing else does"),
    row("build", Role.BLOB_READER, "storage", "the build context lies in the workspace's storage"),
)
PEOPLE = (
    row("data-scientists", Role.AML_DATA_SCIENTIST, "workspace", "submit jobs, register models", "develop"),
    row("data-scientists", Role.BLOB_CONTRIBUTOR, "storage", "upload inputs, read outputs", "develop"),
    row("data-scientists", Role.FILE_CONTRIBUTOR, "storage", "notebooks lie in the file share", "develop"),
    row(
        "data-scientists", Role.BLOB_READER, "lake-curated", "explore the data that jobs train on", "develop"
    ),
    row("data-scientists", Role.READER, "group", "find resources and their settings", "develop"),
    row("data-scientists", Role.READER, "workspace", "look at runs and endpoints", "observe"),
    row("data-scientists", Role.BLOB_READER, "lake-monitoring", "analyse drift and errors", "observe"),
    row("data-scientists", Role.LOG_READER, "logs", "find out why a job or a request failed"),
    row("ml-engineers", Role.AML_DATA_SCIENTIST, "workspace", "build pipelines and endpoints", "develop"),
    row("ml-engineers", Role.AML_COMPUTE_OPERATOR, "workspace", "start, stop and resize computes", "develop"),
    row("ml-engineers", Role.BLOB_CONTRIBUTOR, "storage", "upload inputs, read outputs", "develop"),
    row("ml-engineers", Role.FILE_CONTRIBUTOR, "storage", "notebooks lie in the file share", "develop"),
    row("ml-engineers", Role.BLOB_CONTRIBUTOR, "lake-curated", "build the jobs that curate data", "develop"),
    row("ml-engineers", Role.ACR_PUSH, "images", "push base images of environments", "develop"),
    row("ml-engineers", Role.READER, "group", "find resources and their settings"),
    row("ml-engineers", Role.MONITORING_CONTRIBUTOR, "group", "own alerts and dashboards of their models"),
    row("ml-engineers", Role.LOG_READER, "logs", "find out why a job or a request failed"),
    row(
        "platform-admins",
        Role.CONTRIBUTOR,
        "group",
        "run the platform by hand where that is allowed",
        "develop",
    ),
    row("platform-admins", Role.READER, "group", "look; changing comes by elevation or by CI", "observe"),
    row("auditors", Role.READER, "group", "read every setting, change none"),
    row("auditors", Role.COST_READER, "group", "read what it costs"),
)
CI = (
    row("ci-preview", Role.READER, "group", "previews of pull requests, which must never write"),
    row("ci-deploy", Role.CONTRIBUTOR, "group", "applies reviewed changes of this environment"),
    row("ci-deploy", Role.RBAC_ADMINISTRATOR, "group", "applies this very table; limited to the roles in it"),
    row("ci-deploy", Role.LOCKS_CONTRIBUTOR, "group", "makes the delete locks, and lifts them", "protected"),
    row("ci-models", Role.AML_DATA_SCIENTIST, "workspace", "submits, registers and deploys models"),
    row("ci-models", Role.BLOB_CONTRIBUTOR, "storage", "uploads code and inputs of what it submits"),
    row("ci-models", Role.ACR_PUSH, "images", "pushes images of deployments"),
)
# Nothing runs without their rows.
MACHINES = frozenset({"workspace", "training", "build", "batch", "aks", "kubelet"})
ENVIRONMENT = (*WORKSPACE_IDENTITY, TAKEN_IMAGES, *TRAINING_IDENTITY, *BUILD_IDENTITY, *PEOPLE)

SHARED = (
    row("data-scientists", Role.REGISTRY_READER, "registry", "use what was promoted"),
    row("ml-engineers", Role.AML_REGISTRY_USER, "registry", "promote components and environments"),
    row("ml-engineers", Role.LOG_READER, "logs", "see who read or wrote a model"),
    row("platform-admins", Role.READER, "group", "look; changing comes by elevation or by CI"),
    row("auditors", Role.READER, "group", "read every setting, change none"),
    row("auditors", Role.COST_READER, "group", "read what it costs"),
    row("auditors", Role.LOG_READER, "logs", "see who read or wrote a model"),
    row("ci-preview", Role.READER, "images", "a preview reads what its environment takes", "images made"),
)
# Per deployed environment: its CI acts on the registry, which lies outside of the environment's own group.
SHARED_CI = (
    row(
        "ci-deploy", Role.RBAC_ADMINISTRATOR, "registry", "lets its environment in; limited to registry roles"
    ),
    row(
        "ci-deploy",
        Role.DNS_LINKER,
        "group",
        "links its environment's network to the zones here, and changes no record",
        "zones made",
    ),
    row(
        "ci-deploy",
        Role.NETWORK_PEERER,
        "network",
        "lets its environment's network meet the one here, and changes nothing else of it",
        "network made",
    ),
    row("ci-models", Role.AML_REGISTRY_USER, "registry", "promotes models with their proof"),
    row(
        "ci-deploy",
        Role.RBAC_ADMINISTRATOR,
        "images",
        "lets its environment's machines pull and push; limited to roles of registries",
        "images made",
    ),
)


def in_force(grants: tuple[Grant, ...], *conditions: str) -> tuple[Grant, ...]:
    """Rows that apply: those for always, and those of the given conditions."""
    return tuple(grant for grant in grants if grant.when == "always" or grant.when in conditions)


def is_machine(who: str) -> bool:
    """Whether this is a machine of the environment: an identity that something runs as, not people or CI."""
    return who in MACHINES or who.startswith("endpoint-")


def on_taken(grants: tuple[Grant, ...], allowed: Mapping[str, str]) -> tuple[Grant, ...]:
    """Rows without those that must not be put on what is taken.

    Args:
        grants: rows in force.
        allowed: scope that is taken -> which rows it gets: `machines`, `all` or `none`.
    """
    return tuple(
        grant
        for grant in grants
        if (rule := allowed.get(grant.on, "all")) == "all" or (rule == "machines" and is_machine(grant.who))
    )
