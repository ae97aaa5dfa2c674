"""To which concern of a platform a resource type belongs, and what it is called in a word or two."""

from __future__ import annotations

import re

CONCERNS = {
    "microsoft.resources/resourcegroups": ("Group", "resource group"),
    "microsoft.network/virtualnetworks": ("Network", "virtual network"),
    "microsoft.network/virtualnetworks/subnets": ("Network", "subnet"),
    "microsoft.network/networksecuritygroups": ("Network", "security group"),
    "microsoft.managedidentity/userassignedidentities": ("Identities", "identity"),
    "microsoft.storage/storageaccounts": ("Storage", "storage account"),
    "microsoft.storage/storageaccounts/blobservices": ("Storage", "blob service"),
    "microsoft.storage/storageaccounts/blobservices/containers": ("Storage", "container"),
    "microsoft.storage/storageaccounts/managementpolicies": ("Storage", "lifecycle rules"),
    "microsoft.keyvault/vaults": ("Vault and images", "key vault"),
    "microsoft.containerregistry/registries": ("Vault and images", "image registry"),
    "microsoft.operationalinsights/workspaces": ("Observability", "log workspace"),
    "microsoft.insights/components": ("Observability", "traces"),
    "microsoft.insights/diagnosticsettings": ("Observability", "diagnostics"),
    "microsoft.machinelearningservices/workspaces": ("Machine learning", "ML workspace"),
    "microsoft.machinelearningservices/workspaces/computes": ("Machine learning", "cluster"),
    "microsoft.machinelearningservices/workspaces/datastores": ("Machine learning", "datastore"),
    "microsoft.machinelearningservices/workspaces/outboundrules": ("Machine learning", "outbound rule"),
    "microsoft.machinelearningservices/registries": ("Machine learning", "ML registry"),
    "microsoft.authorization/roleassignments": ("Access", "grant"),
    "microsoft.authorization/roledefinitions": ("Access", "role"),
    "microsoft.authorization/locks": ("Locks and spending", "lock"),
    "microsoft.consumption/budgets": ("Locks and spending", "budget"),
    "microsoft.costmanagement/exports": ("Locks and spending", "cost export"),
    "microsoft.authorization/policyassignments": ("Policies", "policy assignment"),
    "microsoft.network/virtualnetworks/virtualnetworkpeerings": ("Network", "peering"),
    "microsoft.network/publicipaddresses": ("Network", "public address"),
    "microsoft.network/natgateways": ("Network", "NAT gateway"),
    "microsoft.network/privateendpoints": ("Network", "private endpoint"),
    "microsoft.network/privateendpoints/privatednszonegroups": ("Network", "DNS zone group"),
    "microsoft.network/privatednszones": ("Network", "private DNS zone"),
    "microsoft.network/privatednszones/virtualnetworklinks": ("Network", "zone link"),
    "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials": (
        "Identities",
        "federated credential",
    ),
    "microsoft.storage/storageaccounts/blobservices/containers/immutabilitypolicies": (
        "Storage",
        "immutability policy",
    ),
    "microsoft.storage/storageaccounts/queueservices": ("Storage", "queue service"),
    "microsoft.storage/storageaccounts/queueservices/queues": ("Storage", "queue"),
    "microsoft.keyvault/vaults/keys": ("Vault and images", "key"),
    "microsoft.insights/actiongroups": ("Observability", "action group"),
    "microsoft.insights/metricalerts": ("Observability", "metric alert"),
    "microsoft.insights/workbooks": ("Observability", "workbook"),
    "microsoft.insights/privatelinkscopes": ("Observability", "private link scope"),
    "microsoft.insights/privatelinkscopes/scopedresources": ("Observability", "scoped resource"),
    "microsoft.insights/datacollectionendpoints": ("Observability", "data collection endpoint"),
    "microsoft.insights/datacollectionrules": ("Observability", "data collection rule"),
    "microsoft.insights/datacollectionruleassociations": ("Observability", "data collection association"),
    "microsoft.monitor/accounts": ("Observability", "Prometheus workspace"),
    "microsoft.dashboard/grafana": ("Observability", "Grafana"),
    "microsoft.dashboard/dashboards": ("Observability", "dashboard"),
    "microsoft.dashboard/dashboards/dashboarddefinitions": ("Observability", "panels of a dashboard"),
    "microsoft.insights/autoscalesettings": ("Machine learning", "autoscale rules"),
    "microsoft.machinelearningservices/workspaces/onlineendpoints": ("Machine learning", "online endpoint"),
    "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments": (
        "Machine learning",
        "online deployment",
    ),
    "microsoft.machinelearningservices/workspaces/batchendpoints": ("Machine learning", "batch endpoint"),
    "microsoft.machinelearningservices/workspaces/schedules": ("Machine learning", "schedule"),
    "microsoft.machinelearningservices/workspaces/connections": ("Machine learning", "connection"),
    "microsoft.machinelearningservices/workspaces/labelingjobs": ("Machine learning", "labelling project"),
    "microsoft.eventgrid/systemtopics": ("Events", "event topic"),
    "microsoft.eventgrid/systemtopics/eventsubscriptions": ("Events", "event subscription"),
    "microsoft.logic/workflows": ("Events", "workflow"),
    "microsoft.containerservice/managedclusters": ("Kubernetes", "Kubernetes cluster"),
    "microsoft.containerservice/managedclusters/agentpools": ("Kubernetes", "node pool"),
    "microsoft.containerservice/managedclusters/maintenanceconfigurations": (
        "Kubernetes",
        "maintenance window",
    ),
    "microsoft.containerservice/managedclusters/trustedaccessrolebindings": (
        "Kubernetes",
        "trusted access",
    ),
    "microsoft.kubernetes/connectedclusters": ("Kubernetes", "connected cluster"),
    "microsoft.kubernetesconfiguration/extensions": ("Kubernetes", "cluster extension"),
    "microsoft.dbforpostgresql/flexibleservers": ("Sources of data", "PostgreSQL server"),
    "microsoft.dbforpostgresql/flexibleservers/administrators": (
        "Sources of data",
        "server administrator",
    ),
    "microsoft.documentdb/databaseaccounts": ("Sources of data", "Cosmos DB account"),
    "microsoft.documentdb/databaseaccounts/sqldatabases": ("Sources of data", "Cosmos DB database"),
    "microsoft.documentdb/databaseaccounts/sqlroleassignments": ("Sources of data", "Cosmos DB grant"),
    "microsoft.eventhub/namespaces": ("Sources of data", "Event Hubs namespace"),
    "microsoft.eventhub/namespaces/eventhubs": ("Sources of data", "event hub"),
    "microsoft.synapse/workspaces": ("Sources of data", "Synapse workspace"),
    "microsoft.synapse/workspaces/bigdatapools": ("Sources of data", "Spark pool"),
}
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def concern(arm_type: str) -> str:
    """The heading under which a type stands; its namespace where the table does not know it."""
    known = CONCERNS.get(arm_type.lower())
    return known[0] if known else arm_type.partition("/")[0].removeprefix("Microsoft.")


def called(arm_type: str) -> str:
    """A type in a word or two."""
    known = CONCERNS.get(arm_type.lower())
    return known[1] if known else _WORD.sub(" ", arm_type.rpartition("/")[2]).lower()
