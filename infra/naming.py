"""Names and ARM ids of everything that is declared, computed from the settings alone.

A physical name is `<prefix>-<workload>-<environment>-<region>`, with a purpose where there are several of a
kind and four characters of a hash where Azure wants the name to be unique in the world. Because nothing here
asks the cloud, the tool, the checks and other stacks know every id before anything exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from checks.catalogue.resource_types import resource_types

REGIONS = {
    "westeurope": "weu",
    "northeurope": "neu",
    "swedencentral": "sdc",
    "francecentral": "frc",
    "germanywestcentral": "gwc",
    "switzerlandnorth": "szn",
    "italynorth": "itn",
    "uksouth": "uks",
    "norwayeast": "noe",
    "eastus": "eus",
    "eastus2": "eus2",
    "centralus": "cus",
    "southcentralus": "scus",
    "westus2": "wus2",
    "westus3": "wus3",
    "canadacentral": "cac",
    "brazilsouth": "brs",
    "japaneast": "jpe",
    "koreacentral": "krc",
    "southeastasia": "sea",
    "australiaeast": "aue",
    "centralindia": "cin",
}

# The zones that private endpoints of a workspace, a registry and their stores are named in, public cloud.
# Source: Microsoft, "Azure Private Endpoint private DNS zone values" and "How to use your workspace with a
# custom DNS server"; a registry of Azure ML shares the zone of workspaces.
ZONES = {
    "workspaces": "privatelink.api.azureml.ms",
    "notebooks": "privatelink.notebooks.azure.net",
    "blob": "privatelink.blob.core.windows.net",
    "dfs": "privatelink.dfs.core.windows.net",
    "file": "privatelink.file.core.windows.net",
    "queue": "privatelink.queue.core.windows.net",
    "table": "privatelink.table.core.windows.net",
    "vault": "privatelink.vaultcore.azure.net",
    "images": "privatelink.azurecr.io",
}

# And those of a private link scope of Azure Monitor, beside the one for blobs. Source: the same, under Azure
# Monitor.
MONITOR_ZONES = {
    "monitor": "privatelink.monitor.azure.com",
    "oms": "privatelink.oms.opinsights.azure.com",
    "ods": "privatelink.ods.opinsights.azure.com",
    "agents": "privatelink.agentsvc.azure-automation.net",
}
ALL_ZONES = ZONES | MONITOR_ZONES

# And those of data sources, which each environment has for itself. Source: the same.
SOURCE_ZONES = {
    "servicebus": "privatelink.servicebus.windows.net",
    "postgres": "privatelink.postgres.database.azure.com",
    "documents": "privatelink.documents.azure.com",
    "synapse": "privatelink.dev.azuresynapse.net",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How names of one kind of resource are built."""

    of: str  # Pulumi token of the type
    prefix: str
    max_length: int
    separator: str = "-"
    unique: bool = False  # the name must be free in the whole world


RULES = {
    "resource_group": Rule(of="azure-native:resources:ResourceGroup", prefix="rg", max_length=90),
    "identity": Rule(of="azure-native:managedidentity:UserAssignedIdentity", prefix="id", max_length=128),
    "network": Rule(of="azure-native:network:VirtualNetwork", prefix="vnet", max_length=64),
    "security_group": Rule(of="azure-native:network:NetworkSecurityGroup", prefix="nsg", max_length=80),
    "private_endpoint": Rule(of="azure-native:network:PrivateEndpoint", prefix="pep", max_length=64),
    "peering": Rule(of="azure-native:network:VirtualNetworkPeering", prefix="peer", max_length=80),
    "nat_gateway": Rule(of="azure-native:network:NatGateway", prefix="ng", max_length=80),
    "public_address": Rule(of="azure-native:network:PublicIPAddress", prefix="pip", max_length=80),
    "private_link_scope": Rule(of="azure-native:monitor:PrivateLinkScope", prefix="ampls", max_length=255),
    "storage": Rule(
        of="azure-native:storage:StorageAccount", prefix="st", max_length=24, separator="", unique=True
    ),
    "vault": Rule(of="azure-native:keyvault:Vault", prefix="kv", max_length=24, unique=True),
    "images": Rule(
        of="azure-native:containerregistry:Registry", prefix="cr", max_length=50, separator="", unique=True
    ),
    "logs": Rule(of="azure-native:operationalinsights:Workspace", prefix="log", max_length=63),
    "insights": Rule(of="azure-native:applicationinsights:Component", prefix="appi", max_length=260),
    "workspace": Rule(of="azure-native:machinelearningservices:Workspace", prefix="mlw", max_length=33),
    "registry": Rule(
        of="azure-native:machinelearningservices:Registry", prefix="mlr", max_length=33, unique=True
    ),
    "cluster": Rule(of="azure-native:containerservice:ManagedCluster", prefix="aks", max_length=63),
    "dns_link": Rule(of="azure-native:privatedns:VirtualNetworkLink", prefix="link", max_length=80),
    "budget": Rule(of="azure-native:consumption:Budget", prefix="budget", max_length=63),
    "cost_export": Rule(of="azure-native:costmanagement:Export", prefix="costs", max_length=64),
    "stream": Rule(of="azure-native:eventhub:Namespace", prefix="evhns", max_length=50, unique=True),
    "synapse": Rule(of="azure-native:synapse:Workspace", prefix="syn", max_length=50, unique=True),
    "database": Rule(of="azure-native:dbforpostgresql:Server", prefix="psql", max_length=63, unique=True),
    "documents": Rule(
        of="azure-native:cosmosdb:DatabaseAccount", prefix="cosmos", max_length=44, unique=True
    ),
    "feature_store": Rule(of="azure-native:machinelearningservices:Workspace", prefix="fs", max_length=33),
    "instance": Rule(
        of="azure-native:machinelearningservices:Compute", prefix="ci", max_length=24, unique=True
    ),
    "action_group": Rule(of="azure-native:monitor:ActionGroup", prefix="ag", max_length=260),
    "metric_alert": Rule(of="azure-native:monitor:MetricAlert", prefix="alert", max_length=260),
    "autoscale": Rule(of="azure-native:monitor:AutoscaleSetting", prefix="as", max_length=260),
    "online_endpoint": Rule(
        of="azure-native:machinelearningservices:OnlineEndpoint", prefix="oe", max_length=32, unique=True
    ),
    "batch_endpoint": Rule(
        of="azure-native:machinelearningservices:BatchEndpoint", prefix="be", max_length=32, unique=True
    ),
    "topic": Rule(of="azure-native:eventgrid:SystemTopic", prefix="evgt", max_length=50),
    "workflow": Rule(of="azure-native:logic:Workflow", prefix="logic", max_length=80),
    "prometheus": Rule(of="azure-native:monitor:AzureMonitorWorkspace", prefix="amw", max_length=63),
    "collection_endpoint": Rule(
        of="azure-native:monitor:DataCollectionEndpoint", prefix="dce", max_length=44
    ),
    "collection_rule": Rule(of="azure-native:monitor:DataCollectionRule", prefix="dcr", max_length=64),
    "grafana": Rule(of="azure-native:dashboard:Grafana", prefix="amg", max_length=23, unique=True),
    "dashboard": Rule(of="azure-native:dashboard:Dashboard", prefix="dash", max_length=30),
}


@dataclass(frozen=True, kw_only=True)
class Names:
    """Every name and id of one stack."""

    workload: str
    environment: str
    location: str
    subscription_id: str
    # ids of what is taken and not made, by the keys of RULES; of identities by `identity/<purpose>`, of zones
    # by `zone/<word>`, of roles of our own by `role/<word>`
    taken: Mapping[str, str] = field(default_factory=dict, hash=False)

    def physical(self, kind: str, purpose: str = "") -> str:
        """Azure name of a resource: readable while it fits, else cut and closed by five hash characters."""
        rule = RULES[kind]
        parts = [rule.prefix, self.workload, self.environment, REGIONS[self.location], purpose]
        if rule.unique:
            parts.append(self._world_unique)
        name = rule.separator.join(part for part in parts if part).lower()
        if not rule.separator:
            name = name.replace("-", "")
        if len(name) <= rule.max_length:
            return name
        digest = hashlib.sha256("/".join(parts).encode()).hexdigest()[:5]
        head = name[: rule.max_length - len(rule.separator) - len(digest)].rstrip("-")
        return f"{head}{rule.separator}{digest}"

    def arm_id(self, token: str, **parameters: str) -> str:
        """ARM id of a resource in this stack's group, from the path in the table of resource types."""
        known = {"subscriptionId": self.subscription_id, "resourceGroupName": self.resource_group}
        return resource_types()[token].path.format(**(known | parameters))

    def _one(self, kind: str, **parameters: str) -> str:
        """The id of the one resource of a kind: taken, or made under the name of the table."""
        return self.taken.get(kind) or self.arm_id(RULES[kind].of, **parameters)

    def _own_name(self, kind: str) -> str:
        return self.taken[kind].rsplit("/", 1)[-1] if kind in self.taken else self.physical(kind)

    @cached_property
    def _world_unique(self) -> str:
        seed = f"{self.subscription_id}/{self.workload}/{self.environment}/{self.location}".lower()
        return hashlib.sha256(seed.encode()).hexdigest()[:4]

    @cached_property
    def resource_group(self) -> str:
        """Name of the stack's resource group."""
        return self._own_name("resource_group")

    @property
    def subscription(self) -> str:
        """ARM id of the subscription."""
        return f"/subscriptions/{self.subscription_id}"

    @cached_property
    def resource_group_id(self) -> str:
        """ARM id of the stack's resource group."""
        made = f"{self.subscription}/resourceGroups/{self.resource_group}"
        return self.taken.get("resource_group", made)

    @cached_property
    def network_id(self) -> str:
        """ARM id of the stack's own network."""
        return self._one("network", virtualNetworkName=self.physical("network"))

    @cached_property
    def private_link_scope_id(self) -> str:
        """ARM id of the private link scope of Azure Monitor."""
        return self.arm_id(RULES["private_link_scope"].of, scopeName=self.physical("private_link_scope"))

    def identity_id(self, purpose: str) -> str:
        """ARM id of the identity for a purpose."""
        made = self.arm_id(RULES["identity"].of, resourceName=self.physical("identity", purpose))
        return self.taken.get(f"identity/{purpose}", made)

    @cached_property
    def zone_ids(self) -> dict[str, str]:
        """ARM ids of the private DNS zones, by the words of ALL_ZONES."""
        of = "azure-native:privatedns:PrivateZone"
        return {
            word: self.taken.get(f"zone/{word}") or self.arm_id(of, privateZoneName=zone)
            for word, zone in ALL_ZONES.items()
        }

    @cached_property
    def storage(self) -> str:
        """Name of the workspace's own storage account."""
        return self.physical("storage", "ws")

    @cached_property
    def storage_id(self) -> str:
        """ARM id of the workspace's own storage account."""
        return self.arm_id(RULES["storage"].of, accountName=self.storage)

    @cached_property
    def lake(self) -> str:
        """Name of the data lake's storage account."""
        return self.physical("storage", "lake")

    @cached_property
    def lake_id(self) -> str:
        """ARM id of the data lake's storage account."""
        return self.arm_id(RULES["storage"].of, accountName=self.lake)

    def lake_zone_id(self, zone: str) -> str:
        """ARM id of the container that holds one zone of the lake."""
        return self.arm_id("azure-native:storage:BlobContainer", accountName=self.lake, containerName=zone)

    @cached_property
    def vault(self) -> str:
        """Name of the key vault."""
        return self._own_name("vault")

    @cached_property
    def vault_id(self) -> str:
        """ARM id of the key vault."""
        return self._one("vault", vaultName=self.vault)

    @cached_property
    def images(self) -> str:
        """Name of the registry of container images."""
        return self._own_name("images")

    @cached_property
    def images_id(self) -> str:
        """ARM id of the registry of container images."""
        return self._one("images", registryName=self.images)

    @cached_property
    def logs_id(self) -> str:
        """ARM id of the log workspace."""
        return self._one("logs", workspaceName=self.physical("logs"))

    @cached_property
    def insights_id(self) -> str:
        """ARM id of the application insights component."""
        return self.arm_id(RULES["insights"].of, resourceName=self.physical("insights"))

    @cached_property
    def workspace(self) -> str:
        """Name of the Azure ML workspace."""
        return self.physical("workspace")

    @cached_property
    def workspace_id(self) -> str:
        """ARM id of the Azure ML workspace."""
        return self.arm_id(RULES["workspace"].of, workspaceName=self.workspace)

    @cached_property
    def cluster(self) -> str:
        """Name of the Kubernetes cluster."""
        return self.physical("cluster")

    @cached_property
    def cluster_id(self) -> str:
        """ARM id of the Kubernetes cluster."""
        return self.arm_id(RULES["cluster"].of, resourceName=self.cluster)

    @cached_property
    def registry(self) -> str:
        """Name of the Azure ML registry (made by a stack of kind `shared`)."""
        return self.physical("registry")

    @cached_property
    def registry_id(self) -> str:
        """ARM id of the Azure ML registry (made by a stack of kind `shared`)."""
        return self.arm_id(RULES["registry"].of, registryName=self.registry)

    @cached_property
    def action_group(self) -> str:
        """Name of the action group that budgets and alerts notify."""
        return self.physical("action_group")

    @cached_property
    def action_group_id(self) -> str:
        """ARM id of the action group that budgets and alerts notify."""
        return self.arm_id(RULES["action_group"].of, actionGroupName=self.action_group)

    def online_endpoint_id(self, name: str) -> str:
        """ARM id of an online endpoint, by its name in the settings."""
        return self._in_workspace("online_endpoint", endpointName=self.physical("online_endpoint", name))

    def batch_endpoint_id(self, name: str) -> str:
        """ARM id of a batch endpoint, by its name in the settings."""
        return self._in_workspace("batch_endpoint", endpointName=self.physical("batch_endpoint", name))

    def deployment_id(self, endpoint: str, deployment: str) -> str:
        """ARM id of a deployment of an online endpoint; the outer loop makes it."""
        return f"{self.online_endpoint_id(endpoint)}/deployments/{deployment}"

    def _in_workspace(self, kind: str, **parameters: str) -> str:
        return self.arm_id(RULES[kind].of, workspaceName=self.workspace, **parameters)

    def queue_id(self, queue: str) -> str:
        """ARM id of a queue in the workspace's own storage account."""
        return self.arm_id("azure-native:storage:Queue", accountName=self.storage, queueName=queue)

    @cached_property
    def topic_id(self) -> str:
        """ARM id of the topic of the workspace's events."""
        return self.arm_id(RULES["topic"].of, systemTopicName=self.physical("topic"))

    @cached_property
    def retrain_id(self) -> str:
        """ARM id of the workflow that starts a training when something has happened."""
        return self.arm_id(RULES["workflow"].of, workflowName=self.physical("workflow", "retrain"))

    @cached_property
    def grafana_id(self) -> str:
        """ARM id of the managed Grafana."""
        return self.arm_id(RULES["grafana"].of, workspaceName=self.physical("grafana"))

    @cached_property
    def prometheus_id(self) -> str:
        """ARM id of the account that Prometheus' metrics go to."""
        return self.arm_id(RULES["prometheus"].of, azureMonitorWorkspaceName=self.physical("prometheus"))
